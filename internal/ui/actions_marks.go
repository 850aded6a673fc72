package ui

import "github.com/openticketai/otai-tui/internal/ui/screen"

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
			Do: mark(func(m screen.Marker, e screen.Env) { m.InvertMarks(e) }),
		},
		{
			ID: "marks.clear", Scope: "marks", Keys: []string{"\\"}, Group: "find",
			Title: "take all marks away", Short: "clear marks", Tip: "esc does the same",
			Do: mark(func(m screen.Marker, _ screen.Env) { m.ClearMarks() }),
		},
	}
}
