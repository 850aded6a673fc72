package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
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
	hurry bool             // steps do not wait for their next attempt: an operator asked

	mu          sync.Mutex // guards the rest
	steps       map[string]*store.StepRow
	rows        []rowChange // written with the next write
	version     int64
	latest      map[string]int64 // version of each step's newest state
	flying      int              // start notices on their way to the disk
	attempts    int
	maxAttempts int
	worked      bool // a step that changes something outside has completed
}

// rowChange is a step, with the attempt that ended if any.
type rowChange struct {
	step    store.StepRow
	attempt *orchestrator.Attempt
	version int64 // rises with each change of the run
	stale   bool  // a newer state of the step is on its way or written: only the attempt counts
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
	root := x.node(ctx, &def, place{path: def.ID, index: 1}, scope{results: map[string]render.Result{}, vars: map[string]any{}})
	return x.conclude(ctx, root)
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
		x.attempts = max(x.attempts, rows[i].Attempt)
		x.worked = x.worked || x.hasWorked(&rows[i])
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
		return out
	case nodeWaiting:
		return outcomeOf{
			state: orchestrator.AwaitingRetry, next: root.next, step: root.step, err: root.err,
			reason: x.retryReason(root),
		}
	case nodeFailed:
		return outcomeOf{state: orchestrator.Failed, step: root.step, err: root.err, reason: x.failReason(root)}
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
		return outcomeOf{state: orchestrator.Failed, step: out.step, err: err, reason: err.Error()}
	case errors.Is(cause, errCancelled):
		return outcomeOf{state: orchestrator.Cancelled, step: out.step, reason: "cancelled"}
	}
	return out
}

func (x *execution) retryReason(n nodeOutcome) string {
	s := fmt.Sprintf("%s failed, attempt %d of %d: %s", n.step, n.attempt, n.of, x.line(errText(n.err)))
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

// commit writes the collected rows and waits until they, and those that a start notice took along, are durable. A failing
// disk is tried until the run is stopped.
func (x *execution) commit(ctx context.Context) error {
	for {
		x.mu.Lock()
		rows, flying := x.rows, x.flying
		x.rows = nil
		x.mu.Unlock()
		if len(rows) == 0 && flying == 0 {
			return nil
		}
		err := x.e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return x.write(tx, rows) })
		if err == nil {
			continue // the writer keeps the order: what flew before has landed, or came back
		}
		x.putBack(rows)
		if errors.Is(err, store.ErrClosed) {
			return err
		}
		x.e.box.post(func() { x.e.loop.problem("history", "history cannot be written: "+err.Error()) })
		select {
		case <-ctx.Done():
			return err
		case <-time.After(writeRetry):
		}
	}
}

// putBack takes rows that could not be written back into the collection, but for states that newer ones replaced.
func (x *execution) putBack(rows []rowChange) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var kept []rowChange
	for _, r := range rows {
		r.stale = r.stale || x.latest[r.step.Path] != r.version
		if !r.stale || r.attempt != nil {
			kept = append(kept, r)
		}
	}
	x.rows = append(kept, x.rows...)
}

// write puts rows into the history, unless the run was terminated meanwhile. It looks on the writer's goroutine: the end was
// submitted after the fence was up, so nothing can come behind it.
func (x *execution) write(tx *store.Tx, rows []rowChange) error {
	if x.lv.fenced.Load() {
		return nil
	}
	return putRows(tx, rows)
}

func putRows(tx *store.Tx, rows []rowChange) error {
	for i := range rows {
		if !rows[i].stale {
			if err := tx.PutStep(&rows[i].step); err != nil {
				return err
			}
		}
		if a := rows[i].attempt; a != nil {
			if err := tx.PutAttempt(rows[i].step.Run, rows[i].step.Path, *a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *execution) takeRows() []rowChange {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.rows
	x.rows = nil
	return rows
}

// collect notes a step's state, to be written with the next commit. The caller holds mu.
func (x *execution) collect(st *store.StepRow, a *orchestrator.Attempt) {
	x.version++
	x.latest[st.Path] = x.version
	x.rows = append(x.rows, rowChange{step: *st, attempt: a, version: x.version})
}

// put notes a step's new state, to be written with the next commit.
func (x *execution) put(st *store.StepRow, a *orchestrator.Attempt) {
	x.mu.Lock()
	x.collect(st, a)
	x.attempts = max(x.attempts, st.Attempt)
	if !st.Composite && (st.State == orchestrator.AwaitingRetry || st.State == orchestrator.Failed) {
		x.maxAttempts = st.MaxAttempts
	}
	x.mu.Unlock()
	if st.State.Terminal() {
		x.lv.done.Add(1)
	}
	x.e.box.post(func() { x.e.loop.touch(x.lv.r) })
}

// announce writes a step's start without waiting: evidence of where a run was when the engine died. What was collected
// before goes along; it comes back when it cannot be written.
func (x *execution) announce(ctx context.Context, st *store.StepRow) {
	x.mu.Lock()
	x.collect(st, nil)
	rows := x.rows
	x.rows = nil
	x.flying++
	x.mu.Unlock()
	path := st.Path
	x.lv.now.Store(&path)
	landed := func(err error) {
		if err != nil {
			x.putBack(rows)
		}
		x.mu.Lock()
		x.flying--
		x.mu.Unlock()
	}
	err := x.e.store.WriteAsync(context.WithoutCancel(ctx), func(tx *store.Tx) error { return x.write(tx, rows) }, landed)
	if err != nil {
		landed(err)
		x.e.log.Debug("step start not written", "runner", x.name, "run", x.id, "step", path, "error", err)
	}
	x.e.box.post(func() { x.e.loop.touch(x.lv.r) })
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
		Composite: composite,
	}}
	x.steps[at.path] = st
	return st
}

func (x *execution) logger(step string, attempt int) *slog.Logger {
	return slog.New(&runLog{x: x, step: step, attempt: attempt})
}

// storedResult is a result as history keeps it.
type storedResult struct {
	pipe.Result
	Quiet bool `json:"quiet,omitempty"` // a quiet stop was in it
}

// settle makes a result's data what it will be when read back from the store, so that a run that goes on sees the same.
func (x *execution) settle(r *pipe.Result, quiet bool) (string, error) {
	if len(r.Data) == 0 && r.Message == "" && r.Succeeded && !r.WasSkipped && !quiet {
		return `{"succeeded":true}`, nil
	}
	b, err := marshalResult(storedResult{*r, quiet})
	if err != nil {
		return "", fault.NewPermanent(fmt.Errorf("the result cannot be stored as JSON: %w", err))
	}
	if *r, _, err = decodeResult(string(b)); err != nil {
		return "", err
	}
	if len(b) > maxResult || x.e.secrets.holds(string(b)) { // then it is computed again when the run goes on
		return "", nil
	}
	return string(b), nil
}

// marshalResult turns a panic in a value's own MarshalJSON into an error.
func marshalResult(r storedResult) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return json.Marshal(r)
}

func decodeResult(s string) (r pipe.Result, quiet bool, err error) {
	var kept storedResult
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(&kept); err != nil {
		return r, false, fmt.Errorf("read stored result: %w", err)
	}
	data, ok := numbers(kept.Data).(map[string]any)
	if !ok || data == nil {
		data = map[string]any{}
	}
	kept.Data = data
	return kept.Result, kept.Quiet, nil
}

// numbers turns JSON numbers into int64 where they are whole, else float64.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
		return v
	default:
		return v
	}
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
