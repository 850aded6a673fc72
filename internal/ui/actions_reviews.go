package ui

import (
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// reviewActions judge classifiers' decisions that wait.
func reviewActions() []act {
	say := func(v orchestrator.Verdict) func(*App) {
		return func(a *App) { a.judge(*a.toReview(), v, "") }
	}
	return []act{
		{
			ID: "review.accept", Scope: "review", Keys: []string{"+", "="}, Group: "act", Foot: 9, Tier: action.Undoable,
			Title: "accept the proposed label", Short: "accept", Tip: "sent after 10 s; u undoes until then", Why: (*App).whyReview,
			Do: say(orchestrator.VerdictAccept),
		},
		{
			ID: "review.label", Scope: "review", Keys: []string{"l"}, Group: "act", Foot: 9, Tier: action.Undoable,
			Title: "choose another label", Short: "label", Args: "LABEL", Tip: "type to filter; sent after 10 s, u undoes until then",
			Why: (*App).whyReview, Do: typeOn("label"), Offer: labelOffers,
		},
		{
			ID: "review.skip", Scope: "review", Keys: []string{"s", "-"}, Group: "act", Foot: 9, Tier: action.Undoable,
			Title: "skip: no label is taken", Short: "skip", Tip: "sent after 10 s; u undoes until then", Why: (*App).whyReview,
			Do: say(orchestrator.VerdictSkip),
		},
		{
			ID: "review.all", Scope: "review", Keys: []string{"*"}, Group: "act", Foot: 8, Tier: action.Dialog,
			Title: "answer all decisions for the same label", Short: "all alike", Tip: "from a confidence on; opens a form with their number",
			Why: (*App).whyReview, Do: func(a *App) { a.openForm(a.bulkForm(*a.toReview())) },
		},
		{
			ID: "review.read", Scope: "review", Keys: []string{"v"}, Group: "see", Foot: 7,
			Title: "read the text, or show the list again", Short: "read", Tip: "PgDn and PgUp scroll it",
			Do: on(func(s *screen.Approvals, e screen.Env) { s.ToggleReading(e) }),
		},
	}
}
