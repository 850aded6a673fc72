package screen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// note says what the view shows, for its rule.
func (v *LogView) note() string {
	s := "≥" + levels[v.level]
	if v.wrap {
		s += theme.Sep + "wrap"
	}
	return s
}

// state says whether the view follows or holds.
func (v *LogView) state() string {
	switch {
	case !v.held:
		return "following"
	case v.below() > 0:
		return fmt.Sprintf("%s held +%d below", theme.GlyphPaused, v.below())
	default:
		return theme.GlyphPaused + " held"
	}
}

// found says which match the cursor is on: "3 of 7".
func (v *LogView) found() string {
	if v.query == "" {
		return ""
	}
	i, on := slices.BinarySearch(v.matches, v.cursor)
	if on && v.held {
		return fmt.Sprintf("/%s  %d of %d", v.query, i+1, len(v.matches))
	}
	return fmt.Sprintf("/%s  %s", v.query, count(len(v.matches), "match", "matches"))
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Draw draws the lines into the canvas.
func (v *LogView) Draw(c part.Canvas, cursor bool) {
	if len(v.shown) == 0 {
		s := "no lines yet"
		if len(v.lines) > 0 {
			s = "no line at this level; - shows lower levels"
		}
		c.Text(1, 0, c.W-2, theme.Muted, s)
		return
	}
	if v.held {
		i, _ := slices.BinarySearch(v.shown, v.top)
		for y := 0; y < c.H && i < len(v.shown); i++ {
			y += v.drawLine(c, y, v.shown[i], cursor)
		}
		return
	}
	i, rows := len(v.shown), 0
	for i > 0 && rows < c.H {
		i--
		rows += v.height(c.W, v.shown[i])
	}
	for y := min(c.H-rows, 0); y < c.H && i < len(v.shown); i++ {
		y += v.drawLine(c, y, v.shown[i], false)
	}
}

// prefix is the width of what stands before the message.
func (v *LogView) prefix(w int) (clock, name, all int) {
	clock = 12
	if w < 60 {
		clock = 8
	}
	name = min(max(w/6, 8), 22)
	if w < 50 || v.plain {
		name = 0
	}
	all = 1 + clock + 1 + 2
	if name > 0 {
		all += name + 1
	}
	return clock, name, all
}

func (v *LogView) height(w, n int) int {
	l := v.line(n)
	h := 1
	if l.Gap > 0 {
		h++
	}
	if v.wrap {
		_, _, p := v.prefix(w)
		h += max(len(part.Wrap(l.Msg, max(w-p, 1), 50))-1, 0)
	}
	return h
}

// drawLine draws one line and gives the rows it took.
func (v *LogView) drawLine(c part.Canvas, y, n int, cursor bool) int {
	l := v.line(n)
	rows := 0
	if l.Gap > 0 {
		c.Text(1, y, c.W-2, theme.Late, fmt.Sprintf("~~ %s not kept here ~~", count(l.Gap, "line", "lines")))
		y++
		rows++
	}
	clock, name, x := v.prefix(c.W)
	role := levelRole(l.Level)
	if cursor && n == v.cursor {
		c.Attr(0, y, c.W, theme.Selected)
		c.Put(0, y, theme.Accent, theme.Cursor)
	}
	at := text.ClockMillis(l.At)
	if clock == 8 {
		at = text.Clock(l.At)
	}
	c.Text(1, y, clock, theme.Muted, at)
	letter := role
	if letter == theme.Plain {
		letter = theme.Muted
	}
	c.Text(2+clock, y, 1, letter, strings.ToUpper(levels[levelOf(l.Level)][:1]))
	if name > 0 {
		from := leaf(l.Step)
		if v.source {
			from = l.Runner
		}
		c.Name(4+clock, y, name, theme.Muted, from)
	}
	msgs := []string{l.Msg}
	if v.wrap {
		msgs = part.Wrap(l.Msg, max(c.W-x, 1), 50)
	}
	for i, m := range msgs {
		c.Text(x, y+i, c.W-x, role, m)
		v.highlight(c.Sub(x, y+i, c.W-x, 1), m, n == v.cursor && v.held)
	}
	return rows + max(len(msgs), 1)
}

func levelRole(level string) theme.Role {
	switch levelOf(level) {
	case 0:
		return theme.Faint
	case 2:
		return theme.Retry
	case 3:
		return theme.Failed
	default:
		return theme.Plain
	}
}

// highlight marks the matches in one drawn row.
func (v *LogView) highlight(c part.Canvas, s string, current bool) {
	if v.query == "" {
		return
	}
	a := theme.Match
	if current {
		a = theme.Current
	}
	hay := fold(s, v.query)
	if len(hay) != len(s) {
		return // folding changed the length, so places do not carry over
	}
	for from := 0; ; {
		i := strings.Index(hay[from:], v.query)
		if i < 0 {
			return
		}
		from += i
		c.Attr(text.Width(s[:from]), 0, text.Width(s[from:from+len(v.query)]), a)
		from += len(v.query)
	}
}
