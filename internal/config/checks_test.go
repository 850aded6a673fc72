package config_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/config"
)

// replaced puts part where the text says %s.
func replaced(text, part string) string { return strings.Replace(text, "%s", part, 1) }

// steps is a runner of some steps, given as flow maps.
func steps(list ...string) string {
	var b strings.Builder
	b.WriteString("orchestrator:\n  runners:\n    - pipe_id: r\n      interval_seconds: 60\n      pipe:\n        steps:\n")
	for _, s := range list {
		b.WriteString("          - " + s + "\n")
	}
	return b.String()
}

func TestParametersKeepWhatWasWritten(t *testing.T) {
	cfg := mustParse(t, steps(`{id: a, use: AddNotePipe, ticket_id: 0012, note: {subject: 1.10, body: yes}, extra: [1, {deep: 2026-01-01}]}`))
	a := cfg.Runners[0].Pipe.Steps[0].Params
	note, _ := a["note"].(map[string]any)
	if a["ticket_id"] != "0012" || note["subject"] != "1.10" || note["body"] != "yes" {
		t.Errorf("texts: %#v", a)
	}
	extra, _ := a["extra"].([]any)
	if len(extra) != 2 || extra[0] != int64(1) || extra[1].(map[string]any)["deep"] != "2026-01-01" {
		t.Errorf("free parameters: %#v", a["extra"])
	}
}

func TestMergesKeepTheFirst(t *testing.T) {
	cfg := mustParse(t, steps(
		`{id: a, <<: {use: ExpressionPipe, expression: 2, id: z}, expression: 1}`,
		`{id: b, <<: [{use: ExpressionPipe, expression: 3}, {use: AddNotePipe, expression: 4}]}`,
	))
	got := cfg.Runners[0].Pipe.Steps
	if got[0].Params["expression"] != int64(1) || got[1].Params["expression"] != int64(3) || got[1].Use != "base:ExpressionPipe" {
		t.Errorf("merged: %+v", got)
	}
}

// TestHugeLineEnds holds that a generated file on one line is read in bounded work and reported without its line.
func TestHugeLineEnds(t *testing.T) {
	var b strings.Builder
	b.WriteString("orchestrator: {runners: [{pipe: {steps: [")
	for range 10_000 {
		b.WriteString(`{use: ExpressionPipe, expression: "{{ 1 + }}"}, `)
	}
	b.WriteString("]}}]}")
	got := problems(t, b.String())
	if len(got) != 1000 || got[0].Line != "" || strings.Contains((&config.Errors{Problems: got}).Error(), "^") {
		t.Errorf("%d problems, line of %d bytes", len(got), len(got[0].Line))
	}
}

func TestSharedMistakesAreToldOnce(t *testing.T) {
	got := problems(t, "x-p: &p {use: Nope}\n"+steps("{id: a, <<: *p}", "{id: b, <<: *p}"))
	wantProblem(t, got, "config.yml:1:15", "unknown pipe")
	if len(got) != 1 {
		t.Errorf("%d problems", len(got))
	}
}

func TestServiceIsChosenByKind(t *testing.T) {
	cfg := mustParse(t, "services: {only: {use: 'desk:DeskTicketSystem'}}\n"+
		steps(`{id: a, use: FetchTicketsPipe, ticket_search_criteria: {queue: X}}`, `{id: b, use: ExpressionPipe, expression: 1}`))
	got := cfg.Runners[0].Pipe.Steps
	if got[0].Injects["ticket_system"] != "only" || len(got[1].Injects) != 0 {
		t.Errorf("injects: %v, %v", got[0].Injects, got[1].Injects)
	}
	if cfg.Services["only"].Kind != "ticket system" {
		t.Errorf("service %+v", cfg.Services["only"])
	}
}

func TestMacroStepsGetServices(t *testing.T) {
	cfg := mustParse(t, `
services: {only: {use: 'desk:DeskTicketSystem'}}
orchestrator: {runners: [{interval_seconds: 5, pipe: {use: ProcessTickets, queue: q}}]}
`)
	if got := cfg.Runners[0].Pipe.Steps[0].Injects["ticket_system"]; got != "only" {
		t.Errorf("a macro's step got the service %q", got)
	}
}

func TestResultsAcrossSteps(t *testing.T) {
	cfg := mustParse(t, steps(
		`{id: a, use: ExpressionPipe, expression: "{{ get_pipe_result('b') }}"}`,
		`{id: b, use: ExpressionPipe, expression: "{{ get_pipe_result('a') }} {{ pipe_result(params.x) }} {{ has_failed('a' ~ 1) }}"}`,
		`{id: c, note: "{{ get_pipe_result('inner') }}", steps: [{id: inner, use: ExpressionPipe, expression: "{{ get_pipe_result('a') }}"}]}`,
		`{id: d, parallel: true, steps: [{id: d1, use: ExpressionPipe, expression: 1}, {id: d2, use: ExpressionPipe, expression: "{{ get_pipe_result('d1') }}"}]}`,
	))
	var got []string
	for _, w := range cfg.Warnings {
		got = append(got, w.Msg)
	}
	want := []string{
		`get_pipe_result: pipe "b" has no result here: it does not run before`,
		"pipe_result is asked for a computed id, which cannot be checked",
		"has_failed is asked for a computed id, which cannot be checked",
		`get_pipe_result: pipe "d1" runs side by side with this one and may not have ended`,
	}
	wantList(t, "warnings", got, want...)
	mustParse(t, steps(`{id: a, use: ExpressionPipe, expression: "{# get_pipe_result('x') #} get_pipe_result('y')"}`))
}

func TestLiteralConditions(t *testing.T) {
	cfg := mustParse(t, steps(`{id: a, if: false, use: ExpressionPipe, expression: 1}`, `{id: b, if: true, use: ExpressionPipe, expression: 1}`))
	got := cfg.Runners[0].Pipe.Steps
	if got[0].If != "{{ false }}" || got[1].If != "{{ true }}" {
		t.Errorf("if: %q, %q", got[0].If, got[1].If)
	}
}

func TestHashFollowsTheDefinition(t *testing.T) {
	hash := func(text string) string { return mustParse(t, text).Runners[0].Hash }
	one := hash(steps(`{id: a, use: ExpressionPipe, expression: 1}`))
	if moved := hash("# a comment\n\n" + steps(`{use: base:ExpressionPipe, params: {expression: 1}, id: a}`)); moved != one {
		t.Error("the hash changed with the place or the spelling")
	}
	for _, other := range []string{`{id: a, use: ExpressionPipe, expression: 2}`, `{id: a, use: ExpressionPipe, expression: 1, retries: 5}`} {
		if hash(steps(other)) == one {
			t.Errorf("the hash stayed for %s", other)
		}
	}
}

func TestEveryProblemAtOnce(t *testing.T) {
	got := problems(t, steps(`{id: a, use: Nope}`, `{id: b, use: ExpressionPipe, expression: "{{ 1 + }}", depends_on: [zzz]}`)+"engine: {nope: 1}\n")
	wantProblem(t, got, "config.yml:7:26", `unknown pipe "Nope"`)
	wantProblem(t, got, "config.yml:8:62", "bad template")
	wantProblem(t, got, "config.yml:8:80", `no step "zzz"`)
	wantProblem(t, got, "config.yml:9:10", `unknown key "nope" in engine`)
	if len(got) != 4 {
		t.Errorf("%d problems", len(got))
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	_, err := parse(t, `
services:
  a: {use: "otobo-znuny:OTOBOZnunyTicketSystemService", password: hunter2, nope: 1}
  b: {use: "otobo-znuny:OTOBOZnunyTicketSystemService", base_url: x, "password": [hunter2]}
  c: {use: "hf-local:HFClassificationService", api_token: "{{ hunter2 + }}"}
`+steps(`{id: a, use: ExpressionPipe, expression: 1}`))
	if err == nil || strings.Contains(strings.ReplaceAll(err.Error(), "{{ hunter2 + }}", ""), "hunter2") {
		t.Errorf("printed:\n%v", err)
	}
}

func TestLoadNeedsItsFile(t *testing.T) {
	o := options(t)
	o.Path = "missing.yml"
	if _, err := config.Load(t.Context(), o); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "-c FILE") {
		t.Errorf("got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := config.Load(ended, o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := config.Parse(nil, "x", config.Options{}); err == nil {
		t.Error("options without pipes were accepted")
	}
}
