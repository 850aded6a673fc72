package ticket

import (
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
)

// MaxLimit is the largest Criteria.Limit.
const MaxLimit = 1000

// Checked gives the criteria with the default limit filled in. No filter at all, a negative number and a limit above
// MaxLimit are permanent errors: an empty filter would otherwise select every ticket of the system.
func (c Criteria) Checked() (Criteria, error) {
	if c.Queue != nil && c.Queue.IsZero() {
		c.Queue = nil
	}
	states, err := named("states", c.States)
	if err != nil {
		return c, err
	}
	priorities, err := named("priorities", c.Priorities)
	if err != nil {
		return c, err
	}
	c.States, c.Priorities = states, priorities
	if err := CheckFields(c.Fields); err != nil {
		return c, fmt.Errorf("search tickets: %w", err)
	}
	switch {
	case c.Queue == nil && len(c.States) == 0 && len(c.Priorities) == 0 && c.OlderThan <= 0:
		return c, fault.Permanentf("search tickets: give at least one of queue, states, priorities and older_than")
	case c.Limit < 0 || c.Limit > MaxLimit:
		return c, fault.Permanentf("search tickets: limit %d must be between 1 and %d", c.Limit, MaxLimit)
	case c.Offset < 0:
		return c, fault.Permanentf("search tickets: offset %d must not be negative", c.Offset)
	case c.OlderThan < 0:
		return c, fault.Permanentf("search tickets: older_than %s must not be negative", c.OlderThan)
	case c.Limit == 0:
		c.Limit = DefaultLimit
	}
	return c, nil
}

// named refuses empty names: in a list they come from a template that gave nothing and would widen the search.
func named(what string, list []string) ([]string, error) {
	for i, s := range list {
		if strings.TrimSpace(s) == "" {
			return nil, fault.NewPermanent(fmt.Errorf("search tickets: %s[%d] is empty", what, i))
		}
	}
	return list, nil
}

// IsZero says that neither id nor name is set. It is true for nil.
func (e *Entity) IsZero() bool { return e == nil || (e.ID == "" && e.Name == "") }

// Label gives the name, or the id where there is none, or "".
func (e *Entity) Label() string {
	switch {
	case e == nil:
		return ""
	case e.Name != "":
		return e.Name
	default:
		return e.ID
	}
}

// Named makes an entity of a name; nil for "".
func Named(name string) *Entity {
	if name == "" {
		return nil
	}
	return &Entity{Name: name}
}

// Closed says whether a state's name means that work on a ticket has ended: "closed successful", "merged", "resolved".
func Closed(state string) bool {
	s := strings.ToLower(strings.TrimSpace(state))
	for _, word := range []string{"closed", "close", "merged", "removed", "resolved", "done", "solved", "geschlossen", "gelöst", "erledigt"} {
		if rest, ok := strings.CutPrefix(s, word); ok && (rest == "" || rest[0] == ' ') {
			return true
		}
	}
	return false
}
