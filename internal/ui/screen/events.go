package screen

import (
	"fmt"
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Events is the feed of what happened, newest first. Held, it shows what it showed and counts what came since.
type Events struct {
	w, h   int
	pane   bool // it is a part of another screen
	held   bool
	shown  []orchestrator.Event // while held: the list at that time
	cursor int                  // row in the list
	top    int
	filter filter
}

// NewEvents makes a following feed.
func NewEvents() *Events { return &Events{} }

// list is what passes the filter.
func (e *Events) list(env Env) []orchestrator.Event {
	all := env.Data.Events
	if e.held {
		all = e.shown
	}
	if len(e.filter.terms) == 0 {
		return all
	}
	var out []orchestrator.Event
	for i := range all {
		if e.filter.event(&all[i]) {
			out = append(out, all[i])
		}
	}
	return out
}

// SetFilter shows only what the query lets through.
func (e *Events) SetFilter(env Env, q string) {
	e.filter = parseFilter(q)
	e.cursor, e.top = 0, 0
	e.fit(env)
}

// Filter is the query in force; "" = none.
func (e *Events) Filter() string { return e.filter.query }

// Hold stops and goes on.
func (e *Events) Hold(env Env) {
	if e.held {
		e.held, e.shown, e.cursor, e.top = false, nil, 0, 0
		return
	}
	e.held, e.shown = true, slices.Clone(env.Data.Events)
}

// waiting counts the events that came since the feed was held.
func (e *Events) waiting(env Env) int {
	if !e.held {
		return 0
	}
	if len(e.shown) == 0 {
		return len(env.Data.Events)
	}
	newest := e.shown[0]
	for i, ev := range env.Data.Events {
		if ev.ID == newest.ID && ev.At.Equal(newest.At) && ev.Text == newest.Text {
			return i
		}
	}
	return len(env.Data.Events)
}

// note is what the feed's rule says at its right.
func (e *Events) note(env Env) string {
	if !e.held {
		return theme.GlyphPaused + " " + e.holdKey(env) + " to hold"
	}
	if n := e.waiting(env); n > 0 {
		return fmt.Sprintf("%s held +%d%s%s to go on", theme.GlyphPaused, n, theme.Sep, e.holdKey(env))
	}
	return theme.GlyphPaused + " held" + theme.Sep + e.holdKey(env) + " to go on"
}

// Scopes are the action scopes of the feed.
func (e *Events) Scopes() []string { return []string{"events", "list", "open", "item", "filter"} }

// Crumb names the screen.
func (e *Events) Crumb(Env) string { return "Events" }

// Resize takes the body's size.
func (e *Events) Resize(w, h int) { e.w, e.h = w, h }

// Refresh keeps the cursor inside the list.
func (e *Events) Refresh(env Env) { e.fit(env) }

// detailRows are the rows of the detail below the feed with its rule; a pane of the dashboard is too low for it.
func (e *Events) detailRows() int {
	switch {
	case e.pane:
		return 0
	case e.h >= 28:
		return 6
	case e.h >= 17:
		return 4
	}
	return 0
}

func (e *Events) fit(env Env) {
	n := len(e.list(env))
	e.cursor = max(min(e.cursor, n-1), 0)
	e.top = part.Window(e.top, e.cursor, n, e.h-1-e.detailRows())
}

// Move moves the cursor; leaving the top row holds the feed, so that rows do not slide away.
func (e *Events) Move(env Env, rows int) {
	if rows > 0 && !e.held {
		e.Hold(env)
	}
	e.cursor += rows
	e.fit(env)
}

// Page moves by half pages.
func (e *Events) Page(env Env, halves int) { e.Move(env, halves*max((e.h-1)/2, 1)) }

// Home goes to the newest event.
func (e *Events) Home(env Env) {
	e.cursor = 0
	e.fit(env)
}

// End goes to the oldest event.
func (e *Events) End(env Env) { e.Move(env, len(e.list(env))) }

// Target is the runner and run of the event under the cursor.
func (e *Events) Target(env Env) (Target, bool) {
	l := e.list(env)
	if e.cursor >= len(l) || l[e.cursor].Runner == "" {
		return Target{}, false
	}
	t := Target{Runner: l[e.cursor].Runner}
	if id := l[e.cursor].Run; id != "" {
		t.Run = &orchestrator.Run{ID: id, Runner: t.Runner, State: l[e.cursor].State}
	}
	return t, true
}

// Wants nothing: events are part of the shared data.
func (e *Events) Wants(Env) []Want { return nil }

// Receive has nothing to take.
func (e *Events) Receive(Env, Answer) {}

// Draw draws the feed as a whole screen.
func (e *Events) Draw(env Env, c part.Canvas) {
	l := e.list(env)
	title := count(len(l), "event", "events") + theme.Sep + "newest first"
	if e.filter.query != "" {
		title = count(len(l), "event", "events") + theme.Sep + "/" + e.filter.query
	}
	c.Rule(0, title, e.note(env))
	if len(l) == 0 {
		msg := "nothing has happened yet"
		if e.filter.query != "" {
			msg = "no event passes the filter (esc clears it)"
		}
		c.Text(1, 2, c.W-2, theme.Muted, msg)
		return
	}
	rows := max(c.H-1-e.detailRows(), 0)
	e.rows(env, c.Sub(0, 1, c.W, rows), true)
	if n := e.detailRows(); n > 0 && e.cursor < len(l) {
		drawEvent(c.Sub(0, 1+rows, c.W, n), &l[e.cursor], env)
	}
}

// drawEvent draws all that is known of an event: who did what from where, what it was before and what after, and its
// whole text.
func drawEvent(c part.Canvas, ev *orchestrator.Event, env Env) {
	title := ev.Kind
	if title == "" {
		title = "event"
	}
	if ev.Runner != "" {
		title += theme.Sep + ev.Runner
	}
	if ev.Run != "" {
		title += theme.Sep + "run " + ShortID(ev.Run)
	}
	c.Rule(0, title, clockToday(ev.At, env.Now)+"Z")
	y := line(c.Sub(1, 0, c.W-2, c.H), 1, theme.Plain, whoWords(ev))
	if s := changeWords(ev); s != "" {
		y = line(c.Sub(1, 0, c.W-2, c.H), y, theme.Plain, s)
	}
	for _, l := range part.Wrap(ev.Text, c.W-2, max(c.H-y, 0)) {
		y = line(c.Sub(1, 0, c.W-2, c.H), y, theme.Muted, l)
	}
}

// whoWords say who did it and from where.
func whoWords(ev *orchestrator.Event) string {
	switch {
	case ev.By == "" || ev.By == "engine":
		return "by the engine itself"
	case ev.Via == "":
		return "by " + ev.By
	}
	return "by " + ev.By + " via " + ev.Via
}

// changeWords say what an action changed; "" = its text tells.
func changeWords(ev *orchestrator.Event) string {
	switch {
	case ev.Before == "" && ev.After == "":
		return ""
	case ev.Before == "":
		return "now " + ev.After
	case ev.After == "":
		return "was " + ev.Before
	}
	return ev.Before + " " + theme.Arrow + " " + ev.After
}

// rows draws the events, the newest at the top.
func (e *Events) rows(env Env, c part.Canvas, cursor bool) {
	l := e.list(env)
	top := min(e.top, max(len(l)-c.H, 0))
	nameW := min(max(c.W/5, 10), 24)
	for y := range c.H {
		i := top + y
		if i >= len(l) {
			return
		}
		ev := l[i]
		m := StateMark(ev.State)
		if ev.State == "" {
			m = Mark{Glyph: theme.GlyphDisabled, Role: theme.Muted}
		}
		if cursor && i == e.cursor {
			c.Attr(0, y, c.W, theme.Selected)
			c.Put(0, y, theme.Accent, theme.Cursor)
		}
		x := c.Put(1, y, theme.Muted, text.Clock(ev.At)) + 1
		x = c.Put(x, y, m.Role, m.Glyph) + 1
		name := ev.Runner
		if name == "" {
			name = "engine"
		}
		x = c.Name(x, y, nameW, theme.Plain, name) + 1
		s := ev.Text
		if ev.By != "" && ev.By != "engine" {
			s += theme.Sep + ev.By
		}
		c.Text(x, y, c.W-x, theme.Plain, s)
	}
}

// holdKey is the key that holds the feed where it is shown.
func (e *Events) holdKey(env Env) string {
	if e.pane {
		return env.Key("pipes.hold", "F")
	}
	return env.Key("events.hold", "space")
}
