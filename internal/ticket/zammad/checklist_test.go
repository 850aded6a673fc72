package zammad_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// The tests named TestRow… are rows of the checklist in docs/ticket-systems.md that no other test here shows.

func TestRow02BadTokenStops(t *testing.T) {
	s := zammadtest.New()
	c := open(t, s, zammad.Options{Token: "wrong"})
	_, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("IT")})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "access_token") || s.Requests() != 1 {
		t.Errorf("%v, %d requests", err, s.Requests())
	}
}

// A token that may not list groups cannot tell a misspelt one from an empty one.
func TestRow04EmptyMayBeMisspelt(t *testing.T) {
	var mu sync.Mutex
	var log bytes.Buffer
	locked := writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return log.Write(p)
	})
	s := zammadtest.New()
	s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
	c := open(t, s, zammad.Options{EmptyWarn: 3, Log: slog.New(slog.NewTextHandler(locked, nil))})
	for range 6 {
		for _, group := range []string{"Incomming", "Incoming"} {
			if _, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named(group)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if strings.Count(log.String(), "spelling") != 1 || !strings.Contains(log.String(), "Incomming") {
		t.Errorf("log %q, want one warning", log.String())
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// No more than the configured number of requests are there at a time.
func TestRow08Parallel(t *testing.T) {
	s := zammadtest.New()
	for i := range 30 {
		s.Add(zammadtest.Seed{Title: fmt.Sprint(i), Group: "Incoming", Body: "b"})
	}
	var mu sync.Mutex
	flying, most := 0, 0
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		flying++
		most = max(most, flying)
		mu.Unlock()
		<-time.After(time.Millisecond)
		s.ServeHTTP(w, r)
		mu.Lock()
		flying--
		mu.Unlock()
	}), zammad.Options{Parallel: 3})
	found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: 30})
	if err != nil || len(found) != 30 || most != 3 {
		t.Errorf("%d found, %v, %d at a time", len(found), err, most)
	}
}

// Zammad's core workflow refuses a pending state without a time.
func TestRow10PendingStatesGetATime(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	s := zammadtest.New()
	c := open(t, s, zammad.Options{Pending: time.Hour, Clock: func() time.Time { return at }})
	for _, state := range []*ticket.Entity{ticket.Named("pending reminder"), {ID: "3"}} {
		id := s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
		got, err := c.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named("IT"), State: state})
		all := s.Tickets()
		if now := all[len(all)-1]; err != nil || got.State.Name != "pending reminder" || now.Pending != "2026-07-01T13:00:00Z" || now.Group != "IT" {
			t.Errorf("%+v, %v, %+v", got, err, now)
		}
	}
}

func TestRow11NotesAreInternalAndWhole(t *testing.T) {
	s := zammadtest.New()
	id := s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
	c := open(t, s, zammad.Options{})
	for _, n := range []ticket.Note{
		{Body: "only body"},
		{Subject: "only subject"},
		{Subject: "two\nlines", Body: "a\x00b\x07"},
		{Body: "<b>x</b>", ContentType: "text/html"},
		{Body: "seen", Visible: true},
	} {
		if err := c.AddNote(t.Context(), id, n); err != nil {
			t.Fatal(err)
		}
	}
	for i, a := range s.Tickets()[0].Articles[1:] {
		kind := map[bool]string{true: "text/html", false: "text/plain"}[i == 3]
		if a.Internal != (i != 4) || a.Subject == "" || a.Body == "" || a.ContentType != kind || strings.ContainsAny(a.Subject+a.Body, "\x00\x07\n") {
			t.Errorf("note %d: %+v", i, a)
		}
	}
	if err := c.AddNote(t.Context(), id, ticket.Note{Subject: " "}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("empty: %v", err)
	}
}

// A run is cancelled while its write is under way: the answer is waited for, so that what happened is known.
func TestRow11CancelledInTheMiddle(t *testing.T) {
	s := zammadtest.New()
	id := s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
	sent := make(chan struct{})
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(sent)
		<-time.After(150 * time.Millisecond)
		s.ServeHTTP(w, r)
	}), zammad.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-sent; cancel() }()
	if err := c.AddNote(ctx, id, ticket.Note{Body: "no key, so it is sent once"}); err != nil {
		t.Errorf("%v", err)
	}
	if n := len(s.Tickets()[0].Articles); n != 2 {
		t.Errorf("%d articles", n)
	}
}

func TestRow12LongText(t *testing.T) {
	s := zammadtest.New()
	c := open(t, s, zammad.Options{})
	made, err := c.Create(t.Context(), ticket.Ticket{Subject: "long", Body: strings.Repeat("é\x00", 300_000), Queue: ticket.Named("Incoming")})
	if err != nil || len(made.Body) > 256<<10 || !utf8.ValidString(made.Body) || strings.Contains(made.Body, "\x00") {
		t.Errorf("%d bytes, %v", len(made.Body), err)
	}
	s.Article(1, "text/plain", strings.Repeat("ü", 300_000)) // by mail
	got, err := c.Get(t.Context(), "1")
	if err != nil || len(got.Notes) != 1 || len(got.Notes[0].Body) > 256<<10 {
		t.Errorf("%d notes, %v", len(got.Notes), err)
	}
}

// A server that repeats what it was sent does not get the token into an error.
func TestRow15SecretsStayInside(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"error":"bad header `+r.Header.Get("Authorization")+`"}`)
	}), zammad.Options{})
	_, err := c.Get(t.Context(), "1")
	if err == nil || !strings.Contains(err.Error(), "bad header") || strings.Contains(fmt.Sprintf("%v %+v %s", err, err, c.Describe()), zammadtest.Token) {
		t.Errorf("%v", err)
	}
}

func TestRow16Times(t *testing.T) {
	c := open(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "by_ticket") {
			_, _ = io.WriteString(w, `[]`)
			return
		}
		_, _ = io.WriteString(w, `{"id":1,"title":"x","created_at":"2026-07-01T12:00:00.250Z","updated_at":"2026-07-01T12:00:01.000Z","pending_time":null}`)
	}), zammad.Options{})
	got, err := c.Get(t.Context(), "1")
	if want := time.Date(2026, 7, 1, 12, 0, 0, 250e6, time.UTC); err != nil || !got.CreatedAt.Equal(want) || got.Body != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestCustomAttributes(t *testing.T) {
	s := zammadtest.New()
	id := s.Add(zammadtest.Seed{Title: "x", Group: "Incoming", Body: "b"})
	c := open(t, s, zammad.Options{})
	for name, says := range map[string]string{"ai_confidense": "did not take", "group": "Zammad's own", "customer_id": "Zammad's own"} {
		_, err := c.Update(t.Context(), id, ticket.Ticket{Fields: map[string]any{name: "x"}})
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Create(t.Context(), ticket.Ticket{Subject: "y", Queue: ticket.Named("IT"), Fields: map[string]any{"ai_confidense": "x"}}); err == nil ||
		!strings.Contains(err.Error(), "ticket 2 is created, but") {
		t.Errorf("created with a misspelt one: %v", err)
	}
}
