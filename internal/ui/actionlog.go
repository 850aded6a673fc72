package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// How far the action log looks back, and how many failures of this console it knows.
const (
	logLooks = 5000 // events of all kinds
	logKeeps = 100
)

// said is what this console tried in vain: the engine has no event of it.
type said struct {
	at   time.Time
	text string
}

// logMsg is the audit trail as it was read for the action log.
type logMsg struct {
	events []orchestrator.Event
	err    error
}

// openLog shows what was done, by whom and from where, newest first.
func (a *App) openLog() {
	m := &menu{
		title: "who did what", foot: "enter go to it" + theme.Sep + a.keyOf("app.undo") + " undo" + theme.Sep + "esc", opener: "app.log",
		empty: "nobody has done anything yet", items: (*App).logItems, extra: map[string]func(*App, *menuItem){},
	}
	if act := a.reg.ByID("app.undo"); act != nil {
		for _, k := range act.Keys {
			m.extra[k] = func(a *App, _ *menuItem) { a.perform(act, k) }
		}
	}
	a.openMenu(m)
	if a.menu == nil {
		return
	}
	o, ctx := a.o, a.ctx
	a.run(func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, queryTime)
		defer cancel()
		var m logMsg
		m.events, m.err = o.Events(ctx, logLooks)
		return m
	})
}

// takeLog keeps the actions among the events that were read.
func (a *App) takeLog(m logMsg) {
	if m.err != nil {
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" the action log cannot be read: "+text.Line(m.err.Error(), 400))
		return
	}
	acts := slices.DeleteFunc(m.events, func(e orchestrator.Event) bool { return e.Via == "" })
	var d screen.Data
	d.SetEvents(acts) // safe to draw, and the newest of them
	a.log = d.Events
}

// logItems are the actions of all consoles and the failures of this one.
func (a *App) logItems() []menuItem {
	type entry struct {
		at time.Time
		it menuItem
	}
	var all []entry
	seen := map[int64]bool{}
	for _, e := range slices.Concat(a.data.Events, a.log) {
		if e.Via == "" || e.ID != 0 && seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		it := menuItem{name: text.Moment(e.At, a.now) + "  " + e.By + theme.Sep + e.Via, note: logWords(&e)}
		if e.Run != "" {
			it.do = func(a *App) { a.open(screen.NewRun(orchestrator.Run{ID: e.Run, Runner: e.Runner})) }
		} else if a.data.Runner(e.Runner) != nil {
			it.do = func(a *App) { a.open(screen.NewPipe(e.Runner)) }
		}
		all = append(all, entry{e.At, it})
	}
	for _, s := range a.failures {
		all = append(all, entry{s.at, menuItem{
			name: text.Moment(s.at, a.now) + "  " + a.opts.Actor.Name + theme.Sep + a.opts.Actor.Via, note: s.text, role: theme.Failed,
		}})
	}
	slices.SortStableFunc(all, func(x, y entry) int { return y.at.Compare(x.at) })
	out := make([]menuItem, 0, len(all)+1)
	if u := a.notes.undo; u != nil {
		out = append(out, menuItem{
			key: a.keyOf("app.undo"), name: "undo the " + u.what, note: fmt.Sprintf("for %s more", text.Countdown(u.until.Sub(a.now)+time.Second-1)),
			do: (*App).undoLast, role: theme.Accent,
		})
	}
	for _, e := range all {
		out = append(out, e.it)
	}
	return out
}

// logWords say what was done to what.
func logWords(e *orchestrator.Event) string {
	s := e.Text
	if e.Runner != "" && !strings.Contains(s, e.Runner) {
		s = e.Runner + theme.Sep + s
	}
	if e.Before != "" && e.After != "" {
		s += theme.Sep + e.Before + " > " + e.After
	}
	return cmp.Or(s, e.Kind)
}

// failed notes what could not be done, for the action log.
func (a *App) failed(what string) {
	a.failures = append(a.failures, said{a.now, what})
	if over := len(a.failures) - logKeeps; over > 0 {
		a.failures = slices.Clone(a.failures[over:])
	}
}
