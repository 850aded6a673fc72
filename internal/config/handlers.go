package config

import "github.com/openticketai/otai-tui/internal/pipe"

// handlerKeys are a runner's keys for handlers, in the order of Handlers.
func handlerKeys() []string {
	return []string{"on_success", "on_failure", "on_cancel", "on_crash", "on_exit"}
}

// readHandlers reads the steps that run after a run has ended: a pipe or a list of pipes each. They see the results of the
// runner's own pipe, and its services.
func (c *checker) readHandlers(o *object, main *draft) []*draft {
	out := make([]*draft, len(handlerKeys()))
	for i, name := range handlerKeys() {
		v := o.get(name)
		if v == nil {
			continue
		}
		items := []*value{v}
		if v.kind == kindList {
			items = v.items
		}
		group := &draft{v: v, id: name, sees: main, injects: c.readInjects(o.get("injects"))}
		for _, item := range items {
			if s := c.readPipe(item, group, nil); s != nil {
				group.steps = append(group.steps, s)
			}
		}
		if len(items) == 0 {
			c.at(v).expect("a pipe, or a list of pipes").errorf("%s is an empty list", name)
		}
		c.nameSteps(group)
		out[i] = group
	}
	return out
}

// buildHandlers checks and makes the handlers of a runner; ok is false after a problem in one of them.
func (c *checker) buildHandlers(r *runnerDraft, ids map[string]bool) (h Handlers, ok bool) {
	before := len(c.problems)
	for i, into := range []*[]pipe.Definition{&h.OnSuccess, &h.OnFailure, &h.OnCancel, &h.OnCrash, &h.OnExit} {
		if i >= len(r.handlers) || r.handlers[i] == nil {
			continue
		}
		group := r.handlers[i]
		c.checkGraph(group)
		for _, s := range group.steps {
			c.define(ids, s)
		}
		if c.unsound(&draft{spec: &pipe.Spec{}, steps: group.steps}) {
			continue
		}
		for _, s := range group.steps {
			*into = append(*into, c.assemble(s))
		}
	}
	return h, len(c.problems) == before
}
