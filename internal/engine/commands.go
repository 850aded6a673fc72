package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

func (l *loop) find(id string) (*runner, error) {
	if r, ok := l.runners[id]; ok {
		return r, nil
	}
	names := make([]string, len(l.order))
	for i, r := range l.order {
		names[i] = r.cfg.ID
	}
	return nil, fmt.Errorf("%w: %q (there are: %s)", orchestrator.ErrUnknownRunner, id, strings.Join(names, ", "))
}

func notNow(format string, args ...any) error {
	return fmt.Errorf("%w: %s", orchestrator.ErrNotNow, fmt.Sprintf(format, args...))
}

// submitAndWait asks the loop for a change and waits until it is durable.
func (e *Engine) submitAndWait(ctx context.Context, change func(l *loop, done func(error)) error) error {
	if e.looks() {
		return notNow("%s", NotRunning)
	}
	durable := make(chan error, 1)
	_, err := ask(ctx, e, func(l *loop) (struct{}, error) {
		return struct{}{}, change(l, func(err error) { durable <- err })
	})
	if err != nil {
		return err
	}
	select {
	case err := <-durable:
		return err
	case <-e.loop.done:
		return ErrStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// RunOnce fires a runner now.
func (e *Engine) RunOnce(ctx context.Context, runnerID string, req orchestrator.FireRequest) (string, error) {
	if err := e.checkParams(req.Params); err != nil {
		return "", err
	}
	var id string
	//nolint:contextcheck // a run lives longer than the command that fired it
	err := e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		var err error
		id, err = l.fire(ctx, runnerID, req, done)
		return err
	})
	return id, err
}

// runOfKey gives the run that an earlier request with the same key made; "" = none.
func (l *loop) runOfKey(ctx context.Context, r *runner, key string) (string, error) {
	if key == "" {
		return "", nil
	}
	if lv := r.findKey(key); lv != nil {
		return lv.run.ID, nil
	}
	run, err := l.e.store.RunByKey(ctx, r.cfg.ID, key)
	if errors.Is(err, orchestrator.ErrUnknownRun) {
		return "", nil
	}
	return run.ID, err
}

func (e *Engine) running() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state == started || e.state == stopping
}

func (l *loop) fire(ctx context.Context, runnerID string, req orchestrator.FireRequest, done func(error)) (string, error) {
	r, err := l.find(runnerID)
	if err != nil {
		return "", err
	}
	if id, err := l.runOfKey(ctx, r, req.Key); err != nil || id != "" {
		if err == nil {
			l.write(func(*store.Tx) error { return nil }, func() { done(nil) }) // the first request may still be on its way
		}
		return id, err
	}
	if err := l.closedFor(); err != nil {
		return "", err
	}
	if err := r.refuses(req.Overlap); err != nil {
		return "", err
	}
	if _, err := l.e.definitionFor(r.cfg.Pipe, req.Params); err != nil {
		return "", err
	}
	now, before := l.e.clock(), l.stands(r)
	lv := l.newDry(r, req, now)
	lv.run.By, lv.run.Params, lv.key = req.By.Name, req.Params, req.Key
	c := claim{run: lv.run, key: req.Key, live: lv}
	ev := l.audit(action{
		kind: "fired", runner: r.cfg.ID, run: lv.run.ID, state: orchestrator.Pending, by: req.By,
		text: runWord(&lv.run) + " " + lv.run.ID + " fired by " + actorText(req.By), before: before, after: l.stands(r),
	})
	epoch, taken := l.epoch, false
	l.write(func(tx *store.Tx) error {
		var err error
		if taken, err = insertClaim(tx, &c, epoch); err != nil || !taken {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		if !taken {
			done(notNow("a request with key %q has its run already", req.Key))
		} else {
			l.e.hub.Event(ev)
			done(nil)
		}
		l.claimed(lv, taken)
	})
	l.touch(r)
	return lv.run.ID, nil
}

// newDry makes the run of a request: it is dry before it may take its slot.
func (l *loop) newDry(r *runner, req orchestrator.FireRequest, now time.Time) *live {
	lv := l.newRun(r, req.Overlap, triggerManual, time.Time{}, now)
	lv.run.DryRun = req.DryRun
	l.begin(lv, now)
	return lv
}

// closedFor refuses what would start something new while the engine ends or drains.
func (l *loop) closedFor() error {
	if l.draining {
		return notNow("the engine is stopping")
	}
	if h := l.holds[engineScope()]; h != nil && h.Drain {
		return notNow("%s: resume it first", holdText(&h.Hold))
	}
	return nil
}

func stateWords(s orchestrator.State) string { return strings.ReplaceAll(string(s), "_", " ") }

func actorText(a orchestrator.Actor) string {
	switch {
	case a.Name == "" && a.Via == "":
		return "unknown"
	case a.Via == "":
		return a.Name
	case a.Name == "":
		return a.Via
	default:
		return a.Name + " (" + a.Via + ")"
	}
}

// holdBack takes a run that waits for a slot out of the queue until its runner is resumed.
func (l *loop) holdBack(lv *live) {
	lv.held = true
	l.unqueue(lv)
}

// Cancel ends a live run: a running one is asked to stop, a waiting one ends at once.
func (e *Engine) Cancel(ctx context.Context, runID string, by orchestrator.Actor) error {
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		if ok, err := l.cancelFollow(runID, by, done); ok {
			return err
		}
		lv, err := l.liveRun(ctx, runID)
		if err != nil {
			return err
		}
		a := action{
			kind: "cancel", runner: lv.run.Runner, run: runID, state: orchestrator.Cancelling, by: by,
			text: "run " + runID + " cancelled by " + actorText(by), before: stateWords(lv.run.State),
		}
		a.after = stateWords(orchestrator.Cancelled)
		if lv.holdsSlot() {
			a.after = stateWords(orchestrator.Cancelling)
		}
		l.stopRun(lv, actorText(by), l.audit(a), done)
		return nil
	})
}

// changeRun makes a run's new state durable.
func (l *loop) changeRun(lv *live, ev orchestrator.Event, done func(error)) {
	if lv.run.State.Terminal() {
		markHandlers(lv.cfg, &lv.run)
	}
	run, epoch := lv.run, l.epoch
	l.touch(lv.r)
	l.write(func(tx *store.Tx) error {
		if _, err := tx.UpdateRun(&run, epoch, false); err != nil {
			return err
		}
		if run.State.Terminal() {
			if err := tx.EndSteps(&run); err != nil {
				return err
			}
		}
		return tx.AddEvent(&ev)
	}, func() {
		if run.State.Terminal() {
			l.settled(lv, run.State)
		}
		l.e.hub.Event(ev)
		done(nil)
	})
}

func (l *loop) liveRun(ctx context.Context, runID string) (*live, error) {
	if lv := l.lives[runID]; lv != nil {
		if s := lv.run.State; s == orchestrator.Cancelling || s.Terminal() {
			return nil, notNow("run %s is %s already", runID, stateWords(s))
		}
		return lv, nil
	}
	run, err := l.e.store.GetRun(ctx, runID)
	if err != nil {
		return nil, err
	}
	return nil, notNow("run %s has ended: it is %s", runID, stateWords(run.State))
}

// Rerun gives an ended run another attempt, or lets a waiting retry start now.
func (e *Engine) Rerun(ctx context.Context, runID string, req orchestrator.RerunRequest) error {
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		if lv := l.lives[runID]; lv != nil {
			return l.retryNow(lv, req, done)
		}
		run, err := l.e.store.GetRun(ctx, runID)
		if err != nil {
			return err
		}
		return l.reopen(&run, req, done)
	})
}

func (l *loop) retryNow(lv *live, req orchestrator.RerunRequest, done func(error)) error {
	r := lv.r
	if lv.run.State != orchestrator.AwaitingRetry {
		return notNow("run %s is %s", lv.run.ID, stateWords(lv.run.State))
	}
	if h := l.runHold(lv); h != nil {
		return notNow("%s waits, %s: resume it first", r.cfg.ID, holdText(h))
	}
	now := l.e.clock()
	ev := l.audit(action{
		kind: "retry", runner: r.cfg.ID, run: lv.run.ID, state: orchestrator.AwaitingRetry, by: req.By,
		text:   "run " + lv.run.ID + " is retried now by " + actorText(req.By),
		before: "awaiting retry at " + lv.run.NextAt.Format("15:04:05Z"), after: "retried now",
	})
	lv.run.NextAt = now
	lv.retryNow = true
	l.changeRun(lv, ev, func(err error) {
		l.timetable.set(lv.it, now)
		done(err)
	})
	return nil
}

// fromText says where a rerun begins.
func fromText(req orchestrator.RerunRequest) string {
	switch {
	case req.From != "":
		return ", from step " + req.From
	case req.All:
		return ", from the start"
	default:
		return ", from the failed step"
	}
}

func (l *loop) reopen(run *orchestrator.Run, req orchestrator.RerunRequest, done func(error)) error {
	r, ok := l.runners[run.Runner]
	switch {
	case !ok || r.cfg.ID != run.Runner:
		return notNow("runner %s of run %s is no longer in the configuration", run.Runner, run.ID)
	case r.busy() && r.overlap("") != config.OverlapAllowAll:
		return r.refuse()
	case l.running(run.ID):
		return notNow("run %s was terminated and its step has not returned yet: wait for it", run.ID)
	case l.closedFor() != nil:
		return l.closedFor()
	case l.followsRun(run.ID):
		return handlersText(run.ID)
	case run.StartedAt.IsZero():
		return notNow("run %s never ran (%s): fire %s instead", run.ID, stateWords(run.State), r.cfg.ID)
	case run.State == orchestrator.Completed && !req.All && req.From == "":
		return notNow("run %s completed: there is no failed step to go on from", run.ID)
	}
	again, err := planRedo(run, r, req)
	if err != nil {
		return err
	}
	now := l.e.clock()
	lv := &live{r: r, run: *run, again: true, claimed: true, forced: true}
	l.adopt(lv)
	lv.warnings.Store(int64(run.Warnings))
	lv.run.State, lv.run.Reason, lv.run.EndedAt, lv.run.NextAt = orchestrator.Pending, "", time.Time{}, time.Time{}
	lv.run.StartedAt, lv.run.DueAt, lv.run.Attempt = time.Time{}, now, run.Attempt+1
	lv.run.Definition = lv.cfg.Hash
	lv.run.Error, lv.run.ErrorClass, lv.run.FailedStep, lv.run.Idle, lv.run.Handlers = "", "", "", false, ""
	ev := l.audit(action{
		kind: "rerun", runner: r.cfg.ID, run: run.ID, state: orchestrator.Pending, by: req.By,
		text:   fmt.Sprintf("run %s attempt %d started by %s%s", run.ID, lv.run.Attempt, actorText(req.By), fromText(req)),
		before: fmt.Sprintf("%s, attempt %d", stateWords(run.State), run.Attempt), after: fmt.Sprintf("pending, attempt %d", lv.run.Attempt),
	})
	copied, epoch, found := lv.run, l.epoch, false
	l.touch(r)
	l.write(func(tx *store.Tx) error {
		var err error
		if found, err = tx.UpdateRun(&copied, epoch, true); err != nil || !found {
			return err
		}
		if err := again.apply(tx, copied.ID); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		if !found { // history was cut back since the look at it
			l.forget(lv)
			done(fmt.Errorf("%w: %s", orchestrator.ErrUnknownRun, copied.ID))
			return
		}
		l.e.hub.Event(ev)
		l.letIn(lv)
		done(nil)
	})
	return nil
}
