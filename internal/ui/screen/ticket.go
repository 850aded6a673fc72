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

// Ticket is one ticket: as it is now, and who did what to it, when and why.
type Ticket struct {
	ref  orchestrator.TicketRef
	w, h int

	live   orchestrator.Ticket
	known  bool // live was read
	asked  bool // it was tried
	err    string
	log    []orchestrator.TicketEntry // newest first
	logged bool
	logErr string
	readAt time.Time
	stale  bool // something was done to it: read both again

	cursor int64 // id of the entry
	row    int
	top    int
	words  bool // the ticket's texts are shown in place of the journal
	scroll int  // of the texts
}

// NewTicket opens a ticket by its id, or by its number when the journal knows it.
func NewTicket(ref orchestrator.TicketRef) *Ticket { return &Ticket{ref: ref} }

// Ref names the ticket.
func (s *Ticket) Ref() orchestrator.TicketRef { return s.ref }

// Scopes are the action scopes of a ticket.
func (s *Ticket) Scopes() []string { return []string{"ticket", "list", "item"} }

// Crumb names the ticket.
func (s *Ticket) Crumb(Env) string {
	if s.known && s.live.Number != "" {
		return "ticket " + s.live.Number
	}
	return "ticket " + text.Line(s.ref.Ticket, 80)
}

// Resize takes the body's size.
func (s *Ticket) Resize(w, h int) { s.w, s.h = w, h; s.fit() }

// Refresh keeps the cursor on its entry.
func (s *Ticket) Refresh(Env) { s.fit() }

// Again lets the ticket be read again: something was done to it.
func (s *Ticket) Again() { s.stale = true }

// NextPane shows the texts in place of the journal, or the other way round.
func (s *Ticket) NextPane(Env) { s.words, s.scroll = !s.words, 0 }

func (s *Ticket) at() int {
	i := slices.IndexFunc(s.log, func(e orchestrator.TicketEntry) bool { return e.ID == s.cursor })
	if i < 0 {
		i = max(min(s.row, len(s.log)-1), 0)
	}
	return i
}

func (s *Ticket) fit() {
	l := s.layout(s.w, s.h)
	s.scroll = max(min(s.scroll, len(s.texts(s.w))-max(s.h-l.head, 1)), 0)
	if len(s.log) == 0 {
		s.cursor, s.row, s.top = 0, 0, 0
		return
	}
	s.row = s.at()
	s.cursor = s.log[s.row].ID
	s.top = part.Window(s.top, s.row, len(s.log), l.rows)
}

// Move moves the cursor, or scrolls the texts.
func (s *Ticket) Move(_ Env, rows int) {
	if s.words {
		s.scroll += rows
		s.fit()
		return
	}
	if len(s.log) > 0 {
		s.row = max(min(s.at()+rows, len(s.log)-1), 0)
		s.cursor = s.log[s.row].ID
		s.fit()
	}
}

// Page moves by half pages.
func (s *Ticket) Page(env Env, halves int) { s.Move(env, halves*max(s.layout(s.w, s.h).rows/2, 1)) }

// Home goes to the newest entry.
func (s *Ticket) Home(env Env) { s.Move(env, -len(s.log)-s.scroll) }

// End goes to the oldest entry.
func (s *Ticket) End(env Env) { s.Move(env, len(s.log)+len(s.texts(s.w))) }

// Entry is the one under the cursor; nil = none.
func (s *Ticket) Entry() *orchestrator.TicketEntry {
	if len(s.log) == 0 || s.words {
		return nil
	}
	return &s.log[s.at()]
}

// Target is the run of the entry under the cursor.
func (s *Ticket) Target(Env) (Target, bool) {
	e := s.Entry()
	if e == nil || e.Run == "" {
		return Target{}, false
	}
	return Target{Runner: e.Runner, Run: &orchestrator.Run{ID: e.Run, Runner: e.Runner, State: orchestrator.Completed, DryRun: e.DryRun}}, true
}

// Wants reads the ticket once, and again when something was done to it; its journal every few seconds.
func (s *Ticket) Wants(env Env) []Want {
	var out []Want
	ref := s.ref
	if !s.asked || s.stale {
		out = append(out, Want{
			Key: fmt.Sprint("ticket:", ref.Service, " ", ref.Ticket, s.stale), Kind: WantOther,
			Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) { return o.Ticket(ctx, ref) },
		})
	}
	if !s.logged || s.stale || env.Now.Sub(s.readAt) >= ticketsEvery {
		out = append(out, Want{
			Key: fmt.Sprint("ticketlog:", ref.Service, " ", ref.Ticket, s.stale), Kind: WantOther, N: 1,
			Do: func(ctx context.Context, o orchestrator.Orchestrator) (any, error) {
				return o.TicketLog(ctx, orchestrator.TicketLogFilter{Ticket: ref})
			},
		})
	}
	s.stale = false
	return out
}

// Receive takes the ticket or its journal.
func (s *Ticket) Receive(env Env, a Answer) {
	failure := ""
	if a.Err != nil {
		failure = text.Line(a.Err.Error(), maxText)
	}
	if a.N == 1 {
		s.logged, s.logErr, s.readAt = true, failure, env.Now
		if es, ok := a.Value.([]orchestrator.TicketEntry); ok && a.Err == nil {
			first := len(s.log) == 0
			s.log = safeEntries(es)
			slices.Reverse(s.log)
			if first {
				s.choose()
			}
		}
		s.fit()
		return
	}
	s.asked, s.err = true, failure
	if t, ok := a.Value.(orchestrator.Ticket); ok && a.Err == nil {
		s.live, s.known = safeTicket(t), true
	}
	s.fit()
}

// choose puts the cursor on the newest update: that is what is asked for most.
func (s *Ticket) choose() {
	for i := range s.log {
		if s.log[i].Kind == orchestrator.TicketUpdate && !s.log[i].DryRun {
			s.cursor, s.row = s.log[i].ID, i
			return
		}
	}
}

// texts are the lines of the ticket's first message and notes, the newest note first.
func (s *Ticket) texts(w int) []string {
	var out []string
	add := func(head, body string) {
		out = append(out, head)
		for l := range strings.SplitSeq(body, "\n") {
			out = append(out, part.Wrap(l, max(w-4, 8), 50)...)
		}
		out = append(out, "")
	}
	for _, n := range slices.Backward(s.live.Notes) {
		seen := "internal"
		if n.Visible {
			seen = "visible to the customer"
		}
		when := n.At.UTC().Format("2006-01-02 15:04") + "Z"
		add(theme.GlyphDisabled+" "+strings.Join([]string{orDash(n.Subject), orDash(n.Author), when, seen}, theme.Sep), n.Body)
	}
	if s.live.Body != "" {
		add(theme.GlyphDisabled+" first message", s.live.Body)
	}
	return out
}
