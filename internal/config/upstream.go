package config

import (
	"slices"
	"strings"
)

// linkRunners looks up the runners that `after` names, and reports those that are not there and circles.
func (c *checker) linkRunners(runners []*runnerDraft) {
	byName := map[string]*runnerDraft{}
	ids := make([]string, len(runners))
	for i, r := range runners {
		ids[i] = r.id
		for _, alias := range r.aliases {
			byName[alias] = r
		}
	}
	for _, r := range runners {
		byName[r.id] = r
	}
	for _, r := range runners {
		seen := map[*runnerDraft]*value{}
		for _, ref := range r.afters {
			up := byName[ref.name.text]
			switch {
			case up == nil:
				known := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == r.id })
				c.at(ref.name).expect("one of the runners: %s", listing(known)).near(ref.name.text, known).
					errorf("after: there is no runner %s", ref.name.quoted())
				continue
			case up == r:
				c.at(ref.name).expect("another runner").errorf("runner %q would run after itself", r.id)
				continue
			case seen[up] != nil:
				c.at(ref.name).expect("each runner once").errorf("runner %q is followed twice, first in line %d", up.id, seen[up].line)
			}
			seen[up] = ref.name
			r.triggers[ref.trigger].After.Runner = up.id
		}
	}
	c.checkChains(runners, byName)
}

// checkChains reports every circle of runners that fire each other once, at the `after` that closes it.
func (c *checker) checkChains(runners []*runnerDraft, byName map[string]*runnerDraft) {
	const (
		fresh = iota
		active
		done
	)
	state := map[*runnerDraft]int{}
	var walk func(r *runnerDraft, trail []*runnerDraft)
	walk = func(r *runnerDraft, trail []*runnerDraft) {
		state[r] = active
		trail = append(trail, r)
		for _, ref := range r.afters {
			up := byName[ref.name.text]
			if up == nil || up == r {
				continue
			}
			switch state[up] {
			case fresh:
				walk(up, trail)
			case active:
				c.at(ref.name).expect("an order that ends").errorf("after goes round in a circle, the runners would fire each other for ever: %s",
					circle(trail, up))
			}
		}
		state[r] = done
	}
	for _, r := range runners {
		if state[r] == fresh {
			walk(r, nil)
		}
	}
}

// circle names the runners of a circle in the order in which they would fire.
func circle(trail []*runnerDraft, first *runnerDraft) string {
	names := []string{first.id}
	for _, r := range slices.Backward(trail[slices.Index(trail, first):]) {
		names = append(names, r.id)
	}
	return strings.Join(names, " → ")
}
