package ui

import "github.com/openticketai/otai-tui/internal/ui/screen"

// timelineActions move and scale the timeline.
func timelineActions() []act {
	return []act{
		{
			ID: "timeline.longer", Scope: "timeline", Keys: []string{"-"}, Group: "see", Foot: 6, Short: "longer",
			Title: "show a longer time", Do: on(func(s *screen.Timeline, e screen.Env) { s.Scale(e, 1) }),
		},
		{
			ID: "timeline.shorter", Scope: "timeline", Keys: []string{"+", "="}, Group: "see", Foot: 6, Short: "shorter",
			Title: "show a shorter time", Do: on(func(s *screen.Timeline, e screen.Env) { s.Scale(e, -1) }),
		},
		{
			ID: "timeline.back", Scope: "timeline", Keys: []string{"<", "left", "h"}, Group: "see", Foot: 5, Short: "back",
			Title: "go back in time", Do: on(func(s *screen.Timeline, e screen.Env) { s.Shift(e, -1) }),
		},
		{
			ID: "timeline.ahead", Scope: "timeline", Keys: []string{">", "right", "l"}, Group: "see", Foot: 5, Short: "ahead",
			Title: "go ahead in time", Do: on(func(s *screen.Timeline, e screen.Env) { s.Shift(e, 1) }),
		},
		{
			ID: "timeline.now", Scope: "timeline", Keys: []string{"."}, Group: "see",
			Title: "back to now, and sort again", Do: on(func(s *screen.Timeline, e screen.Env) { s.Resort(e) }),
		},
	}
}
