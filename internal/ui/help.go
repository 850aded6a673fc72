package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// help is the overlay with all keys of the screen. Typing after "/" searches.
type help struct {
	searching bool
	query     string
	top       int
}

func (a *App) openHelp() { a.help = &help{} }

func (a *App) helpKey(key, txt string) {
	h := a.help
	switch {
	case key == "esc" && h.query != "":
		h.query, h.searching = "", false
	case key == "esc" || key == "enter" && !h.searching:
		a.help = nil
	case key == "enter":
		h.searching = false
	case key == "down" || key == "j" && !h.searching:
		h.top++
	case key == "up" || key == "k" && !h.searching:
		h.top = max(h.top-1, 0)
	case h.searching && key == "backspace":
		_, n := utf8.DecodeLastRuneInString(h.query)
		h.query = h.query[:len(h.query)-n]
	case h.searching && txt != "":
		h.query += txt
	case key == "/":
		h.searching = true
	case key == "q" || slices.Contains(a.reg.ByID("app.help").Keys, key):
		a.help = nil
	}
	h.top = min(h.top, max(len(a.helpLines(h))-3, 0))
}

// helpLine is a heading, a key with what it does, or a note.
type helpLine struct {
	head bool
	keys string
	text string
	off  bool
}

// helpLines lists the actions of the screen by group; a search lists those it finds, with their notes.
func (a *App) helpLines(h *help) []helpLine {
	var out []helpLine
	acts := a.reg.Named(a.scopes())
	for _, g := range action.Groups() {
		first := true
		for _, act := range acts {
			if act.Group != g || !helpMatch(act, h.query) {
				continue
			}
			if first {
				out = append(out, helpLine{head: true, text: strings.ToUpper(g)})
				first = false
			}
			var keys []string
			for _, k := range act.Keys {
				keys = append(keys, action.KeyName(k))
			}
			if len(keys) == 0 || act.Wide && !slices.Contains(a.scopes(), act.Scope) {
				keys = []string{":" + cmp.Or(act.Short, act.Title)}
			}
			l := helpLine{keys: strings.Join(keys, " "), text: act.Title}
			if why := a.whyNot(act); why != "" {
				l.off = true
				l.text += " (" + why + ")"
			}
			out = append(out, l)
			if h.query != "" && act.Args != "" {
				out = append(out, helpLine{text: act.Short + " " + act.Args})
			}
			if h.query != "" && act.Tip != "" {
				out = append(out, helpLine{text: act.Tip})
			}
		}
		if !first {
			out = append(out, helpLine{})
		}
	}
	return slices.Clip(out)
}

func helpMatch(act *action.Action[*App], q string) bool {
	q = strings.ToLower(strings.TrimSpace(q))
	return q == "" || slices.Contains(act.Keys, q) || strings.Contains(strings.ToLower(act.Title+" "+act.Tip+" "+act.ID), q)
}

// drawHelp draws the overlay in the middle of the body.
func (a *App) drawHelp(c part.Canvas, f frame) {
	lines := a.helpLines(a.help)
	w := min(c.W, 80)
	h := min(len(lines)+3, f.bodyH+1)
	box := c.Sub((c.W-w)/2, max(f.bodyY, f.bodyY+(f.bodyH-h)/2), w, h)
	box.Clear()
	title := "keys" + theme.Sep + strings.ToLower(a.tabTitle())
	note := "/ search" + theme.Sep + "esc"
	if a.help.searching || a.help.query != "" {
		note = "/" + a.help.query + theme.Sep + "esc"
	}
	if len(lines) > h-2 {
		note = theme.Up + theme.Down + theme.Sep + note
	}
	drawBox(box, title, note)
	in := box.Sub(2, 1, w-4, h-2)
	top := min(a.help.top, max(len(lines)-in.H, 0))
	for i := range in.H {
		if top+i >= len(lines) {
			break
		}
		l := lines[top+i]
		switch {
		case l.head:
			in.Text(0, i, in.W, theme.Faint, l.text)
		default:
			keyRole, role := theme.Accent, theme.Plain
			if l.off || l.keys == "" {
				keyRole, role = theme.Faint, theme.Muted
			}
			in.Text(0, i, 15, keyRole, l.keys)
			in.Text(16, i, in.W-16, role, l.text)
		}
	}
	if len(lines) == 0 {
		in.Text(0, 0, in.W, theme.Muted, fmt.Sprintf("no key for %q", a.help.query))
	}
}

func (a *App) tabTitle() string {
	if len(a.stack) > 0 {
		return a.top().Scopes()[0]
	}
	return a.tabs[a.tab].title
}

// drawBox draws a frame around the canvas, with a title in its upper and a note in its lower edge.
func drawBox(c part.Canvas, title, note string) {
	for x := 1; x < c.W-1; x++ {
		c.Put(x, 0, theme.Faint, theme.HLine)
		c.Put(x, c.H-1, theme.Faint, theme.HLine)
	}
	for y := 1; y < c.H-1; y++ {
		c.Put(0, y, theme.Faint, theme.VLine)
		c.Put(c.W-1, y, theme.Faint, theme.VLine)
	}
	c.Put(0, 0, theme.Faint, "╭")
	c.Put(c.W-1, 0, theme.Faint, "╮")
	c.Put(0, c.H-1, theme.Faint, "╰")
	c.Put(c.W-1, c.H-1, theme.Faint, "╯")
	c.Put(2, 0, theme.Muted, " "+title+" ")
	note = text.Truncate(note, c.W-6, theme.Ellipsis)
	c.Put(c.W-4-text.Width(note), c.H-1, theme.Muted, " "+note+" ")
}
