package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
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
				{Injects: map[string]string{"classification_service": "tei"}, Params: m{"model": "y", "text": "{{ ticket.body }}"}},
				{Injects: map[string]string{"ticket_system": "zammad"}, Params: m{"updated_ticket": m{"queue": m{"name": "Users"}, "priority": m{"id": 3}, "state": "open"}}},
			},
		},
		Handlers: config.Handlers{OnFailure: []pipe.Definition{{Params: m{"new_ticket": m{"queue": m{"name": "Alerts"}}}}}},
	}}}
	got := namesOf(cfg)
	want := "{[IT Incoming Misc Raw] [4 high 5 very high] [new]} {[Users] [] [open]} {[Alerts] [] []} [x] [y]"
	if s := fmt.Sprint(got.systems["otobo"], " ", got.systems["zammad"], " ", got.systems[""], " ", got.models[""], " ", got.models["tei"]); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// picky judges for one model only.
type picky struct{}

func (picky) Describe() string { return "picky" }

func (picky) Classify(_ context.Context, r classify.Request) (classify.Result, error) {
	if r.Model != "good" && r.Model != "" {
		return classify.Result{}, errors.New("no such model")
	}
	return classify.Result{Label: "hardware"}, nil
}

func TestDoctorAsksClassifiers(t *testing.T) {
	marks := func(list []finding) string {
		var out []string
		for _, f := range list {
			out = append(out, fmt.Sprint(f.mark))
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct {
		err    error
		models []string
		want   string
	}{{nil, nil, "ok ok"}, {nil, []string{"bad", "good"}, "ok BAD ok"}, {errors.New("url is missing"), nil, "BAD"}} {
		if got := reachClassifier(t.Context(), "x", picky{}, c.err, c.models); marks(got) != c.want {
			t.Errorf("%v: %+v", c.models, got)
		}
	}
}
