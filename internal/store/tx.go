package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Tx is one transaction of the writer. Its methods run on the writer's goroutine only.
type Tx struct {
	w       *writer
	touched []int64 // runs whose log rooms this transaction has changed
}

func (t *Tx) row(query string, args ...any) (*sql.Row, error) {
	st, err := t.w.stmt(query)
	if err != nil {
		return nil, err
	}
	return st.QueryRowContext(t.w.bg, args...), nil
}

// nanos is a time as it is stored: nil for the zero time.
func nanos(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixNano()
}

// changed runs a statement and reports whether it changed a row.
func (t *Tx) changed(what, query string, args ...any) (bool, error) {
	st, err := t.w.stmt(query)
	if err != nil {
		return false, fail(what, err)
	}
	res, err := st.ExecContext(t.w.bg, args...)
	if err != nil {
		return false, fail(what, err)
	}
	n, err := res.RowsAffected()
	return n > 0, fail(what, err)
}

// optional is a text as it is stored where none is NULL.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// optionalSeq is the number of a run or backfill as it is stored: nil for none.
func optionalSeq(id string) (any, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // NULL is the value
	}
	return runSeq(id)
}

func runSeq(id string) (int64, error) {
	seq, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", orchestrator.ErrUnknownRun, id)
	}
	return seq, nil
}

// Cursor is how far a trigger has come: every tick up to and including Nominal has its row.
type Cursor struct {
	Runner, Trigger string
	Spec            string    // the schedule it belongs to; another one starts a new cursor
	Anchor          time.Time // phase of an interval
	Nominal         time.Time
	Runs            int // runs the trigger has made, rows that did not run left out
}

// SetCursor moves a cursor. Neither a cursor of the same schedule nor its count of runs ever moves backwards.
func (t *Tx) SetCursor(c Cursor) error {
	err := t.w.exec(`INSERT INTO cursor(runner, trigger, spec, anchor, nominal, runs) VALUES(?,?,?,?,?,?)
		ON CONFLICT(runner, trigger) DO UPDATE SET spec=excluded.spec, anchor=excluded.anchor,
		nominal=CASE WHEN spec=excluded.spec THEN max(nominal, excluded.nominal) ELSE excluded.nominal END,
		runs=CASE WHEN spec=excluded.spec THEN max(runs, excluded.runs) ELSE excluded.runs END`,
		c.Runner, c.Trigger, c.Spec, c.Anchor.UnixNano(), c.Nominal.UnixNano(), c.Runs)
	return fail("move cursor of "+c.Runner, err)
}

// AddEvent adds an entry to the event feed and gives its id.
func (t *Tx) AddEvent(e *orchestrator.Event) error {
	var seq int64
	if e.Run != "" {
		var err error
		if seq, err = runSeq(e.Run); err != nil {
			return err
		}
	}
	st, err := t.w.stmt(`INSERT INTO event(at, kind, runner, run, state, text, by, via, before, after)
		VALUES(?,?,?,?,?,?,?,?,?,?)`)
	if err != nil {
		return fail("add event", err)
	}
	res, err := st.ExecContext(t.w.bg, e.At.UnixNano(), e.Kind, e.Runner, seq, string(e.State), e.Text, e.By,
		e.Via, e.Before, e.After)
	if err != nil {
		return fail("add event", err)
	}
	e.ID, err = res.LastInsertId()
	return err
}

// SetPause holds a runner, or lets it go when p is nil.
func (t *Tx) SetPause(runner string, p *orchestrator.Pause) error {
	if p == nil {
		return fail("resume "+runner, t.w.exec(`UPDATE runner SET paused_at=NULL WHERE id=?`, runner))
	}
	err := t.w.exec(`INSERT INTO runner(id, paused_at, paused_by, paused_reason, paused_until) VALUES(?,?,?,?,?)
		ON CONFLICT(id) DO UPDATE SET paused_at=excluded.paused_at, paused_by=excluded.paused_by,
		paused_reason=excluded.paused_reason, paused_until=excluded.paused_until`,
		runner, p.At.UnixNano(), p.By, p.Reason, nanos(p.Until))
	return fail("pause "+runner, err)
}

// NextEpoch raises and gives the number of this engine's life.
func (t *Tx) NextEpoch() (int64, error) {
	row, err := t.row(`INSERT INTO meta(key, value) VALUES('epoch', '1')
		ON CONFLICT(key) DO UPDATE SET value=CAST(value AS INTEGER)+1 RETURNING CAST(value AS INTEGER)`)
	if err != nil {
		return 0, fail("raise epoch", err)
	}
	var epoch int64
	err = row.Scan(&epoch)
	return epoch, fail("raise epoch", err)
}

func fail(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func encodeParams(p map[string]string) (string, error) {
	if len(p) == 0 {
		return "", nil
	}
	b, err := json.Marshal(p)
	return string(b), err
}

// Identity gives this history's own name, made once: with a run's number it is unique everywhere.
func (t *Tx) Identity(fresh string) (string, error) {
	row, err := t.row(`INSERT INTO meta(key, value) VALUES('identity', ?)
		ON CONFLICT(key) DO UPDATE SET value=value RETURNING value`,
		fresh)
	if err != nil {
		return "", fail("read identity", err)
	}
	var id string
	err = row.Scan(&id)
	return id, fail("read identity", err)
}
