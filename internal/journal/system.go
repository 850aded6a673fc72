package journal

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// lookTime bounds the look at a ticket after a write that failed.
const lookTime = 15 * time.Second

// Tickets gives the ticket system with every use of it written down.
func (s *Scribe) Tickets(sys ticket.System) ticket.System { return &system{s: s, sys: sys} }

// system is a ticket system whose use is written down.
type system struct {
	s   *Scribe
	sys ticket.System
}

func (w *system) Describe() string { return w.sys.Describe() }

func (w *system) Find(ctx context.Context, c ticket.Criteria) ([]ticket.Ticket, error) {
	found, err := w.sys.Find(ctx, c)
	for i := range found {
		w.s.read(&found[i])
	}
	return found, err
}

func (w *system) Get(ctx context.Context, id string) (ticket.Ticket, error) {
	t, err := w.sys.Get(ctx, id)
	if err == nil {
		w.s.read(&t)
	}
	return t, err
}

// Update notes first how the ticket stands: that is what an undo goes back to.
func (w *system) Update(ctx context.Context, id string, changes ticket.Ticket) (ticket.Ticket, error) {
	u := &updating{w: w, want: &changes}
	if _, ok := w.sys.(ticket.Announcer); ok {
		after, err := w.sys.Update(ticket.WithAnnounce(ctx, func(before ticket.Ticket) error { return u.begin(ctx, &before) }), id, changes)
		u.end(ctx, &after, err)
		return after, err
	}
	before, err := w.sys.Get(ctx, id)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := u.begin(ctx, &before); err != nil {
		return ticket.Ticket{}, fmt.Errorf("update ticket %s: %w", id, err)
	}
	after, err := w.sys.Update(ctx, id, changes) // also when there is nothing to note: the system knows better what differs
	u.end(ctx, &after, err)
	return after, err
}

// updating is one update on its way. It is used by one call.
type updating struct {
	w      *system
	want   *ticket.Ticket
	before ticket.Ticket
	e      *Entry // nil = there is nothing to note
}

// begin makes the intent durable.
func (u *updating) begin(ctx context.Context, before *ticket.Ticket) error {
	s := u.w.s
	e := s.entry(orchestrator.TicketUpdate, before.ID)
	e.Number, e.Outcome, e.Changes = before.Number, orchestrator.TicketOpen, s.safe(Differences(before, u.want))
	fresh, err := s.Book.Open(ctx, e)
	if err == nil && fresh {
		u.before, u.e = *before, e
	}
	return err
}

// end keeps the outcome.
func (u *updating) end(ctx context.Context, after *ticket.Ticket, err error) {
	switch {
	case u.e == nil:
	case err != nil:
		u.w.afterError(ctx, u.e, u.want, err)
	default:
		u.e.Changes = u.w.s.safe(settled(u.e.Changes, &u.before, after))
		u.e.Seen = u.w.s.seen(after, u.e)
		u.w.settle(u.e, orchestrator.TicketDone, nil)
	}
}

// afterError finds out what a failed write did all the same.
func (w *system) afterError(ctx context.Context, e *Entry, want *ticket.Ticket, err error) {
	if fault.ClassOf(err) == fault.RateLimited || !fault.WasTried(err) {
		w.settle(e, orchestrator.TicketFailed, err)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	now, lookErr := w.sys.Get(ctx, e.Ticket)
	if lookErr != nil {
		w.settle(e, orchestrator.TicketUnknown, err)
		return
	}
	e.Seen = w.s.seen(&now, e)
	done := made(e.Changes, want, &now)
	switch {
	case len(done) > 0: // all of it, or a part
		e.Changes = done
		w.settle(e, orchestrator.TicketDone, err)
	case fault.ClassOf(err) == fault.Permanent:
		w.settle(e, orchestrator.TicketFailed, err)
	default: // it may still arrive
		w.settle(e, orchestrator.TicketUnknown, err)
	}
}

// settle keeps an outcome. A later attempt of the step finds the entry and goes on with it.
func (w *system) settle(e *Entry, outcome orchestrator.TicketOutcome, err error) {
	e.Outcome, e.EndedAt, e.Error = outcome, w.s.Clock(), ""
	if err != nil {
		e.Error = w.s.Line(err.Error(), maxError)
	}
	if e.Seen == nil {
		e.Seen = w.s.touched(e)
	}
	w.s.Book.Settle(e)
}

// uncertain settles a write that cannot be looked up: only a refusal says that nothing was written.
func (w *system) uncertain(e *Entry, err error) {
	switch class := fault.ClassOf(err); {
	case err == nil:
		w.settle(e, orchestrator.TicketDone, nil)
	case class == fault.Permanent, class == fault.RateLimited, !fault.WasTried(err):
		w.settle(e, orchestrator.TicketFailed, err)
	default:
		w.settle(e, orchestrator.TicketUnknown, err)
	}
}

// AddNote adds the note. The ticket system knows its key: a note that an earlier attempt may have added is not added twice.
func (w *system) AddNote(ctx context.Context, id string, n ticket.Note) error {
	e := w.s.entry(orchestrator.TicketAddNote, id)
	e.Outcome, e.Note = orchestrator.TicketOpen, w.s.note(&n, w.s.Text)
	fresh, err := w.s.Book.Open(ctx, e)
	if err != nil {
		return fmt.Errorf("add note to ticket %s: %w", id, err)
	}
	err = w.sys.AddNote(ctx, id, n)
	if fresh {
		w.uncertain(e, err)
	}
	return err
}

func (w *system) Create(ctx context.Context, t ticket.Ticket) (ticket.Ticket, error) {
	e := w.s.entry(orchestrator.TicketCreate, "")
	e.Outcome, e.Changes = orchestrator.TicketOpen, w.s.safe(Differences(&ticket.Ticket{}, &t))
	fresh, err := w.s.Book.Open(ctx, e)
	if err != nil {
		return ticket.Ticket{}, fmt.Errorf("create ticket: %w", err)
	}
	made, err := w.sys.Create(ctx, t)
	if !fresh {
		return made, err
	}
	if err == nil {
		e.Ticket, e.Number = made.ID, made.Number
		e.Changes = w.s.safe(Differences(&ticket.Ticket{}, &made))
		e.Seen = w.s.seen(&made, e)
	}
	w.uncertain(e, err)
	return made, err
}

// safe makes the texts of changes fit for history.
func (s *Scribe) safe(changes []orchestrator.TicketChange) []orchestrator.TicketChange {
	for i := range changes {
		c := &changes[i]
		c.Before, c.After = s.Line(c.Before, MaxValue), s.Line(c.After, MaxValue)
	}
	return changes
}

// Classifier gives the classifier with every answer written down.
func (s *Scribe) Classifier(c classify.Classifier) classify.Classifier {
	return &classifier{s: s, c: c}
}

type classifier struct {
	s *Scribe
	c classify.Classifier
}

func (w *classifier) Describe() string { return w.c.Describe() }

// ClassifyAll asks for several texts at once. It notes nothing: whose texts they are is not known here, and the steps of each ticket,
// which find the kept answers, are noted.
func (w *classifier) ClassifyAll(ctx context.Context, all []classify.Request) ([]classify.Result, error) {
	return classify.All(ctx, w.c, all)
}

// Classify asks and notes the answer. An error is no decision.
func (w *classifier) Classify(ctx context.Context, r classify.Request) (classify.Result, error) {
	out, err := w.c.Classify(ctx, r)
	if err != nil {
		return out, err
	}
	e := w.s.entry(orchestrator.TicketDecision, w.s.About.ID)
	model := out.Model
	if model == "" {
		model = r.Model
	}
	e.Outcome, e.EndedAt = orchestrator.TicketDone, e.At
	e.Decision = &orchestrator.TicketDecided{
		Model: w.s.Line(model, MaxValue), Label: w.s.Line(out.Label, MaxValue), Confidence: out.Confidence,
		Uncalibrated: out.Uncalibrated, Length: len(r.Text),
	}
	if e.Seen = w.s.touched(e); e.Seen != nil {
		e.Seen.Label, e.Seen.Subject = e.Decision.Label, w.s.Line(w.s.About.Subject, MaxValue)
	}
	w.s.Book.Put(e)
	return out, nil
}
