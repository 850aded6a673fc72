package service_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/service"
	"github.com/openticketai/otai-tui/internal/ticket"
)

func TestLookup(t *testing.T) {
	const otobo, hf = "otobo-znuny:OTOBOZnunyTicketSystemService", "hf-local:HFClassificationService"
	for use, want := range map[string]string{
		otobo: otobo, "otai_otobo_znuny:OTOBOZnunyTicketSystemService": otobo, "OTOBOZnunyTicketSystemService": otobo,
		"open_ticket_ai.otobo_znuny_plugin:OToboZnunyTicketSystemService": otobo,
		"open_ticket_ai.otai_otobo_znuny:OToboZnunyTicketSystemService":   otobo,
		"open_ticket_ai.otobo_znuny.OToboZnunyTicketSystemService":        otobo,
		"otai-otobo-znuny:OTOBOZnunyTicketSystemService":                  otobo,
		hf: hf, "otai_hf_local:HFClassificationService": hf, "zammad:ZammadTicketsystemService": "zammad:ZammadTicketsystemService",
		"otai_zammad:ZammadTicketsystemService": "zammad:ZammadTicketsystemService", "base:JinjaRenderer": "base:JinjaRenderer",
		"otai_base:JinjaRenderer": "base:JinjaRenderer", "open_ticket_ai.core.template_rendering:JinjaRenderer": "base:JinjaRenderer",
		"desk:DeskTicketSystem": "desk:DeskTicketSystem", "embedded": "desk:DeskTicketSystem", "rules": "rules:RulesClassificationService",
		"mypackage:OTOBOZnunyTicketSystemService": "", "zammad:JinjaRenderer": "", "nope": "", "": "",
	} {
		spec, ok := service.Lookup(use)
		if ok != (want != "") || (ok && spec.Name != want) {
			t.Errorf("Lookup(%q) = %v, %v, want %q", use, spec, ok, want)
		}
	}
	for _, s := range service.Specs() {
		if got, ok := service.Lookup(s.Name); !ok || got.Name != s.Name {
			t.Errorf("%s is not found under its own name", s.Name)
		}
	}
}

type fakeRenderer struct{}

func (fakeRenderer) Render(_ context.Context, s string, sc render.Scope) (render.Value, error) {
	v, ok := sc.Env(strings.Trim(s, "{} "))
	if !ok {
		return render.Value{}, &render.Error{Line: 1, Msg: "no such variable"}
	}
	return render.Value{Native: v, Text: v}, nil
}

func openSet(t *testing.T, useDesk bool, services ...service.Config) *service.Set {
	t.Helper()
	o := service.Options{
		Services: map[string]service.Config{}, Desk: filepath.Join(t.TempDir(), "desk.db"), UseDesk: useDesk, Renderer: fakeRenderer{},
		Env: func(name string) (string, bool) { return "from-" + name, name != "MISSING" },
	}
	for _, c := range services {
		o.Services[c.ID] = c
	}
	s, err := service.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

var (
	otobo = service.Config{ID: "otobo", Use: "otobo-znuny:OTOBOZnunyTicketSystemService", Params: map[string]any{"base_url": "https://x", "password": "hunter2"}}
	hf    = service.Config{ID: "hf", Use: "hf-local:HFClassificationService"}
	jinja = service.Config{ID: "jinja", Use: "base:JinjaRenderer"}
)

func TestDefaults(t *testing.T) {
	s := openSet(t, false, jinja)
	want := []string{
		"No ticket system is configured: tickets live in the embedded desk.", "No classifier is configured: the built-in rules classify.",
	}
	if got := s.Notices(); !slices.Equal(got, want) {
		t.Errorf("notices %q", got)
	}
	sys, err := s.Ticket("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Create(t.Context(), ticket.Ticket{Subject: "x"}); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Ticket(""); err != nil || again != sys {
		t.Errorf("second use gives %v, %v", again, err)
	}
	c, err := s.Classifier("")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := c.Classify(t.Context(), classify.Request{Text: "VPN"}); err != nil || r.Label != "Network" {
		t.Errorf("classified %+v, %v", r, err)
	}
}

func TestUseDesk(t *testing.T) {
	s := openSet(t, true, otobo, hf)
	byID, err := s.Ticket("otobo")
	if err != nil || byID.Describe() != "embedded desk" {
		t.Fatalf("ticket system %v, %v", byID, err)
	}
	if byDefault, err := s.Ticket(""); err != nil || byDefault != byID {
		t.Errorf("default %v, %v", byDefault, err)
	}
	if c, err := s.Classifier("hf"); err != nil || c.Describe() != "rules" {
		t.Errorf("classifier %v, %v", c, err)
	}
	want := []string{
		"Dry run: the built-in rules stand in for hf (Hugging Face classifier).", "Dry run: the embedded desk stands in for otobo (OTOBO/Znuny).",
	}
	if got := s.Notices(); !slices.Equal(got, want) {
		t.Errorf("notices %q", got)
	}
}

func TestConfigured(t *testing.T) {
	s := openSet(t, false,
		service.Config{ID: "a", Use: "desk:DeskTicketSystem", Params: map[string]any{"path": "a.db", "strict_queues": true, "author": "{{ WHO }}"}},
		service.Config{ID: "b", Use: "embedded"},
		service.Config{ID: "words", Use: "rules", Params: map[string]any{"labels": map[string]any{"IT": []any{"vpn"}}}})
	a, err := s.Ticket("a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Create(t.Context(), ticket.Ticket{Subject: "x", Queue: ticket.Named("New")}); fault.ClassOf(err) != fault.Permanent {
		t.Errorf("strict desk: %v", err)
	}
	made, err := a.Create(t.Context(), ticket.Ticket{Subject: "x", Notes: []ticket.Note{{Body: "b"}}})
	if err != nil || made.Notes[0].Author != "from-WHO" {
		t.Errorf("made %+v, %v", made, err)
	}
	b, err := s.Ticket("b")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Get(t.Context(), made.ID); err == nil {
		t.Error("both desks are one file")
	}
	if _, err := s.Ticket(""); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("default of two: %v", err)
	}
	if c, err := s.Classifier(""); err != nil {
		t.Error(err)
	} else if r, err := c.Classify(t.Context(), classify.Request{Text: "vpn"}); err != nil || r.Label != "IT" {
		t.Errorf("classified %+v, %v", r, err)
	}
}

func TestRefuses(t *testing.T) {
	s := openSet(t, false, jinja, otobo, service.Config{ID: "words", Use: "rules", Params: map[string]any{"labels": map[string]any{"IT": []any{}}}},
		service.Config{ID: "d", Use: "desk", Params: map[string]any{"author": "{{ MISSING }}"}})
	_, unknown := s.Ticket("nope")
	_, kind := s.Classifier("otobo")
	_, renderer := s.Ticket("jinja")
	_, params := s.Classifier("words")
	_, template := s.Ticket("d")
	for want, err := range map[string]error{
		`no service "nope"; configured are d, jinja, otobo, words`: unknown, "service otobo is a ticket system, not a classifier": kind,
		"service jinja is a template renderer": renderer, "service words (rules): labels.IT: give it keywords": params,
		"service d (embedded desk): parameter author: template line 1: no such variable": template,
	} {
		if err == nil || !strings.Contains(err.Error(), want) || fault.ClassOf(err) != fault.Permanent {
			t.Errorf("error %v, want a permanent one with %q", err, want)
		}
	}
	_, err := service.Open(t.Context(), service.Options{Services: map[string]service.Config{"x": {ID: "x", Use: "nope:Nope"}}})
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), `service x: unknown type "nope:Nope"`) {
		t.Errorf("unknown type: %v", err)
	}
}

func TestConcurrentFirstUse(t *testing.T) {
	s := openSet(t, false)
	var wg sync.WaitGroup
	got := make([]ticket.System, 8)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = s.Ticket(""); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, g := range got {
		if g != got[0] {
			t.Fatal("opened more than once")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Ticket(""); err == nil {
		t.Error("a closed set gives services")
	}
}

func TestParamsAreDescribed(t *testing.T) {
	for _, s := range service.Specs() {
		if s.Doc == "" {
			t.Errorf("%s has no doc", s.Name)
		}
		for _, f := range pipe.Fields(s.Params) {
			if f.Doc == "" {
				t.Errorf("%s: %s has no doc", s.Name, f.Name)
			}
		}
	}
}
