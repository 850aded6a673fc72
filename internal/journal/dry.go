package journal

import (
	"context"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Dry gives the ticket system of a dry run: reads are real and written down as such, writes go into the overlay and are written
// down as what they would be.
func (s *Scribe) Dry(sys ticket.System, o *Overlay) ticket.System {
	return &dry{s: s, o: o, base: &system{s: s, sys: sys}}
}

type dry struct {
	s    *Scribe
	o    *Overlay
	base ticket.System
}

func (d *dry) Describe() string { return d.base.Describe() + ", dry run" }

func (d *dry) Find(ctx context.Context, c ticket.Criteria) ([]ticket.Ticket, error) {
	return d.o.find(ctx, d.base, c)
}

func (d *dry) Get(ctx context.Context, id string) (ticket.Ticket, error) {
	return d.o.get(ctx, d.base, id)
}

// Update keeps the changes. Whether the system knows the names in them is only known to the system.
func (d *dry) Update(ctx context.Context, id string, changes ticket.Ticket) (ticket.Ticket, error) {
	if err := writable(&changes); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	after, diff, err := d.o.update(ctx, d.base, id, changes)
	e := d.s.entry(orchestrator.TicketUpdate, after.ID)
	if err == nil && len(diff) > 0 {
		e.Number, e.Changes = after.Number, d.s.safe(diff)
		d.intend(e)
	}
	return after, err
}

// writable refuses what every ticket system refuses.
func writable(t *ticket.Ticket) error {
	if err := ticket.CheckFields(t.Fields); err != nil {
		return err
	}
	return ticket.CheckLock(t.Lock)
}

func (d *dry) intend(e *Entry) {
	e.Outcome, e.EndedAt = orchestrator.TicketIntended, e.At
	d.s.Book.Put(e)
}

func (d *dry) AddNote(ctx context.Context, id string, n ticket.Note) error {
	fresh, err := d.o.note(ctx, d.base, id, n)
	e := d.s.entry(orchestrator.TicketAddNote, id)
	if fresh {
		n.Subject, n.Body = strings.TrimSpace(n.Subject), strings.TrimSpace(n.Body)
		e.Note = d.s.note(&n, max(d.s.Text, dryText))
		d.intend(e)
	}
	return err
}

func (d *dry) Create(_ context.Context, t ticket.Ticket) (ticket.Ticket, error) {
	if err := writable(&t); err != nil {
		return ticket.Ticket{}, fmt.Errorf("create ticket: %w", err)
	}
	made, fresh, err := d.o.create(t)
	e := d.s.entry(orchestrator.TicketCreate, made.ID)
	if fresh {
		e.Number, e.Changes = made.Number, d.s.safe(Differences(&ticket.Ticket{}, &made))
		d.intend(e)
	}
	return made, err
}
