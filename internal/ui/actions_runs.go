package ui

import "github.com/openticketai/otai-tui/internal/ui/screen"

// runsActions work on runs with the same error.
func runsActions() []act {
	return []act{{
		ID: "runs.same", Scope: "runs", Keys: []string{"e"}, Group: "find", Foot: 5,
		Title: "only runs with the same error as this one, or all again", Short: "same error",
		Tip: "numbers, ids, times and quoted texts in it do not count",
		Why: func(a *App) string {
			if s, ok := a.top().(*screen.Runs); ok {
				return s.WhySame()
			}
			return ""
		},
		Do: on((*screen.Runs).Same),
	}}
}
