package journal

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/ticket"
)

// find searches as the system would after the run's changes: what was changed out of the criteria is left out, what was changed
// into them, or created, is there, in its place by age.
func (o *Overlay) find(ctx context.Context, base ticket.System, c ticket.Criteria) ([]ticket.Ticket, error) {
	o.mu.Lock()
	ids := slices.Sorted(maps.Keys(o.changed))
	plain := len(ids)+len(o.made) == 0
	o.mu.Unlock()
	if plain {
		found, err := base.Find(ctx, c)
		o.mu.Lock()
		defer o.mu.Unlock()
		for i := range found {
			o.learn(&found[i])
		}
		return found, err
	}
	c, err := c.Checked()
	if err != nil {
		return nil, err
	}
	own, err := o.own(ctx, base, c, ids)
	if err != nil {
		return nil, err
	}
	var out []ticket.Ticket
	page := c
	page.Offset, page.Limit = 0, min(c.Offset+c.Limit+len(ids), ticket.MaxLimit)
	for {
		found, err := base.Find(ctx, page)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if slices.Contains(ids, found[i].ID) {
				continue // it is among our own, when it matches
			}
			o.mu.Lock()
			o.learn(&found[i])
			o.mu.Unlock()
			out = append(out, found[i])
		}
		if len(found) < page.Limit || len(out) >= c.Offset+c.Limit {
			break
		}
		page.Offset += len(found)
	}
	for i := range own {
		out = insert(out, own[i])
	}
	out = out[min(c.Offset, len(out)):]
	return out[:min(c.Limit, len(out))], nil
}

// own gives the changed and created tickets that match.
func (o *Overlay) own(ctx context.Context, base ticket.System, c ticket.Criteria, ids []string) ([]ticket.Ticket, error) {
	var out []ticket.Ticket
	for _, id := range ids {
		t, err := o.get(ctx, base, id)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	out = append(out, o.made...)
	out = slices.DeleteFunc(out, func(t ticket.Ticket) bool { return !o.matches(&t, c) })
	for i := range out {
		if !c.WithNotes {
			out[i].Notes = nil
		}
	}
	return out, nil
}

// insert puts a ticket among others that are ordered by age.
func insert(list []ticket.Ticket, t ticket.Ticket) []ticket.Ticket {
	i := slices.IndexFunc(list, func(other ticket.Ticket) bool {
		if !other.CreatedAt.Equal(t.CreatedAt) {
			return other.CreatedAt.After(t.CreatedAt)
		}
		return older(t.ID, other.ID)
	})
	if i < 0 {
		return append(list, t)
	}
	return slices.Insert(list, i, t)
}

// older orders ids of tickets of the same moment: by number where they are numbers, placeholders last.
func older(a, b string) bool {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	switch {
	case errX == nil && errY == nil:
		return x < y
	case (errX == nil) != (errY == nil):
		return errX == nil
	case len(a) != len(b): // dry-2 before dry-10
		return len(a) < len(b)
	default:
		return a < b
	}
}

// matches says that a ticket, as the run would see it, is one that is searched for. The caller holds mu.
func (o *Overlay) matches(t *ticket.Ticket, c ticket.Criteria) bool {
	switch state := t.State.Label(); {
	case len(c.States) == 0 && ticket.Closed(state):
		return false
	case len(c.States) > 0 && !slices.Contains(c.States, state):
		return false
	}
	for name, want := range c.Fields {
		if !ticket.FieldIs(t.Fields[name], want) {
			return false
		}
	}
	if len(c.Priorities) > 0 && !slices.Contains(c.Priorities, t.Priority.Label()) {
		return false
	}
	if c.OlderThan > 0 && t.CreatedAt.After(o.clock().Add(-c.OlderThan)) {
		return false
	}
	if c.Queue.IsZero() {
		return true
	}
	want, is := o.full(fieldQueue, c.Queue), o.full(fieldQueue, t.Queue)
	switch {
	case c.Queue.Name == "":
		return is != nil && is.ID == strings.TrimSpace(c.Queue.ID)
	case is.Label() == want.Name:
		return true
	}
	name := strings.ToLower(is.Label())
	return c.WithSubQueues && strings.HasPrefix(name, strings.ToLower(want.Name)+"::")
}
