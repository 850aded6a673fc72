package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// Values of orchestrator.Run.Handlers.
const (
	handlersPending = "pending"
	handlersDone    = "done"
	handlersFailed  = "failed"
)

const kindHandler = "handler"

// handlerGroup is the handlers of one kind of end; its name begins their steps' paths.
type handlerGroup struct {
	name string
	defs []pipe.Definition
}

// handlersOf gives what runs after a run that ended in this state; on_exit comes last. Ticks that never became a run have none.
func handlersOf(h *config.Handlers, state orchestrator.State) []handlerGroup {
	var groups []handlerGroup
	switch state {
	case orchestrator.Completed:
		groups = []handlerGroup{{"on_success", h.OnSuccess}}
	case orchestrator.Failed:
		groups = []handlerGroup{{"on_failure", h.OnFailure}}
	case orchestrator.Cancelled:
		groups = []handlerGroup{{"on_cancel", h.OnCancel}}
	case orchestrator.Crashed:
		groups = []handlerGroup{{"on_crash", h.OnCrash}}
	default:
		return nil
	}
	groups = append(groups, handlerGroup{"on_exit", h.OnExit})
	return slices.DeleteFunc(groups, func(g handlerGroup) bool { return len(g.defs) == 0 })
}

// markHandlers notes at a run that ends that its handlers have yet to run. It is written together with the end.
func markHandlers(cfg *config.Runner, run *orchestrator.Run) {
	run.Handlers = ""
	if len(handlersOf(&cfg.Handlers, run.State)) > 0 {
		run.Handlers = handlersPending
	}
}

// follow is a run that has ended and whose handlers run, or wait for their turn. The loop owns it.
type follow struct {
	lv      *live // not among its runner's: the run has ended
	cancel  context.CancelCauseFunc
	stopper string // who cancelled them; "" = nobody
}

// followUp lets the handlers of a run whose end is durable take their turn, with the configuration that the run had.
// An engine that ends leaves them to the next start.
func (l *loop) followUp(lv *live) {
	if l.ending {
		return
	}
	ed := lv.ed
	if ed == nil { // it was terminated, and has let its own go
		ed = l.ed
	}
	l.addFollow(lv.r, lv.cfg, ed, &lv.run)
	l.startFollows()
}

func (l *loop) addFollow(r *runner, cfg *config.Runner, ed *edition, run *orchestrator.Run) {
	ed.users++
	l.follows = append(l.follows, &follow{lv: &live{r: r, cfg: cfg, ed: ed, run: *run, again: true}})
}

// startFollows starts waiting handlers, those of as many runs at once as there are slots. They take no slot themselves: a
// runner's next run does not wait for the handlers of the one before.
func (l *loop) startFollows() {
	if l.ending {
		return
	}
	running := 0
	for _, f := range l.follows {
		if f.cancel != nil {
			running++
		}
	}
	for _, f := range l.follows {
		if running >= l.slots.max {
			return
		}
		if f.cancel == nil {
			running++
			l.startFollow(f)
		}
	}
}

func (l *loop) startFollow(f *follow) {
	l.e.failAt(failHandlers)
	ctx, cancel := context.WithCancelCause(l.ctx)
	f.cancel = cancel
	if f.stopper != "" {
		cancel(errCancelled)
	}
	x := newExecution(l.e, f.lv)
	x.after = true
	go func() {
		failed, err := x.handlers(ctx)
		interrupted := ctx.Err() != nil && !errors.Is(context.Cause(ctx), errCancelled)
		cancel(nil)
		l.e.box.post(func() { l.followed(f, x, failed, interrupted, err) })
	}()
}

// followed notes what became of a run's handlers. Those that the engine's stop cut off stay pending: they go on at the next
// start.
func (l *loop) followed(f *follow, x *execution, failed []string, interrupted bool, err error) {
	now := l.e.clock()
	run := f.lv.run
	state := handlersDone
	ev := orchestrator.Event{At: now, Kind: "handlers", Runner: run.Runner, Run: run.ID, State: orchestrator.Failed, By: "engine"}
	switch {
	case f.stopper != "":
		failed = append(failed, "cancelled by "+f.stopper)
	case err != nil:
		failed = append(failed, l.e.secrets.line(err.Error(), maxError))
	}
	if len(failed) > 0 {
		state, ev.Text = handlersFailed, "handlers of run "+run.ID+" failed: "+strings.Join(failed, "; ")
	}
	l.write(func(tx *store.Tx) error {
		if err := x.putRows(tx, x.takeRows()); err != nil || interrupted && f.stopper == "" {
			return err
		}
		if _, err := tx.SetHandlers(run.ID, state); err != nil {
			return err
		}
		end := tx.EndHandlers
		if f.stopper != "" {
			end = tx.StopHandlers
		}
		if err := end(run.ID, now); err != nil {
			return err
		}
		if state == handlersFailed {
			return tx.AddEvent(&ev)
		}
		return nil
	}, func() {
		l.follows = slices.DeleteFunc(l.follows, func(other *follow) bool { return other == f })
		l.unpin(f.lv)
		if interrupted && f.stopper == "" {
			return
		}
		if last := f.lv.r.last; last != nil && last.ID == run.ID {
			last.Handlers = state
		}
		l.touch(f.lv.r)
		if state == handlersFailed {
			l.e.hub.Event(ev)
			l.e.log.Error("handlers failed", "runner", run.Runner, "run", run.ID, "error", ev.Text)
		}
		l.startFollows()
	})
}

// cancelFollow ends the handlers of a run that has ended; those that wait for their turn end when it comes. It reports false
// when the run has none left.
func (l *loop) cancelFollow(id string, by orchestrator.Actor, done func(error)) (bool, error) {
	i := slices.IndexFunc(l.follows, func(f *follow) bool { return f.lv.run.ID == id })
	if i < 0 {
		return false, nil
	}
	f := l.follows[i]
	if f.stopper != "" {
		return true, notNow("the handlers of run %s are being cancelled already", id)
	}
	f.stopper = actorText(by)
	if f.cancel != nil {
		f.cancel(errCancelled)
	}
	ev := l.audit(action{
		kind: "cancel", runner: f.lv.run.Runner, run: id, by: by, text: "handlers of run " + id + " cancelled by " + f.stopper,
		before: "handlers " + f.lv.run.Handlers, after: "handlers cancelled",
	})
	at := l.e.clock()
	l.write(func(tx *store.Tx) error { // now, not at their end: a crash in between must not let them run again
		if _, err := tx.SetHandlers(id, handlersFailed); err != nil {
			return err
		}
		if err := tx.StopHandlers(id, at); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		l.e.hub.Event(ev)
		done(nil)
	})
	return true, nil
}

// followsRun says that handlers of a run have yet to end.
func (l *loop) followsRun(id string) bool {
	return slices.ContainsFunc(l.follows, func(f *follow) bool { return f.lv.run.ID == id })
}

// recoverHandlers takes up the handlers that an earlier life of the engine left undone; the loop starts them.
func (l *loop) recoverHandlers(ctx context.Context) error {
	runs, err := l.e.store.PendingHandlers(ctx)
	if err != nil {
		return err
	}
	for i := range runs {
		r, known := l.runners[runs[i].Runner]
		if known && r.cfg.ID == runs[i].Runner {
			l.addFollow(r, r.cfg, l.ed, &runs[i])
			continue
		}
		ev := orchestrator.Event{
			At: l.e.clock(), Kind: "handlers", Runner: runs[i].Runner, Run: runs[i].ID, State: orchestrator.Failed, By: "engine",
			Text: "handlers of run " + runs[i].ID + " cannot run: its runner is no longer in the configuration",
		}
		err := l.e.store.Write(ctx, func(tx *store.Tx) error {
			if _, err := tx.SetHandlers(runs[i].ID, handlersFailed); err != nil {
				return err
			}
			return tx.AddEvent(&ev)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// handlers runs an ended run's handlers, one after the other, and gives what failed. One that fails stops no other.
func (x *execution) handlers(ctx context.Context) (failed []string, err error) {
	if err := x.load(ctx); err != nil {
		return nil, err
	}
	sc := x.handlerScope()
	index := 1
	for _, g := range handlersOf(&x.lv.cfg.Handlers, x.from.State) {
		for i := range g.defs {
			index++
			at := place{path: g.name + "/" + g.defs[i].ID, depth: 1, index: index, kind: kindHandler}
			out := x.untilEnded(ctx, &g.defs[i], at, sc)
			switch out.kind {
			case nodeFailed:
				failed = append(failed, out.step+": "+x.line(errText(out.err)))
			case nodeDone:
				sc = sc.with(g.defs[i].ID, out.result)
			case nodeEnded:
				return failed, out.err
			}
			if err := x.commit(ctx); err != nil {
				return failed, err
			}
		}
	}
	return failed, nil
}

// untilEnded evaluates a handler with its retries. It waits for them here, without a slot; the time of the next attempt is in
// the store, as for every step.
func (x *execution) untilEnded(ctx context.Context, def *pipe.Definition, at place, sc scope) nodeOutcome {
	for {
		out := x.node(ctx, def, at, sc)
		if out.kind != nodeWaiting {
			return out
		}
		if err := x.commit(ctx); err != nil {
			return nodeOutcome{kind: nodeEnded, step: at.path, err: err}
		}
		select {
		case <-time.After(max(out.next.Sub(x.e.clock()), 0)):
		case <-ctx.Done():
			return nodeOutcome{kind: nodeEnded, step: at.path}
		}
	}
}

// handlerScope is what a handler's templates see: the run as run, and the results of its steps by id, the outer ones before
// the inner ones.
func (x *execution) handlerScope() scope {
	run := &x.from
	sc := emptyScope()
	nominal := ""
	if !run.Nominal.IsZero() {
		nominal = run.Nominal.Format(time.RFC3339)
	}
	sc.vars["run"] = map[string]any{
		"id": run.ID, "state": string(run.State), "reason": run.Reason, "error": run.Error, "error_class": run.ErrorClass,
		"failed_step": run.FailedStep, "runner": run.Runner, "attempt": int64(run.Attempt), "nominal": nominal,
		"started_at": run.StartedAt.Format(time.RFC3339), "ended_at": run.EndedAt.Format(time.RFC3339),
	}
	var done []*store.StepRow
	for _, st := range x.steps {
		if st.Kind == "" && st.State.Terminal() {
			done = append(done, st)
		}
	}
	slices.SortFunc(done, func(a, b *store.StepRow) int { // of two with the same id the outer one, then the later one, is seen
		if a.Depth != b.Depth {
			return b.Depth - a.Depth
		}
		return a.EndedAt.Compare(b.EndedAt)
	})
	for _, st := range done {
		switch st.State {
		case orchestrator.Completed:
			if r, _, err := decodeResult(st.Result); err == nil {
				sc = sc.with(st.ID, r)
			}
		case orchestrator.Skipped:
			sc = sc.with(st.ID, pipe.Skipped(st.Reason))
		default:
			sc = sc.with(st.ID, pipe.Stop(st.Error))
		}
	}
	return sc
}

// handlersText says in a refusal why a run whose handlers still run is left alone.
func handlersText(id string) error {
	return notNow("the handlers of run %s have yet to end: try again then", id)
}
