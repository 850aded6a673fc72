package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// enqueue lets a pending run wait for a slot and for what else it takes. Waiting long is shown as late.
func (l *loop) enqueue(lv *live) {
	if lv.since.IsZero() {
		lv.since = l.e.clock()
	}
	l.queue.push(lv)
	l.watch(lv)
}

// unqueue takes a run out of the queue, in it or not.
func (l *loop) unqueue(lv *live) {
	l.timetable.drop(lv.it)
	l.queue.take(lv)
}

// startReady starts waiting runs while there are slots.
func (l *loop) startReady(now time.Time) {
	for !l.slots.full(1) {
		lv := l.next(now)
		if lv == nil {
			return
		}
		l.unqueue(lv)
		if limit, why := startLimit(&lv.run, lv.r.cfg.Policy); !limit.IsZero() && now.After(limit) { // its alarm has not rung yet
			l.giveUp(lv, why+" before it could start", now)
			continue
		}
		l.reserve(lv, now)
		lv.since = time.Time{}
		run := lv.run
		l.write(func(tx *store.Tx) error {
			_, err := tx.UpdateRun(&run, l.epochOf(), false)
			return err
		}, func() { l.launch(lv) })
		l.touch(lv.r)
	}
}

// epochOf is safe on the writer's goroutine: the epoch is set before the first write and never changes.
func (l *loop) epochOf() int64 { return l.epoch }

// launch executes a run that has its slot and whose start is durable.
func (l *loop) launch(lv *live) {
	if lv.run.State.Terminal() { // terminated before it began
		l.letGo(lv)
		return
	}
	lv.reserved = false
	ctx, cancel := context.WithCancelCause(l.ctx)
	if lv.run.State == orchestrator.Cancelling {
		cancel(errCancelled)
	}
	if l.ending {
		cancel(errInterrupted)
	}
	lv.cancel = cancel
	l.e.failAt(failStart)
	x := newExecution(l.e, lv)
	lv.retryNow = false
	go func() {
		out := x.run(ctx)
		cancel(nil)
		l.e.box.post(func() { l.ended(lv, x, out) })
	}()
	l.touch(lv.r)
	run := lv.run
	l.e.hub.Event(orchestrator.Event{
		At: l.e.clock(), Kind: "started", Runner: run.Runner, Run: run.ID, State: orchestrator.Running, By: cmp.Or(run.By, "engine"),
		Text: runWord(&run) + " " + run.ID + " started by " + run.Trigger,
	})
}

// ended takes what became of an execution: the run's end, or its wait for a retry.
func (l *loop) ended(lv *live, x *execution, out outcomeOf) {
	l.e.failAt(failEnd)
	now := l.e.clock()
	lv.cancel(nil)
	lv.cancel = nil
	if lv.fenced.Load() { // its end was written when it was terminated
		l.letGo(lv)
		l.touch(lv.r)
		return
	}
	if out.state == orchestrator.Completed {
		l.hear(lv, said{started: lv.gripped})
	}
	l.letGo(lv)
	run := &lv.run
	run.Warnings = int(lv.warnings.Load())
	run.Attempts, run.MaxAttempts = x.attempts, x.maxAttempts
	if run.State == orchestrator.Cancelling && !out.state.Terminal() {
		out = outcomeOf{state: orchestrator.Cancelled, step: out.step} // what was told to an operator holds
	}
	if lv.wake && (out.state == orchestrator.Paused || out.state == orchestrator.AwaitingRetry) {
		out.state, out.reason = orchestrator.Pending, "" // an answer came while it ran
	}
	lv.wake = false
	l.describeEnd(run, out, now)
	if run.State == orchestrator.Cancelled {
		run.Reason = "cancelled by " + lv.stopper
	}
	lv.again = true
	markHandlers(lv.cfg, run)
	var rows []rowChange
	copied, epoch := *run, l.epoch
	ev, durable := endEvent(&copied, now)
	l.write(func(tx *store.Tx) error {
		rows = append(rows, x.takeRows()...) // now, not before: a start notice that failed has put its rows back
		if err := x.putRows(tx, rows); err != nil {
			return err
		}
		if copied.State.Terminal() && (copied.State != orchestrator.Completed || x.again) {
			if err := tx.EndSteps(&copied); err != nil {
				return err
			}
		}
		if _, err := tx.UpdateRun(&copied, epoch, false); err != nil {
			return err
		}
		if copied.Idle {
			if err := tx.FoldIdle(&copied); err != nil {
				return err
			}
		}
		if durable {
			return tx.AddEvent(&ev)
		}
		return nil
	}, func() {
		run.Count, run.FirstAt = copied.Count, copied.FirstAt
		l.settled(lv, copied.State)
		if ev.Kind != "" {
			l.e.hub.Event(ev)
		}
		l.logEnd(&copied)
	})
}

// settled goes on after a run's new state is durable. The run may have moved on meanwhile: cancelled, or let go by a resume.
func (l *loop) settled(lv *live, state orchestrator.State) {
	r, run := lv.r, &lv.run
	l.touch(r)
	if !state.Terminal() {
		switch {
		case lv.sleeps():
			l.setAlarm(lv, run.NextAt)
		case run.State == orchestrator.Pending && state == run.State:
			l.letIn(lv)
		}
		return
	}
	l.timetable.drop(lv.it)
	if run.Handlers == handlersPending {
		l.followUp(lv)
	}
	l.forget(lv)
	seq, err := strconv.ParseInt(run.ID, 10, 64)
	if err == nil {
		r.remember(run, seq)
	}
	if run.DryRun {
		l.freed(r)
		return
	}
	if state == orchestrator.Failed || state == orchestrator.Crashed {
		l.pauseAfterFailures(r)
	}
	if state == orchestrator.Completed {
		l.succeeded(r, run.EndedAt)
	}
	l.freed(r)
}

// pauseAfterFailures holds a runner whose runs keep failing. After a pause with an end the next failure holds it again.
func (l *loop) pauseAfterFailures(r *runner) {
	p := r.cfg.Policy
	if p.PauseAfterFailures <= 0 || r.fails < p.PauseAfterFailures || r.pause != nil || l.draining || r.last == nil ||
		(r.last.State != orchestrator.Failed && r.last.State != orchestrator.Crashed) {
		return
	}
	now := l.e.clock()
	pause := orchestrator.Pause{By: "engine", At: now, Reason: fmt.Sprintf("%d runs failed in a row, the last: %s", r.fails, r.last.Reason)}
	if p.ResumeAfter > 0 {
		pause.Until = now.Add(p.ResumeAfter)
	}
	l.hold(r, pause)
	ev := orchestrator.Event{
		At: now, Kind: "paused", Runner: r.cfg.ID, State: orchestrator.Paused, By: "engine", Text: pauseText(&pause),
		Before: fmt.Sprintf("%d runs failed in a row", r.fails), After: pauseText(&pause),
	}
	l.keepPause(r, &pause, ev, nil)
}

// describeEnd turns an outcome into the run's fields.
func (l *loop) describeEnd(run *orchestrator.Run, out outcomeOf, now time.Time) {
	run.State, run.FailedStep, run.Error, run.ErrorClass = out.state, out.step, "", ""
	if out.err != nil {
		run.Error, run.ErrorClass = l.e.secrets.line(out.err.Error(), maxError), string(fault.ClassOf(out.err))
	}
	run.Reason, run.Idle, run.NextAt = out.reason, out.idle, time.Time{}
	switch out.state {
	case orchestrator.AwaitingRetry, orchestrator.Paused:
		run.NextAt = out.next
	case orchestrator.Interrupted:
		run.StoppedAt = now
	case orchestrator.Pending:
	default:
		run.EndedAt = now
	}
}

// endEvent gives the event of an end and whether it is kept: successes and idle polls are only shown live.
func endEvent(run *orchestrator.Run, now time.Time) (orchestrator.Event, bool) {
	ev := orchestrator.Event{At: now, Runner: run.Runner, Run: run.ID, State: run.State, By: "engine", Kind: string(run.State)}
	took := run.Duration(now).Round(time.Millisecond)
	switch run.State {
	case orchestrator.Completed:
		ev.Text = fmt.Sprintf("%s %s completed in %s", runWord(run), run.ID, took)
		if run.Idle {
			ev.Text = "run " + run.ID + ": " + run.Reason
		}
		return ev, false
	case orchestrator.AwaitingRetry:
		ev.Kind, ev.Text = "retry", run.Reason
	case orchestrator.Paused, orchestrator.Pending: // the question and the answer have events of their own
		return orchestrator.Event{}, false
	default:
		ev.Text = runWord(run) + " " + run.ID + " " + string(run.State) + ": " + run.Reason
	}
	return ev, true
}

func (l *loop) logEnd(run *orchestrator.Run) {
	log := l.e.log.With("runner", run.Runner, "run", run.ID, "attempt", run.Attempt)
	if !run.Nominal.IsZero() {
		log = log.With("nominal", run.Nominal)
	}
	switch run.State {
	case orchestrator.Completed:
		if run.Idle {
			log.Debug("nothing to do", "count", run.Count)
			return
		}
		log.Info("run completed", "duration", run.Duration(run.EndedAt))
	case orchestrator.Pending:
	case orchestrator.Paused:
		log.Info("run waits for an answer", "step", run.FailedStep)
	case orchestrator.AwaitingRetry:
		log.Warn("run waits for a retry", "step", run.FailedStep, "next", run.NextAt, "error", run.Error)
	case orchestrator.Failed:
		log.Error("run failed", "step", run.FailedStep, "class", run.ErrorClass, "error", run.Error)
	default:
		log.Warn("run "+string(run.State), "reason", run.Reason)
	}
}

func isInterrupt(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errInterrupted) }
