package screen

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// drawStrip draws the last w outcomes of a runner: height is the duration relative to the p95, failures are ✗, a live run
// is ▸ or ↻ at the end.
func drawStrip(c part.Canvas, x, y, w int, r *orchestrator.Runner) {
	strip := r.Strip
	live := r.Current != nil && r.Current.State.Live()
	room := w
	if live {
		room--
	}
	if len(strip) > room {
		strip = strip[len(strip)-room:]
	}
	at := x + room - len(strip)
	for _, o := range strip {
		glyph, role := strike(o, r.P95)
		at = c.Put(at, y, role, glyph)
	}
	if live {
		m := runMark(r.Current)
		role := m.Role
		if role == theme.Running { // as quiet as the bars: the row says it twice already, and a third colour costs bytes
			role = theme.Bar
		}
		c.Put(at, y, role, m.Glyph)
	}
}

func strike(o orchestrator.Outcome, p95 time.Duration) (string, theme.Role) {
	if o.State != orchestrator.Completed {
		m := StateMark(o.State)
		return m.Glyph, m.Role
	}
	return bar(o.Duration, p95), theme.Bar
}

// bar is the height for a duration: the p95 itself is the second highest, a third more and above is full.
func bar(d, p95 time.Duration) string {
	if p95 <= 0 {
		return theme.Spark[0]
	}
	return theme.Spark[min(max(int(6*float64(d)/float64(p95)), 0), 7)]
}
