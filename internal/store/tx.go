package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Tx is one transaction of the writer. Its methods run on the writer's goroutine only.
type Tx struct{ w *writer }

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
}

// SetCursor moves a cursor. A cursor of the same schedule never moves backwards.
func (t *Tx) SetCursor(c Cursor) error {
	err := t.w.exec(`INSERT INTO cursor(runner, trigger, spec, anchor, nominal) VALUES(?,?,?,?,?)
		ON CONFLICT(runner, trigger) DO UPDATE SET spec=excluded.spec, anchor=excluded.anchor,
		nominal=CASE WHEN spec=excluded.spec THEN max(nominal, excluded.nominal) ELSE excluded.nominal END`,
		c.Runner, c.Trigger, c.Spec, c.Anchor.UnixNano(), c.Nominal.UnixNano())
	return fail("move cursor of "+c.Runner, err)
}

// InsertRun adds a run. It reports false, and changes nothing, when the tick or the request key has its row already.
func (t *Tx) InsertRun(r *orchestrator.Run, key string, epoch int64) (bool, error) {
	seq, err := runSeq(r.ID)
	if err != nil {
		return false, err
	}
	params, err := encodeParams(r.Params)
	if err != nil {
		return false, err
	}
	st, err := t.w.stmt(`INSERT INTO run(seq, runner, trigger, nominal, key, state, reason, created, due, started, ended,
		attempt, count, first_at, idle, by, params, epoch) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return false, fail("insert run of "+r.Runner, err)
	}
	var keyValue any
	if key != "" {
		keyValue = key
	}
	res, err := st.ExecContext(t.w.bg, seq, r.Runner, r.Trigger, nanos(r.Nominal), keyValue, string(r.State), r.Reason,
		r.CreatedAt.UnixNano(), r.DueAt.UnixNano(), nanos(r.StartedAt), nanos(r.EndedAt), r.Attempt, max(r.Count, 1),
		r.FirstAt.UnixNano(), r.Idle, r.By, params, epoch)
	if err != nil {
		return false, fail("insert run of "+r.Runner, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// UpdateRun writes a run's changeable fields. It reports false, and changes nothing, when the run has ended and reopen is not
// set (a rerun), when a later life of the engine has taken the run over, or when there is no such run.
func (t *Tx) UpdateRun(r *orchestrator.Run, epoch int64, reopen bool) (bool, error) {
	seq, err := runSeq(r.ID)
	if err != nil {
		return false, err
	}
	st, err := t.w.stmt(`UPDATE run SET state=?, reason=?, started=?, ended=?, next=?, attempt=?, attempts=?, max_attempts=?,
		failed_step=?, error=?, error_class=?, warnings=?, idle=?, by=?, epoch=? WHERE seq=? AND (ended IS NULL OR ?) AND epoch<=?`)
	if err != nil {
		return false, fail("update run "+r.ID, err)
	}
	res, err := st.ExecContext(t.w.bg, string(r.State), r.Reason, nanos(r.StartedAt), nanos(r.EndedAt), nanos(r.NextAt),
		r.Attempt, r.Attempts, r.MaxAttempts, r.FailedStep, r.Error, r.ErrorClass, r.Warnings, r.Idle, r.By, epoch, seq, reopen, epoch)
	if err != nil {
		return false, fail("update run "+r.ID, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// FoldTick adds one tick that was not run to the runner's newest row when that row says the same (state and reason), and
// reports false when there is none: then the tick needs a row of its own.
func (t *Tx) FoldTick(r *orchestrator.Run) (bool, error) {
	st, err := t.w.stmt(`UPDATE run SET count=count+?, nominal=?, due=?, ended=? WHERE seq=
		(SELECT seq FROM run WHERE runner=? ORDER BY seq DESC LIMIT 1) AND state=? AND reason=? AND trigger=?
		AND coalesce(nominal, 0) < ?`)
	if err != nil {
		return false, fail("fold tick of "+r.Runner, err)
	}
	res, err := st.ExecContext(t.w.bg, max(r.Count, 1), nanos(r.Nominal), r.DueAt.UnixNano(), nanos(r.EndedAt), r.Runner,
		string(r.State), r.Reason, r.Trigger, r.Nominal.UnixNano())
	if err != nil {
		return false, fail("fold tick of "+r.Runner, err)
	}
	n, err := res.RowsAffected()
	return n == 1, err
}

// FoldIdle lets a tick's run that ended with "nothing to do" take in the row before it when that one says the same for the
// same trigger: the newest row stays, with the count and the first time of all. It sets the run's count and first time. Runs
// by hand are left alone: whoever asked for one may look it up by its number or key.
func (t *Tx) FoldIdle(r *orchestrator.Run) error {
	seq, err := runSeq(r.ID)
	if err != nil || r.Nominal.IsZero() {
		return err
	}
	row, err := t.row(`SELECT p.seq, p.idle AND p.trigger=r.trigger AND p.nominal IS NOT NULL, p.count+r.count,
		min(p.first_at, r.first_at) FROM run r JOIN run p ON p.runner=r.runner AND p.seq<r.seq
		WHERE r.seq=? ORDER BY p.seq DESC LIMIT 1`, seq)
	if err != nil {
		return fail("fold run "+r.ID, err)
	}
	var prev, count, first int64
	var same bool
	if err := row.Scan(&prev, &same, &count, &first); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return fail("fold run "+r.ID, err)
	}
	if !same {
		return nil
	}
	if err := t.deleteRun(prev); err != nil {
		return err
	}
	r.Count, r.FirstAt = int(count), fromNanos(first)
	return fail("fold run "+r.ID, t.w.exec(`UPDATE run SET count=?, first_at=? WHERE seq=?`, count, first, seq))
}

func (t *Tx) deleteRun(seq int64) error {
	for _, q := range []string{
		`DELETE FROM log WHERE run=?`, `DELETE FROM attempt WHERE run=?`, `DELETE FROM step WHERE run=?`,
		`DELETE FROM run WHERE seq=?`,
	} {
		if err := t.w.exec(q, seq); err != nil {
			return fail("delete run", err)
		}
	}
	return nil
}

// StepRow is a step with what only the engine needs.
type StepRow struct {
	orchestrator.Step
	Base   int    // attempts made before the latest rerun: they do not count against the retries
	Result string // JSON of its result; "" = none kept
}

// PutStep writes a step as it is now.
func (t *Tx) PutStep(s *StepRow) error {
	seq, err := runSeq(s.Run)
	if err != nil {
		return err
	}
	var result any
	if s.Result != "" {
		result = s.Result
	}
	err = t.w.exec(`INSERT INTO step(run, path, ord, depth, id, use, composite, state, reason, message, attempt, base,
		max_attempts, started, ended, next, error, error_class, result) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT(run, path) DO UPDATE SET ord=excluded.ord, state=excluded.state, reason=excluded.reason,
		message=excluded.message, attempt=excluded.attempt, base=excluded.base, max_attempts=excluded.max_attempts,
		started=excluded.started, ended=excluded.ended, next=excluded.next, error=excluded.error,
		error_class=excluded.error_class, result=excluded.result`,
		seq, s.Path, s.Order, s.Depth, s.ID, s.Use, s.Composite, string(s.State), s.Reason, s.Message, s.Attempt, s.Base,
		s.MaxAttempts, nanos(s.StartedAt), nanos(s.EndedAt), nanos(s.NextAt), s.Error, s.ErrorClass, result)
	return fail("write step "+s.Path+" of run "+s.Run, err)
}

// PutAttempt writes one attempt of a step.
func (t *Tx) PutAttempt(run, path string, a orchestrator.Attempt) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	err = t.w.exec(`INSERT OR REPLACE INTO attempt(run, path, n, state, started, ended, error, class, exit_code)
		VALUES(?,?,?,?,?,?,?,?,?)`, seq, path, a.N, string(a.State), nanos(a.StartedAt), nanos(a.EndedAt), a.Error, a.Class,
		a.ExitCode)
	return fail("write attempt of "+path+" of run "+run, err)
}

// DropSteps forgets steps of a run so that a rerun does them again; all = every one, else those that did not complete.
// Steps that made attempts stay as rows, so that their attempts stay visible and are numbered on.
func (t *Tx) DropSteps(run string, all bool) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	err = t.w.exec(`UPDATE step SET state='pending', reason='', message='', base=attempt, started=NULL, ended=NULL, next=NULL,
		error='', error_class='', result=NULL WHERE run=? AND (? OR state<>'completed')`, seq, all)
	return fail("reset steps of run "+run, err)
}

// EndSteps closes the steps of an ended run that were still going on or were never reached.
func (t *Tx) EndSteps(r *orchestrator.Run) error {
	seq, err := runSeq(r.ID)
	if err != nil {
		return err
	}
	state := r.State
	if state != orchestrator.Crashed {
		state = orchestrator.Cancelled
	}
	err = t.w.exec(`UPDATE step SET reason=CASE WHEN state='pending' THEN 'not reached' ELSE reason END,
		state=CASE WHEN state='pending' THEN 'skipped' ELSE ? END, ended=?, next=NULL
		WHERE run=? AND state IN ('pending', 'running', 'awaiting_retry', 'cancelling', 'interrupted')`,
		string(state), nanos(r.EndedAt), seq)
	return fail("end steps of run "+r.ID, err)
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
	st, err := t.w.stmt(`INSERT INTO event(at, kind, runner, run, state, text, by) VALUES(?,?,?,?,?,?,?)`)
	if err != nil {
		return fail("add event", err)
	}
	res, err := st.ExecContext(t.w.bg, e.At.UnixNano(), e.Kind, e.Runner, seq, string(e.State), e.Text, e.By)
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

func (t *Tx) insertLogs(lines []orchestrator.LogLine) error {
	for i := range lines {
		l := &lines[i]
		seq, err := runSeq(l.Run)
		if err != nil {
			return err
		}
		err = t.w.exec(`INSERT OR IGNORE INTO log(run, seq, runner, step, attempt, at, level, msg, gap)
			VALUES(?,?,?,?,?,?,?,?,?)`,
			seq, l.Seq, l.Runner, l.Step, l.Attempt, l.At.UnixNano(), levelNumber(l.Level), l.Msg, l.Gap)
		if err != nil {
			return fail("write log of run "+l.Run, err)
		}
	}
	return nil
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
