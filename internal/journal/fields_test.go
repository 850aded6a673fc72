package journal_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/openticketai/otai-tui/internal/journal"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// TestFieldsAndLocksAreWritten: an update of nothing but a dynamic field or the lock is a change like any other, is in the journal, and
// can be put back.
func TestFieldsAndLocksAreWritten(t *testing.T) {
	t.Parallel()
	d := openDesk(t, "d.db")
	made, err := d.Create(t.Context(), ticket.Ticket{Subject: "x"})
	if err != nil {
		t.Fatal(err)
	}
	b := &book{}
	sys := scribe(b, false).Tickets(d)
	for _, c := range []struct {
		change ticket.Ticket
		want   string // of the journal
	}{
		{ticket.Ticket{Fields: map[string]any{"Done": "1"}}, "[{field Done  1}]"},
		{ticket.Ticket{Lock: ticket.Lock}, "[{lock unlock lock}]"},
		{ticket.Ticket{Fields: map[string]any{"Done": ""}, Lock: ticket.Unlock}, "[{lock lock unlock} {field Done 1 }]"},
	} {
		before := len(b.entries)
		after, err := sys.Update(t.Context(), made.ID, c.change)
		if err != nil || len(b.entries) != before+1 {
			t.Fatalf("%+v: %v, %d entries", c.change, err, len(b.entries)-before)
		}
		now, err := d.Get(t.Context(), made.ID)
		if err != nil || show(now) != show(after) || len(journal.Differences(&now, &c.change)) > 0 {
			t.Errorf("%+v: is not written: %s, %v", c.change, show(now), err)
		}
		changes := b.entries[before].Changes
		if fmt.Sprint(changes) != c.want {
			t.Errorf("journal %v, want %s", changes, c.want)
		}
		back := journal.Back(changes)
		undone, err := d.Update(t.Context(), made.ID, back)
		if err != nil || len(journal.Differences(&undone, &back)) > 0 {
			t.Errorf("put back: %+v, %v", undone, err)
		}
		if _, err := d.Update(t.Context(), made.ID, c.change); err != nil { // and again, for the next one
			t.Fatal(err)
		}
	}
	was := ticket.Ticket{Queue: ticket.Named("Elsewhere")}
	for _, s := range []ticket.System{sys, scribe(b, true).Dry(d, journal.NewOverlay(clock))} {
		if _, err := s.Update(t.Context(), made.ID, ticket.Ticket{Priority: ticket.Named("5 very high"), Was: &was}); !errors.Is(err, ticket.ErrConflict) {
			t.Errorf("%T: somebody was faster, but: %v", s, err)
		}
	}
}
