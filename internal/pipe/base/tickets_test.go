package base_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

func subjects(t *testing.T, r pipe.Result) []string {
	t.Helper()
	list, ok := r.Data["fetched_tickets"].([]any)
	if !ok {
		t.Fatalf("fetched_tickets is %T", r.Data["fetched_tickets"])
	}
	var out []string
	for _, item := range list {
		out = append(out, item.(m)["subject"].(string))
	}
	return out
}

func TestFetchTickets(t *testing.T) {
	w := newWorld(t)
	old := time.Now().Add(-48 * time.Hour)
	w.add(ticket.Ticket{Subject: "old", Queue: ticket.Named("In"), CreatedAt: old, Locked: true})
	w.add(ticket.Ticket{Subject: "hot", Queue: ticket.Named("In"), CreatedAt: old.Add(time.Second), Priority: ticket.Named("5 very high")})
	noted := w.add(ticket.Ticket{Subject: "noted", Body: "the body", Queue: ticket.Named("In"), Notes: []ticket.Note{{Subject: "left in In", Body: "b"}}})
	w.add(ticket.Ticket{Subject: "sub", Queue: ticket.Named("In::A")})
	w.add(ticket.Ticket{Subject: "open", Queue: ticket.Named("In"), State: ticket.Named("open")})
	for name, c := range map[string]struct {
		criteria any
		want     string
	}{
		"queue":          {m{"queue": m{"name": "In"}}, "old,hot,noted,open"},
		"short queue":    {m{"queue": "In", "limit": "2"}, "old,hot"},
		"dotted":         {m{"queue.name": "In", "limit": 1, "offset": 1}, "hot"},
		"dotted state":   {m{"queue.name": "In", "state.name": "open"}, "open"},
		"states":         {m{"queue": "In", "states": []any{"open"}}, "open"},
		"age":            {m{"older_than": "24h"}, "old,hot"},
		"sub queues":     {m{"queue": "In", "with_sub_queues": true, "limit": 100}, "old,hot,noted,sub,open"},
		"priorities":     {m{"queue": "In", "priorities": "5 very high"}, "hot"},
		"not locked":     {m{"queue": "In", "skip_locked": true}, "hot,noted,open"},
		"without a note": {m{"queue": "In", "without_note": "left in {queue}", "limit": 3}, "old,hot,open"},
		"priority below": {m{"queue": "In", "priority_below": "highest"}, "old,noted,open"},
		"from template":  {"{{ crit }}", "old"},
		"no such queue":  {m{"queue": "Nope"}, ""},
	} {
		w.scope.Vars = m{"crit": m{"queue.name": "In", "limit": int64(1)}}
		r := w.must("FetchTicketsPipe", m{"ticket_search_criteria": c.criteria})
		if got := strings.Join(subjects(t, r), ","); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	r := w.must("open_ticket_ai.base:FetchTicketsPipe", m{"search_criteria": m{"queue": "In", "offset": 2, "limit": 1}})
	first := r.Data["fetched_tickets"].([]any)[0].(m)
	if first["id"] != noted.ID || first["body"] != "the body" || first["queue"].(m)["name"] != "In" {
		t.Errorf("ticket as templates see it: %v", first)
	}
	if log := strings.Join(w.log.all(), "\n"); strings.Contains(log, "the body") {
		t.Errorf("a ticket's body is in the log: %s", log)
	}
	_, err := w.run(t.Context(), "FetchTicketsPipe", m{"ticket_search_criteria": m{"limit": 5}})
	wantClass(t, err, fault.Permanent, "at least one of queue")
	_, err = w.run(t.Context(), "FetchTicketsPipe", m{"ticket_search_criteria": m{"queue": "In", "priority_below": "purple"}})
	wantClass(t, err, fault.Permanent, "purple")
	_, err = w.run(t.Context(), "FetchTicketsPipe", m{"ticket_search_criteria": m{"queu": "In"}})
	wantClass(t, err, fault.Permanent, "ticket_search_criteria.queu")
}

// TestFetchGoesPastLeftOutTickets: tickets that are left out on our side do not fill the limit for ever.
func TestFetchGoesPastLeftOutTickets(t *testing.T) {
	w := newWorld(t)
	for i := range 120 {
		w.add(ticket.Ticket{Subject: fmt.Sprint(i), Queue: ticket.Named("In"), Locked: i != 7 && i < 115})
	}
	r := w.must("FetchTicketsPipe", m{"ticket_search_criteria": m{"queue": "In", "skip_locked": true, "limit": 3}})
	if got := subjects(t, r); !slices.Equal(got, []string{"7", "115", "116"}) {
		t.Errorf("fetched %v", got)
	}
}

func TestUpdateTicket(t *testing.T) {
	w := newWorld(t)
	made := w.add(ticket.Ticket{Subject: "x", Body: "b", Queue: ticket.Named("In")})
	w.scope.Vars = m{"id": made.ID, "nested": m{"queue": m{"name": "Net"}}, "dotted": m{"priority.name": "4 high"}, "empty": ""}
	r := w.must("UpdateTicketPipe", m{"ticket_id": "{{ id }}", "updated_ticket": "{{ nested }}"})
	if got := w.get(made.ID); got.Queue.Name != "Net" || r.Data["ticket"].(m)["queue"].(m)["name"] != "Net" || r.Message != "queue Net" {
		t.Errorf("after: %+v, result %+v", got, r)
	}
	w.must("open_ticket_ai.base:UpdateTicketsPipe", m{"ticket_id": 1, "updated_ticket": "{{ dotted }}"})
	w.must("UpdateTicketPipe", m{"ticket_id": 1, "updated_ticket": m{"queue.name": "HR", "title": "42", "priority": m{"name": "{{ empty }}"}, "state": "open"}})
	got := w.get(made.ID)
	if got.Queue.Name != "HR" || got.Subject != "42" || got.Priority.Name != "4 high" || got.State.Name != "open" || got.Body != "b" {
		t.Errorf("after all: %+v", got)
	}
	if r := w.must("UpdateTicketPipe", m{"ticket_id": 1, "updated_ticket": m{"queue": m{"name": "{{ empty }}"}}}); r.Message != "nothing to change" {
		t.Errorf("an empty update: %+v", r)
	}
	for range 2 { // a second attempt of the same step
		w.must("UpdateTicketPipe", m{"ticket_id": 1, "updated_ticket": m{"notes": []any{"first", m{"subject": "s", "body": "second"}}}})
	}
	if n := w.get(made.ID).Notes; len(n) != 2 || n[0].Body != "first" || n[1].Subject != "s" {
		t.Errorf("notes %+v", n)
	}
	_, err := w.run(t.Context(), "UpdateTicketPipe", m{"ticket_id": 99, "updated_ticket": m{"queue": "X"}})
	wantClass(t, err, fault.Permanent, `no ticket "99"`)
	_, err = w.run(t.Context(), "UpdateTicketPipe", m{"updated_ticket": m{"queue": "X"}})
	wantClass(t, err, fault.Permanent, "ticket_id: is required")
	_, err = w.run(t.Context(), "UpdateTicketPipe", m{"ticket_id": 1, "updated_ticket": m{"queue": m{"nam": "X"}}})
	wantClass(t, err, fault.Permanent, "updated_ticket.queue.nam")
}

func TestAddNote(t *testing.T) {
	w := newWorld(t)
	made := w.add(ticket.Ticket{Subject: "x"})
	w.scope.Vars = m{"text": "{{ injected }}"}
	for range 3 {
		w.must("AddNotePipe", m{"ticket_id": made.ID, "note": m{"subject": "S", "body": "{{ text }}"}})
	}
	w.key = "run/other"
	w.must("open_ticket_ai.base:AddNoteTicketsPipe", m{"ticket_id": made.ID, "note": "42"})
	notes := w.get(made.ID).Notes
	if len(notes) != 2 || notes[0].Body != "{{ injected }}" || notes[1].Body != "42" || notes[0].Visible {
		t.Errorf("notes %+v", notes)
	}
	_, err := w.run(t.Context(), "AddNotePipe", m{"ticket_id": made.ID, "note": m{"body": ""}})
	wantClass(t, err, fault.Permanent, "note is empty")
	_, err = w.run(t.Context(), "AddNotePipe", m{"ticket_id": made.ID, "note": "{{ none }}"})
	wantClass(t, err, fault.Permanent, "note: is required")
}

// TestFields: what is done is marked by a field, and what is marked is not fetched again.
func TestFields(t *testing.T) {
	w := newWorld(t)
	for _, title := range []string{"a", "b"} {
		w.key = title
		w.must("CreateTicketPipe", m{"new_ticket": m{"title": title, "queue": m{"name": "Incoming"}, "body": "b"}})
	}
	fetch := func() []any {
		r := w.must("FetchTicketsPipe", m{"ticket_search_criteria": m{"queue": "Incoming", "fields": m{"AiDone": ""}}})
		return r.Data["fetched_tickets"].([]any)
	}
	list := fetch()
	if len(list) != 2 {
		t.Fatalf("%d fetched", len(list))
	}
	id := list[0].(map[string]any)["id"]
	r := w.must("UpdateTicketPipe", m{"ticket_id": id, "updated_ticket": m{"lock": "lock", "fields": m{"AiDone": "{{ 1 }}", "AiLabel": "{{ none }}"}}})
	if now := w.get(id.(string)); r.Message != "lock, field AiDone, field AiLabel" || !now.Locked || len(now.Fields) != 1 || ticket.FieldText(now.Fields["AiDone"]) != "1" {
		t.Errorf("%q, %+v", r.Message, now)
	}
	if list := fetch(); len(list) != 1 || list[0].(map[string]any)["subject"] != "b" {
		t.Errorf("%+v", list)
	}
}

// TestSomebodyWasFaster: what was decided on has changed since. Nothing is written, and nothing fails.
func TestSomebodyWasFaster(t *testing.T) {
	w := newWorld(t)
	made := w.must("CreateTicketPipe", m{"new_ticket": m{"title": "x", "queue": m{"name": "Incoming"}, "body": "b"}})
	id := made.Data["ticket_id"].(string)
	read := w.get(id)
	if _, err := w.run(t.Context(), "UpdateTicketPipe", m{"ticket_id": id, "updated_ticket": m{"queue": "By hand"}}); err != nil {
		t.Fatal(err)
	}
	r, err := w.run(t.Context(), "UpdateTicketPipe", m{"ticket_id": id, "updated_ticket": m{"queue": "Support", "notes": "why"}, "expected": read.Map()})
	if err != nil || !r.HasFailed() || !strings.Contains(r.Message, "its queue is By hand and was Incoming") {
		t.Errorf("%+v, %v", r, err)
	}
	if now := w.get(id); now.Queue.Name != "By hand" || len(now.Notes) != 0 {
		t.Errorf("%+v", now)
	}
}

func TestCreateTicket(t *testing.T) {
	w := newWorld(t)
	var id any
	for range 2 {
		r := w.must("open_ticket_ai.base:CreateTicketPipe", m{"new_ticket": m{
			"title": "ESCALATION", "queue": m{"name": "Escalation"}, "priority": m{"name": "1 Very High"}, "customer_user": "kim", "body": "text", "notes": "why",
		}})
		if id != nil && id != r.Data["ticket_id"] {
			t.Errorf("a second attempt made another ticket: %v and %v", id, r.Data["ticket_id"])
		}
		id = r.Data["ticket_id"]
	}
	got := w.get(id.(string))
	if got.Subject != "ESCALATION" || got.Queue.Name != "Escalation" || got.Customer.Name != "kim" || got.Priority.Name != "1 Very High" || len(got.Notes) != 1 {
		t.Errorf("created %+v", got)
	}
}
