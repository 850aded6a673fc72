package zammad_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// retry repeats as the engine does: by class, and not before the time that the error tells.
func retry(work func() error) error {
	for range 12 {
		err := work()
		if err == nil || !fault.ClassOf(err).Retryable() {
			return err
		}
		<-time.After(fault.RetryAfterOf(err))
	}
	return fmt.Errorf("twelve attempts failed")
}

// TestStorm moves and notes tickets while every tenth request fails in one of nine ways.
func TestStorm(t *testing.T) {
	const tickets = 120
	kinds := []zammadtest.Fault{
		zammadtest.DropBefore, zammadtest.DropAfter, zammadtest.HangAfter, zammadtest.Error500, zammadtest.TooMany, zammadtest.BadGatewayAfter,
		zammadtest.Maintenance, zammadtest.Late, zammadtest.Hang,
	}
	s := zammadtest.New()
	s.Fault = func(n int, _ *http.Request) zammadtest.Fault {
		if n%10 != 0 {
			return zammadtest.NoFault
		}
		return kinds[n/10%len(kinds)]
	}
	for i := range tickets {
		s.Add(zammadtest.Seed{Title: fmt.Sprint(i), Group: "Incoming", Body: "help"})
	}
	c := open(t, s, zammad.Options{Timeout: 150 * time.Millisecond, Link: link.Options{OpenFor: 50 * time.Millisecond}})
	var found []ticket.Ticket
	if err := retry(func() (err error) {
		found, err = c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: tickets})
		return err
	}); err != nil || len(found) != tickets {
		t.Fatalf("%d found, %v", len(found), err)
	}
	var wg sync.WaitGroup
	work := make(chan ticket.Ticket)
	for range 8 {
		wg.Go(func() {
			for next := range work {
				if err := retry(func() error {
					_, err := c.Update(t.Context(), next.ID, ticket.Ticket{Queue: ticket.Named("IT"), Priority: ticket.Named("3 high")})
					return err
				}); err != nil {
					t.Errorf("move %s: %v", next.ID, err)
				}
				if err := retry(func() error {
					return c.AddNote(t.Context(), next.ID, ticket.Note{Subject: "AI", Body: "IT", Key: "run/" + next.ID})
				}); err != nil {
					t.Errorf("note %s: %v", next.ID, err)
				}
			}
		})
	}
	for _, f := range found {
		work <- f
	}
	close(work)
	wg.Wait()
	for _, now := range s.Tickets() {
		if now.Group != "IT" || now.Priority != "3 high" || len(now.Articles) != 2 || !now.Articles[1].Internal {
			t.Errorf("%+v", now)
		}
	}
	if h := c.Health(); h.Failed < tickets/20 {
		t.Errorf("only %d faults", h.Failed)
	}
}

// TestReadsOfOneSearch: one of a search's many reads fails now and then; the search does not.
func TestReadsOfOneSearch(t *testing.T) {
	s := zammadtest.New()
	for i := range 60 {
		s.Add(zammadtest.Seed{Title: fmt.Sprint(i), Group: "Incoming", Body: "help"})
	}
	c := open(t, s, zammad.Options{})
	if _, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: 1}); err != nil { // the lists are read
		t.Fatal(err)
	}
	s.Fault = func(n int, r *http.Request) zammadtest.Fault {
		if n%7 == 0 && r.URL.Query().Get("query") == "" {
			return zammadtest.Error500 // a dropped connection net/http repeats by itself
		}
		return zammadtest.NoFault
	}
	found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: 60})
	if err != nil || len(found) != 60 || c.Health().Failed < 10 {
		t.Errorf("%d found, %v, %+v", len(found), err, c.Health())
	}
	s.Fault = func(int, *http.Request) zammadtest.Fault { return zammadtest.Error500 }
	before := s.Requests()
	if _, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming"), Limit: 60}); fault.ClassOf(err) != fault.Transient || s.Requests() > before+1 {
		t.Errorf("%v, %d requests: the search itself is not repeated", err, s.Requests()-before)
	}
}
