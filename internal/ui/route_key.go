package ui

import (
	"cmp"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// key takes one key: the question, the help and the input line come first, then the actions of the screen. txt is the
// text the key stands for, "" for keys without one.
func (a *App) key(key, txt string) {
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
	case a.input != nil && key != "ctrl+c":
		a.inputKey(key, txt)
		return
	}
	if act := a.reg.Find(a.scopes(), key); act != nil {
		a.perform(act, key)
	}
}

// perform does an action, or says why not. by is what the user did for it: a key, or a command.
func (a *App) perform(act *act, by string) {
	if act.Acts() && a.frame(a.w, a.h).mini {
		a.notes.say(a.now, theme.Late, "the window is too small to act in: at least 40x10")
		return
	}
	if act.Why != nil {
		if why := act.Why(a); why != "" {
			a.notes.say(a.now, theme.Muted, by+" "+cmp.Or(act.Short, act.Title)+": "+why)
			return
		}
	}
	act.Do(a)
}

// input is the line a user types a filter or a search in.
type input struct {
	prompt string // "/"
	text   string
	live   func(a *App, s string) // after every change
	done   func(a *App, s string) // on enter
}

const maxInput = 200

func (a *App) inputKey(key, txt string) {
	in := a.input
	switch key {
	case "enter":
		a.input = nil
		in.done(a, in.text)
		return
	case "esc":
		a.input = nil
		in.text = ""
		in.done(a, "")
		return
	case "backspace", "ctrl+h":
		if in.text == "" {
			a.input = nil
			in.done(a, "")
			return
		}
		_, n := utf8.DecodeLastRuneInString(in.text)
		in.text = in.text[:len(in.text)-n]
	case "ctrl+u":
		in.text = ""
	case "down", "up":
		if l, ok := a.top().(screen.Lister); ok {
			l.Move(a.env(), map[string]int{"down": 1, "up": -1}[key])
		}
		return
	default:
		if txt != "" {
			a.typed(txt)
		}
		return
	}
	in.live(a, in.text)
}

// typed adds text to the input line.
func (a *App) typed(s string) {
	if len(a.input.text)+len(s) > maxInput {
		return
	}
	a.input.text += s
	a.input.live(a, a.input.text)
}

// startFilter opens the filter line of the screen.
func (a *App) startFilter() {
	f, ok := a.top().(screen.Filterer)
	if !ok {
		return
	}
	set := func(a *App, s string) { f.SetFilter(a.env(), s) }
	a.input = &input{prompt: "/", text: f.Filter(), live: set, done: set}
}
