package ticket

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
)

// ErrConflict says that somebody changed a ticket between the decision and the write, so that nothing was written. It is a
// permanent error: only a new decision helps.
var ErrConflict = errors.New("somebody was faster")

// Conflict compares a ticket as it is, just before a write, with what the change was decided on (Ticket.Was): queue, state,
// priority, and whether somebody took it. A change that is in part there already is our own from an earlier attempt, and never
// in conflict. It gives nil without Was.
func Conflict(now, changes Ticket) error {
	was := changes.Was
	if was == nil {
		return nil
	}
	fields := []struct {
		name           string
		was, now, want *Entity
	}{
		{"queue", was.Queue, now.Queue, changes.Queue},
		{"state", was.State, now.State, changes.State},
		{"priority", was.Priority, now.Priority, changes.Priority},
	}
	var other []string
	for _, f := range fields {
		asked := !f.want.IsZero() && !f.want.Same(f.was)
		if asked && f.want.Same(f.now) {
			return nil
		}
		if !f.was.IsZero() && !f.was.Same(f.now) {
			other = append(other, fmt.Sprintf("its %s is %s and was %s", f.name, f.now.Label(), f.was.Label()))
		}
	}
	if now.Locked && !was.Locked {
		other = append(other, "it is locked by "+now.Owner.Label())
	}
	if other == nil {
		return nil
	}
	return fault.Permanentf("the ticket was changed since it was read: %s: %w", strings.Join(other, ", "), ErrConflict)
}

// Same says whether two entities are the same one: by id where both have one, else by name without regard to case.
func (e *Entity) Same(other *Entity) bool {
	switch {
	case e.IsZero() || other.IsZero():
		return e.IsZero() && other.IsZero()
	case e.ID != "" && other.ID != "":
		return e.ID == other.ID
	case e.Name != "" && other.Name != "":
		return strings.EqualFold(e.Name, other.Name)
	default:
		return e.Label() == other.Label()
	}
}
