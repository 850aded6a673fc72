package ticket_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket"
)

func TestConflict(t *testing.T) {
	q, p, s := ticket.Named, ticket.Named, ticket.Named
	was := ticket.Ticket{Queue: q("Incoming"), Priority: p("3 normal"), State: s("new")}
	move := ticket.Ticket{Queue: q("Support"), Priority: p("4 high"), Was: &was}
	for name, c := range map[string]struct {
		now, changes ticket.Ticket
		says         string // "" = no conflict
	}{
		"as it was":      {was, move, ""},
		"nobody asks":    {ticket.Ticket{Queue: q("Else")}, ticket.Ticket{Queue: q("Support")}, ""},
		"moved":          {ticket.Ticket{Queue: q("Else"), Priority: p("3 normal"), State: s("new")}, move, "its queue is Else and was Incoming"},
		"closed":         {ticket.Ticket{Queue: q("Incoming"), Priority: p("3 normal"), State: s("closed")}, move, "its state is closed and was new"},
		"raised by hand": {ticket.Ticket{Queue: q("Incoming"), Priority: p("5 very high"), State: s("new")}, move, "its priority is 5 very high"},
		"locked": {
			ticket.Ticket{Queue: q("Incoming"), Priority: p("3 normal"), State: s("new"), Locked: true, Owner: ticket.Named("lee")}, move, "it is locked by lee",
		},
		"half done":     {ticket.Ticket{Queue: q("Support"), Priority: p("3 normal"), State: s("open"), Locked: true}, move, ""},
		"done":          {ticket.Ticket{Queue: q("Support"), Priority: p("4 high"), State: s("open")}, move, ""},
		"case of names": {ticket.Ticket{Queue: q("INCOMING"), Priority: p("3 normal"), State: s("New")}, move, ""},
		"by id": {
			ticket.Ticket{Queue: &ticket.Entity{ID: "7", Name: "Renamed"}},
			ticket.Ticket{Queue: q("Support"), Was: &ticket.Ticket{Queue: &ticket.Entity{ID: "7", Name: "Incoming"}}},
			"",
		},
		"not asked for, unchanged": {was, ticket.Ticket{Queue: q("Incoming"), Subject: "x", Was: &was}, ""},
	} {
		err := ticket.Conflict(c.now, c.changes)
		if (err == nil) != (c.says == "") || err != nil && (!errors.Is(err, ticket.ErrConflict) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}
