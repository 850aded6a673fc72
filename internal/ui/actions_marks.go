package ui

import (
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// marksActions mark rows, to act on many at once.
func marksActions() []act {
	mark := func(f func(screen.Marker, screen.Env)) func(*App) {
		return func(a *App) {
			if m, ok := a.top().(screen.Marker); ok {
				f(m, a.env())
			}
		}
	}
	return []act{
		{
			ID: "marks.toggle", Scope: "marks", Keys: []string{"space"}, Group: "find", Foot: 3,
			Title: "mark the row, or take its mark away", Short: "mark", Tip: "what acts then asks about all that are marked",
			Do: mark(func(m screen.Marker, e screen.Env) { m.ToggleMark(e) }),
		},
		{
			ID: "marks.range", Scope: "marks", Keys: []string{"v"}, Group: "find",
			Title: "mark from the row marked last to this one", Short: "mark range", Do: mark(func(m screen.Marker, e screen.Env) { m.MarkRange(e) }),
		},
		{
			ID: "marks.invert", Scope: "marks", Keys: []string{"*"}, Group: "find",
			Title: "turn the marks round", Short: "invert marks", Tip: "of the rows on show",
			Do: (*App).invertMarks,
		},
		{
			ID: "marks.clear", Scope: "marks", Keys: []string{"\\"}, Group: "find",
			Title: "take all marks away", Short: "clear marks", Tip: "esc does the same",
			Do: (*App).clearMarks,
		},
	}
}

// clearMarks takes all marks away; it can be undone.
func (a *App) clearMarks() {
	a.changeMarks(func(m screen.Marker) string {
		n := len(m.Marks())
		m.ClearMarks()
		return plural(n, "mark") + " taken away"
	})
}

// invertMarks marks what was not marked, and the other way round; it can be undone.
func (a *App) invertMarks() {
	a.changeMarks(func(m screen.Marker) string {
		m.InvertMarks(a.env())
		return plural(len(m.Marks()), "row") + " marked"
	})
}

// changeMarks changes the marks of the screen and can bring those back that were there.
func (a *App) changeMarks(change func(screen.Marker) string) {
	m, ok := a.top().(screen.Marker)
	if !ok {
		return
	}
	before := m.Marks()
	said := change(m)
	if len(before) == 0 {
		a.notes.say(a.now, theme.Muted, said)
		return
	}
	a.notes.sayUndo(a.now, said, &undo{what: "change of the marks", here: func(a *App) {
		m.SetMarks(before)
		a.notes.say(a.now, theme.OK, theme.GlyphOK+" undone: change of the marks")
	}})
}
