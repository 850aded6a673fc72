package service_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

func TestZammad(t *testing.T) {
	srv := httptest.NewServer(zammadtest.New())
	t.Cleanup(srv.Close)
	conf := func(params map[string]any) service.Config {
		return service.Config{ID: "z", Use: "zammad:ZammadTicketsystemService", Params: params}
	}
	s := openSet(t, false, conf(map[string]any{"base_url": srv.URL, "access_token": zammadtest.Token, "timeout": 5, "verify": false}))
	sys, err := s.Ticket("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Create(t.Context(), ticket.Ticket{Subject: "x", Queue: ticket.Named("IT")}); err != nil {
		t.Fatal(err)
	}
	if found, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("IT")}); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	if got := strings.Join(s.Notices(), "\n"); strings.Contains(got, "fail") || sys.Describe() != "Zammad "+srv.URL {
		t.Errorf("notices %q, described as %q", got, sys.Describe())
	}
	for want, params := range map[string]map[string]any{
		"access_token is missing": {"base_url": "https://x"}, "search: expected": {"base_url": "https://x", "access_token": "t", "search": "magic"},
	} {
		if _, err := openSet(t, false, conf(params)).Ticket("z"); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", params, err)
		}
	}
}
