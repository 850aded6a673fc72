package ui

import (
	"fmt"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// drawPalette draws the overlay at the upper part of the body: the line that is typed, and what it finds.
func (a *App) drawPalette(c part.Canvas, f frame) {
	p := a.palette
	es := a.entries(p.query)
	w := min(c.W, max(70, min(c.W*3/5, 100)))
	h := min(f.bodyH+1, 17)
	if f.bodyH >= 30 {
		h = 25
	}
	box := c.Sub((c.W-w)/2, f.bodyY, w, h)
	box.Clear()
	drawBox(box, "go", "enter do"+theme.Sep+"tab complete"+theme.Sep+"esc")
	in := box.Sub(2, 1, w-4, h-2)
	x := in.Put(0, 0, theme.Accent, ": ")
	x = in.Put(x, 0, theme.Plain, tailOf(p.query, in.W-4))
	in.Attr(x, 0, 1, theme.Current)
	in.Put(x, 0, theme.Plain, " ")
	if len(es) == 0 {
		in.Text(0, 1, in.W, theme.Muted, fmt.Sprintf("no command %s; nearest: %s", p.query, a.nearest(p.query)))
		return
	}
	rows := max(in.H-1, 0)
	cursor := min(p.cursor, len(es)-1)
	top := part.Window(0, cursor, len(es), rows)
	for i := range rows {
		if top+i >= len(es) {
			return
		}
		e := &es[top+i]
		y := 1 + i
		if top+i == cursor {
			in.Attr(0, y, in.W, theme.Selected)
			in.Put(0, y, theme.Accent, theme.Cursor)
		}
		key := e.keyOf()
		nameW := min(max(in.W*2/5, 16), in.W-4-text.Width(key))
		note, role := e.title, theme.Plain
		if e.args != "" {
			note = e.args + theme.Sep + e.title
		}
		if why := a.why(e); why != "" {
			note, role = why, theme.Faint
		}
		if note == e.name {
			note = ""
		}
		in.Name(2, y, nameW, role, e.name)
		in.Text(3+nameW, y, in.W-4-nameW-text.Width(key), theme.Muted, note)
		in.Right(in.W-12, y, 12, theme.Accent, key)
	}
}
