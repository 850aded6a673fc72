package part

import (
	"slices"
	"sort"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Span is one stretch of time in a Gantt row.
type Span struct {
	From, To time.Time
	Glyph    string
	Role     theme.Role
	End      string // put into the last column, "" = nothing
	Thin     bool   // may vanish where there is no room, such as a wait
}

// Scale maps times to columns. What is folded takes foldCols columns, however long it is.
type Scale struct {
	From  time.Time
	Len   time.Duration
	W     int
	Folds []Fold // inside of From and From+Len, in order, apart from each other
}

// Fold is a stretch of time in which nothing happens.
type Fold struct{ From, To time.Time }

// foldCols are the columns of a fold.
const foldCols = 2

// NiceLen rounds a length up to one that stays for a while, so that the bars of a live run do not shift every second.
func NiceLen(d time.Duration) time.Duration {
	for _, s := range []int{5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600} {
		if n := time.Duration(s) * time.Second; d <= n {
			return n
		}
	}
	return d.Truncate(time.Hour) + time.Hour
}

// Gaps are the stretches of at least least in which none of the busy spans is, between the first and the last of them.
func Gaps(busy []Span, least time.Duration) []Fold {
	busy = slices.Clone(busy)
	slices.SortFunc(busy, func(a, b Span) int { return a.From.Compare(b.From) })
	var out []Fold
	var end time.Time
	for i, p := range busy {
		if i > 0 && p.From.Sub(end) >= least {
			out = append(out, Fold{From: end, To: p.From})
		}
		if p.To.After(end) {
			end = p.To
		}
	}
	return out
}

// end is where the scale ends.
func (s Scale) end() time.Time { return s.From.Add(s.Len) }

// edge is the column at which a time begins, 0 to W: it never falls while the time grows.
func (s Scale) edge(t time.Time) int {
	if s.Len <= 0 || s.W <= 0 {
		return 0
	}
	folds := s.Folds
	if s.W < 8*foldCols*(len(folds)+1) { // no room for them
		folds = nil
	}
	open, passed, before := s.Len, 0, time.Duration(0)
	part := 0.0 // of the fold that the time is in
	for _, f := range folds {
		d := f.To.Sub(f.From)
		open -= d
		switch {
		case !t.Before(f.To):
			passed++
			before += d
		case t.After(f.From):
			in := t.Sub(f.From)
			before += in
			part = float64(in) / float64(d)
		}
	}
	cols := float64(s.W - foldCols*len(folds))
	at := cols*float64(t.Sub(s.From)-before)/float64(max(open, 1)) + foldCols*(float64(passed)+part)
	return min(max(int(at+1e-9), 0), s.W)
}

// Column is the column of a time, 0 to W-1.
func (s Scale) Column(t time.Time) int { return max(min(s.edge(t), s.W-1), 0) }

// Cell is the place of a span: columns From to To, To left out.
type Cell struct{ From, To int }

// Cells lays out spans that follow each other: every one is at least a column wide, thin ones may vanish, none lies over
// another, and they stay in their order as long as there are columns enough. Those outside of the scale are empty.
func (s Scale) Cells(spans []Span) []Cell {
	out := make([]Cell, len(spans))
	at := 0
	for i, p := range spans {
		if p.To.Before(s.From) || p.From.After(s.end()) {
			out[i] = Cell{at, at}
			continue
		}
		from, to := max(s.edge(p.From), at), s.edge(p.To)
		if !p.Thin {
			to = max(to, from+1)
		}
		out[i] = Cell{from, max(to, from)}
		at = out[i].To
	}
	limit := s.W
	for i := len(out) - 1; i >= 0 && out[i].To > limit; i-- { // pushed over the end: closer together
		size := out[i].To - out[i].From
		least := min(size, 1)
		if spans[i].Thin {
			least = 0
		}
		out[i].To = limit
		out[i].From = max(min(out[i].From, limit-least), 0)
		limit = out[i].From
	}
	return out
}

// Row draws spans that follow each other.
func (s Scale) Row(c Canvas, y int, spans []Span) {
	for i, p := range s.Cells(spans) {
		span := &spans[i]
		if p.From >= p.To {
			continue
		}
		c.Repeat(p.From, y, p.To-p.From, span.Role, span.Glyph)
		if span.End != "" && !span.To.After(s.end()) {
			c.Put(p.To-1, y, span.Role, span.End)
		}
	}
}

// Axis draws the time labels over the rows, and a mark where time is folded. Labels count from zero.
func (s Scale) Axis(c Canvas, y int, zero time.Time) {
	if s.W <= 0 {
		return
	}
	if zero.IsZero() {
		zero = s.From
	}
	for _, f := range s.Folds {
		if at := s.edge(f.From); s.W >= 8*foldCols*(len(s.Folds)+1) {
			c.Repeat(at, y, foldCols, theme.Faint, theme.FoldMark)
		}
	}
	next := 0
	steps := max(min(s.W/12, 6), 1)
	for i := range steps + 1 {
		at := s.From.Add(s.Len * time.Duration(i) / time.Duration(steps))
		x := s.W * i / steps
		if len(s.Folds) > 0 {
			at = s.begin(x)
		}
		label := text.Duration(at.Sub(zero))
		if i == steps {
			x = s.W - text.Width(label)
		}
		if x >= next && x+text.Width(label) <= s.W && !s.folded(at) {
			next = c.Put(x, y, theme.Faint, label) + 1
		}
	}
}

// begin is the first moment of a column.
func (s Scale) begin(col int) time.Time {
	ms := sort.Search(int(s.Len/time.Millisecond), func(ms int) bool { return s.edge(s.From.Add(time.Duration(ms)*time.Millisecond)) >= col })
	return s.From.Add(time.Duration(ms) * time.Millisecond)
}

// folded says that a time lies in a fold, where a label would say nothing.
func (s Scale) folded(t time.Time) bool {
	return slices.ContainsFunc(s.Folds, func(f Fold) bool { return t.After(f.From) && t.Before(f.To) })
}
