// Package tickettest holds the contract that every ticket system keeps, as a test suite. The desk and the remote
// systems run the same one.
package tickettest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Suite says how to reach a system and which of its names the tests may use. New must give a system whose two queues
// hold no tickets.
type Suite struct {
	New        func(t *testing.T) ticket.System
	Queues     [2]string
	Priorities [2]string // the first is less urgent
	OpenState  string
	Closed     string // a closed state
	UnknownID  string // well formed, but there is no such ticket
	Field      string // a dynamic field or custom attribute of tickets that takes texts
	Locks      bool   // tickets can be locked
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	for name, test := range map[string]func(*testing.T, ticket.System){
		"create and get":       s.createAndGet,
		"find oldest first":    s.findOldestFirst,
		"find pages":           s.findPages,
		"find with notes":      s.findWithNotes,
		"find filters":         s.findFilters,
		"find refuses all":     s.findRefusesAll,
		"update set fields":    s.updateSetFields,
		"update nothing":       s.updateNothing,
		"update in conflict":   s.updateInConflict,
		"fields":               s.fields,
		"locks":                s.locks,
		"closed is not found":  s.closedIsNotFound,
		"notes":                s.notes,
		"note key":             s.noteKey,
		"unknown ticket":       s.unknownTicket,
		"concurrent use":       s.concurrentUse,
		"cancelled context":    s.cancelled,
		"says what it is":      s.describes,
		"found can be updated": s.roundTrip,
	} {
		t.Run(name, func(t *testing.T) { test(t, s.New(t)) })
	}
}

func (s Suite) create(t *testing.T, sys ticket.System, subject string, queue int) ticket.Ticket {
	t.Helper()
	got, err := sys.Create(t.Context(), ticket.Ticket{
		Subject: subject, Body: "body of " + subject, Queue: ticket.Named(s.Queues[queue]), Priority: ticket.Named(s.Priorities[0]),
		State: ticket.Named(s.OpenState), Customer: ticket.Named("kim@test.example"),
	})
	if err != nil {
		t.Fatalf("create %q: %v", subject, err)
	}
	if got.ID == "" {
		t.Fatalf("created ticket has no id: %+v", got)
	}
	return got
}

func (s Suite) find(t *testing.T, sys ticket.System, c ticket.Criteria) []string {
	t.Helper()
	found, err := sys.Find(t.Context(), c)
	if err != nil {
		t.Fatalf("find %+v: %v", c, err)
	}
	subjects := make([]string, len(found))
	for i, f := range found {
		subjects[i] = f.Subject
		if len(f.Notes) > 0 {
			t.Errorf("find gives notes of %s", f.ID)
		}
	}
	return subjects
}

func (s Suite) expect(t *testing.T, sys ticket.System, c ticket.Criteria, want ...string) {
	t.Helper()
	if got := s.find(t, sys, c); !slices.Equal(got, want) {
		t.Errorf("find %+v gives %q, want %q", c, got, want)
	}
}

func (s Suite) createAndGet(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "printer", 0)
	got, err := sys.Get(t.Context(), made.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID != made.ID || got.Subject != "printer" || got.Body != "body of printer" {
		t.Errorf("got %+v", got)
	}
	if got.Queue.Label() != s.Queues[0] || got.Priority.Label() != s.Priorities[0] || got.State.Label() != s.OpenState {
		t.Errorf("queue %v, priority %v, state %v", got.Queue, got.Priority, got.State)
	}
	if got.CreatedAt.IsZero() {
		t.Error("no creation time")
	}
}

func (s Suite) findOldestFirst(t *testing.T, sys ticket.System) {
	for _, subject := range []string{"a", "b", "c"} {
		s.create(t, sys, subject, 0)
	}
	s.create(t, sys, "elsewhere", 1)
	s.expect(t, sys, ticket.Criteria{Queue: ticket.Named(s.Queues[0])}, "a", "b", "c")
	found, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(s.Queues[0]), Limit: 1})
	if err != nil || len(found) != 1 || found[0].Body != "body of a" {
		t.Errorf("found %+v, %v, want one with its body", found, err)
	}
}

func (s Suite) findWithNotes(t *testing.T, sys ticket.System) {
	for _, subject := range []string{"a", "b"} {
		made := s.create(t, sys, subject, 0)
		for i := range 12 {
			note := ticket.Note{Subject: "AI", Body: fmt.Sprintf("%s%d", subject, i), Key: fmt.Sprint(i)}
			if err := sys.AddNote(t.Context(), made.ID, note); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(s.Queues[0]), WithNotes: true})
	if err != nil || len(found) != 2 {
		t.Fatalf("%d found, %v", len(found), err)
	}
	for _, f := range found {
		notes := slices.DeleteFunc(f.Notes, func(n ticket.Note) bool { return n.Subject != "AI" })
		if len(notes) != 12 || notes[11].Body != f.Subject+"11" || f.Body != "body of "+f.Subject {
			t.Errorf("%s: body %q, notes %+v", f.Subject, f.Body, notes)
		}
	}
}

func (s Suite) findPages(t *testing.T, sys ticket.System) {
	for i := range 12 {
		s.create(t, sys, fmt.Sprintf("t%02d", i), 0)
	}
	q := ticket.Named(s.Queues[0])
	if got := s.find(t, sys, ticket.Criteria{Queue: q}); len(got) != ticket.DefaultLimit {
		t.Errorf("default limit gives %d tickets", len(got))
	}
	s.expect(t, sys, ticket.Criteria{Queue: q, Limit: 2}, "t00", "t01")
	s.expect(t, sys, ticket.Criteria{Queue: q, Limit: 2, Offset: 2}, "t02", "t03")
	s.expect(t, sys, ticket.Criteria{Queue: q, Limit: 5, Offset: 10}, "t10", "t11")
	s.expect(t, sys, ticket.Criteria{Queue: q, Limit: 5, Offset: 12})
}

func (s Suite) findFilters(t *testing.T, sys ticket.System) {
	s.create(t, sys, "calm", 0)
	hot := s.create(t, sys, "hot", 0)
	if _, err := sys.Update(t.Context(), hot.ID, ticket.Ticket{Priority: ticket.Named(s.Priorities[1])}); err != nil {
		t.Fatal(err)
	}
	q := ticket.Named(s.Queues[0])
	s.expect(t, sys, ticket.Criteria{Queue: q, Priorities: []string{s.Priorities[1]}}, "hot")
	s.expect(t, sys, ticket.Criteria{Queue: q, Priorities: s.Priorities[:]}, "calm", "hot")
	s.expect(t, sys, ticket.Criteria{Queue: q, States: []string{s.OpenState}}, "calm", "hot")
	s.expect(t, sys, ticket.Criteria{Queue: q, States: []string{s.Closed}})
	s.expect(t, sys, ticket.Criteria{Queue: q, OlderThan: 24 * 365 * time.Hour})
	s.expect(t, sys, ticket.Criteria{Queue: &ticket.Entity{ID: hot.Queue.ID}, Limit: 1}, "calm")
}

func (s Suite) findRefusesAll(t *testing.T, sys ticket.System) {
	for _, c := range []ticket.Criteria{{}, {Limit: 5}, {Queue: &ticket.Entity{}}, {Queue: ticket.Named(s.Queues[0]), Limit: -1}} {
		if found, err := sys.Find(t.Context(), c); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("find %+v gives %d tickets and %v, want a permanent error", c, len(found), err)
		}
	}
}

func (s Suite) updateSetFields(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "move me", 0)
	got, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named(s.Queues[1])})
	if err != nil {
		t.Fatal(err)
	}
	if got.Queue.Label() != s.Queues[1] || got.Subject != "move me" || got.Priority.Label() != s.Priorities[0] || got.State.Label() != s.OpenState {
		t.Errorf("after the move: %+v", got)
	}
	if _, err = sys.Update(t.Context(), made.ID, ticket.Ticket{Subject: "moved", Priority: ticket.Named(s.Priorities[1])}); err != nil {
		t.Fatal(err)
	}
	got, err = sys.Get(t.Context(), made.ID)
	if err != nil || got.Subject != "moved" || got.Priority.Label() != s.Priorities[1] || got.Queue.Label() != s.Queues[1] {
		t.Errorf("after both: %+v, %v", got, err)
	}
	s.expect(t, sys, ticket.Criteria{Queue: ticket.Named(s.Queues[0])})
}

func (s Suite) updateNothing(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "same", 0)
	for _, c := range []ticket.Ticket{{}, {Queue: ticket.Named(s.Queues[0])}, {Queue: &ticket.Entity{}, Subject: "same"}} {
		got, err := sys.Update(t.Context(), made.ID, c)
		if err != nil || got.Subject != "same" || got.Queue.Label() != s.Queues[0] {
			t.Errorf("update %+v: %+v, %v", c, got, err)
		}
	}
}

// updateInConflict lets somebody move a ticket between the decision and the write.
func (s Suite) updateInConflict(t *testing.T, sys ticket.System) {
	read := s.create(t, sys, "contested", 0)
	decided := ticket.Ticket{Priority: ticket.Named(s.Priorities[1]), Was: &read}
	if _, err := sys.Update(t.Context(), read.ID, ticket.Ticket{Queue: ticket.Named(s.Queues[1])}); err != nil {
		t.Fatal(err)
	}
	_, err := sys.Update(t.Context(), read.ID, decided)
	now, getErr := sys.Get(t.Context(), read.ID)
	if !errors.Is(err, ticket.ErrConflict) || fault.ClassOf(err) != fault.Permanent || getErr != nil || now.Priority.Label() != s.Priorities[0] {
		t.Errorf("%v (%s), priority %s", err, fault.ClassOf(err), now.Priority.Label())
	}
	decided.Queue = ticket.Named(s.Queues[1]) // half of it is done: an earlier attempt of ours, as far as one can tell
	if now, err = sys.Update(t.Context(), read.ID, decided); err != nil || now.Priority.Label() != s.Priorities[1] {
		t.Errorf("%v, priority %s", err, now.Priority.Label())
	}
}

// fields sets one, finds by it, clears it, and finds what has none.
func (s Suite) fields(t *testing.T, sys ticket.System) {
	marked, other := s.create(t, sys, "marked", 0), s.create(t, sys, "other", 0)
	set := func(value any) ticket.Ticket {
		t.Helper()
		got, err := sys.Update(t.Context(), marked.ID, ticket.Ticket{Fields: map[string]any{s.Field: value}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	q := ticket.Named(s.Queues[0])
	if got := set("0.93"); ticket.FieldText(got.Fields[s.Field]) != "0.93" || got.Subject != "marked" || got.Queue.Label() != s.Queues[0] {
		t.Errorf("after the update: %+v", got)
	}
	if got, err := sys.Get(t.Context(), marked.ID); err != nil || ticket.FieldText(got.Fields[s.Field]) != "0.93" {
		t.Errorf("read: %+v, %v", got.Fields, err)
	}
	s.expect(t, sys, ticket.Criteria{Queue: q, Fields: map[string]string{s.Field: "0.93"}}, "marked")
	s.expect(t, sys, ticket.Criteria{Queue: q, Fields: map[string]string{s.Field: ""}}, "other")
	if got := set(nil); ticket.FieldText(got.Fields[s.Field]) != "0.93" {
		t.Errorf("none leaves a field as it is: %+v", got.Fields)
	}
	set("")
	s.expect(t, sys, ticket.Criteria{Queue: q, Fields: map[string]string{s.Field: ""}}, "marked", "other")
	s.expect(t, sys, ticket.Criteria{Queue: q, Fields: map[string]string{s.Field: "0.93"}})
	made, err := sys.Create(t.Context(), ticket.Ticket{
		Subject: "with one", Queue: q, Customer: ticket.Named("kim@test.example"), Fields: map[string]any{s.Field: "new"},
	})
	if err != nil || ticket.FieldText(made.Fields[s.Field]) != "new" {
		t.Errorf("created: %+v, %v", made.Fields, err)
	}
	for _, bad := range []string{"", "a b", "x'); --", "9"} {
		if _, err := sys.Update(t.Context(), other.ID, ticket.Ticket{Fields: map[string]any{bad: "x"}}); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("field %q: %v", bad, err)
		}
		if _, err := sys.Find(t.Context(), ticket.Criteria{Queue: q, Fields: map[string]string{bad: "x"}}); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("search for field %q: %v", bad, err)
		}
	}
}

func (s Suite) locks(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "held", 0)
	if _, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Lock: "tight"}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("lock tight: %v", err)
	}
	if !s.Locks {
		if _, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Lock: ticket.Lock}); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("it has no locks, but: %v", err)
		}
		return
	}
	for _, lock := range []string{ticket.Lock, ticket.Lock, ticket.Unlock} {
		got, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Lock: lock})
		if err != nil || got.Locked != (lock == ticket.Lock) {
			t.Errorf("%s: locked %v, %v", lock, got.Locked, err)
		}
	}
	got, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Lock: ticket.Lock, Queue: ticket.Named(s.Queues[1])})
	if err != nil || !got.Locked || got.Queue.Label() != s.Queues[1] {
		t.Errorf("moved and locked: %+v, %v", got, err)
	}
}

func (s Suite) closedIsNotFound(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "done", 0)
	if _, err := sys.Update(t.Context(), made.ID, ticket.Ticket{State: ticket.Named(s.Closed)}); err != nil {
		t.Fatal(err)
	}
	s.expect(t, sys, ticket.Criteria{Queue: ticket.Named(s.Queues[0])})
	s.expect(t, sys, ticket.Criteria{Queue: ticket.Named(s.Queues[0]), States: []string{s.Closed}}, "done")
}

// own gives the notes that the tests add: systems may keep the first message as a note too.
func own(t *testing.T, sys ticket.System, id string) []ticket.Note {
	t.Helper()
	got, err := sys.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(got.Notes, func(n ticket.Note) bool { return n.Subject != "AI" })
}

func (s Suite) notes(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "noted", 0)
	for _, body := range []string{"one ü 漢字 😀", "two"} {
		if err := sys.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	got := own(t, sys, made.ID)
	if len(got) != 2 || got[0].Body != "one ü 漢字 😀" || got[1].Body != "two" {
		t.Fatalf("notes: %+v", got)
	}
	if got[0].Visible {
		t.Error("a note is visible to the customer unless told so")
	}
}

func (s Suite) noteKey(t *testing.T, sys ticket.System) {
	made, other := s.create(t, sys, "keyed", 0), s.create(t, sys, "other", 0)
	for range 3 {
		if err := sys.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: "once", Key: "run/step"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sys.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: "another", Key: "run/step2"}); err != nil {
		t.Fatal(err)
	}
	if err := sys.AddNote(t.Context(), other.ID, ticket.Note{Subject: "AI", Body: "same key elsewhere", Key: "run/step"}); err != nil {
		t.Fatal(err)
	}
	if got := own(t, sys, made.ID); len(got) != 2 {
		t.Errorf("%d notes for two keys: %+v", len(got), got)
	}
	if got := own(t, sys, other.ID); len(got) != 1 {
		t.Errorf("%d notes on the other ticket", len(got))
	}
}

func (s Suite) unknownTicket(t *testing.T, sys ticket.System) {
	for _, id := range []string{s.UnknownID, "no-number", "", "-1"} {
		_, getErr := sys.Get(t.Context(), id)
		_, updateErr := sys.Update(t.Context(), id, ticket.Ticket{Subject: "x"})
		noteErr := sys.AddNote(t.Context(), id, ticket.Note{Subject: "x", Body: "x"})
		for what, err := range map[string]error{"get": getErr, "update": updateErr, "note": noteErr} {
			if fault.ClassOf(err) != fault.Permanent {
				t.Errorf("%s %q: %v (%s), want a permanent error", what, id, err, fault.ClassOf(err))
			}
		}
	}
}

func (s Suite) concurrentUse(t *testing.T, sys ticket.System) {
	made := s.create(t, sys, "busy", 0)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 4 {
				key := fmt.Sprintf("%d/%d", i, j)
				if err := sys.AddNote(t.Context(), made.ID, ticket.Note{Subject: "AI", Body: key, Key: key}); err != nil {
					t.Errorf("note %s: %v", key, err)
				}
				if _, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(s.Queues[0])}); err != nil {
					t.Errorf("find: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if got := own(t, sys, made.ID); len(got) != 32 {
		t.Errorf("%d notes, want 32", len(got))
	}
}

func (s Suite) cancelled(t *testing.T, sys ticket.System) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sys.Find(ctx, ticket.Criteria{Queue: ticket.Named(s.Queues[0])}); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("find: %v (%s), want cancelled", err, fault.ClassOf(err))
	}
	if err := sys.AddNote(ctx, "1", ticket.Note{Body: "x"}); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("note: %v (%s), want cancelled", err, fault.ClassOf(err))
	}
}

func (s Suite) describes(t *testing.T, sys ticket.System) {
	if sys.Describe() == "" {
		t.Error("no description")
	}
}

func (s Suite) roundTrip(t *testing.T, sys ticket.System) {
	s.create(t, sys, "round", 0)
	found, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(s.Queues[0])})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	got, err := sys.Update(t.Context(), found[0].ID, found[0])
	if err != nil || got.Subject != "round" || got.Queue.Label() != s.Queues[0] {
		t.Errorf("update with what was found: %+v, %v", got, err)
	}
}
