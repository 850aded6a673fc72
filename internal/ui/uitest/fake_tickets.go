package uitest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TicketData is what a fake knows of tickets.
type TicketData struct {
	Log  []orchestrator.TicketEntry // oldest first
	Seen []orchestrator.TicketSeen  // touched last first
	Now  []orchestrator.Ticket
	Undo orchestrator.TicketUndo // what every undo would do
}

// TicketLog gives the entries that fit.
func (f *Fake) TicketLog(_ context.Context, q orchestrator.TicketLogFilter) ([]orchestrator.TicketEntry, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.TicketEntry
	for _, e := range f.tickets.Log {
		id := q.Ticket.Ticket
		if id != "" && e.Ticket != id && e.Number != id || q.Run != "" && e.Run != q.Run || q.Entry != 0 && e.ID != q.Entry {
			continue
		}
		if q.Changes && !e.Kind.Write() && e.Kind != orchestrator.TicketCall {
			continue
		}
		out = append(out, e)
	}
	return out, nil
}

// TicketsSeen gives the tickets that fit.
func (f *Fake) TicketsSeen(_ context.Context, q orchestrator.TicketFilter) ([]orchestrator.TicketSeen, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	has := func(part string, in ...string) bool {
		return slices.ContainsFunc(in, func(s string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(part)) })
	}
	var out []orchestrator.TicketSeen
	for _, t := range f.tickets.Seen {
		if has(q.Text, t.Number, t.Ticket, t.Subject, t.Queue, t.Label, t.Runner) && has(q.Number, t.Number, t.Ticket) &&
			has(q.Queue, t.Queue) && has(q.Label, t.Label) && has(q.Runner, t.Runner) {
			out = append(out, t)
		}
	}
	return out, nil
}

// Ticket gives a ticket as it is.
func (f *Fake) Ticket(_ context.Context, ref orchestrator.TicketRef) (orchestrator.Ticket, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range f.tickets.Now {
		if t.ID == ref.Ticket || t.Number == ref.Ticket {
			return t, nil
		}
	}
	return orchestrator.Ticket{}, fmt.Errorf("%w %s in the test", orchestrator.ErrUnknownTicket, ref.Ticket)
}

// UndoTickets records an undo; a plan is not recorded.
func (f *Fake) UndoTickets(_ context.Context, r orchestrator.TicketUndoRequest) (orchestrator.TicketUndo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.tickets.Undo
	out.DryRun = r.DryRun
	out.Steps = slices.Clone(out.Steps)
	if r.Entry != 0 {
		out.Steps = slices.DeleteFunc(out.Steps, func(s orchestrator.TicketUndoStep) bool { return s.Entry != r.Entry })
	}
	if r.DryRun {
		return out, nil
	}
	for i := range out.Steps {
		out.Steps[i].Done = out.Steps[i].Conflict == ""
	}
	return out, f.command("undo ticket %q entry %d run %q by %s", r.Ticket.Ticket, r.Entry, r.Run, r.By.Name)
}
