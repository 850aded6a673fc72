package config_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// runner loads a good file and gives one of its runners.
func runner(t *testing.T, file, id string) (config.Runner, *config.Config) {
	t.Helper()
	cfg, err := load(t, filepath.Join("..", "..", "testdata", "config", "good", file))
	if err != nil {
		t.Fatalf("unexpected problems:\n%v", err)
	}
	for _, r := range cfg.Runners {
		if r.ID == id {
			return r, cfg
		}
	}
	t.Fatalf("no runner %s in %s: %+v", id, file, cfg.Runners)
	return config.Runner{}, nil
}

func step(t *testing.T, d pipe.Definition, path ...string) pipe.Definition {
	t.Helper()
	for _, id := range path {
		i := slices.IndexFunc(d.Steps, func(s pipe.Definition) bool { return s.ID == id })
		if i < 0 {
			t.Fatalf("no step %s in %s", id, d.ID)
		}
		d = d.Steps[i]
	}
	return d
}

func schedules(r config.Runner) []string {
	var out []string
	for _, tr := range r.Triggers {
		out = append(out, tr.Name+": "+tr.Schedule.String())
	}
	return out
}

func wantList(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestSeed(t *testing.T) {
	r, cfg := runner(t, "seed.yml", "ticket_processor")
	if cfg.Dialect != config.DialectRunners || !r.Enabled || len(cfg.Warnings) != 0 {
		t.Errorf("dialect %s, enabled %v, warnings %v", cfg.Dialect, r.Enabled, cfg.Warnings)
	}
	wantList(t, "triggers", schedules(r), "interval: every 5m")
	if r.Pipe.ID != "ticket_processor" || r.Pipe.Use != "base:CompositePipe" || r.Pipe.Pos.Line != 5 {
		t.Errorf("the macro became %s %s at line %d", r.Pipe.ID, r.Pipe.Use, r.Pipe.Pos.Line)
	}
	fetch := step(t, r.Pipe, "fetch")
	if fetch.Pos != r.Pipe.Pos {
		t.Errorf("the macro's step stands at %v, want %v", fetch.Pos, r.Pipe.Pos)
	}
	if cfg.Engine.DrainTimeout != 30*time.Second || cfg.Engine.Name != "seed.yml" || cfg.Logging.Level != "info" {
		t.Errorf("defaults: %+v %+v", cfg.Engine, cfg.Logging)
	}
}

func TestRunnersDialect(t *testing.T) {
	r, cfg := runner(t, "runners_full.yml", "route_incoming")
	const day = 24 * time.Hour
	keep := config.Retention{Runs: 1000, Age: 90 * day, FailedAge: 180 * day, Decisions: 100_000, DecisionAge: 365 * day}
	if cfg.Engine != (config.Engine{Name: "service desk", MaxParallelRuns: 4, DrainTimeout: 45 * time.Second, Keep: keep, Reload: true}) || cfg.Logging.Level != "debug" {
		t.Errorf("engine %+v, logging %+v", cfg.Engine, cfg.Logging)
	}
	if r.Timeout != 240*time.Second || r.Description == "" || r.Pipe.Use != "base:CompositePipe" {
		t.Errorf("runner %+v", r)
	}
	wantList(t, "tags", r.Tags, "routing", "tickets")
	if got := *r.Pipe.Retry; !reflect.DeepEqual(got, pipe.Retry{Retries: 4, Delay: 15 * time.Second, MaxDelay: 300 * time.Second}) {
		t.Errorf("retry %+v", got)
	}
	loop := step(t, r.Pipe, "each_ticket")
	if loop.ForEach == "" || loop.As != "ticket" || loop.Key != "{{ ticket.id }}" {
		t.Errorf("loop %+v", loop)
	}
	wantList(t, "depends_on", loop.DependsOn, "anything_to_do")
	move := step(t, loop, "write_down", "move")
	if got := *move.Retry; !reflect.DeepEqual(got, pipe.Retry{Retries: 6, Delay: 15 * time.Second, MaxDelay: 300 * time.Second}) {
		t.Errorf("a step's own retries keep the enclosing delays: %+v", got)
	}
	if move.Injects["ticket_system"] != "helpdesk" {
		t.Errorf("injects are handed down: %v", move.Injects)
	}
	note := step(t, loop, "write_down", "note")
	if note.Retry != nil || note.If == "" {
		t.Errorf("note %+v", note)
	}
	escalations, _ := runner(t, "runners_full.yml", "escalations")
	if escalations.Enabled {
		t.Error("enabled: false was not read")
	}
	wantList(t, "cron", schedules(escalations), "cron: */15 8-18 * * mon-fri Europe/Berlin")
	counted, _ := runner(t, "runners_full.yml", "morning_count")
	wantList(t, "on", schedules(counted), "early: 0 7 * * * Europe/Vienna")
}

func TestZeroDialect(t *testing.T) {
	r, cfg := runner(t, "v0_orchestrator_list.yml", "ticket-routing")
	if cfg.Dialect != config.DialectV0 || cfg.Logging.Level != "warn" || len(cfg.Services) != 1 {
		t.Errorf("dialect %s, logging %+v, services %v", cfg.Dialect, cfg.Logging, cfg.Services)
	}
	wantList(t, "triggers", schedules(r), "interval: every 10s")
	if r.Pipe.Params["least_queue_confidence"] != 0.8 {
		t.Errorf("composite's parameters: %v", r.Pipe.Params)
	}
	classify := step(t, r.Pipe, "queue_part", "classify")
	if classify.Use != "base:ClassificationPipe" || classify.Params["model"] != "{{ config.model }}" {
		t.Errorf("classify %+v", classify)
	}
	part := step(t, r.Pipe, "queue_part")
	if part.Params["field"] != "queue.name" || len(part.Steps) != 5 {
		t.Errorf("own keys win over merged ones: %+v", part)
	}
	write := step(t, part, "write")
	if write.Injects["ticket_system"] != "ticket_desk" || write.Use != "base:UpdateTicketPipe" {
		t.Errorf("merged into write: %+v", write)
	}
	if last := part.Steps[4]; last.ID != "AddNotePipe" {
		t.Errorf("a step without id is named after its type: %s", last.ID)
	}
	listed, _ := runner(t, "v0_runners.yml", "ticket-routing")
	wantList(t, "10_000", schedules(listed), "interval: every 10s")
	if got := step(t, listed.Pipe, "ticket_fetcher"); got.Injects["ticket_system"] != "desk" || got.Use != "base:FetchTicketsPipe" {
		t.Errorf("a list of merges: %+v", got)
	}
}

func TestZeroDialectTriggers(t *testing.T) {
	office, _ := runner(t, "v0_triggers.yml", "office-hours")
	wantList(t, "triggers", schedules(office), "hourly: every 1h30m", "weekdays: 0 0 9-17 * * mon-fri")
	if got := *office.Pipe.Retry; !reflect.DeepEqual(got, pipe.Retry{Retries: 3, Delay: 5 * time.Second, MaxDelay: 30 * time.Second, Coefficient: 2}) {
		t.Errorf("retry %+v", got)
	}
	if office.Timeout != 2*time.Minute {
		t.Errorf("timeout %s", office.Timeout)
	}
	wantList(t, "tags", office.Tags, "batch", "high-priority")
	wantList(t, "aliases", office.Aliases, "composite")
	monthly, _ := runner(t, "v0_triggers.yml", "monthly")
	wantList(t, "monthly", schedules(monthly), "first-of-month: 0 0 0 1 * *")
}

func TestOneDialect(t *testing.T) {
	for file, want := range map[string]struct {
		id, alias, schedule string
		retry               *pipe.Retry
		steps               int
	}{
		"v1_params.yml": {"ticket-routing", "routing-runner", "every_minute: every 1m", &pipe.Retry{Retries: 2, Delay: 10 * time.Second, MaxDelay: pipe.DefaultMaxDelay}, 7},
		"v1_direct.yml": {"ticket-priority", "priority-runner", "trigger: every 30s", nil, 7},
	} {
		r, cfg := runner(t, file, want.id)
		if cfg.Dialect != config.DialectV1 {
			t.Errorf("%s: dialect %s", file, cfg.Dialect)
		}
		wantList(t, file, r.Aliases, want.alias)
		wantList(t, file, schedules(r), want.schedule)
		if len(r.Pipe.Steps) != want.steps {
			t.Errorf("%s: %d steps", file, len(r.Pipe.Steps))
		}
		if (want.retry == nil) != (r.Pipe.Retry == nil) || (want.retry != nil && !reflect.DeepEqual(*want.retry, *r.Pipe.Retry)) {
			t.Errorf("%s: retry %+v", file, r.Pipe.Retry)
		}
	}
}

const sequential = `
open_ticket_ai:
  orchestrator:
    use: base:SimpleSequentialOrchestrator
    %s
    steps:
      - use: base:SimpleSequentialRunner
        on: {use: base:IntervalTrigger, params: {interval: PT1S}}
        run: {id: r, use: base:ExpressionPipe, params: {expression: 1}}
`

func TestSequentialOrchestratorSettings(t *testing.T) {
	never := mustParse(t, replaced(sequential, "params: {always_retry: false, orchestrator_sleep: PT5S}"))
	r := never.Runners[0]
	if r.Pipe.Retry == nil || r.Pipe.Retry.Retries != 0 {
		t.Errorf("always_retry: false gives %+v", r.Pipe.Retry)
	}
	wantList(t, "orchestrator_sleep is the least interval", schedules(r), "interval: every 5s")
	if len(never.Warnings) != 1 {
		t.Errorf("a longer interval than written is told: %v", never.Warnings)
	}
	direct := mustParse(t, replaced(sequential, "exception_sleep: 0:00:07"))
	if got := direct.Runners[0].Pipe.Retry; got == nil || got.Delay != 7*time.Second || got.Retries != pipe.DefaultRetries {
		t.Errorf("exception_sleep gives %+v", got)
	}
}

func TestRoundSteps(t *testing.T) {
	cfg := mustParse(t, `
orchestrator:
  use: base:SimpleSequentialOrchestrator
  params:
    orchestrator_sleep: 20
    steps:
      - {id: every_round, use: base:ExpressionPipe, params: {expression: 1}}
`)
	wantList(t, "a pipe among the steps", schedules(cfg.Runners[0]), "interval: every 20s")
	if len(cfg.Warnings) != 1 {
		t.Errorf("warnings %v", cfg.Warnings)
	}
}

func TestRunAndOnForms(t *testing.T) {
	cfg := mustParse(t, `
cfg:
  orchestrator:
    runners:
      - "on": [{use: IntervalTrigger, interval: 90}, {cron: "@daily"}, {minutes: 2}]
        run: {id: a, use: ExpressionPipe, expression: 1}
        id: other
      - on: {params: {hour: 3, timezone: Europe/Berlin}}
        run: {use: ExpressionPipe, expression: 1}
      - run: {use: ExpressionPipe, expression: 1}
`)
	a := cfg.Runners[0]
	wantList(t, "three triggers", schedules(a), "interval: every 1m30s", "cron: @daily", "interval-2: every 2m")
	wantList(t, "aliases", a.Aliases, "other")
	wantList(t, "inferred", schedules(cfg.Runners[1]), "cron: 0 0 3 * * * Europe/Berlin")
	if cfg.Runners[1].ID != "ExpressionPipe" || cfg.Runners[2].ID != "ExpressionPipe-2" || len(cfg.Runners[2].Triggers) != 0 {
		t.Errorf("made up names: %s, %s", cfg.Runners[1].ID, cfg.Runners[2].ID)
	}
}
