package ui

import "github.com/openticketai/otai-tui/internal/ui/screen"

// runActions change what the screen of a run shows.
func runActions() []act {
	sibling := func(by int) func(*App) string {
		return func(a *App) string {
			if r, ok := a.top().(*screen.Run); ok {
				return r.NoSibling(by)
			}
			return ""
		}
	}
	return []act{
		{
			ID: "run.inputs", Scope: "run", Keys: []string{"i"}, Group: "see", Foot: 6,
			Title: "inputs and outputs of the run, or the log again", Short: "inputs", Do: on((*screen.Run).ShowInputs),
		},
		{
			ID: "run.diff", Scope: "run", Keys: []string{"="}, Group: "see", Foot: 6,
			Title: "compare with the last good run, or the log again", Short: "diff", Tip: "[ and ] choose another run to compare with",
			Do: on((*screen.Run).ShowDiff),
		},
		{
			ID: "run.actions", Scope: "run", Keys: []string{"W"}, Group: "see", Foot: 3,
			Title: "what happened to the run and who did it, or the log again", Short: "actions", Do: on((*screen.Run).ShowAudit),
		},
		{
			ID: "run.prev", Scope: "run", Keys: []string{"["}, Group: "move",
			Title: "older run of this pipe; in the diff, an older run to compare with", Short: "older run", Why: sibling(-1),
			Do: on(func(s *screen.Run, e screen.Env) { s.Sibling(e, -1) }),
		},
		{
			ID: "run.next", Scope: "run", Keys: []string{"]"}, Group: "move",
			Title: "newer run of this pipe; in the diff, a newer run to compare with", Short: "newer run", Why: sibling(1),
			Do: on(func(s *screen.Run, e screen.Env) { s.Sibling(e, 1) }),
		},
		{
			ID: "run.zoom", Scope: "run", Keys: []string{"z"}, Group: "see", Foot: 2,
			Title: "the pane with the focus on the whole screen, or all panes", Short: "zoom", Do: on((*screen.Run).Full),
		},
		{
			ID: "run.fold", Scope: "run", Keys: []string{"Z"}, Group: "see", Foot: 2,
			Title: "fold idle gaps of the time axis, or show them", Short: "fold gaps", Do: on((*screen.Run).Fold),
		},
		{
			ID: "run.stretch", Scope: "run", Keys: []string{">"}, Group: "see",
			Title: "stretch the time axis around the step under the cursor", Do: on(func(s *screen.Run, e screen.Env) { s.Stretch(e, 1) }),
		},
		{
			ID: "run.shrink", Scope: "run", Keys: []string{"<"}, Group: "see",
			Title: "shrink the time axis again", Do: on(func(s *screen.Run, e screen.Env) { s.Stretch(e, -1) }),
		},
	}
}
