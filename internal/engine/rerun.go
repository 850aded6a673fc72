package engine

import (
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// redo is what a rerun does again; what it does not name keeps its result.
type redo struct {
	all    bool     // everything
	drop   []string // steps with all that is under them
	reopen []string // composites around them: they end again, of old results and new ones
}

// planRedo says what a rerun does again. Results are only kept for a definition that is still the same.
func planRedo(run *orchestrator.Run, r *runner, req orchestrator.RerunRequest) (redo, error) {
	if req.All && req.From != "" {
		return redo{}, notNow("rerun all of run %s, or from step %s: not both", run.ID, req.From)
	}
	if req.All {
		return redo{all: true}, nil
	}
	if run.Definition != r.cfg.Hash {
		return redo{}, notNow("the definition of %s has changed since run %s began: rerun all of it", r.cfg.ID, run.ID)
	}
	if req.From == "" {
		return redo{}, nil
	}
	d, ok := redoFrom(&r.cfg.Pipe, req.From)
	if !ok {
		return redo{}, notNow("run %s has no step %q: name a path such as %s", run.ID, req.From, examplePath(&r.cfg.Pipe))
	}
	return d, nil
}

// redoFrom finds what is done again when the step with this path is: what is under it, what depends on it, and in a composite whose
// steps go one after the other what stands after it; the same around each composite that holds it. The items of a for_each do not
// build on each other, so the other ones keep their results; without a key an item is only known by its place, and all are done again.
func redoFrom(root *pipe.Definition, path string) (redo, bool) {
	var out redo
	d, at := root, root.ID
	rest, ok := cutID(path, root.ID)
	for ok && rest != "" && (d.ForEach == "" || d.Key != "") {
		base := at
		if d.ForEach != "" {
			var item string
			item, rest, _ = cutPart(rest)
			base = at + "/" + item
			if rest == "" { // one item as a whole
				out.reopen = append(out.reopen, at)
				out.drop = append(out.drop, base)
				return out, true
			}
			out.reopen = append(out.reopen, base)
		}
		next := childOf(d, rest)
		if next == nil {
			return redo{}, false
		}
		out.reopen = append(out.reopen, at)
		for _, id := range behind(d, next.ID) {
			out.drop = append(out.drop, base+"/"+id)
		}
		d, at = next, base+"/"+next.ID
		rest, ok = cutID(rest, next.ID)
	}
	if !ok {
		return redo{}, false
	}
	out.drop = append(out.drop, at)
	return out, true
}

// behind gives the siblings that build on a step.
func behind(d *pipe.Definition, id string) []string {
	byID := make(map[string]*pipe.Definition, len(d.Steps))
	for i := range d.Steps {
		byID[d.Steps[i].ID] = &d.Steps[i]
	}
	before := map[string]bool{id: true} // what the step itself builds on
	for grew := true; grew; {
		grew = false
		for known := range before {
			for _, dep := range byID[known].DependsOn {
				if byID[dep] != nil && !before[dep] {
					before[dep], grew = true, true
				}
			}
		}
	}
	again := map[string]bool{id: true}
	passed := false
	for i := range d.Steps {
		s := &d.Steps[i]
		if passed && !d.Parallel && !before[s.ID] {
			again[s.ID] = true
		}
		passed = passed || s.ID == id
	}
	for grew := true; grew; {
		grew = false
		for i := range d.Steps {
			s := &d.Steps[i]
			if !again[s.ID] && slices.ContainsFunc(s.DependsOn, func(dep string) bool { return again[dep] }) {
				again[s.ID], grew = true, true
			}
		}
	}
	var out []string
	for i := range d.Steps {
		if s := &d.Steps[i]; again[s.ID] && s.ID != id {
			out = append(out, s.ID)
		}
	}
	return out
}

// apply forgets in history what is done again.
func (d *redo) apply(tx *store.Tx, run string) error {
	if err := tx.DropSteps(run, d.all); err != nil {
		return err
	}
	if d.all {
		if err := tx.DropDryEntries(run, ""); err != nil {
			return err
		}
	}
	for _, path := range d.drop {
		if err := tx.DropStep(run, path); err != nil {
			return err
		}
		if err := tx.DropDryEntries(run, path); err != nil {
			return err
		}
	}
	for _, path := range d.reopen {
		if err := tx.ReopenStep(run, path); err != nil {
			return err
		}
	}
	return nil
}

// examplePath is a path that a definition has.
func examplePath(d *pipe.Definition) string {
	parts := []string{d.ID}
	for len(d.Steps) > 0 && d.ForEach == "" {
		d = &d.Steps[len(d.Steps)-1]
		parts = append(parts, d.ID)
	}
	return strings.Join(parts, "/")
}
