package ui

import (
	"fmt"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// quitWait is how soon the second Q or ctrl+c has to come.
const quitWait = 3 * time.Second

type act = action.Action[*App]

// actions is everything a user can do. Order counts in the footer and in the help.
func actions() []act {
	return slices.Concat(
		ticketActions(),
		answerActions(),
		reviewActions(),
		itemActions(),
		engineActions(),
		viewActions(),
		timelineActions(),
		runsActions(),
		runActions(),
		logActions(),
		logTyped(),
		listActions(),
		appActions(),
		qualityActions(),
		menuActions(),
		marksActions(),
		sortActions(),
		viewCommands(),
		typedActions(),
		commands(),
	)
}

// itemActions work on what is under the cursor.
func itemActions() []act {
	return []act{
		{
			ID: "item.open", Scope: "open", Keys: []string{"enter"}, Group: "see", Foot: 9,
			Title: "open", Short: "open", Tip: "a pipe, then its run with steps and log", Why: (*App).whyItem, Do: (*App).openItem,
		},
		{
			ID: "item.logs", Scope: "item", Keys: []string{"L"}, Group: "see", Foot: 8,
			Title: "logs of this pipe or run", Short: "logs", Why: (*App).whyItem, Do: (*App).openLogs,
		},
		{
			ID: "item.runs", Scope: "item", Keys: []string{"H"}, Group: "see", Foot: 5,
			Title: "run history of this pipe", Short: "runs", Why: (*App).whyItem, Do: (*App).openRuns,
		},
		{
			ID: "pipe.fire", Scope: "item", Keys: []string{"t"}, Group: "act", Foot: 7, Tier: action.Ask,
			Title: "fire now", Short: "fire", Tip: "one run beside the schedule; asks first",
			Why: (*App).whyFire, Do: (*App).fire, Label: onMarks("fire"),
		},
		{
			ID: "pipe.pause", Scope: "item", Keys: []string{"p"}, Group: "act", Foot: 7, Tier: action.Undoable,
			Title: "pause or resume", Short: "pause", Tip: "holds the schedule only; a run in progress goes on, x stops it",
			Why: (*App).whyPause, Do: (*App).togglePause,
			Label: func(a *App) string {
				if n := len(a.marked()); n > 0 {
					return fmt.Sprintf("%s %d", a.bulkPause().verb, n)
				}
				if r, _ := a.chosen(); r != nil && paused(r) {
					return "resume"
				}
				return "pause"
			},
		},
		{
			ID: "run.retry", Scope: "item", Keys: []string{"r"}, Group: "act", Foot: 6, Tier: action.Ask,
			Title: "retry the failed run, or a waiting one now", Short: "retry", Tip: "completed steps are kept; asks first",
			Why: (*App).whyRetryMarked, Do: (*App).retry, Label: onMarks("retry"),
		},
		{
			ID: "pipe.fire.with", Scope: "item", Keys: []string{"T"}, Group: "act", Tier: action.Ask,
			Title: "fire with parameters, or with another overlap policy", Short: "fire with", Tip: "opens a form",
			Why: (*App).whyFire, Do: (*App).fireWith,
		},
		{
			ID: "pipe.pause.with", Scope: "item", Keys: []string{"P"}, Group: "act", Tier: action.Ask,
			Title: "pause with a reason and an end", Short: "pause with", Tip: "opens a form; undone by u",
			Why: (*App).whyPause, Do: (*App).pauseWith,
		},
		{
			ID: "pipe.backfill", Scope: "item", Keys: []string{"B"}, Group: "act", Tier: action.Dialog,
			Title: "backfill this pipe", Tip: "runs of ticks of the past; opens a form; counts first",
			Why: (*App).whyBackfill, Do: (*App).backfillChosen,
		},
		{
			ID: "run.rerun", Scope: "item", Keys: []string{"R"}, Group: "act", Tier: action.Ask,
			Title: "rerun all of the run", Short: "rerun all", Tip: "every step again, as a new attempt; asks first",
			Why: (*App).whyRerun, Do: (*App).rerunAll,
		},
		{
			ID: "run.rerun.from", Scope: "step", Keys: []string{"f"}, Group: "act", Foot: 4, Tier: action.Ask, Rare: true,
			Title: "rerun from the step under the cursor", Short: "from here", Tip: "what completed before it is kept; asks first",
			Why: (*App).whyFrom, Do: (*App).rerunFrom,
		},
		{
			ID: "run.cancel", Scope: "item", Keys: []string{"x"}, Group: "act", Foot: 4, Tier: action.Ask,
			Title: "cancel the run", Short: "cancel", Tip: "stops the step that runs; asks first", Why: (*App).whyCancelMarked, Do: (*App).cancel,
			Label: onMarks("cancel"),
		},
	}
}

// onMarks labels an action with the number of rows it would work on.
func onMarks(short string) func(*App) string {
	return func(a *App) string {
		if n := len(a.marked()); n > 0 {
			return fmt.Sprintf("%s %d", short, n)
		}
		return short
	}
}

// viewActions change what a screen shows.
func viewActions() []act {
	return []act{
		{
			ID: "view.filter", Scope: "filter", Keys: []string{"/"}, Group: "find", Foot: 6,
			Title: "filter", Short: "filter",
			Tip: "words, state:failed, tag:x, of runs error:x, step:x, trigger:x, by:kim, since:24h, of events kind:paused, via:ssh; " +
				"! before a word turns it round; esc clears",
			Do: (*App).startFilter,
		},
		{
			ID: "runs.idle", Scope: "runs", Keys: []string{"i"}, Group: "see", Foot: 6,
			Title: "show or hide runs with nothing to do", Short: "idle", Do: on(func(s *screen.Runs, e screen.Env) { s.ToggleIdle(e) }),
		},
		{
			ID: "runs.errors", Scope: "runs", Keys: []string{"E"}, Group: "see", Foot: 6,
			Title: "failed runs grouped by equal error", Short: "errors", Tip: "of the last 24 hours; enter shows the runs of a group; esc goes back",
			Do: on(func(s *screen.Runs, e screen.Env) { s.ToggleErrors(e) }),
		},
		{
			ID: "pipes.hold", Scope: "pipes", Keys: []string{"F"}, Group: "see",
			Title: "hold the event pane, or go on",
			Why: func(a *App) string {
				if p, ok := a.top().(*screen.Pipes); ok && !p.HasFeed() {
					return "the event pane needs 110 columns and 32 rows"
				}
				return ""
			},
			Do: on(func(s *screen.Pipes, e screen.Env) { s.Hold(e) }),
		},
		{
			ID: "pipes.resort", Scope: "pipes", Keys: []string{"."}, Group: "see",
			Title: "sort again now", Tip: "the order stands still for 5 s after the cursor moved",
			Do: on(func(s *screen.Pipes, e screen.Env) { s.Resort(e) }),
		},
		{
			ID: "pipes.pane", Scope: "pipes", Keys: []string{"tab", "shift+tab"}, Group: "move",
			Title: "next pane", Do: on(func(s *screen.Pipes, e screen.Env) { s.NextPane(e) }),
		},
		{
			ID: "pipe.older", Scope: "pipe", Keys: []string{"left", "h"}, Group: "see", Foot: 6,
			Title: "older run of this pipe", Short: "older", Do: on(func(s *screen.Pipe, e screen.Env) { s.Inspect(e, -1) }),
		},
		{
			ID: "pipe.newer", Scope: "pipe", Keys: []string{"right", "l"}, Group: "see", Foot: 6,
			Title: "newer run; at the end the live or last one", Short: "newer", Do: on(func(s *screen.Pipe, e screen.Env) { s.Inspect(e, 1) }),
		},
		{
			ID: "pipe.prev", Scope: "pipe", Keys: []string{"["}, Group: "move",
			Title: "pipe before this one in the configuration", Do: on(func(s *screen.Pipe, e screen.Env) { s.Sibling(e, -1) }),
		},
		{
			ID: "pipe.next", Scope: "pipe", Keys: []string{"]"}, Group: "move",
			Title: "pipe after this one in the configuration", Do: on(func(s *screen.Pipe, e screen.Env) { s.Sibling(e, 1) }),
		},
		{
			ID: "run.pane", Scope: "run", Keys: []string{"tab", "shift+tab"}, Group: "move", Foot: 5,
			Title: "steps or log", Short: "pane", Do: on(func(s *screen.Run, e screen.Env) { s.NextPane(e) }),
		},
		{
			ID: "events.hold", Scope: "events", Keys: []string{"space"}, Group: "see", Foot: 6,
			Title: "hold the feed, or go on", Short: "hold", Do: on(func(s *screen.Events, e screen.Env) { s.Hold(e) }),
		},
	}
}

// on makes an action of a screen's method; it does nothing on another screen.
func on[S screen.Screen](f func(S, screen.Env)) func(*App) {
	return func(a *App) {
		if s, ok := a.top().(S); ok {
			f(s, a.env())
		}
	}
}

// listActions move the cursor.
func listActions() []act {
	list := func(f func(screen.Lister, screen.Env)) func(*App) {
		return func(a *App) {
			if l, ok := a.top().(screen.Lister); ok {
				f(l, a.env())
			}
		}
	}
	return []act{
		{
			ID: "list.down", Scope: "list", Keys: []string{"j", "down"}, Group: "move",
			Title: "down", Do: list(func(l screen.Lister, e screen.Env) { l.Move(e, 1) }),
		},
		{
			ID: "list.up", Scope: "list", Keys: []string{"k", "up"}, Group: "move",
			Title: "up", Do: list(func(l screen.Lister, e screen.Env) { l.Move(e, -1) }),
		},
		{
			ID: "list.first", Scope: "list", Keys: []string{"g", "home"}, Group: "move",
			Title: "first row", Do: list(func(l screen.Lister, e screen.Env) { l.Home(e) }),
		},
		{
			ID: "list.last", Scope: "list", Keys: []string{"G", "end"}, Group: "move",
			Title: "last row", Do: list(func(l screen.Lister, e screen.Env) { l.End(e) }),
		},
		{
			ID: "list.half.down", Scope: "list", Keys: []string{"ctrl+d", "pgdown"}, Group: "move",
			Title: "half a page down", Do: list(func(l screen.Lister, e screen.Env) { l.Page(e, 1) }),
		},
		{
			ID: "list.half.up", Scope: "list", Keys: []string{"ctrl+u", "pgup"}, Group: "move",
			Title: "half a page up", Do: list(func(l screen.Lister, e screen.Env) { l.Page(e, -1) }),
		},
	}
}

// appActions count everywhere.
func appActions() []act {
	tab := func(i int) func(*App) { return func(a *App) { a.goTab(i) } }
	return []act{
		{ID: "app.tab.pipes", Scope: "global", Keys: []string{"1"}, Group: "app", Title: "pipes", Do: tab(0)},
		{ID: "app.tab.runs", Scope: "global", Keys: []string{"2"}, Group: "app", Title: "runs of all pipes", Do: tab(1)},
		{ID: "app.tab.timeline", Scope: "global", Keys: []string{"3"}, Group: "app", Title: "timeline: what ran when, and what comes", Do: tab(2)},
		{ID: "app.tab.logs", Scope: "global", Keys: []string{"4"}, Group: "app", Title: "logs of all pipes", Do: tab(3)},
		{ID: "app.tab.events", Scope: "global", Keys: []string{"5"}, Group: "app", Title: "events", Do: tab(4)},
		{ID: "app.tab.engine", Scope: "global", Keys: []string{"6"}, Group: "app", Title: "engine", Do: tab(5)},
		{ID: "app.tab.approvals", Scope: "global", Keys: []string{"7"}, Group: "app", Title: "approvals", Do: tab(6)},
		{ID: "app.tab.tickets", Scope: "global", Keys: []string{"8"}, Group: "app", Title: "tickets that pipes have touched", Do: tab(7)},
		{
			ID: "app.undo", Scope: "global", Keys: []string{"u"}, Group: "act", Tier: action.Undoable,
			Title: "undo the last pause, resume or marks (10 s)",
			Why: func(a *App) string {
				if a.notes.undo == nil {
					return "nothing to undo"
				}
				return ""
			},
			Do: (*App).undoLast,
		},
		{
			ID: "app.esc", Scope: "global", Keys: []string{"esc"}, Group: "move",
			Title: "clear the marks, then the filter, then back", Do: (*App).escape,
		},
		{
			ID: "app.back", Scope: "global", Keys: []string{"q"}, Group: "move", Title: "back; quits from the first screen",
			Do: func(a *App) {
				if !a.back() {
					a.leave()
				}
			},
		},
		{ID: "app.help", Scope: "global", Keys: []string{"?"}, Group: "app", Title: "this help", Do: (*App).openHelp},
		{
			ID: "app.palette", Scope: "global", Keys: []string{":", "ctrl+p"}, Group: "app",
			Title: "palette: go to a pipe or run, act, set the theme", Do: (*App).openPalette,
		},
		{ID: "app.redraw", Scope: "global", Keys: []string{"ctrl+l"}, Group: "app", Title: "redraw and read the state again", Do: func(a *App) {
			a.run(tea.ClearScreen)
			a.run(a.snapshot())
		}},
		{ID: "app.quit", Scope: "global", Keys: []string{"Q"}, Group: "app", Title: "quit (twice)", Do: func(a *App) { a.leaveTwice("Q") }},
		{
			ID: "app.interrupt", Scope: "global", Keys: []string{"ctrl+c"}, Group: "app",
			Title: "quit (twice)", Do: func(a *App) { a.leaveTwice("ctrl+c") },
		},
	}
}

// escape clears the filter or search of the screen, else goes back. It never quits.
func (a *App) escape() {
	if c, ok := a.top().(interface{ Clear(screen.Env) bool }); ok && c.Clear(a.env()) {
		return
	}
	if m, ok := a.top().(screen.Marker); ok && len(m.Marked(a.env())) > 0 {
		a.clearMarks()
		return
	}
	if f, ok := a.top().(screen.Filterer); ok && f.Filter() != "" {
		f.SetFilter(a.env(), "")
		return
	}
	if l, ok := a.top().(logScreen); ok && l.LogView().Clear() {
		return
	}
	a.back()
}

func (a *App) whyItem() string {
	if s, ok := a.top().(*screen.Runs); ok && s.ByError() {
		return ""
	}
	if r, run := a.chosen(); r == nil && run == nil {
		return "nothing is selected"
	}
	return ""
}

// openItem opens the pipe under the cursor of the dashboard, elsewhere the run. A pipe that never ran opens its empty
// history.
func (a *App) openItem() {
	t, ok := a.top().(screen.Targeter)
	if !ok {
		return
	}
	if s, ok := a.top().(*screen.Runs); ok && s.ByError() {
		s.OpenGroup(a.env())
		return
	}
	tg, _ := t.Target(a.env())
	p, inPipe := a.top().(*screen.Pipe)
	r, run := a.chosen()
	switch {
	case r != nil && tg.Run == nil && !inPipe:
		a.open(screen.NewPipe(r.ID))
	case run != nil && inPipe:
		a.open(screen.NewRun(*run).At(p.Step()))
	case run != nil:
		a.open(screen.NewRun(*run))
	case r != nil:
		a.open(screen.NewRuns(r.ID))
	}
}

func (a *App) openRuns() {
	r, run := a.chosen()
	id := ""
	if r != nil {
		id = r.ID
	} else if run != nil {
		id = run.Runner
	}
	a.open(screen.NewRuns(id))
}

// openLogs opens the log of the run under the cursor, of the pipe where none is.
func (a *App) openLogs() {
	var ids []string
	for _, t := range a.marked() {
		if !slices.Contains(ids, t.Runner) {
			ids = append(ids, t.Runner)
		}
	}
	if len(ids) > 1 {
		a.openMerged(ids)
		return
	}
	r, run := a.chosen()
	tg, _ := a.top().(screen.Targeter).Target(a.env())
	switch {
	case run != nil && (tg.Run != nil || r == nil):
		a.open(screen.NewLogs(orchestrator.LogFilter{Run: run.ID, Runner: run.Runner}, "run "+screen.ShortID(run.ID)))
	case r != nil:
		a.open(screen.NewLogs(orchestrator.LogFilter{Runner: r.ID}, r.ID))
	}
}

// worst is the runner that needs most attention; nil = there is none.
func (a *App) worst() *orchestrator.Runner {
	var out *orchestrator.Runner
	for i := range a.data.Runners {
		r := &a.data.Runners[i]
		if out == nil || screen.RankOf(r, a.now) < screen.RankOf(out, a.now) {
			out = r
		}
	}
	return out
}
