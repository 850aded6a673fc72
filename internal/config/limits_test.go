package config_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func TestLimits(t *testing.T) {
	r, cfg := runner(t, "runners_limits.yml", "import")
	want := config.Limits{Tags: map[string]int{"batch": 2}, Resources: map[string]config.Resource{
		"otobo": {Max: 4},
		"api":   {Max: 10, Rate: 100, Per: time.Minute, Burst: 20, BreakerFailures: 5, BreakerOpenFor: 2 * time.Minute},
		"mail":  {Rate: 5, Per: 10 * time.Second},
		"slow":  {Rate: 1, Per: 90 * time.Second},
	}}
	if !reflect.DeepEqual(cfg.Limits, want) {
		t.Errorf("limits %+v", cfg.Limits)
	}
	policy := config.Policy{
		Catchup: config.CatchupLatest, Overlap: config.OverlapBufferAll, QueueMax: 5, Priority: 1,
		Resources: map[string]int{"otobo": 2, "api": 1}, QueueTimeout: 10 * time.Minute, ExpectSuccessWithin: 26 * time.Hour,
	}
	if !reflect.DeepEqual(r.Policy, policy) {
		t.Errorf("policy %+v", r.Policy)
	}
	export, _ := runner(t, "runners_limits.yml", "export")
	policy = config.Policy{
		Catchup: config.CatchupLatest, Overlap: config.OverlapAllowAll, MaxParallelRuns: 3, Resources: map[string]int{"mail": 1, "slow": 1},
	}
	if !reflect.DeepEqual(export.Policy, policy) {
		t.Errorf("policy %+v", export.Policy)
	}
	e := cfg.Engine
	if e.Keep.Bytes != 50<<20 || e.LogBytesPerRun != 512_000 || e.CancelGrace != 20*time.Second || e.Reload {
		t.Errorf("engine %+v", e)
	}
}

func TestNotifications(t *testing.T) {
	o := options(t)
	o.Path = filepath.Join("..", "..", "testdata", "config", "good", "runners_limits.yml")
	o.Environ = []string{"ALERT_TOKEN=hunter2", "ALERT_PATH=night"}
	cfg, err := config.Load(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range cfg.Notify {
		if cfg.Notify[i].Pos.Line == 0 {
			t.Errorf("%s has no place", cfg.Notify[i].Name)
		}
		cfg.Notify[i].Pos = pipe.Pos{}
	}
	want := []config.Notification{
		{
			Name: "on-call", On: []string{"failed", "crashed", "overdue"}, Tags: []string{"batch"}, URL: "https://alerts.example.org/night",
			Headers: map[string]string{"X-Source": "otai", "Authorization": "Bearer hunter2"}, Timeout: 3 * time.Second,
		},
		{Name: "log", On: []string{"completed"}, Runners: []string{"import"}, Command: []string{"logger", "-t", "otai"}},
		{Name: "short", On: []string{"degraded"}, URL: "http://127.0.0.1:8080/hook"},
	}
	if !reflect.DeepEqual(cfg.Notify, want) {
		t.Errorf("got  %+v\nwant %+v", cfg.Notify, want)
	}
	if !slices.Contains(cfg.Secrets, "Bearer hunter2") {
		t.Errorf("a token from the environment is not among the secrets: %d", len(cfg.Secrets))
	}
}

func TestStepPolicies(t *testing.T) {
	r, _ := runner(t, "runners_steps.yml", "r")
	top := pipe.Retry{
		Retries: 3, Delay: 10 * time.Second, MaxDelay: pipe.DefaultMaxDelay, Delays: []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute},
		NoJitter: true, On: []fault.Class{fault.Transient, fault.RateLimited},
	}
	if !reflect.DeepEqual(*r.Pipe.Retry, top) {
		t.Errorf("a list of delays gives %+v", *r.Pipe.Retry)
	}
	book := *step(t, r.Pipe, "book").Retry
	own := pipe.Retry{Retries: 4, Delay: 5 * time.Second, MaxDelay: pipe.DefaultMaxDelay, Coefficient: 1.5, NoJitter: true, On: top.On}
	if !reflect.DeepEqual(book, own) {
		t.Errorf("a step's own delay takes the list's place and keeps the rest: %+v", book)
	}
	reserve := step(t, r.Pipe, "reserve")
	if reserve.Undo == nil || reserve.Undo.ID != "undo" || reserve.Undo.Retry.Retries != 9 || reserve.Undo.Retry.Delays == nil {
		t.Errorf("undo %+v", reserve.Undo)
	}
	parts := step(t, r.Pipe, "parts")
	if parts.Undo == nil || parts.Undo.ID != "give_back" || len(parts.Undo.Steps) != 1 || parts.Undo.Use != "base:CompositePipe" {
		t.Errorf("undo %+v", parts.Undo)
	}
	report := step(t, r.Pipe, "report")
	if report.Rule != pipe.RuleAllDone || report.If == "" || book.On == nil || step(t, r.Pipe, "book").Rule != "" {
		t.Errorf("report %+v", report)
	}
	h := r.Handlers
	if len(h.OnSuccess) != 1 || len(h.OnFailure) != 2 || len(h.OnCancel) != 1 || len(h.OnCrash) != 1 || len(h.OnExit) != 1 {
		t.Fatalf("handlers %+v", h)
	}
	if h.OnFailure[0].ID != "look" || h.OnFailure[0].Timeout != 5*time.Second || h.OnFailure[1].ID != "ExpressionPipe" || h.OnFailure[0].Retry != nil {
		t.Errorf("handlers have their own policies: %+v", h.OnFailure)
	}
	_, cfg := runner(t, "runners_steps.yml", "r")
	if len(cfg.Warnings) != 0 {
		t.Errorf("handlers and undo steps see results: %v", cfg.Warnings)
	}
}

// TestHashHasHandlersAndUndo: stored results are reused by it.
func TestHashHasHandlersAndUndo(t *testing.T) {
	hash := func(more string) string {
		return mustParse(t, "orchestrator: {runners: [{pipe_id: r, "+more+"}]}").Runners[0].Hash
	}
	one := hash("pipe: {use: ExpressionPipe, expression: 1}")
	if hash("priority: 2, tags: [x], interval_seconds: 5, pipe: {use: ExpressionPipe, expression: 1}") != one {
		t.Error("the hash changed with the timetable")
	}
	all := map[string]string{"": one}
	for _, other := range []string{
		"on_exit: {use: ExpressionPipe, expression: 1}, pipe: {use: ExpressionPipe, expression: 1}",
		"on_crash: {use: ExpressionPipe, expression: 1}, pipe: {use: ExpressionPipe, expression: 1}",
		"pipe: {use: ExpressionPipe, expression: 1, undo: {use: ExpressionPipe, expression: 1}}",
		"pipe: {use: ExpressionPipe, expression: 1, trigger_rule: always}",
		"pipe: {use: ExpressionPipe, expression: 1, retry_jitter: false}",
	} {
		got := hash(other)
		for name, h := range all {
			if h == got {
				t.Errorf("%q and %q have one hash", other, name)
			}
		}
		all[other] = got
	}
	undo := "pipe: {use: ExpressionPipe, expression: 1, undo: {use: ExpressionPipe, expression: 1}}"
	if hash(undo) != hash("description: moves it along the line, "+undo) {
		t.Error("the hash changed with the place of an undo step")
	}
}

// TestMacroKeepsRuleAndUndo: they belong to the step, not to what it is made of.
func TestMacroKeepsRuleAndUndo(t *testing.T) {
	cfg := mustParse(t, steps(`{id: a, use: ExpressionPipe, expression: 1}`,
		`{id: b, use: ProcessTickets, queue: q, depends_on: a, trigger_rule: one_failed, undo: {use: ProcessTickets, queue: back}}`))
	b := cfg.Runners[0].Pipe.Steps[1]
	if b.Rule != pipe.RuleOneFailed || b.Undo == nil || b.Undo.Use != "base:CompositePipe" || len(b.Undo.Steps) != 1 || b.Undo.Undo != nil {
		t.Errorf("the macro became %+v", b)
	}
}

func TestConcurrencyOfZero(t *testing.T) {
	for text, want := range map[string]config.Policy{
		"{max_workers: 4, when_exhausted: enqueue}": {Overlap: config.OverlapAllowAll, MaxParallelRuns: 4},
		"{max_workers: 1}":                          {Overlap: config.OverlapBufferAll},
		"{when_exhausted: skip}":                    {Overlap: config.OverlapSkip},
		"{max_workers: 4, when_exhausted: skip}":    {},
		"{max_workers: 4}, priority: 3":             {Overlap: config.OverlapAllowAll, MaxParallelRuns: 4},
	} {
		cfg := mustParse(t, "orchestrator: {runners: [{interval_seconds: 5, settings: {concurrency: "+text+"}, pipe: {use: ExpressionPipe, expression: 1}}]}")
		got := cfg.Runners[0].Policy
		if got.Overlap != want.Overlap || got.MaxParallelRuns != want.MaxParallelRuns {
			t.Errorf("%s gives %+v", text, got)
		}
		if warned := len(cfg.Warnings) > 0; warned != (want.Overlap == "" || strings.Contains(text, "priority")) {
			t.Errorf("%s: warnings %v", text, cfg.Warnings)
		}
	}
	cfg := mustParse(t, "orchestrator: {runners: [{interval_seconds: 5, overlap: skip, settings: {concurrency: {max_workers: 2}, retry: {backoff_factor: 1, jitter: false}}, "+
		"pipe: {use: ExpressionPipe, expression: 1}}]}")
	if r := cfg.Runners[0]; r.Policy.Overlap != config.OverlapSkip || r.Pipe.Retry.Coefficient != 1 || !r.Pipe.Retry.NoJitter || len(cfg.Warnings) != 1 {
		t.Errorf("%+v, %+v, %v", r.Policy, r.Pipe.Retry, cfg.Warnings)
	}
}

// TestTokensOfTheFileAreSecrets: a header's token must not reach history, whether it came from the environment or not.
func TestTokensOfTheFileAreSecrets(t *testing.T) {
	cfg := mustParse(t, `notifications: [{name: n, on: failed, http: {url: "https://x/", headers: {authorization: plain, X-Api-Key: 12345, X-Source: otai}}}]`+
		"\n"+steps("{id: a, use: ExpressionPipe, expression: 1}"))
	wantList(t, "secrets", cfg.Secrets, "plain", "12345")
	cfg = mustParse(t, "orchestrator: {runners: [{webhook: {token_env: HOOK}, pipe: {use: ExpressionPipe, expression: 1}}]}", "HOOK=hunter2")
	wantList(t, "a webhook's token", cfg.Secrets, "hunter2")
}

// TestNotificationTemplatesSeeTheEnvironmentOnly and nothing of a run.
func TestNotificationTemplatesSeeTheEnvironmentOnly(t *testing.T) {
	got := problems(t, `notifications: [{name: n, on: failed, http: "https://x/{{ env.A.b.c }}"}]`+"\n"+steps("{id: a, use: ExpressionPipe, expression: 1}"), "A=1")
	wantProblem(t, got, "config.yml:1:45", "the template gives no value")
}
