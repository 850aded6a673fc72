package ui

import (
	"time"

	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// logScreen is a screen with a log on it.
type logScreen interface{ LogView() *screen.LogView }

// follower is a log that reads again what is not on hand.
type follower interface {
	Follow()
	ToggleHold()
	NextMatch(dir int)
	NextError(dir int)
}

// onLog makes an action of the log on the screen.
func onLog(f func(*screen.LogView)) func(*App) {
	return func(a *App) {
		if l, ok := a.top().(logScreen); ok {
			f(l.LogView())
		}
	}
}

// onFollower makes an action of the whole log screen, or of the log on another screen.
func onFollower(f func(follower)) func(*App) {
	return func(a *App) {
		if l, ok := a.top().(follower); ok {
			f(l)
		} else if l, ok := a.top().(logScreen); ok {
			f(l.LogView())
		}
	}
}

// logActions work on every log.
func logActions() []act {
	all := []act{
		{
			ID: "log.follow", Keys: []string{"F"}, Group: "move", Foot: 8,
			Title: "follow the newest line", Short: "follow", Do: onFollower(follower.Follow),
		},
		{
			ID: "log.hold", Keys: []string{"space"}, Group: "see", Foot: 8,
			Title: "hold the log, or follow", Short: "hold", Do: onFollower(follower.ToggleHold),
		},
	}
	all = append(all, findActions()...)
	all = append(all, formActions()...)
	for i := range all {
		if all[i].Scope == "" {
			all[i].Scope = "logs"
		}
	}
	return all
}

// findActions look for lines.
func findActions() []act {
	return []act{
		{
			ID: "log.search", Keys: []string{"/"}, Group: "find", Foot: 7,
			Title: "search", Short: "search", Tip: "small letters find both cases; /text/ is an expression; esc ends it", Do: (*App).startSearch,
		},
		{ID: "log.next", Keys: []string{"n"}, Group: "find", Title: "next match", Do: onFollower(func(l follower) { l.NextMatch(1) })},
		{ID: "log.prev", Keys: []string{"N"}, Group: "find", Title: "previous match", Do: onFollower(func(l follower) { l.NextMatch(-1) })},
		{
			ID: "log.search.all", Scope: "longlog", Keys: []string{"enter"}, Group: "find", Foot: 6, Rare: true,
			Title: "search the whole log, beyond the lines on hand", Short: "search all",
			Why: func(a *App) string {
				if l, ok := a.top().(*screen.Logs); ok {
					return l.WhySearchAll()
				}
				return "there is no log here"
			},
			Do: on(func(l *screen.Logs, _ screen.Env) { l.SearchAll() }),
		},
		{
			ID: "log.expression", Keys: []string{"~"}, Group: "find",
			Title: "search for an expression, or for plain text", Tip: "puts slashes around what is searched for, or takes them off",
			Why: whySearch, Do: onLog((*screen.LogView).ToggleExpression),
		},
		{
			ID: "log.error", Keys: []string{"e"}, Group: "find", Foot: 5,
			Title: "next error", Short: "error", Do: onFollower(func(l follower) { l.NextError(1) }),
		},
		{ID: "log.error.prev", Keys: []string{"E"}, Group: "find", Title: "previous error", Do: onFollower(func(l follower) { l.NextError(-1) })},
		{
			ID: "log.keep", Keys: []string{"&"}, Group: "find", Foot: 4,
			Title: "keep only lines with a text", Short: "keep", Tip: "as search reads it; esc ends it", Do: (*App).startKeep,
		},
		{
			ID: "log.hide", Keys: []string{"!"}, Group: "find", Foot: 3,
			Title: "hide lines with a text", Short: "hide", Tip: "as search reads it; esc ends it", Do: (*App).startHide,
		},
		{
			ID: "log.around", Keys: []string{"C"}, Group: "find", Foot: 3, Rare: true,
			Title: "lines around the kept ones: 0, 2, 5, 10", Short: "context",
			Why: func(a *App) string {
				if l, ok := a.top().(logScreen); ok {
					if keep, _ := l.LogView().Filters(); keep != "" {
						return ""
					}
				}
				return "nothing is kept; & keeps lines with a text"
			},
			Do: onLog((*screen.LogView).Around),
		},
	}
}

// formActions change how lines are shown.
func formActions() []act {
	return []act{
		{
			ID: "log.more", Keys: []string{"-"}, Group: "see", Foot: 4,
			Title: "show lower levels too", Short: "level", Do: onLog(func(l *screen.LogView) { l.Level(-1) }),
		},
		{
			ID: "log.less", Keys: []string{"+"}, Group: "see",
			Title: "show higher levels only", Do: onLog(func(l *screen.LogView) { l.Level(1) }),
		},
		{
			ID: "log.attempt.next", Keys: []string{"l", "right"}, Group: "see", Foot: 2, Rare: true,
			Title: "lines of the next attempt; after the last one of all", Short: "attempt", Why: whyAttempt,
			Do: onLog(func(l *screen.LogView) { l.Attempt(1) }),
		},
		{
			ID: "log.attempt.prev", Keys: []string{"h", "left"}, Group: "see",
			Title: "lines of the attempt before", Why: whyAttempt, Do: onLog(func(l *screen.LogView) { l.Attempt(-1) }),
		},
		{
			ID: "log.wrap", Keys: []string{"w"}, Group: "see", Foot: 5,
			Title: "wrap long lines", Short: "wrap", Do: onLog((*screen.LogView).ToggleWrap),
		},
		{
			ID: "log.time", Scope: "longlog", Keys: []string{"T"}, Group: "see", Foot: 2,
			Title: "times: UTC, local, how long ago, since the line before, none", Short: "time", Do: onLog((*screen.LogView).ToggleClock),
		},
		{
			ID: "log.fold", Keys: []string{"J"}, Group: "see", Foot: 2,
			Title: "fields of the current line: JSON or key=value", Short: "fields", Do: onLog((*screen.LogView).ToggleFold),
		},
		{
			ID: "log.mark", Keys: []string{"m"}, Group: "see", Foot: 1,
			Title: "drop a mark with the time behind the current line, or take it away", Short: "mark",
			Do: func(a *App) { onLog(func(l *screen.LogView) { l.Mark(a.now) })(a) },
		},
		{
			ID: "log.export", Keys: []string{"X"}, Group: "see", Foot: 1,
			Title: "export the lines on show, or the whole log, to a file", Short: "export", Do: typeOn(exportWord),
		},
	}
}

func whySearch(a *App) string {
	if l, ok := a.top().(logScreen); ok && l.LogView().Query() != "" {
		return ""
	}
	return "nothing is searched for; / searches"
}

func whyAttempt(a *App) string {
	if l, ok := a.top().(logScreen); ok && l.LogView().Attempts() > 1 {
		return ""
	}
	return "the lines on hand are of one attempt"
}

// startSearch opens the search line of a log.
func (a *App) startSearch() {
	if l, ok := a.top().(logScreen); ok {
		set := func(_ *App, s string) { l.LogView().Search(s) }
		a.input = newInput("/", "", set, set)
	}
}

func (a *App) startKeep() {
	if l, ok := a.top().(logScreen); ok {
		keep, _ := l.LogView().Filters()
		a.startLogFilter("& keep ", keep, l.LogView().Keep)
	}
}

func (a *App) startHide() {
	if l, ok := a.top().(logScreen); ok {
		_, hide := l.LogView().Filters()
		a.startLogFilter("! hide ", hide, l.LogView().Hide)
	}
}

// startLogFilter opens the line for a filter. While it is typed an expression may be half of one.
func (a *App) startLogFilter(prompt, value string, set func(string) error) {
	a.input = newInput(prompt, value, func(_ *App, s string) { _ = set(s) }, func(a *App, s string) {
		if err := set(s); err != nil {
			a.notes.say(a.now, theme.Late, err.Error())
		}
	})
}

// gotoTime reads where to go in a log: a time of day (the latest one), a date, or how long ago.
func gotoTime(s string, now time.Time) (time.Time, error) {
	now = now.UTC()
	for _, layout := range []string{"15:04", time.TimeOnly, "15:04:05.000"} {
		if t, err := time.Parse(layout, s); err == nil {
			t = time.Date(now.Year(), now.Month(), now.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
			if t.After(now) {
				t = t.AddDate(0, 0, -1)
			}
			return t, nil
		}
	}
	if d, ok := parseLength(s); ok {
		return now.Add(-d), nil
	}
	return parseMoment(s)
}

const exportWord = "export"

// logTyped are done by typing them into the palette.
func logTyped() []act {
	all := []act{
		{
			ID: "type.goto", Short: "goto", Args: "TIME | line N", Title: "go to a time in the log, or to a line of a run's log",
			Tip: "such as goto 14:02, goto 15m (ago), goto 2026-11-24T14:02, goto line 412", Offer: gotoOffers, Why: whyLog,
		},
		{
			ID: "type.export", Short: exportWord, Args: "shown | all", Title: "write log lines to a file",
			Tip: "in the state directory; never over another file", Offer: exportOffers, Why: whyAnyLog,
		},
		{
			ID: "type.logs", Short: "logs", Args: "PIPE [PIPE]", Title: "one log of several pipes",
			Tip: "in the order of time, with the pipes' names in colours", Offer: mergeOffers,
		},
	}
	for i := range all {
		all[i].Scope, all[i].Group, all[i].Do = action.Command, "see", typeOn(all[i].Short)
	}
	return all
}

func whyLog(a *App) string {
	if _, ok := a.top().(*screen.Logs); ok {
		return ""
	}
	return "there is no log on a screen of its own here; L opens one"
}

func whyAnyLog(a *App) string {
	if _, ok := a.top().(logScreen); ok {
		return ""
	}
	return "there is no log here; L opens one"
}
