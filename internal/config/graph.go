package config

import (
	"slices"
	"strings"
)

// checkGraph checks what the steps of d say about each other: depends_on, and the results their templates ask for.
func (c *checker) checkGraph(d *draft) {
	byID := map[string]*draft{}
	ids := make([]string, len(d.steps))
	for i, s := range d.steps {
		byID[s.id] = s
		ids[i] = s.id
	}
	for _, s := range d.steps {
		for _, dep := range s.depends {
			switch {
			case dep.text == s.id:
				c.at(dep).errorf("step %q depends on itself", s.id)
			case byID[dep.text] == nil:
				known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == s.id })
				c.at(dep).expect("%s", siblings(known)).near(dep.text, known).errorf("depends_on: there is no step %s beside %q", dep.quoted(), s.id)
			}
		}
	}
	c.checkCycles(d, byID)
	for _, s := range d.steps {
		c.checkGraph(s)
		if s.undo != nil {
			c.checkGraph(s.undo)
		}
	}
}

func siblings(ids []string) string {
	if len(ids) == 0 {
		return "a step of the same composite, and there is no other"
	}
	return "one of " + listing(ids)
}

// checkCycles reports every cycle once, at the depends_on that closes it.
func (c *checker) checkCycles(d *draft, byID map[string]*draft) {
	const (
		fresh = iota
		active
		done
	)
	state := map[*draft]int{}
	var walk func(s *draft, trail []string)
	walk = func(s *draft, trail []string) {
		state[s] = active
		trail = append(trail, s.id)
		for _, dep := range s.depends {
			next := byID[dep.text]
			if next == nil || next == s {
				continue
			}
			switch state[next] {
			case fresh:
				walk(next, trail)
			case active:
				loop := append(slices.Clone(trail[slices.Index(trail, next.id):]), next.id)
				c.at(dep).expect("an order in which the steps can run").errorf("depends_on goes round in a circle: %s", strings.Join(loop, " → "))
			}
		}
		state[s] = done
	}
	for _, s := range d.steps {
		if state[s] == fresh {
			walk(s, nil)
		}
	}
}

// checkResults checks the ids that the templates of s ask results of; all are the ids of the whole runner.
func (c *checker) checkResults(all map[string]bool, s *draft, refs []resultRef) {
	if len(refs) == 0 {
		return
	}
	before := map[string]bool{}
	beside := map[string]bool{} // run at the same time: nothing says which one ends first
	visible(s, before, beside)
	inner := map[string]bool{}
	for _, step := range s.steps {
		collect(step, inner)
	}
	for _, ref := range refs {
		at := c.atOffset(ref.v, ref.offset, ref.width)
		switch {
		case ref.id == "":
			at.warnf("%s is asked for a computed id, which cannot be checked", ref.function)
		case !all[ref.id]:
			known := sortedKeys(before)
			at.expect("%s", resultIDs(known)).near(ref.id, sortedKeys(all)).errorf("%s: there is no pipe %q in this runner", ref.function, ref.id)
		case before[ref.id] || inner[ref.id]:
		case beside[ref.id]:
			at.expect("depends_on: [%s]", ref.id).warnf("%s: pipe %q runs side by side with this one and may not have ended", ref.function, ref.id)
		default:
			at.expect("%s", resultIDs(sortedKeys(before))).warnf("%s: pipe %q has no result here: it does not run before", ref.function, ref.id)
		}
	}
}

func resultIDs(known []string) string {
	if len(known) == 0 {
		return "the id of a pipe that runs before, and there is none"
	}
	return "a pipe that runs before: " + listing(known)
}

func collect(d *draft, into map[string]bool) {
	into[d.id] = true
	for _, s := range d.steps {
		collect(s, into)
	}
	if d.undo != nil {
		collect(d.undo, into)
	}
}

// visible fills in what has a result when s runs: earlier siblings and those it depends on, on every level up. An undo step
// sees the step it undoes, a handler the whole run.
func visible(s *draft, before, beside map[string]bool) {
	for d := s; d != nil; d = d.parent {
		switch {
		case d.sees != nil:
			collect(d.sees, before)
		case d.parent == nil:
			return
		case d.parent.undo == d:
			collect(d.parent, before)
			continue
		}
		if d.parent == nil {
			return
		}
		depends := map[string]bool{}
		closure(d, d.parent, depends)
		for _, sibling := range d.parent.steps {
			if sibling == d {
				break
			}
			if d.parent.parallel && !depends[sibling.id] {
				beside[sibling.id] = true
				continue
			}
			before[sibling.id] = true
		}
		for id := range depends {
			before[id] = true
		}
	}
}

func closure(d, parent *draft, into map[string]bool) {
	for _, dep := range d.depends {
		if into[dep.text] {
			continue
		}
		for _, sibling := range parent.steps {
			if sibling.id == dep.text && sibling != d {
				into[dep.text] = true
				closure(sibling, parent, into)
			}
		}
	}
}
