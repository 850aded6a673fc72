package zammad

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// statesPath lists the states.
const statesPath = "/ticket_states"

// listsLast is how long states, priorities and groups are kept.
const listsLast = 10 * time.Minute

// listed is one entry of a list: a state, priority or group.
type listed struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Active *bool  `json:"active"`
	Type   string `json:"state_type"` // of states, with expand
}

type kept struct {
	at      time.Time
	items   []listed
	refused bool // the token may not read it
}

// kind is the state's type, or its name where the type is not told.
func (l listed) kind() string {
	if l.Type == "" {
		return strings.ToLower(l.Name)
	}
	return l.Type
}

func (l listed) off() bool { return l.Active != nil && !*l.Active }

// closed goes by the state's type, which no translation changes; by its name where the type is not told.
func (l listed) closed() bool {
	switch l.Type {
	case "":
		return ticket.Closed(l.Name)
	case "closed", "merged", "removed":
		return true
	default:
		return false
	}
}

// list gives one of the lists, kept for a while.
func (c *Client) list(ctx context.Context, path string) ([]listed, error) {
	c.mu.Lock()
	k, ok := c.lists[path]
	c.mu.Unlock()
	if ok && c.o.Clock().Sub(k.at) < listsLast {
		return k.items, nil
	}
	var items []listed
	// Every page of a list: without page Zammad gives all.
	if err := c.call(ctx, http.MethodGet, path+"?expand=true", nil, &items); err != nil {
		return nil, fmt.Errorf("list %s: %w", strings.Trim(path, "/"), err)
	}
	c.mu.Lock()
	c.lists[path] = kept{at: c.o.Clock(), items: items}
	c.mu.Unlock()
	return items, nil
}

// groups gives the groups; false when the token may not list them, which needs admin.group.
func (c *Client) groups(ctx context.Context) ([]listed, bool, error) {
	const path = "/groups"
	items, err := c.list(ctx, path)
	if fault.ClassOf(err) == fault.Permanent {
		c.mu.Lock()
		c.lists[path] = kept{at: c.o.Clock(), refused: true} // it is not asked for at every search
		c.mu.Unlock()
		return nil, false, nil
	}
	return items, err == nil && !c.refused(path), err
}

func (c *Client) refused(path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lists[path].refused
}

// idsOf finds the ids of names; an unknown one is a permanent error that lists the known ones.
func idsOf(what string, items []listed, names []string) ([]int64, error) {
	out := make([]int64, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(items, func(l listed) bool { return strings.EqualFold(l.Name, strings.TrimSpace(name)) })
		if i < 0 {
			known := make([]string, 0, len(items))
			for _, l := range items {
				if !l.off() {
					known = append(known, l.Name)
				}
			}
			return nil, fault.Permanentf("Zammad has no %s %q; known are %s", what, name, strings.Join(known, ", "))
		}
		out = append(out, items[i].ID)
	}
	return out, nil
}

// filter is a search with ids, and what hits are checked against.
type filter struct {
	groups, states, priorities []int64 // any of each; empty groups and priorities = all
	group                      string  // when its id is not known
	before                     time.Time
	fields                     map[string]string
}

func (f filter) takes(w wireTicket) bool {
	return (len(f.groups) == 0 || slices.Contains(f.groups, w.GroupID)) && (f.group == "" || strings.EqualFold(f.group, w.Group)) &&
		slices.Contains(f.states, w.StateID) && (len(f.priorities) == 0 || slices.Contains(f.priorities, w.PriorityID)) &&
		(f.before.IsZero() || !w.CreatedAt.After(f.before)) && f.takesFields(w)
}

func (f filter) takesFields(w wireTicket) bool {
	for name, want := range f.fields {
		if !ticket.FieldIs(w.Custom[name], want) {
			return false
		}
	}
	return true
}

// filter turns names into ids. Misspelt names are errors: to a search they would mean "nothing found".
func (c *Client) filter(ctx context.Context, k ticket.Criteria) (filter, error) {
	f := filter{fields: k.Fields}
	states, err := c.list(ctx, statesPath)
	if err != nil {
		return f, err
	}
	if len(k.States) > 0 {
		if f.states, err = idsOf("state", states, k.States); err != nil {
			return f, err
		}
	} else {
		for _, s := range states {
			if !s.closed() && !s.off() {
				f.states = append(f.states, s.ID)
			}
		}
	}
	if len(f.states) == 0 {
		return f, fault.Permanentf("Zammad lists no open state; name states")
	}
	if len(k.Priorities) > 0 {
		priorities, err := c.list(ctx, "/ticket_priorities")
		if err != nil {
			return f, err
		}
		if f.priorities, err = idsOf("priority", priorities, k.Priorities); err != nil {
			return f, err
		}
	}
	if k.OlderThan > 0 {
		f.before = c.o.Clock().Add(-k.OlderThan)
	}
	return f, c.groupFilter(ctx, k, &f)
}

func (c *Client) groupFilter(ctx context.Context, k ticket.Criteria, f *filter) error {
	if k.Queue == nil {
		return nil
	}
	if k.Queue.ID != "" && !k.WithSubQueues {
		id, err := strconv.ParseInt(k.Queue.ID, 10, 64)
		if err != nil || id <= 0 {
			return fault.Permanentf("queue id %q is no id of a Zammad group", k.Queue.ID)
		}
		f.groups = []int64{id}
		return nil
	}
	all, known, err := c.groups(ctx)
	switch {
	case err != nil:
		return err
	case !known && (k.WithSubQueues || c.o.Search == SearchDatabase):
		return fault.Permanentf("the token may not list groups (admin.group), which is needed for with_sub_queues and for a search in the database " +
			"by name; give the queue's id")
	case !known:
		f.group = k.Queue.Name
		return nil
	}
	name := k.Queue.Name
	if k.Queue.ID != "" {
		i := slices.IndexFunc(all, func(l listed) bool { return strconv.FormatInt(l.ID, 10) == k.Queue.ID })
		if i < 0 {
			return fault.Permanentf("Zammad has no group with the id %s", k.Queue.ID)
		}
		name = all[i].Name
	}
	if f.groups, err = idsOf("group", all, []string{name}); err != nil || !k.WithSubQueues {
		return err
	}
	for _, g := range all {
		if strings.HasPrefix(strings.ToLower(g.Name), strings.ToLower(name)+"::") {
			f.groups = append(f.groups, g.ID)
		}
	}
	return nil
}
