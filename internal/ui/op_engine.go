package ui

import (
	"context"

	"github.com/openticketai/otai-tui/internal/ui/action"
)

// drain lets what was claimed before finish and starts nothing new, after its form.
func (a *App) drain() { a.openForm(a.pauseForm(theEngine(), "", "", true)) }

func (a *App) whyDrain() string {
	switch h := a.hold(theEngine()); {
	case a.stopping():
		return "the engine is stopping"
	case h != nil && h.Drain:
		return "the engine is draining already"
	}
	return ""
}

func (a *App) whyPauseEngine() string {
	switch h := a.hold(theEngine()); {
	case a.stopping():
		return "the engine is stopping"
	case h != nil && !h.Drain:
		return "the engine is paused already"
	}
	return ""
}

// reload reads the configuration again, after a question.
func (a *App) reload() {
	a.question(func(a *App) question {
		text := "reload " + a.configName() + "? a bad one changes nothing; live runs keep their definition; no tick fires twice"
		return question{text: text, stamp: a.data.Engine.ConfigHash}
	}, func(a *App) {
		o, by := a.o, a.opts.Actor
		a.command("reload", func(ctx context.Context) (string, error) { return "reloaded the configuration", o.Reload(ctx, by) }, nil)
	})
}

func (a *App) configName() string {
	if c := a.data.Engine.Config; c != "" {
		return c
	}
	return "the configuration"
}

func (a *App) whyReload() string {
	if a.stopping() {
		return "the engine is stopping"
	}
	return ""
}

// never is why for actions that can always be asked for: what follows says what is not possible.
func never(*App) string { return "" }

// engineActions work on the engine as a whole, and on the rows of its screen.
func engineActions() []act {
	return []act{
		{
			ID: "engine.row.pause", Scope: "engine", Keys: []string{"p"}, Group: "act", Foot: 8, Tier: action.Dialog,
			Title: "pause or resume what the row stands for", Short: "pause", Tip: "the slots stand for the engine, limits for their tag or resource",
			Why: (*App).whyRowPause, Do: (*App).toggleRow,
			Label: func(a *App) string {
				if _, held := a.rowScope(); held {
					return "resume"
				}
				return "pause"
			},
		},
		{
			ID: "engine.drain", Scope: "engine", Keys: []string{"d"}, Group: "act", Foot: 7, Tier: action.Dialog, Role: action.Admin, Wide: true,
			Title: "drain: finish what was claimed, start nothing new", Short: "drain", Tip: "resume engine ends it",
			Why: (*App).whyDrain, Do: (*App).drain,
		},
		{
			ID: "engine.reload", Scope: "engine", Keys: []string{"c"}, Group: "act", Foot: 7, Tier: action.Ask, Role: action.Admin, Wide: true,
			Title: "read the configuration again", Short: "reload", Tip: "a bad one changes nothing and is shown",
			Why: (*App).whyReload, Do: (*App).reload,
		},
		{
			ID: "engine.backfill.cancel", Scope: "engine", Keys: []string{"x"}, Group: "act", Foot: 4, Tier: action.Ask, Rare: true,
			Title: "cancel the backfill", Short: "cancel", Tip: "what of it has not begun is dropped; asks first",
			Why: func(a *App) string { return whyCancelBackfill(a.rowBackfill()) },
			Do:  func(a *App) { a.cancelBackfill(a.rowBackfill().ID) },
		},
	}
}

// answerActions work on what waits for a person.
func answerActions() []act {
	return []act{{
		ID: "answer.give", Scope: "answer", Keys: []string{"A"}, Group: "act", Foot: 9, Tier: action.Ask, Rare: true,
		Title: "answer: approve or reject", Short: "answer", Tip: "with the values it asks for, and a note", Why: (*App).whyAnswer,
		Do: (*App).giveAnswer,
	}}
}

// typedActions are done by typing them into the palette.
func typedActions() []act {
	all := []act{
		{
			ID: "type.pause", Short: "pause", Args: "engine | tag NAME | resource NAME | PIPE [FOR] [REASON]", Tier: action.Dialog,
			Title: "pause a scope, with an end and a reason", Tip: `such as pause tag routing 1h "release"; what holds many asks for their number`,
			Offer: pauseOffers,
		},
		{
			ID: "type.resume", Short: "resume", Args: "engine | tag NAME | resource NAME | PIPE", Tier: action.Ask,
			Title: "resume a scope, end a drain", Tip: "nothing that was skipped is caught up", Offer: resumeOffers,
		},
		{
			ID: "type.fire", Short: "fire", Args: "PIPE [dry] [name=value] [overlap=POLICY]", Tier: action.Ask,
			Title: "fire with parameters", Tip: "the engine checks their names and types", Offer: fireOffers,
		},
		{
			ID: "type.rerun", Short: "rerun", Args: "RUN [all | from STEP]", Tier: action.Ask,
			Title: "do a run again", Tip: "from the failed step, all of it, or from a step on", Offer: rerunOffers,
		},
		{
			ID: "type.backfill", Short: "backfill", Args: "PIPE [FROM TO]", Tier: action.Dialog,
			Title: "make runs of ticks of the past", Tip: "counts them first; such as backfill digest 2026-11-01 2026-11-05", Offer: backfillOffers,
		},
		{
			ID: "type.cancel", Short: "cancel", Args: "backfill ID", Tier: action.Ask,
			Title: "cancel a backfill", Tip: "what of it has not begun is dropped", Offer: cancelOffers,
		},
		{
			ID: "type.approve", Short: answerYes, Args: "RUN [NOTE]", Tier: action.Ask,
			Title: "answer yes to a run that waits", Tip: "opens its question", Offer: answerOffers(answerYes),
		},
		{
			ID: "type.reject", Short: answerNo, Args: "RUN [NOTE]", Tier: action.Ask,
			Title: "answer no to a run that waits", Tip: "opens its question", Offer: answerOffers(answerNo),
		},
	}
	for i := range all {
		all[i].Scope, all[i].Group, all[i].Why, all[i].Do = action.Command, "act", never, typeOn(all[i].Short)
	}
	return append(all, act{
		ID: "engine.pause", Scope: action.Command, Group: "act", Tier: action.Dialog, Role: action.Admin, Short: "pause engine",
		Title: "pause every pipe",
		Tip:   "with a reason and an end", Why: (*App).whyPauseEngine, Do: func(a *App) { a.openForm(a.pauseForm(theEngine(), "", "", false)) },
	})
}
