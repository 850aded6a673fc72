package otobo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// examined gives the findings as lines "verdict what".
func examined(list []ticket.Finding) string {
	var out []string
	for _, f := range list {
		out = append(out, fmt.Sprint(f.Verdict, " ", f.What))
	}
	return strings.Join(out, "\n")
}

func TestExamine(t *testing.T) {
	s := start(t, otobotest.Options{})
	s.Add(otobotest.Seed{Title: "x", Queue: "Raw", State: "closed successful", Priority: "4 high"})
	before := s.Tickets()
	c := client(t, s, nil)
	got := c.Examine(t.Context(), ticket.Names{
		Queues: []string{"Raw", "Network", "raw"}, Priorities: []string{"4 high", "high"}, States: []string{"closed successful", "shut"},
	})
	want := `fine login
fine operation TicketGet
fine operation TicketUpdate
fine operation TicketCreate
fine queue Raw
unknown queue Network
unknown queue raw
fine priority 4 high
unknown priority high
fine state closed successful
unknown state shut
unknown rights to write`
	if examined(got) != want {
		t.Errorf("got\n%s", examined(got))
	}
	if fmt.Sprint(s.Tickets()) != fmt.Sprint(before) {
		t.Error("it changed something")
	}
}

func TestExamineFindsWhatIsWrong(t *testing.T) {
	s := start(t, otobotest.Options{})
	for want, change := range map[string]func(*otobo.Config){
		"wrong login: refused for open_ticket_ai": func(c *otobo.Config) { c.Password = "no" },
		"wrong login: TicketSearch":               func(c *otobo.Config) { c.Webservice = "Other" },
		"wrong operation TicketUpdate":            func(c *otobo.Config) { c.Operations = map[string]string{"update": "ticket-change"} },
		"unknown operation TicketCreate":          func(c *otobo.Config) { c.Operations = map[string]string{"create": "ticket-new"} },
	} {
		got := client(t, s, change).Examine(t.Context(), ticket.Names{})
		var text strings.Builder
		for _, f := range got {
			fmt.Fprintf(&text, "%s %s: %s\n", f.Verdict, f.What, f.Says)
		}
		if !strings.Contains(text.String(), want) {
			t.Errorf("want %q in\n%s", want, text.String())
		}
	}
}
