package screen

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Sorter is a screen whose rows can be put into another order. The first name is the screen's own order.
type Sorter interface {
	Sorts() []string
	Sorted() (name string, reverse bool)
	SortBy(env Env, name string, reverse bool)
}

// Columner is a screen some of whose columns can be left out.
type Columner interface {
	Columns() []Column
	ShowColumn(env Env, name string, show bool)
}

// Column is one that can be left out.
type Column struct {
	Name, What string
	Shown      bool
}

// pipeSorts are the orders of the dashboard.
var pipeSorts = [...]string{"attention", "name", "state", "ok", "p95", "next", "last"}

// pipeCols are the columns of the dashboard that can be left out, with what they show.
var pipeCols = [...][2]string{
	{"runs", "the last runs, height by duration"},
	{"ok", "share of runs that completed"},
	{"p95", "95 of 100 runs took no longer"},
	{"last", "when the last run ended"},
}

// Sorts are the orders of the dashboard.
func (p *Pipes) Sorts() []string { return pipeSorts[:] }

// Sorted is the order in force.
func (p *Pipes) Sorted() (string, bool) { return cmp.Or(p.by, pipeSorts[0]), p.reverse }

// SortBy sorts the rows anew; unknown names are the own order.
func (p *Pipes) SortBy(env Env, name string, reverse bool) {
	if !slices.Contains(pipeSorts[1:], name) {
		name = ""
	}
	p.by, p.reverse = name, reverse
	p.moved = time.Time{}
	p.order = nil // not held, whatever is marked
	p.Refresh(env)
}

// Columns are the columns of the dashboard that can be left out.
func (p *Pipes) Columns() []Column {
	out := make([]Column, len(pipeCols))
	for i, c := range pipeCols {
		out[i] = Column{c[0], c[1], !slices.Contains(p.hide, c[0])}
	}
	return out
}

// ShowColumn shows a column, or leaves it out.
func (p *Pipes) ShowColumn(_ Env, name string, show bool) {
	p.hide = slices.DeleteFunc(p.hide, func(h string) bool { return h == name })
	if !show {
		p.hide = append(p.hide, name)
	}
}

// orderWords say in which order the rows are.
func (p *Pipes) orderWords() string {
	name, reverse := p.Sorted()
	words := "by " + name
	if name == pipeSorts[0] {
		words = "attention first"
	}
	if reverse {
		words += " " + theme.Up
	}
	return words
}

// compare puts two pipes into the order that was asked for; 0 = it does not say.
func (p *Pipes) compare(env Env, a, b *orchestrator.Runner) int {
	switch p.by {
	case "name":
		return strings.Compare(strings.ToLower(a.ID), strings.ToLower(b.ID))
	case "state":
		return strings.Compare(RunnerMark(a, env.Now).Word, RunnerMark(b, env.Now).Word)
	case "ok":
		return cmp.Compare(okShare(a), okShare(b)) // the worst first
	case "p95":
		return cmp.Compare(b.P95, a.P95) // the slowest first
	case "next":
		if a.NextAt.IsZero() != b.NextAt.IsZero() {
			if a.NextAt.IsZero() {
				return 1
			}
			return -1
		}
		return a.NextAt.Compare(b.NextAt)
	case "last":
		return lastEnd(b).Compare(lastEnd(a)) // the newest first
	}
	return 0
}

// okShare is the share of completed runs; what never ran is behind all others.
func okShare(r *orchestrator.Runner) float64 {
	if r.Runs == 0 {
		return 2
	}
	return r.OKRate
}

// lastEnd is when the last run ended; what runs now counts as now.
func lastEnd(r *orchestrator.Runner) time.Time {
	switch {
	case r.Current != nil && !r.Current.StartedAt.IsZero() && r.Current.EndedAt.IsZero():
		return r.Current.StartedAt
	case r.Last == nil:
		return time.Time{}
	case r.Last.EndedAt.IsZero():
		return r.Last.CreatedAt
	}
	return r.Last.EndedAt
}
