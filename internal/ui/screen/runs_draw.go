package screen

import (
	"fmt"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// runsLayout is where things are in the history.
type runsLayout struct {
	trend  int // rows of the trend
	rows   int // of the list
	groups int // rows of the groups below the list with their rule; 0 = none
	// preview are the rows of the run under the cursor at the bottom with their rule; 0 = none.
	preview int
}

func (s *Runs) layout(h int) runsLayout {
	var l runsLayout
	switch {
	case h >= 30:
		l.trend, l.groups = 5, 6
		if h >= 44 {
			l.preview = 12
		}
	case h >= 14:
		l.trend = 2
	}
	if s.byError {
		l.groups, l.preview = 0, 0
	}
	l.rows = max(h-3-l.trend-l.groups-l.preview, 0)
	return l
}

// Draw draws the history.
func (s *Runs) Draw(env Env, c part.Canvas) {
	s.drawRule(c)
	l := s.layout(c.H)
	if s.loaded && s.err == "" && l.trend > 0 {
		s.drawTrend(env, c.Sub(0, 1, c.W, l.trend))
	}
	body := c.Sub(0, l.trend, c.W, c.H-l.trend-l.groups-l.preview)
	if s.byError {
		s.drawGroups(body.Sub(0, 1, c.W, body.H-1), true)
		return
	}
	if !s.drawList(env, body, l.rows) {
		return
	}
	if l.groups > 0 {
		g := c.Sub(0, c.H-l.groups-l.preview, c.W, l.groups)
		g.Rule(0, "same error, grouped"+theme.Sep+"last 24h", env.Key("runs.errors", "E")+" lists them all")
		s.drawGroups(g.Sub(0, 1, c.W, l.groups-1), false)
	}
	s.drawPreview(env, c.Sub(0, c.H-l.preview, c.W, l.preview))
}

// drawList draws the rows of the history; false = there are none, and that is said.
func (s *Runs) drawList(env Env, c part.Canvas, rows int) bool {
	if drawUnread(c, 2, 4, "the runs", s.err, s.loaded) {
		return false
	}
	if len(s.shown) == 0 {
		msg := "no runs yet; " + env.Key("pipe.fire", "t") + " fires a pipe"
		if why := s.filter.problem(); why != "" {
			msg = why
		} else if s.filter.query != "" || s.group != "" {
			msg = "no run passes the filter (esc clears it)"
		} else if !s.idle {
			msg = "no runs that did something yet; " + env.Key("runs.idle", "i") + " shows the others too"
		}
		c.Text(1, 2, c.W-2, theme.Muted, msg)
		return false
	}
	cols := runColumns(c.W, s.runner == "")
	cols.heads(c, 1)
	longest := s.longest(env.Now)
	top := part.Window(s.top, s.at(), len(s.shown), rows)
	for y := range rows {
		if top+y >= len(s.shown) {
			break
		}
		cols.row(c, 2+y, &s.all[s.shown[top+y]], env.Now, longest, top+y == s.at())
		if s.marks.on[s.all[s.shown[top+y]].ID] {
			c.Put(1, 2+y, theme.Accent, theme.GlyphMark)
		}
	}
	c.Text(1, c.H-1, c.W-2, theme.Muted, s.hint(env))
	return true
}

func (s *Runs) drawRule(c part.Canvas) {
	title := "runs of all pipes"
	if s.runner != "" {
		title = "runs of " + s.runner
	}
	if s.byError {
		c.Rule(0, title+theme.Sep+"by equal error, last 24h", fmt.Sprintf("%d/%d", min(s.all24.at+1, len(s.all24.groups)), len(s.all24.groups)))
		return
	}
	if s.group != "" {
		title += theme.Sep + "same error: " + text.Truncate(s.group, max(c.W/3, 10), theme.Ellipsis)
	}
	if s.filter.query != "" {
		title += theme.Sep + "/" + s.filter.query
	}
	if s.idle {
		title += theme.Sep + "idle ones too"
	}
	if n := len(s.marks.on); n > 0 {
		title += fmt.Sprintf("%s%d marked", theme.Sep, n)
	}
	c.Rule(0, title, s.countNote())
}

// countNote says where the cursor is, how many are known, and how many there are.
func (s *Runs) countNote() string {
	n := len(s.shown)
	switch {
	case n == 0:
		return ""
	case s.end:
		return fmt.Sprintf("%d/%d", s.at()+1, n)
	case s.all24.count > n && s.group == "":
		if s.all24.count >= 100_000 { // as far as the history counts
			return fmt.Sprintf("%d/%d of 100,000+", s.at()+1, n)
		}
		return fmt.Sprintf("%d/%d of %d", s.at()+1, n, s.all24.count)
	}
	return fmt.Sprintf("%d/%d+", s.at()+1, n)
}
