package engine

import (
	"slices"
	"time"
)

// queue holds the runs that may start as far as their runner is concerned, and wait for a slot and for limits. The loop owns
// it. Order: priority, then the runner that was served least recently, then the due time.
//
// A start must not look at all that wait, so runs are held in three levels: the lane of a runner and priority (first come, first
// served), the group of lanes that take the same limits, and the groups. A group is either ready or parked at the one limit that
// holds it up: when that limit has room again, the best of what is parked there is looked at, not all of it.
type queue struct {
	groups  map[string]*peers
	ready   ranked[*peers]
	stirred []*limit // may have room for what is parked there
	size    int      // runs in it
	starts  uint64   // so far: stamps that say who was served last
}

// peers is the waiting runs that take the same limits.
type peers struct {
	needs []need
	lanes ranked[*lane]
	at    *limit // parked there; nil = ready, or empty
	index int
	size  int // runs in it
}

// lane is the waiting runs of one runner and priority, in the order of their due times.
type lane struct {
	r        *runner
	g        *peers
	priority int
	runs     []*live
	index    int
}

func (la *lane) place() *int { return &la.index }

func (la *lane) before(other *lane) bool {
	a, b := la.runs[0], other.runs[0]
	switch {
	case la.priority != other.priority:
		return la.priority < other.priority
	case la.r.served != other.r.served:
		return la.r.served < other.r.served
	default:
		return a.dueBefore(b) < 0
	}
}

// dueBefore orders runs by their due time, then by their claim.
func (lv *live) dueBefore(other *live) int {
	if c := lv.run.DueAt.Compare(other.run.DueAt); c != 0 {
		return c
	}
	switch {
	case lv.number < other.number:
		return -1
	case lv.number > other.number:
		return 1
	default:
		return 0
	}
}

func (g *peers) place() *int              { return &g.index }
func (g *peers) before(other *peers) bool { return g.best().before(other.best()) }

// best is the lane that comes first. The group must not be empty.
func (g *peers) best() *lane { return g.lanes.items[0] }

// peersOf gives the group of runs that take these limits.
func (q *queue) peersOf(needs []need) *peers {
	key := ""
	for _, n := range needs {
		key += n.key()
	}
	g, ok := q.groups[key]
	if !ok {
		g = &peers{needs: needs, index: -1}
		q.groups[key] = g
	}
	return g
}

// push adds a run to the lane of its runner and priority.
func (q *queue) push(lv *live) {
	la := lv.r.laneFor(lv.run.Priority)
	i, _ := slices.BinarySearchFunc(la.runs, lv, (*live).dueBefore)
	la.runs = slices.Insert(la.runs, i, lv)
	lv.lane = la
	la.g.lanes.put(la)
	la.g.size++
	q.size++
	q.settle(la.g)
}

// laneFor finds or makes a lane.
func (r *runner) laneFor(priority int) *lane {
	for _, la := range r.lanes {
		if la.priority == priority {
			return la
		}
	}
	la := &lane{r: r, g: r.peers, priority: priority, index: -1}
	r.lanes = append(r.lanes, la)
	return la
}

// take takes a run out; one that is not in is fine.
func (q *queue) take(lv *live) {
	la := lv.lane
	if la == nil {
		return
	}
	lv.lane = nil
	la.runs = slices.DeleteFunc(la.runs, func(other *live) bool { return other == lv })
	if len(la.runs) == 0 {
		la.g.lanes.drop(la)
		la.r.lanes = slices.DeleteFunc(la.r.lanes, func(other *lane) bool { return other == la })
	} else {
		la.g.lanes.put(la)
	}
	la.g.size--
	q.size--
	for _, n := range la.g.needs { // it may have kept others waiting: what was saved up for it, or let it be ready
		q.stir(n.limit)
	}
	q.settle(la.g)
}

// settle puts a group where its best lane belongs.
func (q *queue) settle(g *peers) {
	heap := &q.ready
	if g.at != nil {
		heap = &g.at.parked
	}
	if g.size == 0 {
		heap.drop(g)
		g.at = nil
		return
	}
	heap.put(g)
}

// served moves a runner behind those that were served less recently.
func (q *queue) served(r *runner) {
	q.starts++
	r.served = q.starts
	for _, la := range r.lanes {
		la.g.lanes.put(la)
		q.settle(la.g)
	}
}

// stir notes that a limit may have room for what is parked there.
func (q *queue) stir(m *limit) {
	if !m.stirred && m.parked.Len() > 0 {
		m.stirred = true
		q.stirred = append(q.stirred, m)
	}
}

// park takes a group off the ready ones until the limit that holds it up has room. The others that it takes may have room for
// somebody else.
func (q *queue) park(g *peers, m *limit) {
	q.ready.drop(g)
	g.at = m
	m.parked.put(g)
	for _, n := range g.needs {
		if n.limit != m {
			q.stir(n.limit)
		}
	}
}

// maxAsides bounds how many groups that are too heavy are passed over in the search for one that fits.
const maxAsides = 32

// unpark lets, at each limit that may have room, the best group that fits be ready again.
func (l *loop) unpark(now time.Time) {
	q := &l.queue
	for len(q.stirred) > 0 {
		m := q.stirred[len(q.stirred)-1]
		q.stirred = q.stirred[:len(q.stirred)-1]
		m.stirred = false
		if m.shut(now) != "" {
			l.awaken(m, now)
			continue
		}
		q.unparkAt(m, now)
	}
}

func (q *queue) unparkAt(m *limit, now time.Time) {
	var aside []*peers
	for g, ok := m.parked.first(); ok && len(aside) < maxAsides; g, ok = m.parked.first() {
		if m.blocks(g, now) == "" {
			m.parked.drop(g)
			g.at = nil
			q.ready.put(g)
			break
		}
		if len(aside) == 0 && m.keptFor(g, now) {
			break
		}
		m.parked.drop(g)
		aside = append(aside, g)
	}
	for _, g := range aside {
		m.parked.put(g)
	}
}

// idle says that nobody waits whom a new run of the group would overtake.
func (q *queue) idle(g *peers) bool { return g.size == 0 && q.ready.Len() == 0 && len(q.stirred) == 0 }

// next gives the run that starts now if there is a slot; nil = none can. What is held up by a limit is parked there.
func (l *loop) next(now time.Time) *live {
	for {
		l.unpark(now)
		g, ok := l.queue.ready.first()
		if !ok {
			return nil
		}
		m, _ := g.blocker(now)
		if m == nil {
			return g.best().runs[0]
		}
		l.queue.park(g, m)
		l.awaken(m, now)
	}
}

// awaken sets the moment at which a limit that time alone opens is looked at again.
func (l *loop) awaken(m *limit, now time.Time) {
	at := m.opens(now)
	if at.IsZero() || m.parked.Len() == 0 || m.it != nil && m.it.index >= 0 && !m.it.due.After(at) {
		return
	}
	if m.it == nil {
		m.it = newItem(func(time.Time) { l.queue.stir(m) })
	}
	l.timetable.set(m.it, at)
}
