package screen

import "slices"

// Marker is a screen whose rows can be marked, to act on many at once.
type Marker interface {
	Lister
	ToggleMark(Env)  // marks the row under the cursor, or takes its mark away
	MarkRange(Env)   // marks from the row that was marked last to the cursor
	InvertMarks(Env) // of the rows on show
	ClearMarks()
	Unmark(id string)
	Marks() []string     // ids
	SetMarks([]string)   // in place of all others
	Marked(Env) []Target // in the order of the rows
}

// marks are the marked rows of a list, by id.
type marks struct {
	on   map[string]bool
	last string // the row that was marked last: a range begins there
}

func (m *marks) any() bool { return len(m.on) > 0 }

func (m *marks) set(id string, on bool) {
	if id == "" {
		return
	}
	if m.on == nil {
		m.on = map[string]bool{}
	}
	if !on {
		delete(m.on, id)
		return
	}
	m.on[id], m.last = true, id
}

// span marks from the row that was marked last to a row, in the order of ids.
func (m *marks) span(ids []string, to string) {
	j := slices.Index(ids, to)
	i := slices.Index(ids, m.last)
	if j < 0 {
		return
	}
	if i < 0 || !m.on[m.last] {
		i = j
	}
	for _, id := range ids[min(i, j) : max(i, j)+1] {
		m.set(id, true)
	}
	m.set(to, true)
}

func (m *marks) invert(ids []string) {
	for _, id := range ids {
		m.set(id, !m.on[id])
	}
}

func (m *marks) clear() { *m = marks{} }

// keep takes the marks of rows away that are gone.
func (m *marks) keep(known func(id string) bool) {
	for id := range m.on {
		if !known(id) {
			delete(m.on, id)
		}
	}
}

// ToggleMark marks the pipe under the cursor, or takes its mark away, and goes on to the next one.
func (p *Pipes) ToggleMark(env Env) {
	if p.onFeed {
		return
	}
	p.marks.set(p.cursor, !p.marks.on[p.cursor])
	p.Move(env, 1)
}

// MarkRange marks from the pipe that was marked last to the cursor.
func (p *Pipes) MarkRange(env Env) {
	p.marks.span(p.order, p.cursor)
	p.moved = env.Now
}

// InvertMarks marks what is on show and not marked, and the other way round.
func (p *Pipes) InvertMarks(Env) { p.marks.invert(p.order) }

// ClearMarks takes all marks away.
func (p *Pipes) ClearMarks() { p.marks.clear() }

// Unmark takes one mark away.
func (p *Pipes) Unmark(id string) { p.marks.set(id, false) }

// Marked are the marked pipes, also those that a filter hides.
func (p *Pipes) Marked(env Env) []Target {
	var out []Target
	add := func(id string) {
		if p.marks.on[id] && env.Data.Runner(id) != nil {
			out = append(out, Target{Runner: id})
		}
	}
	for _, id := range p.order {
		add(id)
	}
	for i := range env.Data.Runners {
		if id := env.Data.Runners[i].ID; !slices.Contains(p.order, id) {
			add(id)
		}
	}
	return out
}

// ids are the runs on show.
func (s *Runs) ids() []string {
	out := make([]string, len(s.shown))
	for i, n := range s.shown {
		out[i] = s.all[n].ID
	}
	return out
}

// ToggleMark marks the run under the cursor, or takes its mark away, and goes on to the next one.
func (s *Runs) ToggleMark(env Env) {
	if len(s.shown) == 0 {
		return
	}
	id := s.all[s.shown[s.at()]].ID
	s.marks.set(id, !s.marks.on[id])
	s.Move(env, 1)
}

// MarkRange marks from the run that was marked last to the cursor.
func (s *Runs) MarkRange(Env) {
	if len(s.shown) > 0 {
		s.marks.span(s.ids(), s.all[s.shown[s.at()]].ID)
	}
}

// InvertMarks marks what is on show and not marked, and the other way round.
func (s *Runs) InvertMarks(Env) { s.marks.invert(s.ids()) }

// ClearMarks takes all marks away.
func (s *Runs) ClearMarks() { s.marks.clear() }

// Unmark takes one mark away.
func (s *Runs) Unmark(id string) { s.marks.set(id, false) }

// Marked are the marked runs that are known, also those that a filter hides.
func (s *Runs) Marked(Env) []Target {
	if !s.marks.any() {
		return nil
	}
	var out []Target
	for i := range s.all {
		if r := s.all[i]; s.marks.on[r.ID] {
			out = append(out, Target{Runner: r.Runner, Run: &r})
		}
	}
	return out
}

// Marks are the ids of the marked pipes.
func (p *Pipes) Marks() []string { return p.marks.list() }

// SetMarks marks these pipes and no others.
func (p *Pipes) SetMarks(ids []string) { p.marks.restore(ids) }

// Marks are the ids of the marked runs.
func (s *Runs) Marks() []string { return s.marks.list() }

// SetMarks marks these runs and no others.
func (s *Runs) SetMarks(ids []string) { s.marks.restore(ids) }
