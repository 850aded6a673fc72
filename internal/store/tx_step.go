package store

import (
	"time"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// StepRow is a step with what only the engine needs.
type StepRow struct {
	orchestrator.Step
	Base   int    // attempts made before the latest rerun: they do not count against the retries
	Result string // JSON of its result; "" = none kept
	// Decision is a classifier's decision that the step's completion makes, written with it; nil = none. It is not read back.
	Decision *orchestrator.Decision
}

// PutStep writes a step as it is now.
func (t *Tx) PutStep(s *StepRow) error {
	seq, err := runSeq(s.Run)
	if err != nil {
		return err
	}
	err = t.w.exec(`INSERT INTO step(run, path, ord, depth, id, use, composite, state, reason, message, attempt, base,
		max_attempts, started, ended, next, error, error_class, result, kind)
		VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT(run, path) DO UPDATE SET ord=excluded.ord, state=excluded.state, reason=excluded.reason,
		message=excluded.message, attempt=excluded.attempt, base=excluded.base, max_attempts=excluded.max_attempts,
		started=excluded.started, ended=excluded.ended, next=excluded.next, error=excluded.error,
		error_class=excluded.error_class, result=excluded.result`,
		seq, s.Path, s.Order, s.Depth, s.ID, s.Use, s.Composite, string(s.State), s.Reason, s.Message, s.Attempt, s.Base,
		s.MaxAttempts, nanos(s.StartedAt), nanos(s.EndedAt), nanos(s.NextAt), s.Error, s.ErrorClass,
		optional(s.Result), s.Kind)
	if err == nil && s.Decision != nil {
		err = t.PutDecision(s.Decision)
	}
	return fail("write step "+s.Path+" of run "+s.Run, err)
}

// StepsOpen says whether a run's steps may still change: it is this attempt of it, and it has not ended. A goroutine that comes
// back after the end, or after a rerun has begun, changes nothing. Handlers come after the end: theirs may change while they are
// pending.
func (t *Tx) StepsOpen(run string, attempt int, handlers bool) (bool, error) {
	seq, err := runSeq(run)
	if err != nil {
		return false, err
	}
	what := "look at run " + run
	open := `SELECT count(*) FROM run WHERE seq=? AND attempt=? AND ended IS NULL`
	if handlers {
		open = `SELECT count(*) FROM run WHERE seq=? AND attempt=? AND ended IS NOT NULL AND handlers='pending'`
	}
	row, err := t.row(open, seq, attempt)
	if err != nil {
		return false, fail(what, err)
	}
	var n int
	err = row.Scan(&n)
	return n > 0, fail(what, err)
}

// EndHandlers closes the handlers of a run that are not to run, such as those of an earlier end.
func (t *Tx) EndHandlers(run string, at time.Time) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	return fail("end handlers of run "+run, t.w.exec(`UPDATE step SET state='skipped', reason='not reached', ended=?
		WHERE run=? AND kind='handler' AND state='pending'`, nanos(at), seq))
}

// StopHandlers closes all handlers of a run that have not ended: they were cancelled.
func (t *Tx) StopHandlers(run string, at time.Time) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	return fail("stop handlers of run "+run, t.w.exec(`UPDATE step SET reason=CASE WHEN state='pending' THEN 'not reached' ELSE 'cancelled' END,
		state=CASE WHEN state='pending' THEN 'skipped' ELSE 'cancelled' END, ended=?, next=NULL
		WHERE run=? AND kind='handler' AND state IN ('pending', 'running', 'awaiting_retry', 'cancelling', 'interrupted', 'paused')`,
		nanos(at), seq))
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

const forgetStep = `UPDATE step SET state='pending', reason='', message='', base=attempt, started=NULL, ended=NULL, next=NULL,
	error='', error_class='', result=CASE WHEN composite AND state<>'completed' AND ? THEN result END WHERE run=? AND `

// DropSteps forgets steps of a run so that a rerun does them again; all = every one, else those that did not complete.
// Handlers and undo steps belong to one end of the run and are always forgotten. Steps that made attempts stay as rows, so that
// their attempts stay visible and are numbered on; composites that are gone on with keep the list they take item by item. A step
// whose work was undone is done again, like one that did not complete. The questions of steps that are done again are asked again.
func (t *Tx) DropSteps(run string, all bool) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	if err := t.w.exec(`DELETE FROM approval WHERE run=? AND (? OR path NOT IN (SELECT path FROM step
		WHERE run=? AND state='completed' AND reason NOT LIKE 'undone%'))`, seq, all, seq); err != nil {
		return fail("reset approvals of run "+run, err)
	}
	err = t.w.exec(forgetStep+`(? OR kind<>'' OR state<>'completed' OR reason LIKE 'undone%')`, !all, seq, all)
	return fail("reset steps of run "+run, err)
}

// DropStep is DropSteps for one step and all that is under it.
func (t *Tx) DropStep(run, path string) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	under := path + "/"
	if err := t.w.exec(`DELETE FROM approval WHERE run=? AND (path=? OR substr(path, 1, ?)=?)`, seq, path,
		utf8.RuneCountInString(under), under); err != nil {
		return fail("reset approvals of run "+run, err)
	}
	err = t.w.exec(forgetStep+`(path=? OR substr(path, 1, ?)=?)`, false, seq, path, utf8.RuneCountInString(under), under)
	return fail("reset step "+path+" of run "+run, err)
}

// ReopenStep is DropSteps for one composite alone: what is under it stays, and it ends again.
func (t *Tx) ReopenStep(run, path string) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	return fail("reopen step "+path+" of run "+run, t.w.exec(forgetStep+`path=?`, true, seq, path))
}

// EndSteps closes the steps of an ended run that were still going on or were never reached, and its open questions. Its handlers come after
// the end.
func (t *Tx) EndSteps(r *orchestrator.Run) error {
	seq, err := runSeq(r.ID)
	if err != nil {
		return err
	}
	state := r.State
	if state != orchestrator.Crashed {
		state = orchestrator.Cancelled
	}
	if err := t.CloseApprovals(r.ID); err != nil {
		return err
	}
	err = t.w.exec(`UPDATE step SET reason=CASE WHEN state='pending' THEN 'not reached' ELSE reason END,
		state=CASE WHEN state='pending' THEN 'skipped' ELSE ? END, ended=?, next=NULL
		WHERE run=? AND state IN ('pending', 'running', 'awaiting_retry', 'cancelling', 'interrupted', 'paused')
		AND kind<>'handler'`,
		string(state), nanos(r.EndedAt), seq)
	return fail("end steps of run "+r.ID, err)
}
