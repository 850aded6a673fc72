package ui

import (
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// formLine is one line of a form as it is drawn.
type formLine struct {
	fact
	field *field // nil = a fact
	label int    // columns of its name
	focus bool
}

// drawForm draws the form over the middle of the body.
func (a *App) drawForm(c part.Canvas, f frame) {
	fm := a.form
	w := min(c.W, max(64, min(c.W*3/5, 90)))
	lines, notes := a.formLines(fm, w-4), a.formNotes(fm, w-4)
	foot := max(len(notes), 1) + 1 // they stay on the screen, whatever does not
	h := min(len(lines)+foot+2, f.foot-f.bodyY)
	box := c.Sub((c.W-w)/2, f.bodyY+max((f.foot-f.bodyY-h)/2, 0), w, h)
	box.Clear()
	in := box.Sub(2, 1, w-4, h-2)
	rows := max(in.H-foot, 1)
	focus := max(len(lines)-1, 0)
	for i, l := range lines {
		if l.focus {
			focus = i
		}
	}
	if a.focused(fm) == nil { // a button: the facts count
		focus = 0
	}
	top := part.Window(0, focus, len(lines), rows)
	keys := "tab next" + theme.Sep + "enter do" + theme.Sep + "esc cancel"
	if top > 0 {
		keys = theme.Up + " more" + theme.Sep + "enter do" + theme.Sep + "esc cancel"
	}
	drawBox(box, fm.title, keys)
	for i := range rows {
		if top+i < len(lines) {
			drawFormLine(in.Sub(0, i, in.W, 1), lines[top+i])
		}
	}
	for i, l := range notes {
		in.Text(0, in.H-1-len(notes)+i, in.W, l.role, l.text)
	}
	a.drawButtons(in.Sub(0, in.H-1, in.W, 1), fm)
}

func drawFormLine(c part.Canvas, l formLine) {
	x := l.field
	if x == nil {
		c.Text(0, 0, c.W, l.role, l.text)
		return
	}
	name := theme.Muted
	if l.focus {
		name = theme.Accent
	}
	at := c.Text(0, 0, l.label, name, x.name) + 1
	room := c.W - at
	if x.options != nil {
		left, right := "  ", "  "
		if l.focus {
			left, right = "< ", " >"
		}
		at = c.Put(at, 0, theme.Accent, left)
		at = c.Put(at, 0, theme.Plain, x.value())
		at = c.Put(at, 0, theme.Accent, right)
		c.Text(at+1, 0, c.W-at-1, theme.Faint, x.hint)
		return
	}
	value := x.edit.Value()
	if value == "" {
		c.Text(at+1, 0, room-1, theme.Faint, x.hint)
	}
	shown := tailOf(value, room-2)
	c.Put(at, 0, theme.Plain, shown)
	if !l.focus {
		return
	}
	cursor := at + text.Width(shown)
	if shown == value {
		cursor = at + text.Width(string([]rune(value)[:x.edit.Position()]))
	}
	c.Attr(cursor, 0, 1, theme.Current)
}

// formLines are the facts, the fields, and the phrase.
func (a *App) formLines(f *form, w int) []formLine {
	var out []formLine
	add := func(role theme.Role, s string, n int) {
		for _, l := range part.Wrap(s, w, n) {
			out = append(out, formLine{fact: fact{role, l}})
		}
	}
	now := f.facts(a, f)
	for _, l := range now.rows {
		out = append(out, formLine{fact: fact{l.role, text.Truncate(l.text, w, theme.Ellipsis)}})
	}
	for _, l := range now.lines {
		add(l.role, l.text, 4)
	}
	if len(out) > 0 && len(f.fields) > 0 {
		out = append(out, formLine{})
	}
	label := 0
	for _, x := range f.fields {
		label = max(label, text.Width(x.name))
	}
	label = min(label, max(w/3, 8))
	for i, x := range f.fields {
		out = append(out, formLine{field: x, label: label, focus: i == f.at})
	}
	phrase, _, _ := a.stops(f)
	if want := a.want(f); want != "" {
		out = append(out, formLine{})
		x := *f.typed
		x.name = "type " + want + " to go on:"
		out = append(out, formLine{field: &x, label: min(text.Width(x.name), max(w-10, 8)), focus: f.at == phrase})
	}
	return out
}

// formNotes say that the engine is being asked, or why it was not done.
func (a *App) formNotes(f *form, w int) []fact {
	note, role, most := f.note, theme.Danger, 3
	switch why := f.facts(a, f).why; {
	case f.busy:
		note, role = "asking the engine"+theme.Ellipsis, theme.Muted
	case note == "":
		note = why
	}
	if a.h >= 20 {
		most = 6
	}
	var out []fact
	for _, l := range part.Wrap(note, w, most) {
		out = append(out, fact{role, l})
	}
	return out
}

func (a *App) drawButtons(c part.Canvas, f *form) {
	_, verb, cancel := a.stops(f)
	button := func(x int, s string, focus bool, role theme.Role) {
		if focus {
			c.Attr(x, 0, text.Width(s)+4, theme.Selected)
			s = "[ " + s + " ]"
		} else {
			s = "  " + s + "  "
		}
		c.Put(x, 0, role, s)
	}
	role := theme.Plain
	switch want := a.want(f); {
	case want == "":
	case f.typed.value() == want:
		role = theme.Danger
	default:
		role = theme.Faint
	}
	left := max(c.W-text.Width(f.verb)-len("cancel")-12, 0)
	button(left, "cancel", f.at == cancel, theme.Plain)
	button(left+len("cancel")+6, f.verb, f.at == verb, role)
}
