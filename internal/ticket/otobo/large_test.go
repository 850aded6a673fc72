package otobo

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// TestRow08LargeAnswers: tickets whose texts are too long for one answer are read one by one; one that is too long alone is an error.
func TestRow08LargeAnswers(t *testing.T) {
	s := otobotest.Start(otobotest.Options{})
	t.Cleanup(s.Close)
	for i := range 4 {
		s.Add(otobotest.Seed{Title: fmt.Sprint(i), Body: strings.Repeat("x", 4000)})
	}
	c, err := New(Config{BaseURL: s.BaseURL(), Password: "otai-agent-pass", maxReply: 8000})
	if err != nil {
		t.Fatal(err)
	}
	found, err := c.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw"), WithNotes: true})
	if err != nil || len(found) != 4 {
		t.Errorf("%d found, %v", len(found), err)
	}
	id := s.Add(otobotest.Seed{Title: "long", Body: strings.Repeat("x", 9000)})
	if _, err := c.Get(t.Context(), id); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("%v", err)
	}
}
