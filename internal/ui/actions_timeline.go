package ui

import "github.com/openticketai/otai-tui/internal/ui/screen"

// timelineActions move and scale the timeline.
func timelineActions() []act {
	do := on[*screen.Timeline]
	return []act{
		{
			ID: "timeline.shorter", Scope: "timeline", Keys: []string{"+", "="}, Group: "see", Foot: 7,
			Title: "a shorter time, in more detail", Short: "scale", Tip: "from 7 days down to 15 minutes",
			Do: do(func(s *screen.Timeline, e screen.Env) { s.Scale(e, -1) }),
		},
		{
			ID: "timeline.longer", Scope: "timeline", Keys: []string{"-"}, Group: "see",
			Title: "a longer time", Do: do(func(s *screen.Timeline, e screen.Env) { s.Scale(e, 1) }),
		},
		{
			ID: "timeline.earlier", Scope: "timeline", Keys: []string{"left", "h", "<"}, Group: "move", Foot: 6,
			Title: "earlier", Short: "move", Do: do(func(s *screen.Timeline, e screen.Env) { s.Shift(e, -1) }),
		},
		{
			ID: "timeline.later", Scope: "timeline", Keys: []string{"right", "l", ">"}, Group: "move",
			Title: "later", Do: do(func(s *screen.Timeline, e screen.Env) { s.Shift(e, 1) }),
		},
		{
			ID: "timeline.now", Scope: "timeline", Keys: []string{"."}, Group: "move", Foot: 5,
			Title: "back to now, and sort again", Short: "now", Do: do((*screen.Timeline).Follow),
		},
		{
			ID: "timeline.older", Scope: "timeline", Keys: []string{"["}, Group: "move", Foot: 4,
			Title: "pick the older run of this pipe", Short: "run", Tip: "enter, L, r and x then mean that run",
			Do: do(func(s *screen.Timeline, e screen.Env) { s.Pick(e, -1) }),
		},
		{
			ID: "timeline.newer", Scope: "timeline", Keys: []string{"]"}, Group: "move",
			Title: "pick the newer run; after the newest the pipe itself",
			Do:    do(func(s *screen.Timeline, e screen.Env) { s.Pick(e, 1) }),
		},
		{
			ID: "timeline.fold", Scope: "timeline", Keys: []string{"Z"}, Group: "see",
			Title: "fold or open the time in which nothing happens", Do: do((*screen.Timeline).ToggleFold),
		},
	}
}
