package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// BackfillRow is a backfill with what only the engine needs.
type BackfillRow struct {
	orchestrator.Backfill
	Spec     string    // the schedule it was asked for
	Cursor   time.Time // every tick up to and including it has been dealt with; before First at the start
	Parallel int       // most of its runs at once
	EndedAt  time.Time
}

// AddBackfill adds a backfill and sets its ID.
func (t *Tx) AddBackfill(b *BackfillRow) error {
	what := "add backfill of " + b.Runner
	row, err := t.row(`INSERT INTO backfill(runner, trigger, spec, first, last, cursor, total, claimed, parallel, state, by, at, ended)
		VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?) RETURNING id`,
		b.Runner, b.Trigger, b.Spec, b.First.UnixNano(), b.Last.UnixNano(), b.Cursor.UnixNano(), b.Total, b.Claimed, b.Parallel,
		string(b.State), b.By, b.At.UnixNano(), nanos(b.EndedAt))
	if err != nil {
		return fail(what, err)
	}
	var id int64
	err = row.Scan(&id)
	b.ID = seqID(id)
	return fail(what, err)
}

// PutBackfill writes how far a backfill has come. Claimed and the cursor never move backwards. It reports false, and changes
// nothing, when the backfill has ended.
func (t *Tx) PutBackfill(b *BackfillRow) (bool, error) {
	id, err := runSeq(b.ID)
	if err != nil {
		return false, fail("write backfill", err)
	}
	return t.changed("write backfill "+b.ID, `UPDATE backfill SET cursor=max(cursor, ?), total=?, claimed=max(claimed, ?), state=?,
		ended=? WHERE id=? AND ended IS NULL`,
		b.Cursor.UnixNano(), b.Total, b.Claimed, string(b.State), nanos(b.EndedAt), id)
}

const backfillColumns = `SELECT id, runner, trigger, spec, first, last, cursor, total, claimed, parallel, state, by, at, ended FROM backfill `

func scanBackfill(rows *sql.Rows, b *BackfillRow) error {
	var id, first, last, cursor, at int64
	var ended sql.NullInt64
	err := rows.Scan(&id, &b.Runner, &b.Trigger, &b.Spec, &first, &last, &cursor, &b.Total, &b.Claimed, &b.Parallel, &b.State, &b.By,
		&at, &ended)
	b.ID, b.First, b.Last, b.Cursor = seqID(id), fromNanos(first), fromNanos(last), fromNanos(cursor)
	b.At, b.EndedAt = fromNanos(at), fromNull(ended)
	return err
}

// Backfills gives the newest backfills, newest first, those that run before those that ended.
func (s *Store) Backfills(ctx context.Context, limit int) ([]BackfillRow, error) {
	return collect(ctx, s, "backfills", scanBackfill, backfillColumns+`ORDER BY ended IS NOT NULL, id DESC LIMIT ?`, limit)
}

// Backfill gives one backfill; false when there is none.
func (s *Store) Backfill(ctx context.Context, id string) (BackfillRow, bool, error) {
	seq, err := runSeq(id)
	if err != nil {
		return BackfillRow{}, false, fail("read backfill", err)
	}
	rows, err := collect(ctx, s, "backfill "+id, scanBackfill, backfillColumns+`WHERE id=?`, seq)
	if err != nil || len(rows) == 0 {
		return BackfillRow{}, false, err
	}
	return rows[0], true, nil
}

// TickRow is a row that one tick, or several ticks in a row, of a trigger have.
type TickRow struct {
	Run         string
	First, Last time.Time // nominal times; equal for one tick
	State       orchestrator.State
}

// TickRows gives the rows that a runner's ticks with nominal times in [from, to] have, by their time. A row that a backfill
// has taken the tick from is not among them.
func (s *Store) TickRows(ctx context.Context, runner, trigger string, from, to time.Time) ([]TickRow, error) {
	return collect(ctx, s, "ticks of "+runner, func(rows *sql.Rows, r *TickRow) error {
		var seq, first, last int64
		err := rows.Scan(&seq, &first, &last, &r.State)
		r.Run, r.First, r.Last = seqID(seq), fromNanos(first), fromNanos(last)
		return err
	}, `SELECT seq, min(first_at, nominal), nominal, state FROM run WHERE runner=? AND trigger=? AND nominal>=? AND min(first_at, nominal)<=?
		ORDER BY nominal`, runner, trigger, from.UnixNano(), to.UnixNano())
}
