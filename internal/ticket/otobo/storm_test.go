package otobo_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// TestStorm moves and notes tickets while every tenth request fails in one of eight ways. Retries by the classes bring
// each ticket into its queue with exactly one note.
func TestStorm(t *testing.T) {
	const tickets = 200
	kinds := []otobotest.Fault{
		otobotest.DropBefore, otobotest.DropAfter, otobotest.HangAfter, otobotest.Plain500, otobotest.TooMany, otobotest.BadGatewayAfter,
		otobotest.FaultObject, otobotest.Late,
	}
	var injected atomic.Int64
	s := start(t, otobotest.Options{Retry: -1, Fault: func(c otobotest.Call) otobotest.Fault {
		if c.N%10 != 0 {
			return otobotest.NoFault
		}
		injected.Add(1)
		return kinds[c.N/10%len(kinds)]
	}})
	for i := range tickets {
		s.Add(otobotest.Seed{Title: fmt.Sprint(i), Queue: "Incoming", Body: "help"})
	}
	c := client(t, s, func(c *otobo.Config) { c.Timeout, c.Link.OpenFor = 250*time.Millisecond, 50*time.Millisecond })
	retry := func(work func() error) error {
		for range 8 {
			err := work()
			if err == nil || !fault.ClassOf(err).Retryable() {
				return err
			}
			<-time.After(fault.RetryAfterOf(err))
		}
		return fmt.Errorf("eight attempts failed")
	}
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
					_, err := c.Update(t.Context(), next.ID, ticket.Ticket{Queue: ticket.Named("Support"), Priority: ticket.Named("4 high")})
					return err
				}); err != nil {
					t.Errorf("move %s: %v", next.ID, err)
				}
				if err := retry(func() error {
					return c.AddNote(t.Context(), next.ID, ticket.Note{Subject: "AI", Body: "Support", Key: "run/" + next.ID})
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
		if now.Queue != "Support" || now.Priority != "4 high" || len(now.Articles) != 2 || !strings.HasPrefix(now.Articles[1].Body, "Support") {
			t.Errorf("%+v", now)
		}
	}
	if injected.Load() < tickets/10 {
		t.Errorf("only %d faults", injected.Load())
	}
}

// BenchmarkRoute finds, reads, moves and reads a ticket: four requests over real HTTP, against a server that takes no time.
func BenchmarkRoute(b *testing.B) {
	s := otobotest.Start(otobotest.Options{})
	defer s.Close()
	id := s.Add(otobotest.Seed{Title: "x", Queue: "Raw", Body: "help"})
	c, err := otobo.New(otobo.Config{BaseURL: s.BaseURL(), Password: password})
	if err != nil {
		b.Fatal(err)
	}
	queues := []string{"Raw", "Network"}
	n := 0
	for b.Loop() {
		n++
		if _, err := c.Find(b.Context(), ticket.Criteria{Queue: ticket.Named(queues[(n+1)%2])}); err != nil {
			b.Fatal(err)
		}
		if _, err := c.Update(b.Context(), id, ticket.Ticket{Queue: ticket.Named(queues[n%2])}); err != nil {
			b.Fatal(err)
		}
	}
}
