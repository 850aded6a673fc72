package zammadtest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) create(body map[string]any) (int, any) {
	now := s.now()
	t := &Ticket{ID: int64(len(s.tickets) + 1), State: 1, Priority: 2, Owner: 1, Customer: 7, Created: now, Updated: now}
	if c, ok := body["customer_id"].(string); ok && strings.HasPrefix(c, "guess:") {
		t.CustomerLogin = strings.TrimPrefix(c, "guess:")
	} else if body["customer"] != nil {
		return http.StatusUnprocessableEntity, fmt.Sprintf("No lookup value found for 'customer': %q", body["customer"])
	}
	if body["group"] == nil && body["group_id"] == nil {
		return http.StatusUnprocessableEntity, "Group can't be blank"
	}
	if status, reply := s.apply(t, body); status != 0 {
		return status, reply
	}
	s.tickets = append(s.tickets, t)
	seen := *t
	t.indexed = &seen
	return http.StatusCreated, s.json(t, true)
}

// now never gives one moment twice: tickets have an order.
func (s *Server) now() time.Time {
	now := time.Now().UTC().Truncate(time.Millisecond)
	if n := len(s.tickets); n > 0 && !now.After(s.tickets[n-1].Created) {
		now = s.tickets[n-1].Created.Add(time.Millisecond)
	}
	return now
}

// update changes ticket and article together, or nothing.
func (s *Server) update(t *Ticket, body map[string]any, expand bool) (int, any) {
	changed := *t
	changed.Articles = slices.Clone(t.Articles)
	if status, reply := s.apply(&changed, body); status != 0 {
		return status, reply
	}
	*t = changed
	return http.StatusOK, s.json(t, expand)
}

// apply gives 0 when all is well. With an id and a name, the id wins.
func (s *Server) apply(t *Ticket, body map[string]any) (int, any) {
	if v, ok := body["title"].(string); ok {
		t.Title = v
	}
	for _, f := range []struct {
		key   string
		dst   *int64
		names []string
	}{{"group", &t.Group, s.groups()}, {"priority", &t.Priority, priorities}, {"state", &t.State, stateNames()}} {
		if id, ok := body[f.key+"_id"].(float64); ok {
			if id < 1 || int(id) > len(f.names) {
				return http.StatusUnprocessableEntity, "Invalid " + f.key
			}
			*f.dst = int64(id)
		} else if name, ok := body[f.key].(string); ok {
			i := slices.Index(f.names, name)
			if i < 0 {
				return http.StatusUnprocessableEntity, fmt.Sprintf("No lookup value found for '%s': %q", f.key, name)
			}
			*f.dst = int64(i + 1)
		}
	}
	if text, _ := body["pending_time"].(string); strings.HasPrefix(states[t.State-1][1], "pending") {
		if _, err := time.Parse(time.RFC3339, text); err != nil && t.Pending == "" {
			return http.StatusUnprocessableEntity, "Missing required value for field 'pending_time'!" // of the core workflow
		}
		if text != "" {
			t.Pending = text
		}
	} else {
		t.Pending = ""
	}
	custom := maps.Clone(t.Custom)
	for _, name := range s.fields() { // an unknown one is dropped without a word
		if value, given := body[name]; given {
			if custom == nil {
				custom = map[string]any{}
			}
			custom[name] = value
		}
	}
	t.Custom = custom
	if id, ok := body["owner_id"].(float64); ok {
		t.Owner = int64(id)
	}
	if a, ok := body["article"].(map[string]any); ok {
		if text, _ := a["body"].(string); text == "" {
			return http.StatusUnprocessableEntity, "Need at least an 'article body' field."
		}
		s.addArticle(t, a)
	}
	t.Updated = time.Now().UTC()
	return 0, nil
}

func stateNames() []string {
	out := make([]string, len(states))
	for i, st := range states {
		out[i] = st[0]
	}
	return out
}

// addArticle stores an article; it is public unless said otherwise, as in Zammad.
func (s *Server) addArticle(t *Ticket, a map[string]any) {
	s.articles++
	internal, _ := a["internal"].(bool)
	t.Articles = append(t.Articles, map[string]any{
		"id": s.articles, "ticket_id": t.ID, "subject": a["subject"], "body": a["body"], "content_type": a["content_type"], "type": a["type"],
		"sender": a["sender"], "internal": internal, "from": nil, "created_by": "agent@test.example", "attachments": []any{},
		"created_at": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
	})
}
