package part

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
)

// Axis maps a window of time to columns. Stretches in which nothing happens may be folded into one column each.
type Axis struct {
	From, To time.Time
	W        int
	segs     []segment
}

// Stretch is a piece of time.
type Stretch struct{ From, To time.Time }

type segment struct {
	from, to time.Time
	x, w     int
	gap      bool
}

// foldCells is how many columns a stretch without anything must have to be folded.
const foldCells = 5

// NewAxis makes an axis of w columns.
func NewAxis(from, to time.Time, w int) Axis {
	w = max(w, 0)
	return Axis{From: from, To: to, W: w, segs: []segment{{from: from, to: to, w: w}}}
}

// Cell is the length of time of one column where nothing is folded.
func (a Axis) Cell() time.Duration {
	if a.W == 0 {
		return a.To.Sub(a.From)
	}
	return max(a.To.Sub(a.From)/time.Duration(a.W), 1)
}

// Fold gives the same window with the stretches folded that are not busy; what is left gets the room. One column beside a
// busy stretch stays.
func (a Axis) Fold(busy []Stretch) Axis {
	cell := a.Cell()
	keep := make([]Stretch, 0, len(busy))
	for _, s := range busy {
		s.From, s.To = s.From.Add(-cell), s.To.Add(cell)
		if s.From.Before(a.From) {
			s.From = a.From
		}
		if s.To.After(a.To) {
			s.To = a.To
		}
		if s.From.Before(s.To) {
			keep = append(keep, s)
		}
	}
	if len(keep) == 0 || a.W < foldCells {
		return a
	}
	slices.SortFunc(keep, func(x, y Stretch) int { return x.From.Compare(y.From) })
	var segs []segment
	at := a.From
	for _, s := range keep {
		if s.From.Sub(at) >= foldCells*cell && s.From.After(at) {
			segs = append(segs, segment{from: at, to: s.From, gap: true})
			at = s.From
		}
		if s.To.After(at) {
			if n := len(segs); n > 0 && !segs[n-1].gap {
				segs[n-1].to = s.To
			} else {
				segs = append(segs, segment{from: at, to: s.To})
			}
			at = s.To
		}
	}
	switch n := len(segs); {
	case a.To.Sub(at) >= foldCells*cell:
		segs = append(segs, segment{from: at, to: a.To, gap: true})
	case n > 0:
		segs[n-1].to = a.To
	}
	return a.place(segs)
}

// place gives each segment its columns.
func (a Axis) place(segs []segment) Axis {
	var all, sum time.Duration
	gaps := 0
	for _, s := range segs {
		if s.gap {
			gaps++
		} else {
			all += s.to.Sub(s.from)
		}
	}
	room := a.W - gaps
	if all <= 0 || room < len(segs) {
		return a
	}
	x, used := 0, 0
	for i := range segs {
		s := &segs[i]
		s.x, s.w = x, 1
		if !s.gap {
			sum += s.to.Sub(s.from)
			end := int(float64(room)*float64(sum)/float64(all) + 0.5)
			s.w = end - used
			used = end
		}
		x += s.w
	}
	a.segs = segs
	return a
}

// Column is the column of a time: -1 before the window, W at its end and after it.
func (a Axis) Column(t time.Time) int {
	switch {
	case t.Before(a.From):
		return -1
	case !t.Before(a.To):
		return a.W
	}
	for _, s := range a.segs {
		if !t.Before(s.to) {
			continue
		}
		if s.w <= 1 {
			return min(s.x, a.W-1)
		}
		return s.x + min(int(float64(s.w)*float64(t.Sub(s.from))/float64(s.to.Sub(s.from))), s.w-1)
	}
	return a.W
}

// Span gives the first and the last column of a stretch of time; false = it lies outside. Its end is not part of it.
func (a Axis) Span(from, to time.Time) (int, int, bool) {
	if to.After(from) {
		to = to.Add(-1)
	}
	x, y := a.Column(from), a.Column(to)
	if y < 0 || x >= a.W || a.W == 0 {
		return 0, 0, false
	}
	return max(x, 0), max(min(y, a.W-1), max(x, 0)), true
}

// Time is when a column begins.
func (a Axis) Time(x int) time.Time {
	for _, s := range a.segs {
		if x < s.x+s.w && s.w > 0 {
			return s.from.Add(time.Duration(float64(s.to.Sub(s.from)) * float64(x-s.x) / float64(s.w)))
		}
	}
	return a.To
}

// Gaps are the columns of folded stretches.
func (a Axis) Gaps() []int {
	var out []int
	for _, s := range a.segs {
		if s.gap {
			out = append(out, s.x)
		}
	}
	return out
}

// Label is a time on the axis.
type Label struct {
	X    int
	Text string
}

// labelCols is the room that one label takes, with air.
const labelCols = 9

// Labels are the times to write over the axis: round ones, none over another. A day's begin is its date.
func (a Axis) Labels() []Label {
	step := a.labelStep()
	var out []Label
	next := 0
	for t := a.From.Truncate(step); t.Before(a.To); t = t.Add(step) {
		if t.Before(a.From) || a.inGap(t) {
			continue
		}
		x := a.Column(t)
		s := t.UTC().Format("15:04")
		if a.To.Sub(a.From) > 24*time.Hour {
			s = t.UTC().Format("Mon 15:04")
		}
		if t.Equal(t.Truncate(24 * time.Hour)) {
			s = t.UTC().Format("2 Jan")
		}
		if x >= next && x+text.Width(s) <= a.W {
			out = append(out, Label{x, s})
			next = x + text.Width(s) + 2
		}
	}
	return out
}

func (a Axis) inGap(t time.Time) bool {
	return slices.ContainsFunc(a.segs, func(s segment) bool { return s.gap && t.Before(s.to) && !t.Before(s.from) })
}

// labelStep is the shortest round length that leaves room for the labels.
func (a Axis) labelStep() time.Duration {
	span := 0 // columns that are not gaps
	var all time.Duration
	for _, s := range a.segs {
		if !s.gap {
			span, all = span+s.w, all+s.to.Sub(s.from)
		}
	}
	for _, m := range []int{1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720} {
		step := time.Duration(m) * time.Minute
		if all <= 0 || float64(span)*float64(step)/float64(all) >= labelCols {
			return step
		}
	}
	return 24 * time.Hour
}
