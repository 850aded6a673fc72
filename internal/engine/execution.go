package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/text"
)

const (
	maxResult = 1 << 20 // bytes of one step's stored result; a larger one is recomputed when a run goes on
	maxError  = 2000    // bytes of a stored error
	maxItems  = 1000    // items of one for_each
	maxReason = 200     // columns of a success's message
)

// outcomeOf is what became of one execution of a run.
type outcomeOf struct {
	state  orchestrator.State
	reason string
	step   string
	err    error
	next   time.Time
	idle   bool
}

// execution is one go at a run: from its start, or from where an earlier go stopped. Steps that completed earlier are not
// done again. Its goroutine owns it; steps that run side by side meet at mu.
type execution struct {
	e     *Engine
	ed    *edition // the configuration and the services it was claimed with
	lv    *live
	id    string // of the run
	name  string // of the runner
	def   pipe.Definition
	from  orchestrator.Run // as it was when this go began
	again bool             // an earlier go left steps in the store
	after bool             // these are the handlers of a run that has ended
	hurry bool             // steps do not wait for their next attempt: an operator asked

	mu          sync.Mutex // guards the rest
	steps       map[string]*store.StepRow
	answers     map[string]*pipe.Answer // to what steps have asked, by path
	rows        []rowChange             // written with the next write
	version     int64
	latest      map[string]int64 // version of each step's newest state
	flying      int              // start notices on their way to the disk
	attempts    int
	maxAttempts int
	worked      bool                    // a step that changes something outside has completed
	entries     map[string][]journalled // of the ticket journal, by step path: written with the step's next state
	intended    int                     // changes that a dry run left out

	dry dryRun // has its own lock
}

func newExecution(e *Engine, lv *live) *execution {
	return &execution{
		e: e, ed: lv.ed, lv: lv, id: lv.run.ID, name: lv.run.Runner, def: lv.cfg.Pipe, from: lv.run, again: lv.again,
		hurry: lv.retryNow, steps: map[string]*store.StepRow{}, latest: map[string]int64{},
	}
}

func (x *execution) run(ctx context.Context) outcomeOf {
	if err := x.load(ctx); err != nil {
		return x.stopped(ctx, outcomeOf{state: orchestrator.Failed, err: err, reason: x.line(err.Error())})
	}
	def, err := x.e.definitionFor(x.def, x.from.Params)
	if err != nil {
		return outcomeOf{state: orchestrator.Failed, err: err, reason: x.line(err.Error())}
	}
	x.lv.all.Store(int64(countSteps(&def)))
	x.lv.done.Store(0)
	timed, stop := x.withTimeout(ctx)
	defer stop()
	sc := emptyScope()
	root := x.node(timed, &def, place{path: def.ID, index: 1}, sc)
	out := x.conclude(timed, root)
	if out.state == orchestrator.Failed || out.state == orchestrator.Crashed {
		out = x.undo(ctx, &def, sc, out)
	}
	return out
}

// withTimeout gives the context in which the run's own steps live: it ends with the run's timeout, too. What undoes them
// afterwards has only the outer one.
func (x *execution) withTimeout(ctx context.Context) (context.Context, func()) {
	limit := x.lv.cfg.Timeout
	if limit <= 0 {
		return ctx, func() {}
	}
	timed, cancel := context.WithCancelCause(ctx)
	left := x.from.StartedAt.Add(limit).Sub(x.e.clock())
	if left <= 0 {
		cancel(errRunTimeout)
		return timed, func() {}
	}
	t := time.AfterFunc(left, func() { cancel(errRunTimeout) })
	return timed, func() {
		t.Stop()
		cancel(nil)
	}
}

// load takes what earlier goes at this run have done.
func (x *execution) load(ctx context.Context) error {
	if !x.again {
		return nil
	}
	rows, err := x.e.store.Steps(ctx, x.id)
	if err != nil {
		return err
	}
	for i := range rows {
		x.steps[rows[i].Path] = &rows[i]
		if rows[i].Kind != "" {
			continue
		}
		x.attempts = max(x.attempts, rows[i].Attempt)
		x.worked = x.worked || x.hasWorked(&rows[i])
	}
	if err := x.loadDry(ctx); err != nil {
		return err
	}
	if err := x.loadAnswers(ctx); err != nil {
		return err
	}
	seq, err := x.e.store.LastLogSeq(ctx, x.id)
	if err != nil {
		return err
	}
	if x.lv.logSeq.Load() < seq {
		x.lv.logSeq.Store(seq)
	}
	return nil
}

// hasWorked says that a step of an earlier go changed something outside.
func (x *execution) hasWorked(st *store.StepRow) bool {
	if st.State != orchestrator.Completed || st.Composite {
		return false
	}
	if spec, ok := x.e.o.Pipes.Lookup(st.Use); !ok || spec.ReadOnly {
		return false
	}
	_, quiet, err := decodeResult(st.Result)
	return err != nil || !quiet
}

// conclude turns the root's outcome into the run's.
func (x *execution) conclude(ctx context.Context, root nodeOutcome) outcomeOf {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch root.kind {
	case nodeDone:
		out := outcomeOf{state: orchestrator.Completed, reason: text.Truncate(x.line(root.result.Message), maxReason, "…")}
		out.idle = root.quiet && !x.worked
		if root.quiet && out.reason == "" {
			out.reason = "nothing to do"
		}
		if x.from.DryRun && !out.idle {
			out.reason = dryReason(x.intended, out.reason)
		}
		return out
	case nodeWaiting:
		return outcomeOf{
			state: orchestrator.AwaitingRetry, next: root.next, step: root.step, err: root.err,
			reason: x.retryReason(root),
		}
	case nodePaused:
		return outcomeOf{state: orchestrator.Paused, next: x.wakeAt(root.next), step: root.step, reason: x.pausedReason(root)}
	case nodeFailed:
		out := outcomeOf{state: orchestrator.Failed, step: root.step, err: root.err, reason: x.failReason(root)}
		if root.crashed {
			out.state, out.reason = orchestrator.Crashed, root.step+" crashed, attempts exhausted: "+x.line(errText(root.err))
		}
		return out
	}
	return x.stopped(ctx, outcomeOf{step: root.step, err: root.err})
}

// stopped gives the outcome of a run whose context ended.
func (x *execution) stopped(ctx context.Context, out outcomeOf) outcomeOf {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errInterrupted):
		return outcomeOf{state: orchestrator.Interrupted, reason: "the engine was stopped; the run goes on at its next start"}
	case errors.Is(cause, errRunTimeout):
		err := fault.NewTimeout(fmt.Errorf("run of %s took longer than its timeout of %s", x.name, x.lv.cfg.Timeout))
		if x.from.FailedStep != "" { // a later go, which only takes back what was done
			out.step = x.from.FailedStep
		}
		return outcomeOf{state: orchestrator.Failed, step: out.step, err: err, reason: err.Error()}
	case errors.Is(cause, errCancelled):
		return outcomeOf{state: orchestrator.Cancelled, step: out.step, reason: "cancelled"}
	}
	return out
}

// wakeAt is when a run that waits for a person goes on by itself: at the question's deadline, or at its own timeout, which
// counts waiting, too. Zero = never.
func (x *execution) wakeAt(deadline time.Time) time.Time {
	if x.lv.cfg.Timeout <= 0 {
		return deadline
	}
	return sooner(deadline, x.from.StartedAt.Add(x.lv.cfg.Timeout))
}

func (x *execution) pausedReason(n nodeOutcome) string {
	s := n.step + " waits for an answer: " + x.line(errText(n.err))
	if !n.next.IsZero() {
		s += " · until " + n.next.Format("2006-01-02 15:04:05Z")
	}
	return s
}

func (x *execution) retryReason(n nodeOutcome) string {
	became := "failed, attempt"
	if n.held {
		became = "waits with attempt"
	}
	s := fmt.Sprintf("%s %s %d of %d: %s", n.step, became, n.attempt, n.of, x.line(errText(n.err)))
	return s + " · next at " + n.next.Format("15:04:05Z")
}

func (x *execution) failReason(n nodeOutcome) string {
	s := x.line(errText(n.err))
	if n.step == "" {
		return s
	}
	switch {
	case n.attempt > 1:
		return fmt.Sprintf("%s failed after %d attempts: %s", n.step, n.attempt, s)
	default:
		return n.step + " failed: " + s
	}
}

// stepFor gives the step's row, from an earlier go or new.
func (x *execution) stepFor(def *pipe.Definition, at place, composite bool) *store.StepRow {
	x.mu.Lock()
	defer x.mu.Unlock()
	st, known := x.steps[at.path]
	if known {
		st.Order = at.index
		return st
	}
	st = &store.StepRow{Step: orchestrator.Step{
		Run: x.id, Path: at.path, ID: def.ID, Use: def.Use, Depth: at.depth, Order: at.index, State: orchestrator.Pending,
		Composite: composite, Kind: at.kind,
	}}
	x.steps[at.path] = st
	return st
}

func (x *execution) logger(step string, attempt int) *slog.Logger {
	return slog.New(&runLog{x: x, step: step, attempt: attempt})
}

// line makes a text fit for history: one line, bounded, without secrets.
func (x *execution) line(s string) string { return x.e.secrets.line(s, maxError) }

func errText(err error) string {
	if err == nil {
		return "unknown error"
	}
	return err.Error()
}

func countSteps(d *pipe.Definition) int {
	n := 1
	for i := range d.Steps {
		n += countSteps(&d.Steps[i])
	}
	return n
}
