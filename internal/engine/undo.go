package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

// What undo steps are called in history.
const (
	kindUndo  = "undo"
	undoRoot  = "undo/" // before the path of the step that is undone
	undone    = "undone"
	undonePut = "undone in part" // of the composites around it; DropSteps knows both by their first word
)

// undoing is one completed step whose work can be taken back.
type undoing struct {
	st    *store.StepRow
	def   *pipe.Definition // its undo
	sc    scope
	order int // in which they were visited, to break ties
}

// hasUndo says that a pipe, or one inside it, can be undone.
func hasUndo(d *pipe.Definition) bool {
	return d.Undo != nil || slices.ContainsFunc(d.Steps, func(s pipe.Definition) bool { return hasUndo(&s) })
}

// undo takes back what completed in a run that has failed for good, the newest first, one after the other. One that fails
// does not stop the others. A run that is cancelled is not undone: whoever cancels decides what is left to do.
func (x *execution) undo(ctx context.Context, def *pipe.Definition, sc scope, failed outcomeOf) outcomeOf {
	if !hasUndo(def) {
		return failed
	}
	var all []undoing
	x.undoable(ctx, def, place{path: def.ID}, sc, &all)
	if len(all) == 0 {
		return failed
	}
	slices.SortFunc(all, func(a, b undoing) int {
		if c := b.st.EndedAt.Compare(a.st.EndedAt); c != 0 {
			return c
		}
		return b.order - a.order
	})
	good := 0
	for i, u := range all {
		out := x.node(ctx, u.def, place{path: undoRoot + u.st.Path, depth: 1, index: i + 2, kind: kindUndo}, u.sc)
		switch out.kind {
		case nodeDone:
			if out.skipped == "" {
				good++
				x.markUndone(u.st)
			}
		case nodeWaiting:
			return outcomeOf{
				state: orchestrator.AwaitingRetry, next: out.next, step: failed.step, err: failed.err,
				reason: failed.reason + " · undoing: " + x.retryReason(out),
			}
		case nodePaused:
			return outcomeOf{
				state: orchestrator.Paused, next: out.next, step: failed.step, err: failed.err,
				reason: failed.reason + " · undoing: " + x.pausedReason(out),
			}
		case nodeEnded:
			return x.stopped(ctx, outcomeOf{step: failed.step, err: failed.err})
		case nodeFailed: // the others are tried all the same
		}
	}
	failed.reason += fmt.Sprintf(" · %d of %d steps undone", good, len(all))
	if err := x.commit(ctx); err != nil {
		return x.stopped(ctx, outcomeOf{step: failed.step, err: err})
	}
	return failed
}

// undoable collects the completed steps that have an undo, with what its templates see: what the step saw, the results of all
// its siblings, and its own result's data under the name result.
func (x *execution) undoable(ctx context.Context, def *pipe.Definition, at place, sc scope, all *[]undoing) {
	st := x.stepAt(at.path)
	if st == nil || !hasUndo(def) {
		return
	}
	if len(def.Steps) > 0 {
		x.undoableInside(ctx, def, st, at, sc, all)
	}
	if def.Undo == nil || st.State != orchestrator.Completed {
		return
	}
	r, _, err := decodeResult(st.Result)
	if err == nil && r.HasFailed() && !st.Composite {
		return // it stopped quietly
	}
	if r.Data == nil { // its result was not kept
		r.Data = map[string]any{}
	}
	*all = append(*all, undoing{st: st, def: def.Undo, sc: sc.withVar("result", r.Data), order: len(*all)})
}

func (x *execution) undoableInside(ctx context.Context, def *pipe.Definition, st *store.StepRow, at place, sc scope, all *[]undoing) {
	if !at.item {
		params, err := pipe.Params{Raw: def.Params, Scope: x.renderScope(sc), Render: x.render}.Evaluate(ctx)
		if err != nil {
			x.logger(st.Path, 0).Warn("parameters for undo: " + x.line(err.Error()))
			params = def.Params
		}
		sc = sc.inside(params)
	}
	if def.ForEach != "" {
		x.undoableItems(ctx, def, st, at, sc, all)
		return
	}
	for i := range def.Steps {
		if s := x.stepAt(at.path + "/" + def.Steps[i].ID); s != nil && s.State == orchestrator.Completed {
			if r, _, err := decodeResult(s.Result); err == nil {
				sc = sc.with(def.Steps[i].ID, r)
			}
		}
	}
	for i := range def.Steps {
		x.undoable(ctx, &def.Steps[i], at.child(def.Steps[i].ID, i+1), sc, all)
	}
}

func (x *execution) undoableItems(ctx context.Context, def *pipe.Definition, st *store.StepRow, at place, sc scope, all *[]undoing) {
	items, err := x.items(ctx, def, st, sc)
	if err != nil {
		x.logger(st.Path, 0).Error("its items cannot be undone: " + x.line(err.Error()))
		return
	}
	seen := map[string]bool{}
	for i, item := range items {
		itemScope := sc.withVar(itemName(def), item)
		key, err := x.itemKey(ctx, def, i, itemScope, seen)
		if err != nil {
			x.logger(st.Path, 0).Error("its items cannot be undone: " + x.line(err.Error()))
			return
		}
		one := pipe.Definition{ID: key, Use: def.Use, Steps: def.Steps}
		here := at.child(key, i+1)
		here.item = true
		x.undoable(ctx, &one, here, itemScope, all)
	}
}

func (x *execution) stepAt(path string) *store.StepRow {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.steps[path]
}

// markUndone notes at the step, at what is inside it and at the composites around it that its work was taken back, so that a
// rerun does it again.
func (x *execution) markUndone(st *store.StepRow) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for path, s := range x.steps {
		reason := undone
		switch {
		case s.Kind != "" || s.State != orchestrator.Completed || strings.HasPrefix(s.Reason, undone) && path != st.Path:
			continue
		case strings.HasPrefix(st.Path, path+"/"):
			reason = undonePut
		case path != st.Path && !strings.HasPrefix(path, st.Path+"/"):
			continue
		}
		if s.Reason != reason {
			s.Reason = reason
			x.collect(s, nil)
		}
	}
}

// definitionAt gives the pipe of the step with this path; nil when the configuration has none there any more.
func definitionAt(root *pipe.Definition, path string) *pipe.Definition {
	d := root
	rest, ok := cutID(path, d.ID)
	for ok && rest != "" {
		if d.ForEach != "" { // one part is the item's key
			if _, rest, _ = cutPart(rest); rest == "" {
				return d
			}
		}
		if d = childOf(d, rest); d == nil {
			return nil
		}
		rest, ok = cutID(rest, d.ID)
	}
	if !ok {
		return nil
	}
	return d
}

// undoPolicy gives the retry policy of an undo step, or of a step inside one.
func undoPolicy(root *pipe.Definition, path string) pipe.Retry {
	target := strings.TrimPrefix(path, undoRoot)
	for at := target; at != ""; at = at[:max(strings.LastIndexByte(at, '/'), 0)] {
		d := definitionAt(root, at)
		if d == nil || d.Undo == nil {
			continue
		}
		inside := strings.TrimPrefix(strings.TrimPrefix(target, at), "/")
		if inside == "" {
			return retryPolicy(d.Undo.Retry, nil)
		}
		if childOf(d.Undo, inside) != nil {
			return policyAt(d.Undo, d.Undo.ID+"/"+inside)
		}
	}
	return retryPolicy(nil, nil)
}

// emptyScope is what templates see outside any pipe.
func emptyScope() scope { return scope{results: map[string]render.Result{}, vars: map[string]any{}} }
