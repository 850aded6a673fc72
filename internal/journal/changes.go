package journal

import (
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// The fields of a change, in the order in which they are shown.
const (
	fieldSubject  = "subject"
	fieldQueue    = "queue"
	fieldPriority = "priority"
	fieldState    = "state"
	fieldOwner    = "owner"
	fieldCustomer = "customer"
	fieldLock     = "lock"
	fieldOfName   = "field " // and the name of a dynamic field or custom attribute
)

// field is one changeable field of a ticket.
type field struct {
	name   string
	entity *ticket.Entity // nil of the subject
	text   string         // as people see it
}

func fields(t *ticket.Ticket) []field {
	out := []field{{name: fieldSubject, text: t.Subject}}
	for _, e := range []field{
		{name: fieldQueue, entity: t.Queue},
		{name: fieldPriority, entity: t.Priority},
		{name: fieldState, entity: t.State},
		{name: fieldOwner, entity: t.Owner},
		{name: fieldCustomer, entity: t.Customer},
	} {
		e.text = e.entity.Label()
		out = append(out, e)
	}
	return out
}

// with gives a ticket part in which one field is set by its text.
func with(t ticket.Ticket, name, text string) ticket.Ticket {
	switch name {
	case fieldSubject:
		t.Subject = text
	case fieldQueue:
		t.Queue = ticket.Named(text)
	case fieldPriority:
		t.Priority = ticket.Named(text)
	case fieldState:
		t.State = ticket.Named(text)
	case fieldOwner:
		t.Owner = ticket.Named(text)
	case fieldCustomer:
		t.Customer = ticket.Named(text)
	case fieldLock:
		t.Lock = text
	}
	if own, ok := strings.CutPrefix(name, fieldOfName); ok {
		t.Fields = maps.Clone(t.Fields)
		if t.Fields == nil {
			t.Fields = map[string]any{}
		}
		t.Fields[own] = text // "" clears
	}
	return t
}

// lockOf is whether a ticket is locked, in the words of an update.
func lockOf(t *ticket.Ticket) string {
	if t.Locked {
		return ticket.Lock
	}
	return ticket.Unlock
}

// same says that a field stands as it is wanted: by the id when that is what is wanted and known, else by the name.
func same(is, want field) bool {
	if want.entity == nil {
		return is.text == strings.TrimSpace(want.text)
	}
	if want.entity.Name == "" && is.entity != nil && is.entity.ID != "" {
		return is.entity.ID == want.entity.ID
	}
	return is.text == want.text
}

// Differences gives what an update would change of a ticket: fields that are set in want and stand otherwise.
func Differences(now, want *ticket.Ticket) []orchestrator.TicketChange {
	is, wanted := fields(now), fields(want)
	var out []orchestrator.TicketChange
	for i := range wanted {
		if w := wanted[i]; w.text != "" && !same(is[i], w) {
			out = append(out, orchestrator.TicketChange{Field: w.name, Before: is[i].text, After: strings.TrimSpace(w.text)})
		}
	}
	if was := lockOf(now); want.Lock != "" && want.Lock != was {
		out = append(out, orchestrator.TicketChange{Field: fieldLock, Before: was, After: want.Lock})
	}
	for _, name := range slices.Sorted(maps.Keys(want.Fields)) { // nil leaves a field as it is, "" clears it
		was, is := ticket.FieldText(now.Fields[name]), ticket.FieldText(want.Fields[name])
		if want.Fields[name] != nil && was != is {
			out = append(out, orchestrator.TicketChange{Field: fieldOfName + name, Before: was, After: is})
		}
	}
	return out
}

// Value gives a field of a ticket as people see it.
func Value(t *ticket.Ticket, name string) string {
	for _, f := range fields(t) {
		if f.name == name {
			return f.text
		}
	}
	return ""
}

// Back gives the part of a ticket that puts changes back; those whose field was empty cannot be put back by an update.
func Back(changes []orchestrator.TicketChange) ticket.Ticket {
	var t ticket.Ticket
	for _, c := range changes {
		t = with(t, c.Field, c.Before)
	}
	return t
}

// settled brings changes in line with the ticket after the write: names where ids were wanted, and what the system changed
// besides, such as the owner that a move takes.
func settled(changes []orchestrator.TicketChange, before, after *ticket.Ticket) []orchestrator.TicketChange {
	was, is := fields(before), fields(after)
	listed := map[string]int{}
	out := make([]orchestrator.TicketChange, len(changes))
	for i, c := range changes {
		out[i] = c
		listed[c.Field] = i
	}
	for k := range is {
		i, asked := listed[is[k].name]
		switch {
		case is[k].text == "":
		case asked:
			out[i].After = is[k].text
		case was[k].text != is[k].text:
			out = append(out, orchestrator.TicketChange{Field: is[k].name, Before: was[k].text, After: is[k].text})
		}
	}
	return slices.DeleteFunc(out, func(c orchestrator.TicketChange) bool { return c.Before == c.After })
}

// made gives those of the wanted changes that the ticket shows now.
func made(changes []orchestrator.TicketChange, want, now *ticket.Ticket) []orchestrator.TicketChange {
	open := map[string]bool{}
	for _, c := range Differences(now, want) {
		open[c.Field] = true
	}
	var out []orchestrator.TicketChange
	for _, c := range changes {
		if !open[c.Field] {
			out = append(out, c)
		}
	}
	return out
}
