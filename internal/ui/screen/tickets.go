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

// ticketsEvery is how often the list is read again while it is on show.
const ticketsEvery = 3 * time.Second

// Tickets lists the tickets of the journal, the one touched last first.
type Tickets struct {
	w, h   int
	list   []orchestrator.TicketSeen
	loaded bool
	err    string
	readAt time.Time
	query  string
	asked  string // the query that list answers
	cursor string // service and id of the row
	row    int
	top    int
}

// NewTickets makes the list.
func NewTickets() *Tickets { return &Tickets{} }

// Scopes are the action scopes of the list.
func (s *Tickets) Scopes() []string { return []string{"tickets", "list", "filter", "item"} }

// Crumb names the screen.
func (s *Tickets) Crumb(Env) string { return "Tickets" }

// Resize takes the body's size.
func (s *Tickets) Resize(w, h int) { s.w, s.h = w, h; s.fit() }

// Refresh keeps the cursor on its ticket.
func (s *Tickets) Refresh(Env) { s.fit() }

func seenKey(t *orchestrator.TicketSeen) string { return t.Service + "\x00" + t.Ticket }

func (s *Tickets) at() int {
	i := slices.IndexFunc(s.list, func(t orchestrator.TicketSeen) bool { return seenKey(&t) == s.cursor })
	if i < 0 {
		i = max(min(s.row, len(s.list)-1), 0)
	}
	return i
}

func (s *Tickets) fit() {
	if len(s.list) == 0 {
		s.cursor, s.row, s.top = "", 0, 0
		return
	}
	s.row = s.at()
	s.cursor = seenKey(&s.list[s.row])
	s.top = part.Window(s.top, s.row, len(s.list), max(s.h-2, 1))
}

// Move moves the cursor.
func (s *Tickets) Move(_ Env, rows int) {
	if len(s.list) > 0 {
		s.row = max(min(s.at()+rows, len(s.list)-1), 0)
		s.cursor = seenKey(&s.list[s.row])
		s.fit()
	}
}

// Page moves by half pages.
func (s *Tickets) Page(env Env, halves int) { s.Move(env, halves*max((s.h-2)/2, 1)) }

// Home goes to the first row.
func (s *Tickets) Home(env Env) { s.Move(env, -len(s.list)) }

// End goes to the last row.
func (s *Tickets) End(env Env) { s.Move(env, len(s.list)) }

// SetFilter shows only the tickets that fit: words, and number:, queue:, label: and runner: with a part.
func (s *Tickets) SetFilter(_ Env, q string) { s.query = strings.TrimSpace(q) }

// Filter is the query in force; "" = none.
func (s *Tickets) Filter() string { return s.query }

// ticketFilter reads a filter line.
func ticketFilter(q string) orchestrator.TicketFilter {
	var f orchestrator.TicketFilter
	var words []string
	for w := range strings.FieldsSeq(q) {
		name, value, ok := strings.Cut(w, ":")
		switch {
		case ok && name == "number":
			f.Number = value
		case ok && name == "queue":
			f.Queue = value
		case ok && name == "label":
			f.Label = value
		case ok && name == "runner":
			f.Runner = value
		default:
			words = append(words, w)
		}
	}
	f.Text = strings.Join(words, " ")
	return f
}

// Ticket is the one under the cursor; nil = none.
func (s *Tickets) Ticket() *orchestrator.TicketRef {
	if len(s.list) == 0 {
		return nil
	}
	t := &s.list[s.at()]
	return &orchestrator.TicketRef{Service: t.Service, Ticket: t.Ticket}
}

// Target is the run that touched the ticket last.
func (s *Tickets) Target(Env) (Target, bool) {
	if len(s.list) == 0 || s.list[s.at()].Run == "" {
		return Target{}, false
	}
	t := &s.list[s.at()]
	return Target{Runner: t.Runner, Run: &orchestrator.Run{ID: t.Run, Runner: t.Runner, State: orchestrator.Completed}}, true
}

// Wants reads the list when it is shown first, when the filter changed, and every few seconds.
func (s *Tickets) Wants(env Env) []Want {
	if s.loaded && s.asked == s.query && env.Now.Sub(s.readAt) < ticketsEvery {
		return nil
	}
	f := ticketFilter(s.query)
	return []Want{{
		Key: "tickets:" + s.query, Kind: WantOther, Runner: s.query,
		Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) { return o.TicketsSeen(ctx, f) },
	}}
}

// Receive takes the list.
func (s *Tickets) Receive(env Env, a Answer) {
	list, ok := a.Value.([]orchestrator.TicketSeen)
	if !ok && a.Err == nil {
		return
	}
	s.loaded, s.readAt, s.asked, s.err = true, env.Now, a.Runner, ""
	if a.Err != nil {
		s.err = text.Line(a.Err.Error(), maxText)
		return
	}
	s.list = s.list[:0:0]
	for _, t := range list {
		s.list = append(s.list, safeSeen(t))
	}
	s.fit()
}

// seenCols are the columns of the list.
type seenCols struct{ number, queue, label, runner int }

func seenColumns(w int) seenCols {
	c := seenCols{number: 14, queue: min(max(w/6, 9), 24)}
	if w >= 76 {
		c.label = min(w/8, 18)
	}
	if w >= 100 {
		c.number, c.runner = 17, min(w/7, 24)
	}
	return c
}

// Draw draws the list.
func (s *Tickets) Draw(env Env, c part.Canvas) {
	title := count(len(s.list), "ticket", "tickets") + " of the journal" + theme.Sep + "touched last first"
	if s.query != "" {
		title = count(len(s.list), "ticket", "tickets") + theme.Sep + "/" + s.query
	}
	note := ""
	if len(s.list) > 0 {
		note = fmt.Sprintf("%d/%d", s.at()+1, len(s.list))
	}
	c.Rule(0, title, note)
	if drawUnread(c, 2, 3, "the journal", s.err, s.loaded) {
		return
	}
	switch {
	case len(s.list) == 0 && s.query != "":
		c.Text(1, 2, c.W-2, theme.Muted, "no ticket passes the filter (esc clears it)")
		return
	case len(s.list) == 0:
		c.Text(1, 2, c.W-2, theme.Muted, "no pipe has touched a ticket yet; those that were read, judged or changed show up here")
		return
	}
	cols := seenColumns(c.W)
	s.heads(c, cols)
	rows := max(c.H-2, 0)
	top := part.Window(s.top, s.at(), len(s.list), rows)
	for y := range rows {
		if top+y >= len(s.list) {
			break
		}
		drawSeen(env, c.Sub(0, 2+y, c.W, 1), cols, &s.list[top+y], top+y == s.at())
	}
}

func (s *Tickets) heads(c part.Canvas, cols seenCols) {
	x := c.Text(2, 1, cols.number, theme.Faint, "TICKET") + 1
	x = c.Text(x, 1, cols.queue, theme.Faint, "QUEUE") + 1
	if cols.label > 0 {
		x = c.Text(x, 1, cols.label, theme.Faint, "LABEL") + 1
	}
	if cols.runner > 0 {
		x = c.Text(x, 1, cols.runner, theme.Faint, "PIPE") + 1
	}
	c.Text(x, 1, c.W-x-6, theme.Faint, "SUBJECT")
	c.Right(c.W-5, 1, 4, theme.Faint, "AGO")
}

func drawSeen(env Env, c part.Canvas, cols seenCols, t *orchestrator.TicketSeen, current bool) {
	if current {
		c.Attr(0, 0, c.W, theme.Selected)
		c.Put(0, 0, theme.Accent, theme.Cursor)
	}
	number := t.Number
	if number == "" {
		number = t.Ticket
	}
	x := c.Name(2, 0, cols.number, theme.Plain, number) + 1
	x = c.Name(x, 0, cols.queue, theme.Plain, orDash(t.Queue)) + 1
	if cols.label > 0 {
		x = c.Name(x, 0, cols.label, theme.Muted, orDash(t.Label)) + 1
	}
	if cols.runner > 0 {
		runner := t.Runner
		if runner == "" {
			runner = "an operator"
		}
		x = c.Name(x, 0, cols.runner, theme.Muted, runner) + 1
	}
	c.Text(x, 0, c.W-x-6, theme.Plain, t.Subject)
	c.Right(c.W-5, 0, 4, theme.Muted, text.CalmAge(env.Now.Sub(t.At)))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
