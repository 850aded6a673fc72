package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

const (
	maxHolders = 5           // names that a limit shows
	keptAfter  = time.Minute // a run that waited this long for more than is free gets what becomes free, before lighter ones
)

// limit bounds what runs at once: the engine's slots, a runner, a tag or a resource. Its use is the runs that hold it, each from
// its reservation until its goroutine has returned, so nothing can leak. The loop owns it.
type limit struct {
	name    string        // "tag routing", "resource otobo", "runner digest"
	max     int           // 0 = no bound
	held    map[*live]int // weight each run takes
	used    int           // sum of held
	parked  ranked[*peers]
	stirred bool      // in queue.stirred
	it      *item     // looks at it again when time alone opens it
	res     *resource // nil = neither rate nor breaker
	named   string    // holders as text, until they change
	told    *holding  // who holds it, until they change
}

// need is what a run takes of a limit.
type need struct {
	limit  *limit
	weight int
}

func (n need) key() string { return n.limit.name + "*" + strconv.Itoa(n.weight) + "\n" }

func newLimit(name string, most int) *limit {
	return &limit{name: name, max: most, held: map[*live]int{}}
}

// add lets a run hold the limit; a run that holds it already changes its weight.
func (m *limit) add(lv *live, weight int) {
	m.used += weight - m.held[lv]
	m.held[lv] = weight
	m.named, m.told = "", nil
}

// remove takes a run's hold away; one that has none is fine.
func (m *limit) remove(lv *live) {
	m.used -= m.held[lv]
	delete(m.held, lv)
	m.named, m.told = "", nil
}

// full says that a weight is more than what is free. A run that weighs more than all there is runs alone.
func (m *limit) full(weight int) bool { return m.max > 0 && m.used+min(weight, m.max) > m.max }

// shut says why nobody at all may take the limit now; "" = it is open.
func (m *limit) shut(now time.Time) string {
	if m.full(1) {
		return m.useText()
	}
	if m.res != nil {
		return m.res.shut(now)
	}
	return ""
}

// blocks says why a group may not take the limit now; "" = it may.
func (m *limit) blocks(g *peers, now time.Time) string {
	if why := m.shut(now); why != "" {
		return why
	}
	if m.full(g.weight(m)) {
		return m.useText()
	}
	if p, ok := m.parked.first(); ok && p != g && m.keptFor(p, now) && (g.size == 0 || p.before(g)) {
		return m.name + " is kept for run " + p.best().runs[0].run.ID + ", which has waited longest"
	}
	return ""
}

// keptFor says that what is free is saved up for the group, which comes first here and takes more than that.
func (m *limit) keptFor(g *peers, now time.Time) bool {
	return m.full(g.weight(m)) && now.Sub(g.best().runs[0].since) >= keptAfter
}

// opens gives when time alone may open the limit; zero = only an end can.
func (m *limit) opens(now time.Time) time.Time {
	if m.res == nil || m.full(1) {
		return time.Time{}
	}
	return m.res.opens(now)
}

func (m *limit) useText() string {
	if m.named == "" {
		m.named = fmt.Sprintf("%s: %d of %d in use", m.name, m.used, m.max)
		if names := m.holders(maxHolders); len(names) > 0 {
			m.named += ", held by " + strings.Join(names, ", ")
		}
	}
	return m.named
}

// holders names runners that hold the limit, the longest first.
func (m *limit) holders(most int) []string {
	var names []string
	for _, lv := range m.longest() {
		if len(names) == most {
			break
		}
		if !slices.Contains(names, lv.run.Runner) {
			names = append(names, lv.run.Runner)
		}
	}
	return names
}

// longest gives the runs that hold the limit, the longest first.
func (m *limit) longest() []*live {
	return slices.SortedFunc(maps.Keys(m.held), func(a, b *live) int {
		return cmp.Or(a.run.StartedAt.Compare(b.run.StartedAt), cmp.Compare(a.number, b.number))
	})
}

func (g *peers) weight(m *limit) int {
	for _, n := range g.needs {
		if n.limit == m {
			return n.weight
		}
	}
	return 0
}

// blocker gives the first limit that holds a group up, and why; nil = all it takes is free.
func (g *peers) blocker(now time.Time) (*limit, string) {
	for _, n := range g.needs {
		if why := n.limit.blocks(g, now); why != "" {
			return n.limit, why
		}
	}
	return nil, ""
}

// grip gives a run its slot and all its limits, or would have been refused by now.
func (l *loop) grip(lv *live, now time.Time) {
	lv.gripped = now
	lv.seize(need{l.slots, 1})
	for _, n := range lv.r.peers.needs {
		lv.seize(n)
		if n.limit.res != nil {
			n.limit.res.taken(lv, now)
		}
	}
}

func (lv *live) seize(n need) {
	n.limit.add(lv, n.weight)
	lv.grips = append(lv.grips, n.limit)
}

// letGo gives back all a run holds; a run that holds nothing is fine.
func (l *loop) letGo(lv *live) {
	for _, m := range lv.grips {
		m.remove(lv)
		if m.res != nil {
			m.res.returned(lv)
		}
		l.queue.stir(m)
	}
	lv.grips, lv.reserved = nil, false
	if l.lives[lv.run.ID] != lv {
		l.unpin(lv)
	}
}

// needsOf gives what runs of a runner take, besides a slot: its own bound, its tags' and its resources'.
func (l *loop) needsOf(r *runner) []need {
	var needs []need
	if most := r.cfg.Policy.MaxParallelRuns; most > 0 {
		if r.own == nil {
			r.own = newLimit("runner "+r.cfg.ID, most)
		}
		r.own.max = most
		needs = append(needs, need{r.own, 1})
	}
	for _, tag := range slices.Compact(slices.Sorted(slices.Values(r.cfg.Tags))) {
		if m, ok := l.limits["tag "+tag]; ok {
			needs = append(needs, need{m, 1})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.cfg.Policy.Resources)) {
		needs = append(needs, need{l.resource(name).limit, max(r.cfg.Policy.Resources[name], 1)})
	}
	return needs
}

// resource finds or makes a resource. One that the limits do not name has no bound, but can ask to wait.
func (l *loop) resource(name string) *resource {
	m, ok := l.limits["resource "+name]
	if !ok {
		m = newLimit("resource "+name, 0)
		m.res = &resource{name: name, limit: m}
		l.limits[m.name] = m
	}
	return m.res
}

// applyLimits takes the configuration's bounds into force, at the start and whenever it changed. What runs counts against the
// new bounds at once; what waits is sorted anew.
func (l *loop) applyLimits() {
	c := l.e.o.Config.Limits
	l.slots.max = l.e.slots()
	waiting := l.queue.reset()
	maps.DeleteFunc(l.limits, func(_ string, m *limit) bool { return m.res == nil })
	for _, m := range l.limits {
		m.max, m.res.cfg = 0, config.Resource{}
	}
	for name, cfg := range c.Resources {
		s := l.resource(name)
		s.limit.max, s.cfg = cfg.Max, cfg
	}
	for _, m := range l.limits {
		if m.named = ""; m.res.cfg.BreakerFailures <= 0 {
			m.res.breaker = breaker{}
		}
	}
	for tag, most := range c.Tags {
		l.limits["tag "+tag] = newLimit("tag "+tag, most)
	}
	for _, r := range l.order {
		r.peers = l.queue.peersOf(l.needsOf(r))
	}
	for lv := range l.slots.held {
		l.regrip(lv)
	}
	for _, m := range l.limits {
		if m.res != nil && m.held[m.res.probe] == 0 { // its run has a new configuration, which does not take the resource
			m.res.probe = nil
		}
	}
	for _, lv := range waiting {
		if lv.r.peers == nil {
			lv.r.peers = l.queue.peersOf(l.needsOf(lv.r))
		}
		l.queue.push(lv)
	}
}

// regrip lets a run that executes hold what its runner now takes.
func (l *loop) regrip(lv *live) {
	was := lv.grips
	for _, m := range was {
		if m != l.slots {
			m.remove(lv)
		}
	}
	lv.grips = []*limit{l.slots}
	for _, n := range l.needsOf(lv.r) {
		lv.seize(n)
	}
	for _, m := range was {
		if m.res != nil && !slices.Contains(lv.grips, m) {
			m.res.returned(lv) // it says nothing of it any more: the next one tries
		}
	}
}

// reset empties the queue and gives the runs that were in it.
func (q *queue) reset() []*live {
	var runs []*live
	for _, g := range q.groups {
		for _, la := range g.lanes.items {
			runs = append(runs, la.runs...)
			la.r.lanes = nil
		}
		if g.at != nil {
			g.at.parked.drop(g)
		}
	}
	for _, lv := range runs {
		lv.lane = nil
	}
	for _, m := range q.stirred {
		m.stirred = false
	}
	*q = queue{groups: map[string]*peers{}, starts: q.starts}
	slices.SortFunc(runs, (*live).dueBefore)
	return runs
}

// limitViews are the bounds as viewers see them, in name order. A runner's own is told only while a run waits for it.
func (l *loop) limitViews(now time.Time) []orchestrator.Limit {
	waiting := map[*limit]int{}
	for _, g := range l.queue.groups {
		if g.at != nil {
			waiting[g.at] += g.size
		}
	}
	all := slices.Collect(maps.Values(l.limits))
	for m := range waiting {
		if l.limits[m.name] != m {
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *limit) int { return strings.Compare(a.name, b.name) })
	out := make([]orchestrator.Limit, len(all))
	for i, m := range all {
		out[i] = orchestrator.Limit{Name: m.name, Max: m.max, Used: m.used, Holders: m.holders(maxHolders), Waiting: waiting[m]}
		if m.res != nil {
			out[i].Rate, out[i].Breaker = m.res.rateText(), m.res.breakerText(now)
		}
	}
	return out
}
