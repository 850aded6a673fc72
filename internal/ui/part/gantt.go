package part

import (
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
}

// Scale maps times to columns.
type Scale struct {
	From time.Time
	Len  time.Duration
	W    int
}

// NiceLen rounds a length up to one that stays for a while, so that the bars of a live run do not shift every second.
func NiceLen(d time.Duration) time.Duration {
	for _, s := range []int{5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600} {
		if n := time.Duration(s) * time.Second; d <= n {
			return n
		}
	}
	return d.Truncate(time.Hour) + time.Hour
}

// Column is the column of a time, 0 to W-1.
func (s Scale) Column(t time.Time) int {
	if s.Len <= 0 || s.W <= 0 {
		return 0
	}
	return min(max(int(float64(s.W)*float64(t.Sub(s.From))/float64(s.Len)), 0), s.W-1)
}

// Row draws spans; later ones win. Every span is at least one column wide.
func (s Scale) Row(c Canvas, y int, spans []Span) {
	for _, p := range spans {
		from, to := s.Column(p.From), s.Column(p.To)
		if to > from && p.To.Before(s.From.Add(s.Len)) {
			to-- // the end belongs to the next span
		}
		c.Repeat(from, y, to-from+1, p.Role, p.Glyph)
		if p.End != "" {
			c.Put(to, y, p.Role, p.End)
		}
	}
}

// Axis draws the time labels over the rows.
func (s Scale) Axis(c Canvas, y int) {
	next := 0
	steps := max(min(s.W/12, 6), 1)
	for i := range steps + 1 {
		label := text.Duration(s.Len * time.Duration(i) / time.Duration(steps))
		if i == 0 {
			label = "0s"
		}
		x := s.W * i / steps
		if i == steps {
			x = s.W - text.Width(label)
		}
		if x >= next && x+text.Width(label) <= s.W {
			next = c.Put(x, y, theme.Faint, label) + 1
		}
	}
}
