package store

import (
	"cmp"
	"database/sql"
	"errors"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// defaultPriority is the priority of a run that names none.
const defaultPriority = 3

// InsertRun adds a run. It reports false, and changes nothing, when the tick or the request key has its row already. A
// backfill's run may take the tick of a row that did not run (skipped, missed, dropped): that row keeps its due time and gives up
// its nominal time.
func (t *Tx) InsertRun(r *orchestrator.Run, key string, epoch int64) (bool, error) {
	what := "insert run of " + r.Runner
	seq, err := runSeq(r.ID)
	if err != nil {
		return false, err
	}
	params, err := encodeParams(r.Params)
	if err != nil {
		return false, err
	}
	parent, err := optionalSeq(r.Parent)
	if err != nil {
		return false, fail(what, err)
	}
	backfill, err := optionalSeq(r.Backfill)
	if err != nil {
		return false, fail(what, err)
	}
	if backfill != nil {
		if err := t.w.exec(`UPDATE run SET nominal=NULL WHERE runner=? AND trigger=? AND nominal=?
			AND state IN ('skipped', 'missed', 'dropped')`, r.Runner, r.Trigger, nanos(r.Nominal)); err != nil {
			return false, fail(what, err)
		}
	}
	ok, err := t.changed(what, `INSERT INTO run(seq, runner, trigger, nominal, key, state, reason, created, due, started, ended,
		attempt, count, first_at, idle, by, params, epoch, parent, backfill, priority, overlap, definition, handlers, dry)
		VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
		seq, r.Runner, r.Trigger, nanos(r.Nominal), optional(key), string(r.State), r.Reason, r.CreatedAt.UnixNano(),
		r.DueAt.UnixNano(), nanos(r.StartedAt), nanos(r.EndedAt), r.Attempt, max(r.Count, 1), r.FirstAt.UnixNano(), r.Idle, r.By,
		params, epoch, parent, backfill, cmp.Or(r.Priority, defaultPriority), r.Overlap, r.Definition, r.Handlers, r.DryRun)
	return t.ended(r, ok, err)
}

// UpdateRun writes a run's changeable fields: all but those that say what it is (runner, trigger, times of its tick, parameters,
// parent, backfill, overlap, priority). It reports false, and changes nothing, when the run has ended and reopen is not set (a
// rerun), when a later life of the engine has taken the run over, or when there is no such run.
func (t *Tx) UpdateRun(r *orchestrator.Run, epoch int64, reopen bool) (bool, error) {
	seq, err := runSeq(r.ID)
	if err != nil {
		return false, err
	}
	ok, err := t.changed("update run "+r.ID, `UPDATE run SET state=?, reason=?, started=?, ended=?, next=?, attempt=?, attempts=?,
		max_attempts=?, failed_step=?, error=?, error_class=?, warnings=?, idle=?, by=?, definition=?, handlers=?,
		dry=?, stopped=?, down=?, epoch=?, bytes=NULL
		WHERE seq=? AND (ended IS NULL OR ?) AND epoch<=?`,
		string(r.State), r.Reason, nanos(r.StartedAt), nanos(r.EndedAt), nanos(r.NextAt), r.Attempt, r.Attempts, r.MaxAttempts,
		r.FailedStep, r.Error, r.ErrorClass, r.Warnings, r.Idle, r.By, r.Definition, r.Handlers,
		r.DryRun, nanos(r.StoppedAt), int64(r.Down), epoch, seq, reopen, epoch)
	return t.ended(r, ok, err)
}

// SetHandlers says how an ended run's handlers stand (Run.Handlers); the run's state stays. It reports false when there is no
// such run.
func (t *Tx) SetHandlers(run, state string) (bool, error) {
	seq, err := runSeq(run)
	if err != nil {
		return false, err
	}
	return t.changed("set handlers of run "+run, `UPDATE run SET handlers=? WHERE seq=?`, state, seq)
}

// FoldTick adds one tick that was not run to the runner's newest row when that row says the same (state and reason), and
// reports false when there is none: then the tick needs a row of its own. Rows with a key and rows of a backfill are left alone.
func (t *Tx) FoldTick(r *orchestrator.Run) (bool, error) {
	if r.Nominal.IsZero() {
		return false, nil
	}
	return t.changed("fold tick of "+r.Runner, `UPDATE run SET count=count+?, nominal=?, due=?, ended=? WHERE seq=
		(SELECT seq FROM run WHERE runner=? ORDER BY seq DESC LIMIT 1) AND state=? AND reason=? AND trigger=?
		AND nominal<? AND key IS NULL AND backfill IS NULL`,
		max(r.Count, 1), nanos(r.Nominal), r.DueAt.UnixNano(), nanos(r.EndedAt), r.Runner, string(r.State), r.Reason, r.Trigger,
		r.Nominal.UnixNano())
}

// FoldIdle lets a tick's run that ended with "nothing to do" take in the row before it when that one says the same for the
// same trigger: the newest row stays, with the count and the first time of all. It sets the run's count and first time. Runs
// by hand are left alone: whoever asked for one may look it up by its number or key.
func (t *Tx) FoldIdle(r *orchestrator.Run) error {
	seq, err := runSeq(r.ID)
	if err != nil || r.Nominal.IsZero() {
		return err
	}
	row, err := t.row(`SELECT p.seq, p.idle AND p.trigger=r.trigger AND p.nominal IS NOT NULL AND p.key IS NULL
		AND p.backfill IS NULL AND r.backfill IS NULL AND p.handlers<>'pending', p.count+r.count,
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
	if long, err := t.longLog(prev); err != nil || long {
		return fail("fold run "+r.ID, err)
	}
	if err := t.deleteRun(prev); err != nil {
		return err
	}
	r.Count, r.FirstAt = int(count), fromNanos(first)
	return fail("fold run "+r.ID, t.w.exec(`UPDATE run SET count=?, first_at=? WHERE seq=?`, count, first, seq))
}

// longLog says that a run's log is too long to be deleted while others wait; retention does it in parts.
func (t *Tx) longLog(seq int64) (bool, error) {
	row, err := t.row(`SELECT count(*) FROM (SELECT 1 FROM log WHERE run=? LIMIT ?)`, seq, pruneRows)
	if err != nil {
		return false, err
	}
	var n int
	err = row.Scan(&n)
	return n == pruneRows, err
}

func (t *Tx) deleteRun(seq int64) error {
	delete(t.w.kept, seq)
	for _, q := range []string{
		`DELETE FROM log WHERE run=?`, `DELETE FROM attempt WHERE run=?`, `DELETE FROM step WHERE run=?`,
		`DELETE FROM approval WHERE run=?`, `DELETE FROM ticket_log WHERE run=? AND kind='read'`, `DELETE FROM run WHERE seq=?`,
	} {
		if err := t.w.exec(q, seq); err != nil {
			return fail("delete run", err)
		}
	}
	return nil
}
