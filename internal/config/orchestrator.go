package config

import (
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// pace is what a 1.x orchestrator says about all its runners.
type pace struct {
	sleep time.Duration // least interval; 0 = none
	retry *pipe.Retry   // policy of pipes without their own; nil = the defaults
}

// readOrchestrator reads the runners of all three shapes: a list, a map with runners, and 1.x's sequential orchestrator.
func (c *checker) readOrchestrator(body, v *value) []*runnerDraft {
	switch {
	case v == nil:
		c.at(body.keyOf("orchestrator")).expect("orchestrator: {runners: [...]}").errorf("there is no orchestrator in the configuration")
		return nil
	case v.kind == kindList:
		return c.readRunners(v, pace{}, false)
	}
	o := c.object(v, "the orchestrator", orchestratorKeys())
	if o == nil {
		return nil
	}
	o.get("id")
	o.get("injects")
	c.checkOrchestratorUse(o.get("use"))
	runners, steps := o.get("runners"), o.get("steps")
	settings := []*object{o}
	if params := c.object(o.get("params"), "the orchestrator's params", orchestratorKeys()[5:]); params != nil {
		settings = append(settings, params)
		if inner := params.get("steps"); inner != nil {
			if steps != nil {
				c.at(params.v.keyOf("steps")).errorf("steps are given twice: beside params and inside")
			}
			steps = inner
		}
	}
	p := c.readPace(settings)
	for _, s := range settings {
		s.finish()
	}
	switch {
	case runners != nil && steps != nil:
		c.at(v.keyOf("steps")).errorf("runners and steps mean the same; give one of them")
		return nil
	case runners != nil:
		return c.readRunners(runners, p, false)
	case steps != nil:
		return c.readRunners(steps, p, true)
	}
	at := v
	if k := v.keyOf("runners"); k != v {
		at = k
	}
	c.at(at).expect("a list of runners").errorf("the orchestrator has no runners")
	return nil
}

func (c *checker) checkOrchestratorUse(v *value) {
	const want = "base:" + sequentialOrchestrator
	if s, ok := c.textOf(v); ok && bareName(s) != sequentialOrchestrator {
		c.at(v).expect(want).near(s, []string{want}).errorf("unknown orchestrator %s", v.quoted())
	}
}

func (c *checker) readPace(settings []*object) pace {
	p := pace{}
	retry := pipe.Retry{Retries: pipe.DefaultRetries, Delay: pipe.DefaultDelay, MaxDelay: pipe.DefaultMaxDelay}
	given := false
	for _, s := range settings {
		if d, ok := c.durationOf(s.get("orchestrator_sleep"), true); ok {
			p.sleep = d
		}
		if d, ok := c.durationOf(s.get("exception_sleep"), true); ok {
			retry.Delay, retry.MaxDelay, given = d, max(d, pipe.DefaultMaxDelay), true
		}
		if v := s.get("always_retry"); v != nil && !c.boolOf(v, true) {
			retry.Retries, given = 0, true
		}
	}
	if given {
		p.retry = &retry
	}
	return p
}

func (c *checker) readRunners(v *value, p pace, steps bool) []*runnerDraft {
	items := c.listOf(v, "runners")
	if v.kind == kindList && len(items) == 0 {
		c.at(v).expect("at least one runner").errorf("the list of runners is empty")
	}
	out := make([]*runnerDraft, 0, len(items))
	for _, item := range items {
		if r := c.readRunner(item, p, steps); r != nil {
			out = append(out, r)
		}
	}
	c.nameRunners(out)
	c.linkRunners(out)
	return out
}

// nameRunners gives every runner its id and reports ids that are taken.
func (c *checker) nameRunners(runners []*runnerDraft) {
	taken := map[string]*runnerDraft{}
	for _, r := range runners {
		if r.name == nil {
			continue
		}
		r.id = r.name.text
		if first := taken[r.id]; first != nil {
			c.at(r.name).expect("a name of its own for every runner").
				errorf("runner %s is given twice, first in line %d", r.name.quoted(), first.name.line)
			continue
		}
		taken[r.id] = r
	}
	names := newNamer(func(s string) bool { return taken[s] != nil })
	for _, r := range runners {
		if r.id != "" {
			continue
		}
		base := "runner"
		if r.pipe != nil && r.pipe.typeName != "" {
			base = r.pipe.typeName
		}
		r.id = names.unique(base)
		taken[r.id] = r
	}
	for _, r := range runners {
		if r.pipe != nil && r.pipe.id == "" {
			r.pipe.id = r.id
		}
		r.aliases = c.aliasesOf(r, taken)
	}
}

// aliasesOf are the other names a runner answers to, as long as they are nobody's own name.
func (c *checker) aliasesOf(r *runnerDraft, taken map[string]*runnerDraft) []string {
	var out []string
	for _, name := range r.others {
		if name.text != "" && taken[name.text] == nil {
			taken[name.text] = r
			out = append(out, name.text)
		}
	}
	return out
}

// namer makes up names: base, or base-2, base-3 and so on when it is taken. It remembers the last number of each base,
// so that many equal ones stay cheap.
type namer struct {
	taken func(string) bool
	last  map[string]int
}

func newNamer(taken func(string) bool) *namer { return &namer{taken: taken, last: map[string]int{}} }

func (n *namer) unique(base string) string {
	name := base
	for n.taken(name) {
		n.last[base] = max(n.last[base], 1) + 1
		name = base + "-" + itoa(n.last[base])
	}
	return name
}

// bareName is the last part of a use value: "base:X", "open_ticket_ai.base:X" and "X" are X.
func bareName(use string) string {
	use = strings.TrimSpace(use)
	if i := strings.LastIndexAny(use, ":."); i >= 0 {
		return use[i+1:]
	}
	return use
}
