package journal

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// placeholder begins the ids of tickets that a dry run would have created.
const placeholder = "dry-"

// What a created ticket gets when nothing is said, as the desk and OTOBO have it.
const (
	newQueue    = "Raw"
	newPriority = "3 normal"
	newState    = "new"
)

// Overlay is what one dry run has done to the tickets of one system, over the tickets as they are. It is safe for concurrent use.
type Overlay struct {
	clock func() time.Time

	mu      sync.Mutex
	changed map[string]ticket.Ticket // by id: set fields and added notes
	made    []ticket.Ticket          // created, in order
	keys    map[string]bool          // of notes: ticket id, blank, key
	names   map[string]string        // field, blank, id: the name
	ids     map[string]string        // field, blank, name: the id
}

// NewOverlay makes one that shows the tickets as they are.
func NewOverlay(clock func() time.Time) *Overlay {
	return &Overlay{
		clock: clock, changed: map[string]ticket.Ticket{}, keys: map[string]bool{}, names: map[string]string{}, ids: map[string]string{},
	}
}

// Replay takes in what an earlier go at the run has done.
func (o *Overlay) Replay(entries []orchestrator.TicketEntry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range entries {
		e := &entries[i]
		if !e.DryRun {
			continue
		}
		switch e.Kind {
		case orchestrator.TicketUpdate:
			t := o.changed[e.Ticket]
			for _, c := range e.Changes {
				t = with(t, c.Field, c.After)
			}
			o.put(e.Ticket, t)
		case orchestrator.TicketAddNote:
			o.addNote(e.Ticket, ticket.Note{Subject: e.Note.Subject, Body: e.Note.Body, Visible: e.Note.Visible, CreatedAt: e.At})
		case orchestrator.TicketCreate:
			t := ticket.Ticket{ID: e.Ticket, Number: e.Number, CreatedAt: e.At, UpdatedAt: e.At}
			for _, c := range e.Changes {
				t = with(t, c.Field, c.After)
			}
			o.made = append(o.made, t)
		}
	}
}

// put keeps what is known of a ticket's changes; of a created one it is the ticket itself that changes.
func (o *Overlay) put(id string, t ticket.Ticket) {
	if i := o.madeAt(id); i >= 0 {
		o.made[i] = merge(o.made[i], t)
		return
	}
	o.changed[id] = t
}

func (o *Overlay) madeAt(id string) int {
	return slices.IndexFunc(o.made, func(t ticket.Ticket) bool { return t.ID == id })
}

func (o *Overlay) addNote(id string, n ticket.Note) {
	if i := o.madeAt(id); i >= 0 {
		o.made[i].Notes = append(o.made[i].Notes, n)
		return
	}
	t := o.changed[id]
	t.Notes = append(slices.Clone(t.Notes), n)
	o.changed[id] = t
}

// merge lays the set fields of a change over a ticket.
func merge(t, change ticket.Ticket) ticket.Ticket {
	if s := strings.TrimSpace(change.Subject); s != "" {
		t.Subject = s
	}
	for _, e := range []struct{ to, from **ticket.Entity }{
		{&t.Queue, &change.Queue},
		{&t.Priority, &change.Priority},
		{&t.State, &change.State},
		{&t.Owner, &change.Owner},
		{&t.Customer, &change.Customer},
	} {
		if !(*e.from).IsZero() {
			*e.to = *e.from
		}
	}
	if change.Lock != "" {
		t.Lock, t.Locked = change.Lock, change.Lock == ticket.Lock
	}
	for name, value := range change.Fields {
		if value != nil {
			t = withField(t, name, value)
		}
	}
	return t
}

// withField gives a ticket with one dynamic field set; others do not see it.
func withField(t ticket.Ticket, name string, value any) ticket.Ticket {
	own := maps.Clone(t.Fields)
	if own == nil {
		own = map[string]any{}
	}
	own[name] = value
	t.Fields = own
	return t
}

// view gives a ticket as the run would see it. The caller holds mu.
func (o *Overlay) view(t ticket.Ticket) ticket.Ticket {
	o.learn(&t)
	c, ok := o.changed[t.ID]
	if !ok {
		return t
	}
	t = merge(t, c)
	t.Lock = "" // a wish, and done
	t.Queue, t.Priority, t.State = o.full(fieldQueue, t.Queue), o.full(fieldPriority, t.Priority), o.full(fieldState, t.State)
	t.UpdatedAt = o.clock()
	return t
}

// learn remembers which names and ids belong together.
func (o *Overlay) learn(t *ticket.Ticket) {
	for _, f := range fields(t) {
		if f.entity != nil && f.entity.ID != "" && f.entity.Name != "" {
			o.names[f.name+" "+f.entity.ID], o.ids[f.name+" "+f.entity.Name] = f.entity.Name, f.entity.ID
		}
	}
}

// full completes an entity that was given by its name or its id alone, as far as the run has seen such a one.
func (o *Overlay) full(what string, e *ticket.Entity) *ticket.Entity {
	switch {
	case e.IsZero():
		return e
	case e.Name == "" && o.names[what+" "+e.ID] != "":
		return &ticket.Entity{ID: e.ID, Name: o.names[what+" "+e.ID]}
	case e.ID == "" && o.ids[what+" "+e.Name] != "":
		return &ticket.Entity{ID: o.ids[what+" "+e.Name], Name: e.Name}
	}
	return e
}

// get gives a ticket with its notes.
func (o *Overlay) get(ctx context.Context, base ticket.System, id string) (ticket.Ticket, error) {
	o.mu.Lock()
	if i := o.madeAt(id); i >= 0 {
		defer o.mu.Unlock()
		t := o.made[i]
		t.Notes = slices.Clone(t.Notes)
		return t, nil
	}
	o.mu.Unlock()
	t, err := base.Get(ctx, id)
	if err != nil {
		return t, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	t.Notes = append(slices.Clone(t.Notes), o.changed[t.ID].Notes...)
	return o.view(t), nil
}

// update gives the ticket after the changes, and what they change of it.
func (o *Overlay) update(ctx context.Context, base ticket.System, id string, want ticket.Ticket,
) (ticket.Ticket, []orchestrator.TicketChange, error) {
	before, err := o.get(ctx, base, id)
	if err != nil {
		return before, nil, fmt.Errorf("update ticket %s: %w", id, err)
	}
	if err := ticket.Conflict(before, want); err != nil {
		return ticket.Ticket{}, nil, fmt.Errorf("update ticket %s: %w", id, err)
	}
	o.mu.Lock()
	want.Queue, want.Priority = o.full(fieldQueue, want.Queue), o.full(fieldPriority, want.Priority)
	want.State = o.full(fieldState, want.State)
	changes := Differences(&before, &want)
	if len(changes) > 0 {
		want.Notes, want.Was = nil, nil
		o.put(before.ID, merge(o.changed[before.ID], want))
	}
	o.mu.Unlock()
	after, err := o.get(ctx, base, id)
	return after, changes, err
}

// note adds a note. It gives false when the ticket has one with its key.
func (o *Overlay) note(ctx context.Context, base ticket.System, id string, n ticket.Note) (bool, error) {
	if strings.TrimSpace(n.Subject) == "" && strings.TrimSpace(n.Body) == "" {
		return false, fault.Permanentf("add note to ticket %s: a note needs a subject or a body", id)
	}
	t, err := o.get(ctx, base, id)
	if err != nil {
		return false, fmt.Errorf("add note to ticket %s: %w", id, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	key := t.ID + " " + n.Key
	if n.Key != "" && (o.keys[key] || slices.ContainsFunc(t.Notes, func(is ticket.Note) bool { return is.Key == n.Key })) {
		return false, nil
	}
	if n.Key != "" {
		o.keys[key] = true
	}
	n.CreatedAt = o.clock()
	n.Subject, n.Body, n.ContentType = strings.TrimSpace(n.Subject), strings.TrimSpace(n.Body), cmp.Or(n.ContentType, "text/plain")
	o.addNote(t.ID, n)
	return true, nil
}

// create adds a ticket under a placeholder. It gives false when there is one with the ticket's key.
func (o *Overlay) create(t ticket.Ticket) (ticket.Ticket, bool, error) {
	if strings.TrimSpace(t.Subject) == "" && strings.TrimSpace(t.Body) == "" {
		return ticket.Ticket{}, false, fault.Permanentf("create ticket: a ticket needs a subject or a body")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if i := slices.IndexFunc(o.made, func(m ticket.Ticket) bool { return t.Key != "" && m.Key == t.Key }); i >= 0 {
		return o.made[i], false, nil
	}
	t.ID = placeholder + strconv.Itoa(len(o.made)+1)
	t.Number = cmp.Or(t.Number, t.ID)
	t.Subject, t.Body = strings.TrimSpace(t.Subject), strings.TrimSpace(t.Body)
	for _, e := range []struct {
		to              **ticket.Entity
		field, fallback string
	}{{&t.Queue, fieldQueue, newQueue}, {&t.Priority, fieldPriority, newPriority}, {&t.State, fieldState, newState}} {
		if (*e.to).IsZero() {
			*e.to = ticket.Named(e.fallback)
		}
		*e.to = o.full(e.field, *e.to)
	}
	t.CreatedAt, t.UpdatedAt = o.clock(), o.clock()
	o.made = append(o.made, t)
	return t, true, nil
}
