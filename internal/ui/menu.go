package ui

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// menu is an overlay with a list of things to choose from. What it lists is always of now, so that what cannot be done any
// more says so.
type menu struct {
	title  string
	foot   string // in the lower edge
	empty  string // what it says with nothing in it
	items  func(a *App) []menuItem
	extra  map[string]func(a *App, it *menuItem) // keys of the menu itself; it is nil when there are no items
	cursor int
	opener string // the action that opened it: its key closes it again
	stay   bool   // choosing leaves it open
}

// menuItem is one thing to choose.
type menuItem struct {
	key  string // chooses it at once; "" = none
	name string
	note string
	why  string // why it cannot be chosen; "" = it can
	role theme.Role
	do   func(a *App)
	data string // what the item stands for, for the menu's own keys
}

func (a *App) openMenu(m *menu) {
	if a.frame(a.w, a.h).mini {
		a.notes.say(a.now, theme.Late, "the window is too small for a menu: at least 40x10")
		return
	}
	a.menu = m
}

func (a *App) menuKey(key string) {
	m := a.menu
	items := m.items(a)
	m.cursor = max(min(m.cursor, len(items)-1), 0)
	var at *menuItem
	if len(items) > 0 {
		at = &items[m.cursor]
	}
	if f := m.extra[key]; f != nil {
		f(a, at)
		return
	}
	switch key {
	case "esc":
		a.menu = nil
		return
	case "enter":
		if at != nil {
			a.choose(m, at)
		}
		return
	case "down", "ctrl+n":
		m.cursor = min(m.cursor+1, max(len(items)-1, 0))
		return
	case "up", "ctrl+p":
		m.cursor = max(m.cursor-1, 0)
		return
	case "pgdown", "ctrl+d":
		m.cursor = min(m.cursor+8, max(len(items)-1, 0))
		return
	case "pgup", "ctrl+u":
		m.cursor = max(m.cursor-8, 0)
		return
	}
	if i := slices.IndexFunc(items, func(it menuItem) bool { return it.key == key }); i >= 0 {
		m.cursor = i
		a.choose(m, &items[i])
		return
	}
	switch act := a.reg.ByID(m.opener); {
	case key == "q" || act != nil && slices.Contains(act.Keys, key):
		a.menu = nil
	case key == "j":
		a.menuKey("down")
	case key == "k":
		a.menuKey("up")
	}
}

// choose does an item, or says why it cannot be done; then the menu stays.
func (a *App) choose(m *menu, it *menuItem) {
	if it.why != "" {
		a.notes.say(a.now, theme.Muted, it.name+": "+it.why)
		return
	}
	if !m.stay {
		a.menu = nil
	}
	if it.do != nil {
		it.do(a)
	}
}

// drawMenu draws the overlay at the upper part of the body, as high as it needs.
func (a *App) drawMenu(c part.Canvas, f frame) {
	m := a.menu
	items := m.items(a)
	w := min(c.W, max(78, min(c.W*3/5, 110)))
	h := min(max(len(items), 1)+2, f.bodyH) // the line below tells why something cannot be done
	box := c.Sub((c.W-w)/2, f.bodyY, w, h)
	box.Clear()
	drawBox(box, m.title, m.foot)
	in := box.Sub(2, 1, w-4, h-2)
	if len(items) == 0 {
		in.Text(0, 0, in.W, theme.Muted, m.empty)
		return
	}
	cursor := max(min(m.cursor, len(items)-1), 0)
	keyW, nameW := 0, 0
	for i := range items {
		keyW = max(keyW, text.Width(action.KeyName(items[i].key)))
		nameW = max(nameW, text.Width(items[i].name))
	}
	keyW, nameW = min(keyW, 10), min(nameW, max(in.W/2-keyW, 12))
	top := part.Window(0, cursor, len(items), in.H)
	for y := range in.H {
		if top+y >= len(items) {
			return
		}
		it := &items[top+y]
		if top+y == cursor {
			in.Attr(0, y, in.W, theme.Selected)
			in.Put(0, y, theme.Accent, theme.Cursor)
		}
		keyRole, role, note, noteRole := theme.Accent, it.role, it.note, theme.Muted
		if it.why != "" {
			keyRole, role, note, noteRole = theme.Faint, theme.Faint, it.why, theme.Faint
		}
		in.Text(2, y, keyW, keyRole, action.KeyName(it.key))
		x := 2 + keyW + min(keyW, 2)
		in.Text(x, y, nameW, role, it.name)
		in.Text(x+nameW+2, y, in.W-x-nameW-2, noteRole, note)
	}
}
