package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

type nodeKind int

const (
	nodeDone    nodeKind = iota // has its result
	nodeWaiting                 // a step waits for its retry
	nodePaused                  // a step waits for a person; err is its question
	nodeFailed
	nodeEnded // the run's context ended
)

// nodeOutcome is what became of one pipe of the tree.
type nodeOutcome struct {
	kind    nodeKind
	result  pipe.Result
	stopped bool      // done: what stands after it in its composite is not reached
	quiet   bool      // done: it, or something in it, stopped quietly
	skipped string    // done: it was not run, and why
	next    time.Time // waiting: earliest next attempt; paused: the deadline, zero = none
	step    string    // waiting, paused, failed: the step it is about
	err     error
	attempt int
	of      int
	crashed bool      // failed: the engine died in its last attempt
	held    bool      // waiting: its service was not even called, which costs no attempt
	ended   time.Time // failed: when that was; zero = just now
}

// place is where in the tree a pipe stands and what it inherits.
type place struct {
	path  string
	depth int
	index int // among its siblings, from 1
	retry *pipe.Retry
	kind  string // of its steps, see orchestrator.Step.Kind
	item  bool   // one item of a for_each: it has its list's params, not some of its own
}

// child is the place of the step with this number, from 1, among its siblings.
func (p place) child(id string, index int) place {
	return place{path: p.path + "/" + id, depth: p.depth + 1, index: index, retry: p.retry, kind: p.kind}
}

// scope is what templates see at one place. It is never changed, only copied.
type scope struct {
	results map[string]render.Result
	vars    map[string]any
	parent  map[string]any
}

func (s scope) with(id string, r pipe.Result) scope {
	results := maps.Clone(s.results)
	results[id] = render.Result{Succeeded: r.Succeeded, WasSkipped: r.WasSkipped, Message: r.Message, Data: r.Data}
	return scope{results: results, vars: s.vars, parent: s.parent}
}

func (s scope) inside(params map[string]any) scope {
	vars := maps.Clone(s.vars)
	vars["params"], vars["config"] = params, params
	return scope{results: s.results, vars: vars, parent: params}
}

func (s scope) withVar(name string, v any) scope {
	vars := maps.Clone(s.vars)
	vars[name] = v
	return scope{results: s.results, vars: vars, parent: s.parent}
}

// render evaluates a template. A panic in it is an error like any other.
func (x *execution) render(ctx context.Context, template string, s render.Scope) (v render.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Permanentf("panic in the template: %v", p)
		}
	}()
	return x.e.o.Renderer.Render(ctx, template, s)
}

func (x *execution) renderScope(s scope) render.Scope {
	return render.Scope{Vars: s.vars, PipeResults: s.results, ParentParams: s.parent, Env: x.ed.env}
}

// node evaluates one pipe: what an earlier go finished is taken as it is.
func (x *execution) node(ctx context.Context, def *pipe.Definition, at place, sc scope) nodeOutcome {
	spec, ok := x.e.o.Pipes.Lookup(def.Use)
	if !ok {
		return nodeOutcome{kind: nodeFailed, step: at.path, err: fault.Permanentf("unknown pipe type %q", def.Use)}
	}
	composite := spec.Composite || len(def.Steps) > 0
	st := x.stepFor(def, at, composite)
	st.Composite = composite
	if out, ok := x.earlier(st); ok {
		return out
	}
	if ctx.Err() != nil {
		return nodeOutcome{kind: nodeEnded, step: at.path}
	}
	if st.State == orchestrator.Paused && !composite {
		if out, ok := x.stillAsks(ctx, st); ok {
			return out
		}
	}
	if st.State == orchestrator.Pending { // a retry does not ask again whether to begin
		if out, ok := x.condition(ctx, def, st, sc); ok {
			return out
		}
	}
	if composite {
		return x.composite(ctx, def, st, at, sc)
	}
	return x.leaf(ctx, def, spec, st, at, sc)
}

// earlier gives the outcome that an earlier go at this run stored.
func (x *execution) earlier(st *store.StepRow) (nodeOutcome, bool) {
	switch st.State {
	case orchestrator.Completed:
		if st.Result == "" || strings.HasPrefix(st.Result, itemsPrefix) {
			st.Base = st.Attempt // too large to keep, or a secret in it: done again, with a budget of its own
			return nodeOutcome{}, false
		}
		r, quiet, err := decodeResult(st.Result)
		if err != nil {
			return nodeOutcome{}, false
		}
		x.lv.done.Add(1)
		return nodeOutcome{kind: nodeDone, result: r, stopped: !st.Composite && r.HasFailed(), quiet: quiet}, true
	case orchestrator.AwaitingRetry:
		if !st.Composite && !x.hurry && st.NextAt.After(x.e.clock()) { // a composite may have others that are due
			return nodeOutcome{
				kind: nodeWaiting, next: st.NextAt, step: st.Path, err: storedError(st), attempt: max(st.Attempt, 1), of: st.MaxAttempts,
			}, true
		}
	case orchestrator.Skipped:
		x.lv.done.Add(1)
		return nodeOutcome{kind: nodeDone, result: pipe.Skipped(st.Reason), skipped: st.Reason}, true
	case orchestrator.Failed, orchestrator.Crashed:
		x.lv.done.Add(1)
		at := x.failureIn(st)
		return nodeOutcome{
			kind: nodeFailed, step: at.Path, err: storedError(at), attempt: at.Attempt, of: at.MaxAttempts,
			crashed: at.State == orchestrator.Crashed, ended: at.EndedAt,
		}, true
	}
	return nodeOutcome{}, false
}

// failureIn gives the step that a failed one is about: the first that failed below a composite.
func (x *execution) failureIn(st *store.StepRow) *store.StepRow {
	if !st.Composite {
		return st
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	first := st
	for path, s := range x.steps {
		if !strings.HasPrefix(path, st.Path+"/") { // first: steps elsewhere may be at work in goroutines of their own
			continue
		}
		if s.Composite || s.State != orchestrator.Failed && s.State != orchestrator.Crashed {
			continue
		}
		if first == st || s.EndedAt.Before(first.EndedAt) || s.EndedAt.Equal(first.EndedAt) && path < first.Path {
			first = s
		}
	}
	return first
}

func storedError(st *store.StepRow) error {
	return &fault.Error{Class: fault.Class(st.ErrorClass), Err: fmt.Errorf("%s", st.Error)}
}

func (x *execution) markWorked() {
	x.mu.Lock()
	x.worked = true
	x.mu.Unlock()
}

// condition evaluates `if`. It reports true when the pipe is not run: skipped, or its condition is broken.
func (x *execution) condition(ctx context.Context, def *pipe.Definition, st *store.StepRow, sc scope) (nodeOutcome, bool) {
	if def.If == "" {
		return nodeOutcome{}, false
	}
	v, err := x.render(ctx, def.If, x.renderScope(sc))
	if err != nil {
		if ctx.Err() != nil {
			return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}, true
		}
		err = fault.NewPermanent(fmt.Errorf("if: %w", err))
		return x.failed(st, err), true
	}
	if pipe.EvalBool(v.Native) {
		return nodeOutcome{}, false
	}
	return x.skip(st, "its condition is false"), true
}

func (x *execution) skip(st *store.StepRow, reason string) nodeOutcome {
	now := x.e.clock()
	st.State, st.Reason, st.StartedAt, st.EndedAt = orchestrator.Skipped, reason, now, now
	x.put(st, nil)
	return nodeOutcome{kind: nodeDone, result: pipe.Skipped(reason), skipped: reason}
}

// failed marks a step as failed without an attempt: its condition, list or parameters are broken.
func (x *execution) failed(st *store.StepRow, err error) nodeOutcome {
	now := x.e.clock()
	if st.StartedAt.IsZero() {
		st.StartedAt = now
	}
	st.State, st.EndedAt, st.Error, st.ErrorClass = orchestrator.Failed, now, x.line(err.Error()), string(fault.ClassOf(err))
	x.put(st, nil)
	return nodeOutcome{kind: nodeFailed, step: st.Path, err: err, attempt: st.Attempt, of: st.MaxAttempts, ended: st.EndedAt}
}

// composite evaluates a pipe with steps.
func (x *execution) composite(ctx context.Context, def *pipe.Definition, st *store.StepRow, at place, sc scope) nodeOutcome {
	if st.StartedAt.IsZero() {
		st.StartedAt = x.e.clock()
	}
	st.State, st.Reason, st.EndedAt, st.NextAt, st.Error, st.ErrorClass = orchestrator.Running, "", time.Time{}, time.Time{}, "", ""
	x.announce(ctx, st)
	params, err := pipe.Params{Raw: def.Params, Scope: x.renderScope(sc), Render: x.render}.Evaluate(ctx)
	if err != nil && ctx.Err() != nil {
		return x.closeComposite(ctx, def, st, nodeOutcome{kind: nodeEnded, step: at.path, err: err})
	}
	if err != nil {
		return x.failed(st, err)
	}
	if def.Retry != nil {
		at.retry = def.Retry
	}
	if !at.item {
		sc = sc.inside(params)
	}
	var out nodeOutcome
	if def.ForEach != "" {
		out = x.forEach(ctx, def, st, at, sc)
		if out.kind == nodeFailed && ctx.Err() != nil { // cut off, not broken
			out = nodeOutcome{kind: nodeEnded, step: out.step, err: out.err}
		}
	} else {
		out = x.sequence(ctx, def, at, sc)
	}
	return x.closeComposite(ctx, def, st, out)
}

// closeComposite writes what became of a composite. A quiet stop inside ends the composite, not what stands after it.
func (x *execution) closeComposite(ctx context.Context, def *pipe.Definition, st *store.StepRow, out nodeOutcome) nodeOutcome {
	now := x.e.clock()
	switch out.kind {
	case nodeDone:
		st.State, st.EndedAt, st.Message = orchestrator.Completed, now, x.line(out.result.Message)
		if out.stopped {
			st.Reason = "nothing to do"
		}
		out.stopped = false
		kept, err := x.settle(&out.result, out.quiet, listToKeep(def, st))
		if err != nil {
			return x.failed(st, err)
		}
		if kept != "" || !strings.HasPrefix(st.Result, itemsPrefix) { // a list stays, for when the result is made again
			st.Result = kept
		}
	case nodeWaiting:
		st.State, st.NextAt, st.Reason = orchestrator.AwaitingRetry, out.next, "waits for the retry of "+out.step
	case nodePaused:
		st.State, st.NextAt, st.Reason = orchestrator.Paused, out.next, "waits for the answer at "+out.step
	case nodeFailed:
		st.State, st.EndedAt, st.Error = orchestrator.Failed, now, x.line(errText(out.err))
		st.ErrorClass = string(fault.ClassOf(out.err))
	case nodeEnded:
		st.State, st.EndedAt = orchestrator.Cancelled, now
		if isInterrupt(ctx) {
			st.State, st.EndedAt = orchestrator.Interrupted, time.Time{}
		}
	}
	x.put(st, nil)
	return out
}

// forEach evaluates the steps once per item, in order. One item's failure does not stop the others.
func (x *execution) forEach(ctx context.Context, def *pipe.Definition, st *store.StepRow, at place, sc scope) nodeOutcome {
	items, err := x.items(ctx, def, st, sc)
	if err != nil {
		return nodeOutcome{kind: nodeFailed, step: at.path, err: err}
	}
	x.lv.all.Add(int64(len(items) * countSteps(&pipe.Definition{Steps: def.Steps})))
	var sum joined
	seen := map[string]bool{}
	for i, item := range items {
		itemScope := sc.withVar(itemName(def), item)
		key, err := x.itemKey(ctx, def, i, itemScope, seen)
		if err != nil {
			return nodeOutcome{kind: nodeFailed, step: at.path, err: err}
		}
		one := pipe.Definition{ID: key, Use: def.Use, Steps: def.Steps, Parallel: def.Parallel, Pos: def.Pos}
		here := at.child(key, i+1)
		here.item = true
		sum.add(x.node(ctx, &one, here, itemScope))
		if sum.ended {
			break
		}
	}
	out := sum.outcome(at.path)
	if out.kind == nodeDone { // what each item says stands at its own step
		out.result.Message = ""
		if len(items) > 0 {
			out.result.Message = fmt.Sprintf("%d done", len(items))
		}
	}
	if out.kind == nodeFailed && sum.failures > 0 && len(items) > 1 {
		st.Message = fmt.Sprintf("%d of %d items failed", sum.failures, len(items))
	}
	return out
}

func itemName(def *pipe.Definition) string { return cmp.Or(def.As, "item") }

// itemKey names an item in step paths; a key that is taken gets a number. Two items must never share a path: the second
// would be taken for done.
func (x *execution) itemKey(ctx context.Context, def *pipe.Definition, i int, sc scope, seen map[string]bool) (string, error) {
	key := ""
	if def.Key != "" {
		v, err := x.render(ctx, def.Key, x.renderScope(sc))
		if err != nil {
			return "", fault.NewPermanent(fmt.Errorf("key of item %d: %w", i, err))
		}
		key = x.safeKey(v.Text)
	}
	if key == "" {
		key = strconv.Itoa(i)
	}
	free := key
	for n := 2; seen[free]; n++ {
		free = fmt.Sprintf("%s~%d", key, n)
	}
	seen[free] = true
	return free, nil
}

// safeKey keeps a key usable as one part of a step path.
func (x *execution) safeKey(s string) string {
	out := []rune(x.line(s))
	for i, r := range out {
		if r == '/' {
			out[i] = '_'
		}
	}
	return string(out[:min(len(out), 80)])
}
