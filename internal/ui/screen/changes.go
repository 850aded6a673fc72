package screen

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Changes is what a run changed, or a dry run would have changed, as a diff ticket by ticket.
type Changes struct {
	run    orchestrator.Run
	step   string // only of this step and what is under it, reads included; "" = all writes of the run
	w, h   int
	lines  []changeLine
	loaded bool
	err    string
	readAt time.Time
	stale  bool
	at     int
	top    int
}

// changeLine is one line of the diff: a ticket's name, or something that was done to it.
type changeLine struct {
	entry *orchestrator.TicketEntry
	head  bool
	role  theme.Role
	text  string
}

// NewChanges opens the diff of a run. With a step it shows the tickets that the step, or one under it, had to do with.
func NewChanges(run orchestrator.Run, step string) *Changes {
	return &Changes{run: SafeRun(run), step: step}
}

// Scopes are the action scopes of the diff.
func (s *Changes) Scopes() []string { return []string{"changes", "list", "item"} }

// Crumb names the screen.
func (s *Changes) Crumb(Env) string { return "changes of " + dryWord(&s.run) + ShortID(s.run.ID) }

func dryWord(r *orchestrator.Run) string {
	if r.DryRun {
		return "dry run "
	}
	return "run "
}

// Run is the run that the diff is of.
func (s *Changes) Run() *orchestrator.Run { return &s.run }

// Again lets the diff be read again.
func (s *Changes) Again() { s.stale = true }

// Resize takes the body's size.
func (s *Changes) Resize(w, h int) { s.w, s.h = w, h; s.fit() }

// Refresh keeps the cursor inside.
func (s *Changes) Refresh(Env) { s.fit() }

func (s *Changes) fit() {
	s.at = max(min(s.at, len(s.lines)-1), 0)
	s.top = part.Window(s.top, s.at, len(s.lines), max(s.h-1, 1))
}

// Move moves the cursor.
func (s *Changes) Move(_ Env, rows int) { s.at += rows; s.fit() }

// Page moves by half pages.
func (s *Changes) Page(env Env, halves int) { s.Move(env, halves*max((s.h-1)/2, 1)) }

// Home goes to the first line.
func (s *Changes) Home(env Env) { s.Move(env, -len(s.lines)) }

// End goes to the last line.
func (s *Changes) End(env Env) { s.Move(env, len(s.lines)) }

// Ticket is the one under the cursor; nil = none.
func (s *Changes) Ticket() *orchestrator.TicketRef {
	if len(s.lines) == 0 || s.lines[s.at].entry.Ticket == "" || strings.HasPrefix(s.lines[s.at].entry.Ticket, "dry-") {
		return nil
	}
	e := s.lines[s.at].entry
	return &orchestrator.TicketRef{Service: e.Service, Ticket: e.Ticket}
}

// Target is the run.
func (s *Changes) Target(Env) (Target, bool) {
	run := s.run
	return Target{Runner: s.run.Runner, Run: &run}, true
}

// Wants reads the journal of the run, every few seconds.
func (s *Changes) Wants(env Env) []Want {
	if s.loaded && !s.stale && env.Now.Sub(s.readAt) < ticketsEvery {
		return nil
	}
	f := orchestrator.TicketLogFilter{Run: s.run.ID, Changes: s.step == "", Limit: 5000}
	w := Want{
		Key: fmt.Sprint("changes:", s.run.ID, s.step, s.stale), Kind: WantOther,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) { return o.TicketLog(ctx, f) },
	}
	s.stale = false
	return []Want{w}
}

// Receive takes the journal.
func (s *Changes) Receive(env Env, a Answer) {
	s.loaded, s.readAt, s.err = true, env.Now, ""
	if a.Err != nil {
		s.err = text.Line(a.Err.Error(), maxText)
		return
	}
	if es, ok := a.Value.([]orchestrator.TicketEntry); ok {
		s.lines = diffLines(safeEntries(es), s.step)
	}
	s.fit()
}

// diffLines group entries by their ticket, in the order in which the tickets were touched first.
func diffLines(es []orchestrator.TicketEntry, step string) []changeLine {
	var order []string
	byTicket := map[string][]*orchestrator.TicketEntry{}
	for i := range es {
		e := &es[i]
		if step != "" && e.Step != step && !strings.HasPrefix(e.Step, step+"/") {
			continue
		}
		key := e.Service + "\x00" + e.Ticket
		if byTicket[key] == nil {
			order = append(order, key)
		}
		byTicket[key] = append(byTicket[key], e)
	}
	var out []changeLine
	for _, key := range order {
		list := byTicket[key]
		out = append(out, changeLine{entry: list[0], head: true, role: theme.Title, text: ticketName(list)})
		for _, e := range list {
			out = append(out, entryDiff(e)...)
		}
	}
	return out
}

// ticketName names the ticket of entries that are all about it.
func ticketName(list []*orchestrator.TicketEntry) string {
	e := list[0]
	if e.Ticket == "" {
		return "outside the ticket system"
	}
	i := slices.IndexFunc(list, func(e *orchestrator.TicketEntry) bool { return e.Number != "" && e.Number != e.Ticket })
	if i >= 0 {
		return "ticket " + list[i].Number
	}
	return "ticket " + e.Ticket
}

// entryDiff are the lines of one entry: a field each, with what it was and what it is.
func entryDiff(e *orchestrator.TicketEntry) []changeLine {
	var out []changeLine
	add := func(role theme.Role, s string) { out = append(out, changeLine{entry: e, role: role, text: s}) }
	for _, c := range e.Changes {
		if c.Before == "" {
			add(theme.OK, fmt.Sprintf("%-8s + %s", c.Field, c.After))
			continue
		}
		add(theme.Plain, fmt.Sprintf("%-8s %s %s %s", c.Field, c.Before, theme.Arrow, c.After))
	}
	if n := e.Note; n != nil {
		s := "note     + " + orDash(n.Subject)
		if n.Visible {
			s += " (visible to the customer)"
		}
		if n.Body != "" {
			s += ": " + n.Body
		}
		add(theme.OK, s)
	}
	if len(out) == 0 {
		add(theme.Muted, entryWords(e))
	}
	switch m := entryMark(e); {
	case e.Outcome == orchestrator.TicketFailed, e.Outcome == orchestrator.TicketUnknown:
		out[len(out)-1].role = m.Role
		out[len(out)-1].text += theme.Sep + m.Word + ": " + e.Error
	case e.UndoneBy != 0:
		out[len(out)-1].text += theme.Sep + "was put back"
	}
	return out
}

// tally counts the tickets and the changes of the diff.
func (s *Changes) tally() string {
	tickets, changes := 0, 0
	for i := range s.lines {
		switch {
		case s.lines[i].head:
			tickets++
		case s.lines[i-1].head || s.lines[i-1].entry != s.lines[i].entry:
			changes++
		}
	}
	word := count(changes, "change", "changes")
	if s.run.DryRun {
		word = count(changes, "intended change", "intended changes")
	}
	return word + " on " + count(tickets, "ticket", "tickets")
}

// Draw draws the diff.
func (s *Changes) Draw(_ Env, c part.Canvas) {
	title := s.tally()
	if s.step != "" {
		title = "tickets of " + s.step
	}
	if s.run.DryRun {
		title = "dry run, nothing was written" + theme.Sep + title
	}
	note := ""
	if len(s.lines) > 0 {
		note = fmt.Sprintf("%d/%d", s.at+1, len(s.lines))
	}
	c.Rule(0, title, note)
	if drawUnread(c, 1, 3, "the journal", s.err, s.loaded) {
		return
	}
	switch {
	case len(s.lines) == 0 && s.step != "":
		c.Text(1, 1, c.W-2, theme.Muted, "this step has to do with no ticket, as far as the journal knows")
		return
	case len(s.lines) == 0:
		c.Text(1, 1, c.W-2, theme.Muted, "this run changed no ticket")
		return
	}
	rows := max(c.H-1, 0)
	top := part.Window(s.top, s.at, len(s.lines), rows)
	for y := range rows {
		if top+y >= len(s.lines) {
			return
		}
		l := &s.lines[top+y]
		row := c.Sub(0, 1+y, c.W, 1)
		if top+y == s.at {
			row.Attr(0, 0, c.W, theme.Selected)
			row.Put(0, 0, theme.Accent, theme.Cursor)
		}
		x := 2
		if !l.head {
			m := entryMark(l.entry)
			x = row.Put(4, 0, m.Role, m.Glyph) + 1
		}
		row.Text(x, 0, c.W-x-1, l.role, l.text)
	}
}
