package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// redacted is what stands in the journal for a secret.
const redacted = "[redacted]"

// undoer puts back what runs have written to tickets. It is used by one call and thrown away.
type undoer struct {
	e    *Engine
	ed   *edition
	req  orchestrator.TicketUndoRequest
	plan map[string]*journal.Overlay // of a dry run, by service
}

// UndoTickets puts back updates of tickets, the newest first, each only when the ticket still stands as the update left it. Notes
// and created tickets stay: ticket systems do not take them back.
func (e *Engine) UndoTickets(ctx context.Context, req orchestrator.TicketUndoRequest) (orchestrator.TicketUndo, error) {
	if !e.running() {
		return orchestrator.TicketUndo{}, ErrStopped
	}
	if !req.DryRun { // one at a time: what one puts back the next one must see
		select {
		case e.undoing <- struct{}{}:
			defer func() { <-e.undoing }()
		case <-ctx.Done():
			return orchestrator.TicketUndo{}, context.Cause(ctx)
		}
	}
	out := orchestrator.TicketUndo{DryRun: req.DryRun}
	err := e.withEdition(ctx, func(ed *edition) error {
		u := &undoer{e: e, ed: ed, req: req, plan: map[string]*journal.Overlay{}}
		entries, err := u.entries(ctx)
		if err != nil {
			return err
		}
		for i := range slices.Backward(entries) {
			step, err := u.step(ctx, &entries[i])
			if err != nil {
				return err
			}
			out.Steps = append(out.Steps, step)
		}
		return nil
	})
	return out, err
}

// entries gives what is to be put back, oldest first.
func (u *undoer) entries(ctx context.Context) ([]orchestrator.TicketEntry, error) {
	f := orchestrator.TicketLogFilter{Entry: u.req.Entry, Run: u.req.Run, Changes: true, Limit: maxReplay}
	what := "entry " + fmt.Sprint(u.req.Entry)
	if u.req.Entry == 0 {
		what = "run " + u.req.Run
	}
	if u.req.Ticket.Ticket != "" {
		id, service, err := u.e.locate(ctx, u.ed, u.req.Ticket)
		if err != nil {
			return nil, err
		}
		f.Ticket = orchestrator.TicketRef{Service: service, Ticket: id}
		what += " of ticket " + u.req.Ticket.Ticket
	}
	if u.req.Entry == 0 && u.req.Run == "" {
		what = "a move of ticket " + u.req.Ticket.Ticket
		if u.req.Ticket.Ticket == "" {
			return nil, fault.Permanentf("undo: name a ticket, an entry or a run")
		}
	}
	all, err := u.e.store.TicketLog(ctx, f)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: the journal has nothing of %s", orchestrator.ErrUnknownTicket, what)
	}
	out := slices.DeleteFunc(all, func(e orchestrator.TicketEntry) bool {
		if u.req.Entry != 0 {
			return false
		}
		return e.Kind != orchestrator.TicketUpdate || e.DryRun || e.UndoneBy != 0 || e.Undoes != 0 || e.Outcome == orchestrator.TicketFailed
	})
	if len(out) == 0 {
		return nil, notNow("nothing of %s can be put back: it has no update that was written and not yet put back", what)
	}
	if u.req.Entry == 0 && u.req.Run == "" {
		out = out[len(out)-1:]
	}
	return out, nil
}

// step plans one entry and, unless only the plan is asked for, puts it back.
func (u *undoer) step(ctx context.Context, e *orchestrator.TicketEntry) (orchestrator.TicketUndoStep, error) {
	s := orchestrator.TicketUndoStep{
		Entry: e.ID, Service: e.Service, Ticket: e.Ticket, Number: e.Number, Runner: e.Runner, Run: e.Run,
	}
	if s.Conflict = u.never(e); s.Conflict != "" {
		return s, nil
	}
	sys, err := u.ed.services.Ticket(e.Service)
	if err != nil {
		return s, fmt.Errorf("undo entry %d: %w", e.ID, err)
	}
	scribe := u.scribe(e)
	if u.req.DryRun {
		if u.plan[e.Service] == nil {
			u.plan[e.Service] = journal.NewOverlay(u.e.clock)
		}
		sys = scribe.Dry(sys, u.plan[e.Service])
	}
	now, err := sys.Get(ctx, e.Ticket)
	if err != nil {
		s.Conflict = u.e.secrets.line("the ticket cannot be read: "+err.Error(), maxError)
		return s, nil //nolint:nilerr // told as a conflict of this ticket: the others go on
	}
	s.Number = now.Number
	if s.Changes, s.Conflict = u.back(e, &now); s.Conflict != "" {
		return s, nil
	}
	if !u.req.DryRun {
		sys = scribe.Tickets(sys)
	}
	if _, err = sys.Update(ctx, e.Ticket, journal.Back(e.Changes)); err != nil {
		s.Error = u.e.secrets.line(err.Error(), maxError)
		return s, nil
	}
	if s.Done = !u.req.DryRun; s.Done {
		u.tell(ctx, &s)
	}
	return s, nil
}

// never says why an entry cannot be put back, whatever the ticket looks like; "" = it depends on that.
func (u *undoer) never(e *orchestrator.TicketEntry) string {
	switch {
	case e.DryRun:
		return "it was a dry run: nothing was written"
	case e.UndoneBy != 0:
		return fmt.Sprintf("it was put back already, by entry %d", e.UndoneBy)
	case e.Kind == orchestrator.TicketAddNote:
		return "a note stays: ticket systems do not take notes back"
	case e.Kind == orchestrator.TicketCreate:
		return "a created ticket stays: close it in the ticket system"
	case e.Kind != orchestrator.TicketUpdate:
		return "it changed nothing"
	case e.Outcome == orchestrator.TicketFailed:
		return "it was refused: nothing was written"
	case e.Outcome == orchestrator.TicketOpen:
		return "it is being written just now"
	case len(e.Changes) == 0:
		return "it changed nothing"
	}
	for _, c := range e.Changes {
		switch {
		case c.Before == "":
			return c.Field + " was empty before, and an update cannot empty it"
		case len(c.Before) > journal.MaxValue-4: // it may have been cut
			return "the old " + c.Field + " is too long to be kept whole"
		case strings.Contains(c.Before, redacted):
			return "the old " + c.Field + " was not kept: it held a secret"
		}
	}
	return ""
}

// back gives the changes that put an entry back, or the conflict with what happened to the ticket since.
func (u *undoer) back(e *orchestrator.TicketEntry, now *ticket.Ticket) (changes []orchestrator.TicketChange, conflict string) {
	var moved []string
	for _, c := range e.Changes {
		is := u.e.secrets.line(journal.Value(now, c.Field), journal.MaxValue) // as the journal keeps it
		if is != c.After {
			moved = append(moved, fmt.Sprintf("%s is %q now, not %q as it was left", c.Field, is, c.After))
		}
		changes = append(changes, orchestrator.TicketChange{Field: c.Field, Before: is, After: c.Before})
	}
	if len(moved) > 0 {
		return changes, "it was changed since: " + strings.Join(moved, ", ")
	}
	return changes, ""
}

// scribe writes down an undo: by whom, and what it takes back. A plan is not written down.
func (u *undoer) scribe(e *orchestrator.TicketEntry) *journal.Scribe {
	s := &journal.Scribe{
		Book: undoBook{u.e}, Service: e.Service, Clock: u.e.clock, Line: u.e.secrets.line,
		Base: orchestrator.TicketEntry{
			Number: e.Number, By: u.e.secrets.line(u.req.By.Name, maxError), Via: u.req.By.Via, Undoes: e.ID, DryRun: u.req.DryRun,
		},
	}
	if u.req.DryRun {
		s.Book = noBook{}
	}
	return s
}

// tell adds an undo to the event feed.
func (u *undoer) tell(ctx context.Context, s *orchestrator.TicketUndoStep) {
	var before, after []string
	for _, c := range s.Changes {
		before, after = append(before, c.Field+" "+c.Before), append(after, c.Field+" "+c.After)
	}
	ev, err := ask(ctx, u.e, func(l *loop) (orchestrator.Event, error) {
		return l.audit(action{
			kind: "undo", runner: s.Runner, run: s.Run, by: u.req.By, before: strings.Join(before, ", "), after: strings.Join(after, ", "),
			text: fmt.Sprintf("ticket %s put back by %s: %s", s.Ticket, actorText(u.req.By), strings.Join(after, ", ")),
		}), nil
	})
	if err != nil {
		return // the engine ends; the journal has it
	}
	err = u.e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.AddEvent(&ev) })
	if err != nil {
		u.e.log.Error("event of an undo not written", "run", s.Run, "error", err)
		return
	}
	u.e.hub.Event(ev)
}

// undoBook is the ticket journal as an operator's action writes it.
type undoBook struct{ e *Engine }

// Open makes the intent durable.
func (b undoBook) Open(ctx context.Context, e *journal.Entry) (bool, error) {
	row, fresh := rowOf(e), false
	row.Op = 0
	err := b.e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		try := row
		var err error
		fresh, err = tx.OpenTicketWrite(&try)
		e.TicketEntry = try.Entry
		return err
	})
	if err != nil {
		return false, fmt.Errorf("the ticket journal cannot be written, so nothing was sent: %w", err)
	}
	b.e.failAt(failWriteOpen)
	return fresh, nil
}

// Settle keeps the outcome and waits until it is durable: the next look must see that it was put back.
func (b undoBook) Settle(e *journal.Entry) {
	b.e.failAt(failWriteDone)
	row := rowOf(e)
	err := b.e.store.Write(context.WithoutCancel(b.e.loop.ctx), func(tx *store.Tx) error {
		try := row
		return tx.SettleTicketWrite(&try)
	})
	if err != nil {
		b.e.log.Error("outcome of an undo not written", "error", err)
	}
}

// Put has nothing to keep: what an undo reads is not journalled.
func (undoBook) Put(*journal.Entry) {}

// noBook keeps nothing.
type noBook struct{}

// Open lets it pass.
func (noBook) Open(context.Context, *journal.Entry) (bool, error) { return true, nil }

// Settle keeps nothing.
func (noBook) Settle(*journal.Entry) {}

// Put keeps nothing.
func (noBook) Put(*journal.Entry) {}
