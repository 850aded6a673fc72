package zammadtest

import (
	"net/http"
	"slices"
	"strconv"
)

// Seed is a ticket to put in directly.
type Seed struct{ Title, Group, Body string }

// Add puts a ticket with one article of the customer in and gives its id.
func (s *Server) Add(seed Seed) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	t := &Ticket{
		ID: int64(len(s.tickets) + 1), Group: int64(1 + slices.Index(s.groups(), seed.Group)), State: 1, Priority: 2, Owner: 1, Customer: 7,
		Title: seed.Title, Created: now, Updated: now,
	}
	s.addArticle(t, map[string]any{
		"subject": seed.Title, "body": seed.Body, "content_type": "text/html", "type": "email", "sender": "Customer", "internal": false,
	})
	s.tickets = append(s.tickets, t)
	seen := *t
	t.indexed = &seen
	return strconv.FormatInt(t.ID, 10)
}

// Snapshot is a ticket as it is.
type Snapshot struct {
	ID, Title, Group, State, Priority string
	Pending                           string // RFC 3339
	Articles                          []Article
}

// Article is one article of a Snapshot.
type Article struct {
	Subject, Body, ContentType string
	Internal                   bool
}

// Tickets gives all tickets, oldest first.
func (s *Server) Tickets() []Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Snapshot, len(s.tickets))
	for i, t := range s.tickets {
		out[i] = Snapshot{
			ID: strconv.FormatInt(t.ID, 10), Title: t.Title, Group: s.groups()[t.Group-1],
			State: states[t.State-1][0], Priority: priorities[t.Priority-1], Pending: t.Pending,
		}
		for _, a := range t.Articles {
			text := func(key string) string { v, _ := a[key].(string); return v }
			internal, _ := a["internal"].(bool)
			out[i].Articles = append(out[i].Articles, Article{text("subject"), text("body"), text("content_type"), internal})
		}
	}
	return out
}

// me is the agent of the token: its groups with its rights in them, by id, and by name with expand.
func (s *Server) me(expand bool) (int, any) {
	byID, byName := map[string]any{}, map[string]any{}
	for i, name := range s.groups() {
		right := "full"
		if s.Rights != nil {
			right = s.Rights[name]
		}
		if right != "" {
			byID[strconv.Itoa(i+1)], byName[name] = []string{right}, []string{right}
		}
	}
	m := map[string]any{"id": 3, "login": "agent@test.example", "active": true, "group_ids": byID}
	if expand {
		m["groups"] = byName
	}
	return http.StatusOK, m
}
