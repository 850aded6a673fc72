package main

import (
	"fmt"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func TestNamesOfAConfiguration(t *testing.T) {
	type m = map[string]any
	cfg := &config.Config{Runners: []config.Runner{{
		Pipe: pipe.Definition{
			Injects: map[string]string{"ticket_system": "otobo"},
			Params: m{
				"queue": "Incoming", "queues": m{"it": "IT", "hr": "{{ params.hr }}"}, "fallback_queue": "Misc", "priorities": []any{"4 high", "5 very high"},
				"model_name": "x",
			},
			Steps: []pipe.Definition{
				{Params: m{"ticket_search_criteria": m{"queue.name": "Raw", "states": []any{"new"}}}},
				{Injects: map[string]string{"ticket_system": "zammad"}, Params: m{"updated_ticket": m{"queue": m{"name": "Users"}, "priority": m{"id": 3}, "state": "open"}}},
			},
		},
		Handlers: config.Handlers{OnFailure: []pipe.Definition{{Params: m{"new_ticket": m{"queue": m{"name": "Alerts"}}}}}},
	}}}
	got := namesOf(cfg)
	want := "{[IT Incoming Misc Raw] [4 high 5 very high] [new]} {[Users] [] [open]} {[Alerts] [] []}"
	if s := fmt.Sprint(got["otobo"], " ", got["zammad"], " ", got[""]); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}
