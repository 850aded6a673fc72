package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// load builds the runners, takes back what is stored and recovers what an earlier life left behind. It runs before the
// loop's goroutine, and ends before the first new claim.
func (l *loop) load(ctx context.Context) error {
	l.seq = l.e.store.LastRun()
	err := l.e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if l.epoch, err = tx.NextEpoch(); err != nil {
			return err
		}
		l.identity, err = tx.Identity(rand.Text())
		return err
	})
	if err != nil {
		return err
	}
	for i := range l.e.o.Config.Runners {
		if err := l.loadRunner(ctx, &l.e.o.Config.Runners[i]); err != nil {
			return err
		}
	}
	l.nameRunners()
	l.applyLimits()
	if err := l.loadResources(ctx); err != nil {
		return err
	}
	if err := l.loadPauses(ctx); err != nil {
		return err
	}
	if err := l.loadHolds(ctx); err != nil {
		return err
	}
	if !l.e.o.RunOnly {
		if err := l.loadAfter(ctx); err != nil { // before recovery adds to it
			return err
		}
	}
	l.openOutlets(l.ed.cfg)
	if err := l.dropOrphans(ctx); err != nil {
		return err
	}
	if err := l.recoverRuns(ctx); err != nil {
		return err
	}
	if err := l.loadQuestions(ctx); err != nil {
		return err
	}
	if err := l.recoverHandlers(ctx); err != nil {
		return err
	}
	l.drained = len(l.lives) == 0 // then it was told before
	if l.e.o.RunOnly {
		return nil
	}
	var it *item
	it = newItem(func(now time.Time) { l.prune(it, now) })
	l.timetable.set(it, l.e.clock().Add(pruneEvery))
	if err := l.loadTriggers(ctx); err != nil {
		return err
	}
	if err := l.loadWatchdogs(ctx); err != nil {
		return err
	}
	return l.loadBackfills(ctx)
}

func (l *loop) loadRunner(ctx context.Context, cfg *config.Runner) error {
	r := &runner{cfg: cfg}
	l.order = append(l.order, r)
	if l.seq == 0 {
		return nil // no history yet
	}
	f, err := l.e.readFigures(ctx, cfg.ID)
	if err != nil {
		return err
	}
	r.recall(f)
	return nil
}

// recall takes a runner's figures from history.
func (r *runner) recall(f figures) {
	for i := len(f.recent) - 1; i >= 0; i-- {
		seq, _ := strconv.ParseInt(f.recent[i].ID, 10, 64) // it was read from this number
		r.remember(&f.recent[i], seq)
	}
	if len(f.newest) == 1 && f.newest[0].Idle && f.newest[0].State.Terminal() {
		r.remember(&f.newest[0], 0)
	}
}

func (l *loop) loadPauses(ctx context.Context) error {
	pauses, err := l.e.store.Pauses(ctx)
	if err != nil {
		return err
	}
	for id, p := range pauses {
		if r, ok := l.runners[id]; ok && r.cfg.ID == id {
			l.hold(r, p)
		}
	}
	return nil
}

// loadTriggers gives each trigger its cursor. A new one, or one whose schedule changed, starts now: nothing is caught up
// that was never due.
func (l *loop) loadTriggers(ctx context.Context) error {
	byKey, err := l.e.cursors(ctx)
	if err != nil {
		return err
	}
	now := l.e.clock()
	var fresh []store.Cursor
	for _, r := range l.order {
		if !r.cfg.Enabled {
			continue
		}
		for i := range r.cfg.Triggers {
			t := l.newTrigger(r, r.cfg.Triggers[i], byKey, now)
			if c, known := byKey[[2]string{r.cfg.ID, t.cfg.Name}]; !known || c.Spec != t.spec {
				fresh = append(fresh, *t.cursorAt(t.cursor))
			}
			l.arm(t)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return l.e.store.Write(ctx, func(tx *store.Tx) error {
		for _, c := range fresh {
			if err := tx.SetCursor(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *loop) newTrigger(r *runner, cfg config.Trigger, stored map[[2]string]store.Cursor, now time.Time) *trigger {
	t := &trigger{r: r, cfg: cfg, spec: triggerText(&cfg), cursor: now, anchor: now}
	t.it = newItem(func(now time.Time) { l.fireTrigger(t, now) })
	c, known := stored[[2]string{r.cfg.ID, cfg.Name}]
	if known {
		t.anchor = c.Anchor
		if c.Spec == t.spec {
			t.cursor, t.runs = c.Nominal, c.Runs
		}
	}
	if !known || c.Spec != t.spec {
		t.beginBefore(now)
	}
	if every, ok := schedule.IntervalOf(cfg.Schedule); ok {
		switch {
		case every.Anchored():
			t.anchor = every.Anchor()
		default:
			if !known {
				t.anchor = now.Truncate(time.Millisecond).Add(spread(r.cfg.ID, every.Interval()))
				t.cursor = t.anchor // the first tick comes after one interval, as upstream's trigger does
			}
			t.cfg.Schedule = schedule.WithAnchor(cfg.Schedule, t.anchor)
		}
	}
	r.triggers = append(r.triggers, t)
	return t
}

// recoverRuns deals with runs that had not ended. What ran is a crash: its attempt counts, and the retry policy decides.
func (l *loop) recoverRuns(ctx context.Context) error {
	runs, err := l.e.store.LiveRuns(ctx)
	if err != nil {
		return err
	}
	for i := range runs {
		if err := l.recoverRun(ctx, &runs[i]); err != nil {
			return fmt.Errorf("run %s of %s: %w", runs[i].ID, runs[i].Runner, err)
		}
	}
	return nil
}

func (l *loop) recoverRun(ctx context.Context, run *orchestrator.Run) error {
	now := l.e.clock()
	r, known := l.runners[run.Runner]
	known = known && r.cfg.ID == run.Runner
	was := run.State
	var rows []rowChange
	var err error
	switch {
	case !known:
		run.State, run.EndedAt, run.Reason = orchestrator.Crashed, now, "its runner is no longer in the configuration"
	case was == orchestrator.Running:
		rows, err = l.crash(ctx, r, run, now)
	case was == orchestrator.Cancelling:
		run.State, run.EndedAt, run.Reason = orchestrator.Cancelled, now, "cancelled; the engine stopped before it had ended"
	case was == orchestrator.Interrupted:
		run.State, run.Reason = orchestrator.Pending, ""
	}
	if err != nil {
		return err
	}
	if known && run.State.Terminal() {
		markHandlers(r.cfg, run)
	}
	if run.State != was {
		if err := l.storeRecovered(ctx, run, rows, was, now); err != nil {
			return err
		}
	}
	if run.State.Terminal() {
		if known {
			seq, _ := strconv.ParseInt(run.ID, 10, 64) // it was read from this number
			r.remember(run, seq)
		}
		return nil
	}
	lv := &live{r: r, run: *run, again: true, claimed: true}
	l.adopt(lv)
	if lv.sleeps() {
		l.setAlarm(lv, run.NextAt)
		return nil
	}
	lv.forced = run.Trigger == triggerManual && l.firedWhileHeld(r, run.CreatedAt)
	l.letIn(lv)
	return nil
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

func (l *loop) storeRecovered(ctx context.Context, run *orchestrator.Run, rows []rowChange, was orchestrator.State, now time.Time) error {
	ev := orchestrator.Event{
		At: now, Kind: "recovered", Runner: run.Runner, Run: run.ID, State: orchestrator.Crashed, By: "engine",
		Text: "run " + run.ID + " was " + string(was) + " when the engine ended, is now " + string(run.State) + ": " + run.Reason,
	}
	if was == orchestrator.Interrupted {
		ev.State, ev.Text = orchestrator.Pending, "run "+run.ID+" was interrupted by the engine's stop and goes on"
	}
	return l.e.store.Write(ctx, func(tx *store.Tx) error {
		if err := putRows(tx, rows); err != nil {
			return err
		}
		if _, err := tx.UpdateRun(run, l.epoch, false); err != nil {
			return err
		}
		if run.State.Terminal() {
			if err := tx.EndSteps(run); err != nil {
				return err
			}
		}
		return tx.AddEvent(&ev)
	})
}

// crash marks the steps that ran when the engine died. Each lost an attempt; the run waits for the retry of the last of
// them, or ends as crashed when one has none left.
func (l *loop) crash(ctx context.Context, r *runner, run *orchestrator.Run, now time.Time) ([]rowChange, error) {
	steps, err := l.e.store.Steps(ctx, run.ID)
	if err != nil {
		return nil, err
	}
	run.State, run.Reason = orchestrator.Pending, "the engine ended between two steps; the run goes on"
	if len(steps) == 0 && !hasSteps(&r.cfg.Pipe) {
		steps = append(steps, rootStep(run, &r.cfg.Pipe))
	}
	var rows []rowChange
	for i := range steps {
		st := &steps[i]
		if st.State != orchestrator.Running || st.Composite {
			continue
		}
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
				return rows, nil
			}
			run.State, run.EndedAt, run.NextAt = orchestrator.Crashed, now, time.Time{}
			run.Reason = rows[i].step.Path + " crashed, attempts exhausted: " + rows[i].step.Error
		}
	}
	return rows, nil
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
