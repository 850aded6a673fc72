package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// leaf makes one attempt of a pipe.
func (x *execution) leaf(ctx context.Context, def *pipe.Definition, spec *pipe.Spec, st *store.StepRow, at place, sc scope) nodeOutcome {
	policy := retryPolicy(def.Retry, at.retry)
	now := x.e.clock()
	if st.Attempt == st.Base && st.State != orchestrator.Paused || st.StartedAt.IsZero() {
		st.StartedAt = now
	}
	st.Attempt++
	st.MaxAttempts = st.Base + 1 + policy.Retries
	st.State, st.Reason, st.EndedAt, st.NextAt, st.Error, st.ErrorClass = orchestrator.Running, "", time.Time{}, time.Time{}, "", ""
	x.announce(ctx, st)

	result, err := x.attempt(ctx, def, spec, st, sc)
	x.tell(ctx, st, now, err)
	if err == nil {
		return x.leafDone(ctx, spec, st, now, result)
	}
	return x.leafFailed(ctx, st, now, policy, err)
}

// tell lets the resources that the run holds hear what became of an attempt.
func (x *execution) tell(ctx context.Context, st *store.StepRow, started time.Time, err error) {
	if len(x.lv.cfg.Policy.Resources) == 0 || ctx.Err() != nil || !fault.WasTried(err) {
		return
	}
	w := said{path: st.Path, started: started, class: fault.ClassOf(err), after: fault.RetryAfterOf(err)}
	if err != nil {
		w.text = x.line(err.Error())
	}
	x.e.box.post(func() { x.e.loop.hear(x.lv, w) })
}

// attempt calls the pipe. A panic fails this attempt only.
func (x *execution) attempt(ctx context.Context, def *pipe.Definition, spec *pipe.Spec, st *store.StepRow, sc scope) (r pipe.Result, err error) {
	call := &pipe.Call{
		Params: pipe.Params{Raw: def.Params, Scope: x.renderScope(sc), Render: x.render},
		Log:    x.logger(st.Path, st.Attempt), Runner: x.name, Run: x.id, Step: st.Path, Attempt: st.Attempt,
		Nominal: x.from.Nominal, Key: x.e.loop.identity + ":" + x.id + ":" + st.Path, Answer: x.answerOf(st.Path),
		Asked: x.askedElsewhere,
	}
	if call.Nominal.IsZero() {
		call.Nominal = x.from.StartedAt
	}
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the pipe: %v", p)
			call.Log.Error("panic in the pipe", "panic", fmt.Sprint(p), "stack", x.line(string(debug.Stack())))
		}
	}()
	s := x.scribe(call, sc)
	defer closeScribe(s, call)
	if err := x.provide(call, def, spec, s); err != nil {
		return r, err
	}
	if def.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, def.Timeout,
			fault.NewTimeout(fmt.Errorf("took longer than its timeout of %s", def.Timeout)))
		defer cancel()
	}
	returned := x.watch(ctx, st.Path)
	defer returned() // also when it panics
	x.e.failAt(failStep)
	r, err = x.process(spec, call, s)(ctx, call)
	x.e.failAt(failStepDone)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) { // whatever the pipe says of it
		err = context.Cause(ctx)
	}
	return r, err
}

// provide gives a call the services its type needs.
func (x *execution) provide(call *pipe.Call, def *pipe.Definition, spec *pipe.Spec, s *journal.Scribe) error {
	for _, need := range spec.Needs {
		var err error
		switch need.Kind {
		case pipe.KindTicketSystem:
			call.Ticket, err = x.ed.services.Ticket(def.Injects[need.Name])
			s.Service = x.ed.ticketService(def.Injects[need.Name])
		case pipe.KindClassifier:
			call.Class, err = x.ed.services.Classifier(def.Injects[need.Name])
		}
		if err != nil {
			return fmt.Errorf("%s: %w", need.Kind, err)
		}
	}
	switch {
	case call.Ticket == nil:
	case x.from.DryRun:
		call.Ticket = s.Dry(call.Ticket, x.dry.overlay(x.e, s.Service))
	default:
		call.Ticket = s.Tickets(call.Ticket)
	}
	if s.Service == "" {
		s.Service = x.ed.ticketService("")
	}
	if call.Class != nil {
		call.Class = s.Classifier(call.Class)
	}
	return nil
}

// leafDone makes a completed attempt durable before anything builds on it.
func (x *execution) leafDone(ctx context.Context, spec *pipe.Spec, st *store.StepRow, started time.Time, r pipe.Result) nodeOutcome {
	if r.Data == nil {
		r.Data = map[string]any{}
	}
	decided := r.Decision
	kept, err := x.settle(&r, r.HasFailed(), nil)
	if err != nil {
		return x.failed(st, err)
	}
	now := x.e.clock()
	st.Decision = x.decision(st.Path, decided, now)
	st.State, st.EndedAt, st.Message, st.Result = orchestrator.Completed, now, x.line(r.Message), kept
	if r.HasFailed() {
		st.Reason = "nothing to do: the steps after it are not reached"
	}
	x.put(st, x.attemptRow(st, started, now, orchestrator.Completed, nil))
	st.Decision = nil // written once
	if !spec.ReadOnly && !r.HasFailed() {
		x.markWorked()
	}
	if st.Depth > 0 { // a run of one step is written together with its run
		if err := x.commit(ctx); err != nil {
			return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}
		}
	}
	return nodeOutcome{kind: nodeDone, result: r, stopped: r.HasFailed(), quiet: r.HasFailed()}
}

// attemptRow gives the row of an attempt. A step that succeeds at the first try needs none: the step's own row says it all.
func (x *execution) attemptRow(st *store.StepRow, started, ended time.Time, state orchestrator.State, err error) *orchestrator.Attempt {
	if state == orchestrator.Completed && st.Attempt == 1 {
		return nil
	}
	a := &orchestrator.Attempt{N: st.Attempt, State: state, StartedAt: started, EndedAt: ended}
	if err != nil {
		a.Error, a.Class = x.line(err.Error()), string(fault.ClassOf(err))
		var classed *fault.Error
		if errors.As(err, &classed) {
			a.ExitCode = classed.ExitCode
		}
	}
	return a
}

// leafFailed decides between a retry, a failure and a stop.
func (x *execution) leafFailed(ctx context.Context, st *store.StepRow, started time.Time, policy pipe.Retry, err error) nodeOutcome {
	now := x.e.clock()
	if ctx.Err() != nil {
		return x.leafEnded(ctx, st, started, now, err)
	}
	var wait *pipe.Wait
	if errors.As(err, &wait) {
		if err = x.mayAsk(wait); err == nil {
			return x.ask(ctx, st, wait)
		}
	}
	class := fault.ClassOf(err)
	st.Error, st.ErrorClass = x.line(err.Error()), string(class)
	made := st.Attempt - st.Base
	if !fault.WasTried(err) && policy.Retries > 0 && mayRetry(policy, made-1, class) {
		return x.leafHeld(st, now, made, err)
	}
	if mayRetry(policy, made, class) {
		delay := backoff(policy, made, fmt.Sprintf("%s/%s/%d", x.id, st.Path, st.Attempt), err)
		st.State, st.NextAt = orchestrator.AwaitingRetry, now.Add(delay)
		st.Reason = fmt.Sprintf("attempt %d of %d failed: %s", st.Attempt, st.MaxAttempts, st.Error)
		x.put(st, x.attemptRow(st, started, now, orchestrator.Failed, err))
		x.logger(st.Path, st.Attempt).Warn(fmt.Sprintf("attempt %d of %d failed (%s): %s · next in %s", st.Attempt, st.MaxAttempts,
			class, st.Error, delay.Round(time.Millisecond)))
		return nodeOutcome{kind: nodeWaiting, next: st.NextAt, step: st.Path, err: err, attempt: st.Attempt, of: st.MaxAttempts}
	}
	why := "attempts exhausted"
	switch {
	case !class.Retryable():
		why = "no retry can help"
	case !mayRetry(policy, 0, class):
		why = "its policy does not retry " + string(class) + " errors"
	}
	st.State, st.EndedAt = orchestrator.Failed, now
	st.Reason = fmt.Sprintf("attempt %d of %d failed, %s", st.Attempt, st.MaxAttempts, why)
	x.put(st, x.attemptRow(st, started, now, orchestrator.Failed, err))
	x.logger(st.Path, st.Attempt).Error(fmt.Sprintf("failed (%s), %s: %s", class, why, st.Error))
	return nodeOutcome{kind: nodeFailed, step: st.Path, err: err, attempt: st.Attempt, of: st.MaxAttempts, ended: st.EndedAt}
}

// leafHeld lets a step wait for a service that was not even called: it is known to be down, or asked to wait. That costs no
// attempt; the call that tries whether the service is back does.
func (x *execution) leafHeld(st *store.StepRow, now time.Time, made int, err error) nodeOutcome {
	delay := max(min(fault.RetryAfterOf(err), maxRetryAfter), heldDelay)
	delay += time.Duration(jitterShare * float64(delay) * share(fmt.Sprintf("%s/%s/%d/%d", x.id, st.Path, made, now.UnixNano())))
	st.State, st.NextAt = orchestrator.AwaitingRetry, now.Add(delay)
	st.Reason = fmt.Sprintf("attempt %d of %d did not begin: %s", st.Attempt, st.MaxAttempts, st.Error)
	x.logger(st.Path, st.Attempt).Warn(fmt.Sprintf("attempt %d of %d did not begin (%s): %s · next in %s", st.Attempt, st.MaxAttempts,
		fault.ClassOf(err), st.Error, delay.Round(time.Millisecond)))
	out := nodeOutcome{kind: nodeWaiting, next: st.NextAt, step: st.Path, err: err, attempt: st.Attempt, of: st.MaxAttempts, held: true}
	st.Attempt--
	x.put(st, nil)
	return out
}

// leafEnded notes an attempt that the run's end cut off. A shutdown does not count as an attempt.
func (x *execution) leafEnded(ctx context.Context, st *store.StepRow, started, now time.Time, err error) nodeOutcome {
	if isInterrupt(ctx) {
		st.State, st.Reason = orchestrator.Interrupted, "the engine was stopped"
		st.Attempt--
		x.put(st, nil)
		return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}
	}
	st.State, st.EndedAt, st.Error, st.ErrorClass = orchestrator.Cancelled, now, x.line(errText(context.Cause(ctx))), string(fault.Cancelled)
	state := orchestrator.Cancelled
	if errors.Is(context.Cause(ctx), errRunTimeout) {
		st.State, st.ErrorClass, state = orchestrator.Failed, string(fault.Timeout), orchestrator.Failed
	}
	x.put(st, x.attemptRow(st, started, now, state, err))
	x.logger(st.Path, st.Attempt).Warn("stopped: " + st.Error)
	return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}
}
