package service_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// TestBoundsOfAService: rate and breaker of the configuration reach the client, and its health comes back.
func TestBoundsOfAService(t *testing.T) {
	server := otobotest.Start(otobotest.Options{})
	t.Cleanup(server.Close)
	server.Add(otobotest.Seed{Title: "x"})
	s := openSet(t, false, otoboWith(map[string]any{
		"base_url": server.BaseURL(), "password": "otai-agent-pass", "rate": "50/s", "burst": 1,
		"breaker": map[string]any{"failures": 2, "open_for": "1h"},
	}))
	if h := s.Health(); len(h) != 0 {
		t.Errorf("nothing is open yet: %+v", h)
	}
	sys, err := s.Ticket("otobo")
	if err != nil {
		t.Fatal(err)
	}
	find := func() error {
		_, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Raw")})
		return err
	}
	for range 3 {
		if err := find(); err != nil {
			t.Fatal(err)
		}
	}
	h := s.Health()
	if len(h) != 1 || h[0].ID != "otobo" || h[0].Type != "OTOBO/Znuny" || h[0].State != link.OK || h[0].Calls != 6 || h[0].RateWaits == 0 || h[0].P50 == 0 {
		t.Errorf("%+v", h)
	}
	server.Inject(otobotest.Plain500, otobotest.BadGateway)
	for range 2 {
		_ = find()
	}
	err = find()
	if fault.WasTried(err) || fault.RetryAfterOf(err) < 50*time.Minute || !strings.Contains(fmt.Sprint(err), "circuit is open after 2 failures") {
		t.Errorf("%v", err)
	}
	if h := s.Health(); h[0].State != link.Open || h[0].Refused != 1 || h[0].Failed != 2 {
		t.Errorf("%+v", h)
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for says, params := range map[string]map[string]any{
		"rate: want calls":                 {"rate": "often"},
		"rate: want calls in a time":       {"rate": "5/fortnight"},
		"burst belongs to a rate":          {"burst": 3},
		"failures must not be":             {"breaker": map[string]any{"failures": -1}},
		"open_for must be longer":          {"breaker": map[string]any{"open_for": 0}},
		"parallelism must not":             {"parallelism": -1},
		"there is no such key":             {"breaker": map[string]any{"fails": 3}},
		"rate: want calls in a time, such": {"rate": -1},
		"rate: want calls in a time, ":     {"rate": map[string]any{"calls": 3}},
	} {
		params["base_url"], params["password"] = "https://x", "p"
		_, err := openSet(t, false, otoboWith(params)).Ticket("")
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%v: %v, want %q", params, err, says)
		}
	}
	for _, rate := range []any{"100/min", "5/10s", 2, 0.5, "3/h", "10/s", nil, 0} {
		c := service.Config{ID: "tei", Use: "tei:TEIClassificationService", Params: map[string]any{"url": "http://x", "rate": rate, "breaker": map[string]any{"failures": 0}}}
		if _, err := openSet(t, false, c).Classifier(""); err != nil {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
}
