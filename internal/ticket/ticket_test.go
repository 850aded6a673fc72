package ticket_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

func TestCriteriaChecked(t *testing.T) {
	for name, c := range map[string]struct {
		in ticket.Criteria
		ok bool
	}{
		"queue":           {ticket.Criteria{Queue: ticket.Named("Raw")}, true},
		"queue id":        {ticket.Criteria{Queue: &ticket.Entity{ID: "3"}}, true},
		"age":             {ticket.Criteria{OlderThan: time.Hour}, true},
		"states":          {ticket.Criteria{States: []string{"new"}}, true},
		"nothing":         {ticket.Criteria{}, false},
		"only a limit":    {ticket.Criteria{Limit: 5}, false},
		"empty queue":     {ticket.Criteria{Queue: &ticket.Entity{}}, false},
		"empty state":     {ticket.Criteria{Queue: ticket.Named("Raw"), States: []string{""}}, false},
		"empty priority":  {ticket.Criteria{Queue: ticket.Named("Raw"), Priorities: []string{" "}}, false},
		"negative limit":  {ticket.Criteria{Queue: ticket.Named("Raw"), Limit: -1}, false},
		"large limit":     {ticket.Criteria{Queue: ticket.Named("Raw"), Limit: ticket.MaxLimit + 1}, false},
		"negative offset": {ticket.Criteria{Queue: ticket.Named("Raw"), Offset: -1}, false},
		"negative age":    {ticket.Criteria{Queue: ticket.Named("Raw"), OlderThan: -1}, false},
	} {
		got, err := c.in.Checked()
		if (err == nil) != c.ok {
			t.Errorf("%s: error %v", name, err)
		}
		if err != nil && fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%s: class %s", name, fault.ClassOf(err))
		}
		if err == nil && got.Limit != ticket.DefaultLimit {
			t.Errorf("%s: limit %d", name, got.Limit)
		}
	}
}

func TestPriorityRank(t *testing.T) {
	for name, want := range map[string]int{
		"1 very low": 1, "2 low": 2, "3 normal": 3, "4 high": 4, "5 very high": 5, "very low": 1, "Low": 2, "normal": 3, "medium": 3,
		"HIGH": 4, "Very High": 5, "1 low": 2, "2 normal": 3, "3 high": 4, "1 Sehr Hoch": 5, "3 Mittel": 3, "5 Sehr niedrig": 1, "urgent": 5,
		"critical": 5, "3": 3, " 4 ": 4, "": 0, "9": 0, "34": 0, "blue": 0, "highway": 0, "very": 0, "P3": 0, "very-high": 5, "2-hoch": 4,
	} {
		if got := ticket.PriorityRank(name); got != want {
			t.Errorf("PriorityRank(%q) = %d, want %d", name, got, want)
		}
	}
}

func TestRaisePriority(t *testing.T) {
	for name, want := range map[string]string{
		"1 very low": "2 low", "3 normal": "4 high", "4 High": "5 very high", "2 normal": "3 high", "normal": "high", "medium": "high",
		"3 Mittel": "2 Hoch", "2 niedrig": "3 normal", "5 very high": "", "urgent": "", "critical": "",
	} {
		if got, ok := ticket.RaisePriority(name); !ok || got != want {
			t.Errorf("RaisePriority(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "blue", "7"} {
		if got, ok := ticket.RaisePriority(name); ok {
			t.Errorf("RaisePriority(%q) = %q, want unknown", name, got)
		}
	}
}

func TestRaisePriorityRaises(t *testing.T) {
	for _, name := range []string{"1 very low", "2 low", "3 normal", "1 low", "2 normal", "4 Niedrig", "3 Mittel", "low", "medium"} {
		next, _ := ticket.RaisePriority(name)
		if ticket.PriorityRank(next) <= ticket.PriorityRank(name) {
			t.Errorf("%q raises to %q, which ranks no higher", name, next)
		}
	}
}

func TestClosed(t *testing.T) {
	for state, want := range map[string]bool{
		"closed": true, "closed successful": true, "Merged": true, "resolved": true, "new": false, "open": false,
		"pending reminder": false, "closedown": false, "disclosed": false, "": false, "pending close": false,
	} {
		if ticket.Closed(state) != want {
			t.Errorf("Closed(%q) = %v", state, !want)
		}
	}
}

// TestMapBinds holds that what templates see of a ticket can be given back as an update.
func TestMapBinds(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	want := ticket.Ticket{
		ID: "7", Number: "2026001", Subject: "VPN", Body: "broken {{ x }}", Queue: &ticket.Entity{ID: "1", Name: "Raw"}, Priority: ticket.Named("3 normal"),
		State: ticket.Named("new"), Fields: map[string]any{"AiConfidence": "0.93", "AiTags": []any{"vpn", "mail"}}, Customer: ticket.Named("kim"), Owner: ticket.Named("lee"), Locked: true, CreatedAt: at, UpdatedAt: at,
		Notes: []ticket.Note{{ID: "1", Subject: "s", Body: "b", ContentType: "text/plain", Visible: true, Author: "kim", CreatedAt: at}},
	}
	text, err := json.Marshal(want.Map()) // as history keeps results
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	var got ticket.Ticket
	if err := (pipe.Params{Raw: raw}).Bind(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	empty := ticket.Ticket{}.Map()
	if empty["queue"] != nil || empty["created_at"] != nil || len(empty["notes"].([]any)) != 0 {
		t.Errorf("map of an empty ticket: %v", empty)
	}
}
