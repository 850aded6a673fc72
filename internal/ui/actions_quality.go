package ui

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// tabQuality is the title of the tab with the quality figures.
const tabQuality = "Quality"

// qualityActions go to the quality figures and choose their time.
func qualityActions() []act {
	return []act{
		{ID: "app.tab.quality", Scope: "global", Keys: []string{"9"}, Group: "app", Title: "quality of classifiers", Do: (*App).goQuality},
		{
			ID: "quality.longer", Scope: "quality", Keys: []string{"]"}, Group: "see", Foot: 8,
			Title: "a longer time", Short: "longer", Do: on(func(s *screen.Quality, _ screen.Env) { s.Period(1) }),
		},
		{
			ID: "quality.shorter", Scope: "quality", Keys: []string{"["}, Group: "see", Foot: 8,
			Title: "a shorter time", Short: "shorter", Do: on(func(s *screen.Quality, _ screen.Env) { s.Period(-1) }),
		},
	}
}

func (a *App) goQuality() {
	a.goTab(slices.IndexFunc(a.tabs, func(t tab) bool { return t.title == tabQuality }))
}
