package engine

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// recoverChunk is how many recovered runs are written in one transaction: each commit waits for the disk.
const recoverChunk = 500

// recovered is a run that an earlier life left behind.
type recovered struct {
	run  *orchestrator.Run
	r    *runner // nil = it is no longer in the configuration
	was  orchestrator.State
	rows []rowChange
	at   time.Time
}

// recoverRuns deals with runs that had not ended. What ran is a crash: its attempt counts, and the retry policy decides. What
// was decided is written before anything goes on.
func (l *loop) recoverRuns(ctx context.Context) error {
	runs, err := l.e.store.LiveRuns(ctx)
	if err != nil || len(runs) == 0 {
		return err
	}
	cut, begun, err := l.e.store.CutOff(ctx)
	if err != nil {
		return err
	}
	for from := 0; from < len(runs); from += recoverChunk {
		chunk := runs[from:min(from+recoverChunk, len(runs))]
		found := make([]recovered, 0, len(chunk))
		for i := range chunk {
			found = append(found, l.verdict(&chunk[i], cut[chunk[i].ID], begun[chunk[i].ID]))
		}
		if err := l.storeRecovered(ctx, found); err != nil {
			return fmt.Errorf("runs %s to %s: %w", chunk[0].ID, chunk[len(chunk)-1].ID, err)
		}
		for i := range found {
			l.takeBack(&found[i])
		}
	}
	return nil
}

// verdict says what becomes of a run.
func (l *loop) verdict(run *orchestrator.Run, cut []store.StepRow, begun bool) recovered {
	rec := recovered{run: run, was: run.State, at: l.e.clock()}
	if r, known := l.runners[run.Runner]; known && r.cfg.ID == run.Runner {
		rec.r = r
	}
	switch {
	case rec.r == nil:
		run.State, run.EndedAt, run.Reason = orchestrator.Crashed, rec.at, "its runner is no longer in the configuration"
	case rec.was == orchestrator.Running:
		if !begun && !hasSteps(&rec.r.cfg.Pipe) {
			cut = append(cut, rootStep(run, &rec.r.cfg.Pipe))
		}
		rec.rows = crash(rec.r, run, cut, rec.at)
	case rec.was == orchestrator.Cancelling:
		run.State, run.EndedAt, run.Reason = orchestrator.Cancelled, rec.at, "cancelled; the engine stopped before it had ended"
	case rec.was == orchestrator.Interrupted:
		run.State, run.Reason = orchestrator.Pending, ""
		if !run.StoppedAt.IsZero() { // else an older version stopped it
			run.Down += max(rec.at.Sub(run.StoppedAt), 0)
		}
	}
	run.StoppedAt = time.Time{}
	if rec.r != nil && run.State.Terminal() {
		markHandlers(rec.r.cfg, run)
	}
	return rec
}

// takeBack lets a run go on, or remembers its end.
func (l *loop) takeBack(rec *recovered) {
	run, r := rec.run, rec.r
	if run.State.Terminal() {
		if r != nil {
			seq, _ := strconv.ParseInt(run.ID, 10, 64) // it was read from this number
			r.remember(run, seq)
		}
		return
	}
	lv := &live{r: r, run: *run, again: true, claimed: true}
	l.adopt(lv)
	if lv.sleeps() {
		l.setAlarm(lv, run.NextAt)
		return
	}
	lv.forced = run.Trigger == triggerManual && l.firedWhileHeld(r, run.CreatedAt)
	l.letIn(lv)
}

// firedWhileHeld says that every pause which holds the runner now held already when a run was made.
func (l *loop) firedWhileHeld(r *runner, made time.Time) bool {
	if r.pause != nil && !made.After(r.pause.At) {
		return false
	}
	for s, h := range l.holds {
		if l.covers(s, r) && !made.After(h.Pause.At) {
			return false
		}
	}
	return true
}

func (l *loop) storeRecovered(ctx context.Context, found []recovered) error {
	found = slices.DeleteFunc(slices.Clone(found), func(rec recovered) bool { return rec.run.State == rec.was })
	if len(found) == 0 {
		return nil
	}
	return l.e.store.Write(ctx, func(tx *store.Tx) error {
		for i := range found {
			if err := found[i].put(tx, l.epoch); err != nil {
				return fmt.Errorf("run %s of %s: %w", found[i].run.ID, found[i].run.Runner, err)
			}
		}
		return nil
	})
}

// put writes what became of the run.
func (rec *recovered) put(tx *store.Tx, epoch int64) error {
	run := rec.run
	ev := orchestrator.Event{
		At: rec.at, Kind: "recovered", Runner: run.Runner, Run: run.ID, State: orchestrator.Crashed, By: "engine",
		Text: "run " + run.ID + " was " + string(rec.was) + " when the engine ended, is now " + string(run.State) + ": " + run.Reason,
	}
	if rec.was == orchestrator.Interrupted {
		ev.State, ev.Text = orchestrator.Pending, "run "+run.ID+" was interrupted by the engine's stop and goes on"
	}
	if err := putRows(tx, rec.rows); err != nil {
		return err
	}
	if _, err := tx.UpdateRun(run, epoch, false); err != nil {
		return err
	}
	if run.State.Terminal() {
		if err := tx.EndSteps(run); err != nil {
			return err
		}
	}
	return tx.AddEvent(&ev)
}

// crash marks the steps that ran when the engine died. Each lost an attempt; the run waits for the retry of the last of
// them, or ends as crashed when one has none left.
func crash(r *runner, run *orchestrator.Run, steps []store.StepRow, now time.Time) []rowChange {
	run.State, run.Reason = orchestrator.Pending, "the engine ended between two steps; the run goes on"
	var rows []rowChange
	for i := range steps {
		st := &steps[i]
		policy := policyAt(&r.cfg.Pipe, st.Path)
		if st.Kind == kindUndo {
			policy = undoPolicy(&r.cfg.Pipe, st.Path)
		}
		cause := fault.NewTransient(fmt.Errorf("the engine ended while attempt %d ran", st.Attempt))
		attempt := orchestrator.Attempt{
			N: st.Attempt, State: orchestrator.Crashed, StartedAt: st.StartedAt, EndedAt: now, Error: cause.Error(),
			Class: string(fault.Transient),
		}
		st.Error, st.ErrorClass = cause.Error(), string(fault.Transient)
		made := st.Attempt - st.Base
		if mayRetry(policy, made, fault.Transient) {
			st.State = orchestrator.AwaitingRetry
			st.NextAt = now.Add(backoff(policy, made, run.ID+"/"+st.Path, nil))
			st.Reason = "crashed: " + cause.Error()
			run.State, run.NextAt, run.Reason = orchestrator.AwaitingRetry, later(run.NextAt, st.NextAt), st.Path+" "+st.Reason
		} else {
			st.State, st.EndedAt = orchestrator.Crashed, now
		}
		if st.Kind == "" {
			run.FailedStep, run.Error, run.ErrorClass = st.Path, st.Error, st.ErrorClass
		}
		run.Attempts, run.MaxAttempts = max(run.Attempts, st.Attempt), st.MaxAttempts
		rows = append(rows, rowChange{step: *st, attempt: &attempt})
	}
	for i := range rows {
		if rows[i].step.State == orchestrator.Crashed && rows[i].step.Kind == "" {
			if hasUndo(&r.cfg.Pipe) { // it goes on once more, to take back what was done
				run.State, run.NextAt, run.Reason = orchestrator.Pending, time.Time{}, rows[i].step.Path+" crashed; the run goes on to undo"
				return rows
			}
			run.State, run.EndedAt, run.NextAt = orchestrator.Crashed, now, time.Time{}
			run.Reason = rows[i].step.Path + " crashed, attempts exhausted: " + rows[i].step.Error
		}
	}
	return rows
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func hasSteps(d *pipe.Definition) bool { return len(d.Steps) > 0 }

// rootStep is the row of a one-step run that died before its first row was written.
func rootStep(run *orchestrator.Run, d *pipe.Definition) store.StepRow {
	policy := retryPolicy(d.Retry, nil)
	return store.StepRow{Step: orchestrator.Step{
		Run: run.ID, Path: d.ID, ID: d.ID, Use: d.Use, Order: 1, State: orchestrator.Running, StartedAt: run.StartedAt,
		Attempt: 1, MaxAttempts: 1 + policy.Retries,
	}}
}

// policyAt gives the retry policy of the step with this path. An item of a for_each inherits like any step.
func policyAt(root *pipe.Definition, path string) pipe.Retry {
	var inherited *pipe.Retry
	d := root
	rest, ok := cutID(path, d.ID)
	for ok {
		if d.Retry != nil {
			inherited = d.Retry
		}
		if rest == "" {
			return retryPolicy(d.Retry, inherited)
		}
		if d.ForEach != "" { // one part is the item's key
			_, rest, _ = cutPart(rest)
		}
		next := childOf(d, rest)
		if next == nil {
			break
		}
		d = next
		rest, ok = cutID(rest, d.ID)
	}
	return retryPolicy(nil, inherited)
}
