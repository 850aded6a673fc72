package ui

import (
	"cmp"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// key takes one key: the question, the help and the input line come first, then the actions of the screen. txt is the
// text the key stands for, "" for keys without one.
func (a *App) key(key, txt string) {
	if key != "ctrl+c" && (a.confirm != nil || a.form != nil) && a.grace.swallowed(a.now) {
		return
	}
	switch {
	case a.confirm != nil:
		a.answerConfirm(key)
		return
	case a.help != nil && key != "ctrl+c":
		a.helpKey(key, txt)
		return
	case a.palette != nil && key != "ctrl+c":
		a.paletteKey(key, txt)
		return
	case a.menu != nil && key != "ctrl+c":
		a.menuKey(key)
		return
	case a.form != nil && key != "ctrl+c":
		a.formKey(key)
		return
	case a.input != nil && key != "ctrl+c":
		a.inputKey(key)
		return
	}
	if act := a.reg.Find(a.scopes(), key); act != nil {
		a.perform(act, key)
	}
}

// perform does an action, or says why not. by is what the user did for it: a key, or a command.
func (a *App) perform(act *act, by string) {
	if act.Acts() && a.tooSmall() {
		return
	}
	if why := a.whyNot(act); why != "" {
		a.notes.say(a.now, theme.Muted, by+" "+cmp.Or(act.Short, act.Title)+": "+why)
		return
	}
	act.Do(a)
}

// input is the line a user types a filter or a search in. Editing is that of Bubbles' textinput.
type input struct {
	prompt string // "/"
	edit   textinput.Model
	live   func(a *App, s string) // after every change
	done   func(a *App, s string) // on enter
}

const maxInput = 200

func newInput(prompt, value string, live, done func(a *App, s string)) *input {
	return &input{prompt: prompt, edit: newEdit(value), live: live, done: done}
}

// column is where the cursor stands behind the prompt: at its place in the text, or at the end of one that is cut.
func (in *input) column(width int) int {
	value := in.edit.Value()
	if shown := tailOf(value, width); shown != value {
		return text.Width(shown)
	}
	return text.Width(string([]rune(value)[:in.edit.Position()]))
}

func (a *App) inputKey(key string) {
	in := a.input
	before := in.edit.Value()
	switch key {
	case "enter":
		a.input = nil
		in.done(a, before)
		return
	case "esc":
		a.input = nil
		in.done(a, "")
		return
	case "backspace", "ctrl+h":
		if before == "" {
			a.input = nil
			in.done(a, "")
			return
		}
	case "down", "up":
		if l, ok := a.top().(screen.Lister); ok {
			l.Move(a.env(), map[string]int{"down": 1, "up": -1}[key])
		}
		return
	}
	in.edit, _ = in.edit.Update(a.pressed) // no command: the cursor is the terminal's own
	if now := in.edit.Value(); now != before {
		in.live(a, now)
	}
}

// typed adds pasted text to the input line.
func (a *App) typed(s string) {
	in := a.input
	before := in.edit.Value()
	in.edit, _ = in.edit.Update(tea.PasteMsg{Content: s})
	if now := in.edit.Value(); now != before {
		in.live(a, now)
	}
}

// startFilter opens the filter line of the screen.
func (a *App) startFilter() {
	f, ok := a.top().(screen.Filterer)
	if !ok {
		return
	}
	set := func(a *App, s string) { f.SetFilter(a.env(), s) }
	a.input = newInput("/", f.Filter(), set, set)
}
