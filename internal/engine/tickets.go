package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// TicketLog gives entries of the ticket journal, oldest first.
func (e *Engine) TicketLog(ctx context.Context, f orchestrator.TicketLogFilter) ([]orchestrator.TicketEntry, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	if f.Ticket.Ticket != "" { // by its id: not every entry knows the number
		seen, err := e.store.TicketByRef(ctx, f.Ticket)
		if err != nil {
			return nil, err
		}
		if seen != nil {
			f.Ticket = orchestrator.TicketRef{Service: seen.Service, Ticket: seen.Ticket}
		}
	}
	return e.store.TicketLog(ctx, f)
}

// TicketsSeen gives the tickets of the journal, the one touched last first.
func (e *Engine) TicketsSeen(ctx context.Context, f orchestrator.TicketFilter) ([]orchestrator.TicketSeen, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	return e.store.TicketsSeen(ctx, f)
}

// Ticket reads a ticket as it is now. What it says is for screens only: it is never logged.
func (e *Engine) Ticket(ctx context.Context, ref orchestrator.TicketRef) (orchestrator.Ticket, error) {
	if !e.running() {
		return orchestrator.Ticket{}, ErrStopped
	}
	var out orchestrator.Ticket
	err := e.withEdition(ctx, func(ed *edition) error {
		id, service, err := e.locate(ctx, ed, ref)
		if err != nil {
			return err
		}
		sys, err := ed.services.Ticket(service)
		if err != nil {
			return fmt.Errorf("read ticket %s: %w", ref.Ticket, err)
		}
		t, err := sys.Get(ctx, id)
		if err != nil {
			return unknownTicket(ref, sys, err)
		}
		out = ticketView(&t, service, sys.Describe(), e.clock())
		return nil
	})
	return out, err
}

// locate gives the id and the service of a ticket: what the journal knows, else what was said.
func (e *Engine) locate(ctx context.Context, ed *edition, ref orchestrator.TicketRef) (id, service string, err error) {
	ref.Ticket = strings.TrimPrefix(strings.TrimSpace(ref.Ticket), "#")
	seen, err := e.store.TicketByRef(ctx, ref)
	if err != nil {
		return "", "", err
	}
	if seen != nil {
		return seen.Ticket, seen.Service, nil
	}
	return ref.Ticket, cmp.Or(ref.Service, ed.ticketService("")), nil
}

// unknownTicket says what a person can do when a ticket cannot be read.
func unknownTicket(ref orchestrator.TicketRef, sys ticket.System, err error) error {
	if fault.ClassOf(err) != fault.Permanent {
		return fmt.Errorf("read ticket %s in %s: %w", ref.Ticket, sys.Describe(), err)
	}
	return fmt.Errorf("%w %s in %s (a number works when the journal knows it, else give the id): %w", orchestrator.ErrUnknownTicket,
		ref.Ticket, sys.Describe(), err)
}

// withEdition lends the configuration in force: its services stay open as long as f runs, whatever a reload does.
func (e *Engine) withEdition(ctx context.Context, f func(ed *edition) error) error {
	ed, err := ask(ctx, e, func(l *loop) (*edition, error) {
		l.ed.users++
		return l.ed, nil
	})
	if err != nil {
		return err
	}
	defer e.box.post(func() {
		ed.users--
		e.loop.retire(ed)
	})
	return f(ed)
}

// ticketView is a ticket as the seam has it.
func ticketView(t *ticket.Ticket, service, system string, now time.Time) orchestrator.Ticket {
	out := orchestrator.Ticket{
		Service: service, System: system, ID: t.ID, Number: t.Number, Subject: t.Subject, Queue: t.Queue.Label(),
		Priority: t.Priority.Label(), State: t.State.Label(), Owner: t.Owner.Label(), Customer: t.Customer.Label(), Locked: t.Locked,
		Body: t.Body, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt, ReadAt: now,
	}
	for _, n := range t.Notes {
		out.Notes = append(out.Notes, orchestrator.TicketNote{
			Subject: n.Subject, Body: n.Body, Author: n.Author, Visible: n.Visible, At: n.CreatedAt, Length: len(n.Body),
		})
	}
	return out
}
