package service_test

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

func otoboWith(params map[string]any) service.Config {
	return service.Config{ID: "otobo", Use: "otobo-znuny:OTOBOZnunyTicketSystemService", Params: params}
}

func TestOtoboIsReached(t *testing.T) {
	server := otobotest.Start(otobotest.Options{TLS: true, Password: "from-OTOBO_PASSWORD"})
	t.Cleanup(server.Close)
	server.Add(otobotest.Seed{Title: "VPN", Queue: "Incoming::AI"})
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, verify := range []any{ca, false, "false"} {
		s := openSet(t, false, otoboWith(map[string]any{
			"server_address": server.BaseURL(), "password": "{{ OTOBO_PASSWORD }}", "verify": verify, "sub_queues": true, "timezone": "Europe/Berlin",
			"operation_urls": map[string]any{"TicketSearch": "ticket-search", "get": "ticket-get"}, "operation_methods": map[string]any{"update": "put"},
		}))
		sys, err := s.Ticket("")
		if err != nil {
			t.Fatal(err)
		}
		got, err := sys.Find(t.Context(), ticket.Criteria{Queue: ticket.Named("Incoming")})
		if err != nil || len(got) != 1 || got[0].Subject != "VPN" {
			t.Errorf("verify %v: %+v, %v", verify, got, err)
		}
		if !strings.HasPrefix(sys.Describe(), "OTOBO/Znuny https://127.0.0.1") {
			t.Errorf("described as %q", sys.Describe())
		}
		if notices := s.Notices(); strings.Contains(strings.Join(notices, "\n"), "otobo") {
			t.Errorf("notices %q", notices)
		}
	}
}

func TestOtoboNamesWhatIsMissing(t *testing.T) {
	for want, params := range map[string]map[string]any{
		"password is missing":      {"base_url": "https://x"},
		"base_url":                 {"password": "p"},
		"timezone: unknown":        {"base_url": "https://x", "password": "p", "timezone": "Mars/Base"},
		"verify: want true, false": {"base_url": "https://x", "password": "p", "verify": 3},
		"page_size 51":             {"base_url": "https://x", "password": "p", "page_size": 51},
	} {
		_, err := openSet(t, false, otoboWith(params)).Ticket("otobo")
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "service otobo") {
			t.Errorf("%v: %v, want %q", params, err, want)
		}
	}
}
