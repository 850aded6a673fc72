package ui

import (
	"context"
	"slices"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// form is a dialog: what an action would do, the values it takes, and for what touches many a phrase that has to be typed.
// Esc closes it and nothing is done. What it says about the engine is always of now; when that has changed since the user
// saw it, the first yes only shows the change.
type form struct {
	title  string
	verb   string // of the button: "pause"
	fields []*field
	at     int // focus: a field, then the phrase if there is one, then the verb, then cancel

	facts  func(a *App, f *form) facts
	phrase func(a *App, f *form) string // what has to be typed; nil or "" = nothing
	typed  *field
	submit func(a *App, f *form)

	stamp string // of the facts the user has seen
	note  string // why it was not done
	busy  bool
	count *orchestrator.Backfill // of a backfill: what a dry run said for the values as they are
}

// facts are what a form says of the engine.
type facts struct {
	rows  []fact // of a list, above the lines: cut where they are too long, not wrapped
	lines []fact
	stamp string // changes when the user should look again
	why   string // why it cannot be done; "" = it can
}

type fact struct {
	role theme.Role
	text string
}

// field is one value of a form: a line that is typed, or a choice.
type field struct {
	name    string
	hint    string // shown while it is empty and has no focus, and beside it while it has
	edit    textinput.Model
	options []string // of a choice; nil = it is typed
	pick    int
	check   func(a *App, value string) error // nil = anything goes
	changed func(f *form)                    // after every change; nil = nothing
}

func textField(name, value, hint string) *field {
	return &field{name: name, hint: hint, edit: newEdit(value)}
}

func choiceField(name string, options ...string) *field {
	return &field{name: name, options: options, edit: newEdit("")}
}

// newEdit is a line to type in. Editing is that of Bubbles' textinput.
func newEdit(value string) textinput.Model {
	edit := textinput.New()
	edit.CharLimit = maxInput
	edit.SetVirtualCursor(false)
	edit.KeyMap.Paste.SetEnabled(false) // it would read the server's clipboard; the terminal pastes by itself
	edit.SetValue(value)
	edit.CursorEnd()
	edit.Focus()
	return edit
}

func (f *field) value() string {
	if f.options != nil {
		return f.options[f.pick]
	}
	return f.edit.Value()
}

// get is the value of a field by its name.
func (f *form) get(name string) string {
	for _, x := range f.fields {
		if x.name == name {
			return x.value()
		}
	}
	return ""
}

// openForm shows a form, or says why it makes no sense now.
func (a *App) openForm(f *form) {
	if a.tooSmall() {
		return
	}
	now := f.facts(a, f)
	if now.why != "" {
		a.notes.say(a.now, theme.Muted, now.why)
		return
	}
	f.stamp, f.typed = now.stamp, textField("", "", "")
	a.form = f
	if phrase, _, _ := a.stops(f); phrase >= 0 && slices.ContainsFunc(f.fields, func(x *field) bool { return x.options == nil && x.value() != "" }) {
		f.at = phrase // it came filled in: only the phrase is left to type
	}
}

// tooSmall says, also to the user, that the window is too small to see what an action would do.
func (a *App) tooSmall() bool {
	if !a.frame(a.w, a.h).mini {
		return false
	}
	a.notes.say(a.now, theme.Late, "the window is too small to act in: at least 40x10")
	return true
}

// want is the phrase that has to be typed; "" = none.
func (a *App) want(f *form) string {
	if f.phrase == nil {
		return ""
	}
	return f.phrase(a, f)
}

// stops are the places of the focus: the fields, the phrase, the verb, cancel.
func (a *App) stops(f *form) (phrase, verb, cancel int) {
	n := len(f.fields)
	if a.want(f) == "" {
		return -1, n, n + 1
	}
	return n, n + 1, n + 2
}

func (a *App) formKey(key string) {
	f := a.form
	phrase, verb, cancel := a.stops(f)
	f.at = min(f.at, cancel) // the phrase may have come or gone
	if key != "esc" && (f.busy || a.tooSmall()) {
		return
	}
	switch key {
	case "esc":
		a.closeForm()
	case "tab", "down":
		f.at = (f.at + 1) % (cancel + 1)
	case "shift+tab", "up":
		f.at = (f.at + cancel) % (cancel + 1)
	case "enter":
		switch f.at {
		case cancel:
			a.closeForm()
		case verb, phrase:
			a.commit(f)
		default:
			f.at++
		}
	default:
		a.formEdit(f, tea.Msg(a.pressed), key)
	}
}

func (a *App) closeForm() {
	a.form = nil
	a.notes.say(a.now, theme.Muted, "nothing done")
}

// focused is the field with the focus; nil = a button has it.
func (a *App) focused(f *form) *field {
	phrase, _, _ := a.stops(f)
	switch {
	case f.at < len(f.fields):
		return f.fields[f.at]
	case f.at == phrase:
		return f.typed
	}
	return nil
}

// formEdit changes the field with the focus.
func (a *App) formEdit(f *form, m tea.Msg, key string) {
	x := a.focused(f)
	if phrase, _, _ := a.stops(f); x == nil && phrase >= 0 && a.pressed.Text != "" {
		f.at, x = phrase, f.typed // what is typed on a button can only be meant for the phrase
	}
	if x == nil {
		return
	}
	before := x.value()
	if n := len(x.options); n > 0 {
		switch key {
		case "right", "space", "l":
			x.pick = (x.pick + 1) % n
		case "left", "h":
			x.pick = (x.pick + n - 1) % n
		}
	} else {
		x.edit, _ = x.edit.Update(m) // no command: the cursor is drawn
	}
	if x.value() == before {
		return
	}
	f.note = ""
	if x.changed != nil {
		x.changed(f)
	}
	if x != f.typed { // the facts that follow from it are on show from now on
		f.stamp = f.facts(a, f).stamp
	}
}

// commit does it when everything is right, and says what is not otherwise.
func (a *App) commit(f *form) {
	for i, x := range f.fields {
		if x.check == nil {
			continue
		}
		if err := x.check(a, x.value()); err != nil {
			f.note, f.at = x.name+": "+err.Error(), i
			return
		}
	}
	now := f.facts(a, f)
	phrase, _, _ := a.stops(f)
	switch want := a.want(f); {
	case now.why != "":
		f.note = now.why
	case now.stamp != f.stamp:
		f.stamp, f.note = now.stamp, "it changed meanwhile: look again"
		a.hesitate()
	case want != "" && f.typed.value() != want:
		f.at, f.note = phrase, "type "+want+" to go on"
	default:
		f.submit(a, f)
	}
}

// formMsg says what became of what a form asked for.
type formMsg struct {
	form *form
	doneMsg
	count *orchestrator.Backfill // of a dry run; nil = it was none
}

// send does f off the event loop. The form stays until it worked, so that a mistake can be put right.
func (a *App) send(f *form, what string, do func(ctx context.Context) (said string, err error), u *undo) {
	if why := a.needs(&act{Tier: action.Ask}); why != "" { // every way here asked already
		f.note = why
		return
	}
	f.busy, f.note = true, ""
	a.off(func(ctx context.Context) tea.Msg {
		said, err := do(ctx)
		return formMsg{form: f, doneMsg: doneMsg{said: said, what: what, err: err, undo: u}}
	})
}

// formDone takes the answer. A form that was closed meanwhile leaves the answer to the line above the footer.
func (a *App) formDone(m formMsg) {
	m.form.busy = false
	switch {
	case a.form != m.form:
		if m.count == nil {
			a.done(m.doneMsg)
		}
	case m.err != nil:
		m.form.note = text.Line(m.err.Error(), 600)
	case m.count != nil:
		m.form.count = m.count
		m.form.at = len(m.form.fields) // the phrase
	default:
		a.form = nil
		a.done(m.doneMsg)
	}
}

// reread reads again what no event tells: approvals that are known, and the backfills. Something was just done.
func (a *App) reread() {
	a.answers.stale = a.data.Engine.Approvals > 0 || len(a.data.Approvals) > 0
	for _, t := range a.tabs {
		if e, ok := t.s.(*screen.Engine); ok {
			e.Again()
		}
	}
	for _, s := range a.stack {
		if t, ok := s.(interface{ Again() }); ok {
			t.Again()
		}
	}
}

// indexOf is the place of an option, the first one when it is not there.
func indexOf(options []string, s string) int { return max(slices.Index(options, s), 0) }
