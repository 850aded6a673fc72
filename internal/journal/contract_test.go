package journal_test

import (
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
	"github.com/openticketai/otai-tui/internal/ticket/tickettest"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// systems are the real ticket systems, two of them over HTTP, as the contract suite wants them.
func systems() map[string]tickettest.Suite {
	return map[string]tickettest.Suite{
		"desk": {
			New: func(t *testing.T) ticket.System {
				t.Helper()
				d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), desk.Options{})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = d.Close() })
				return d
			},
			Queues: [2]string{"Incoming", "Support::Billing"}, Priorities: [2]string{"3 normal", "4 high"}, OpenState: "open",
			Closed: "closed successful", UnknownID: "4711", Field: "AiConfidence", Locks: true,
		},
		"otobo": {
			New:    func(t *testing.T) ticket.System { t.Helper(); c, _ := openOtobo(t); return c },
			Queues: [2]string{"Incoming", "Support::Billing"}, Priorities: [2]string{"3 normal", "4 high"}, OpenState: "open",
			Closed: "closed successful", UnknownID: "4711", Field: "AiConfidence", Locks: true,
		},
		"zammad": {
			New:    func(t *testing.T) ticket.System { t.Helper(); return openZammad(t) },
			Queues: [2]string{"Incoming", "IT"}, Priorities: [2]string{"1 low", "3 high"}, OpenState: "new", Closed: "closed", UnknownID: "4711",
			Field: "ai_confidence",
		},
	}
}

func openOtobo(t *testing.T) (*otobo.Client, *otobotest.Server) {
	t.Helper()
	s := otobotest.Start(otobotest.Options{})
	t.Cleanup(s.Close)
	c, err := otobo.New(otobo.Config{BaseURL: s.BaseURL(), Password: "otai-agent-pass", Customer: "chen"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, s
}

func openZammad(t *testing.T) *zammad.Client {
	t.Helper()
	s := httptest.NewServer(zammadtest.New())
	t.Cleanup(s.Close)
	c, err := zammad.New(zammad.Options{BaseURL: s.URL, Token: zammadtest.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// TestAJournalledSystemKeepsTheContract: what pipes are given behaves as the ticket system itself.
func TestAJournalledSystemKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, suite := range systems() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := suite.New
			suite.New = func(t *testing.T) ticket.System { t.Helper(); return scribe(&book{}, false).Tickets(plain(t)) }
			suite.Run(t)
		})
	}
}

// TestADryRunKeepsTheContract: a dry run is given a ticket system, too, one that shows its own writes.
func TestADryRunKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, suite := range systems() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plain := suite.New
			suite.Locks = true // it cannot know what the system has not
			suite.New = func(t *testing.T) ticket.System {
				t.Helper()
				sys := plain(t)
				dry := scribe(&book{}, true).Dry(sys, journal.NewOverlay(clock))
				for _, q := range suite.Queues { // a dry run knows the ids of queues that it has seen
					seen(t, sys, dry, q, elsewhere[name])
				}
				return dry
			}
			suite.Run(t)
		})
	}
}

// elsewhere is a queue that the suite does not look into.
var elsewhere = map[string]string{"desk": "Raw", "otobo": "Raw", "zammad": "Users"}

// seen lets the dry run read a ticket in a queue, and takes it out of the queue for real.
func seen(t *testing.T, sys, dry ticket.System, queue, away string) {
	t.Helper()
	made, err := sys.Create(t.Context(), ticket.Ticket{Subject: "seen", Body: "seen", Queue: ticket.Named(queue)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dry.Get(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Update(t.Context(), made.ID, ticket.Ticket{Queue: ticket.Named(away)}); err != nil {
		t.Fatal(err)
	}
}

// TestAnUpdateIsJournalledWithoutAnotherRequest: OTOBO is slow enough.
func TestAnUpdateIsJournalledWithoutAnotherRequest(t *testing.T) {
	t.Parallel()
	c, s := openOtobo(t)
	id := s.Add(otobotest.Seed{Title: "invoice", Queue: "Incoming"})
	b := &book{}
	calls := func(sys ticket.System, queue string) int {
		before := len(s.Calls())
		if _, err := sys.Update(t.Context(), id, ticket.Ticket{Queue: ticket.Named(queue)}); err != nil {
			t.Fatal(err)
		}
		return len(s.Calls()) - before
	}
	plain := calls(c, "Support")
	if noted := calls(scribe(b, false).Tickets(c), "Network"); noted != plain {
		t.Errorf("%d requests, %d without a journal", noted, plain)
	}
	if len(b.entries) != 1 || b.entries[0].Changes[0] != (orchestrator.TicketChange{Field: "queue", Before: "Support", After: "Network"}) {
		t.Errorf("journal: %+v", b.log())
	}
}
