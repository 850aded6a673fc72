package config_test

import (
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// due gives a runner's triggers without the hashes of its calendars.
func due(t *testing.T, id string) []config.Trigger {
	t.Helper()
	r, _ := runner(t, "runners_triggers.yml", id)
	return r.Triggers
}

// plain takes the hashes of calendars out of a schedule's text.
func plain(s schedule.Schedule) string {
	words := strings.Fields(s.String())
	for i, w := range words {
		if name := strings.TrimSuffix(w, ","); len(name) == 8 && strings.Trim(name, "0123456789abcdef") == "" {
			words[i] = "#" + strings.TrimPrefix(w, name)
		}
	}
	return strings.Join(words, " ")
}

func TestTimetables(t *testing.T) {
	const all = " from 2026-03-01 00:00 America/New_York"
	want := map[string][]string{
		"poll": {
			"interval interval: every 5m anchored 2026-01-01 07:00 UTC except weekend #, days # from 2026-01-31 23:00 UTC until 2026-12-31 22:59:59.999 UTC; 30s; 1000",
		},
		"nightly": {"cron cron: 30 2 * * * Europe/Berlin (dst skip) except holidays #; 0s; 0"},
		"once":    {"at at: at 2026-12-01 08:00 Europe/Berlin; 0s; 0"},
		"twice":   {"at at: at 2026-12-01 07:00 UTC; 0s; 0", "at-2 at: at 2026-12-02 00:00 UTC; 0s; 0"},
		"all": {
			"steady interval: every 5m anchored 2026-03-01 00:00 UTC from 2026-03-01 00:00 UTC; 10s; 2",
			"cron cron: 0 9 * * mon-fri America/New_York except weekend #" + all + "; 0s; 7",
			"cron-2 cron: 0 30 2 * * * America/New_York (dst skip)" + all + " until 2026-06-30 12:00 America/New_York; 0s; 7",
			"at at: at 2026-07-04 12:00 America/New_York" + all + "; 0s; 7",
			"at-2 at: at 2026-07-05 12:00 America/New_York" + all + "; 0s; 7",
		},
	}
	for id, list := range want {
		var got []string
		for _, tr := range due(t, id) {
			if tr.Schedule != nil {
				got = append(got, strings.Join([]string{tr.Name + " " + string(tr.Kind) + ": " + plain(tr.Schedule), tr.Jitter.String(), strconv.Itoa(tr.MaxRuns)}, "; "))
			}
		}
		wantList(t, id, got, list...)
	}
}

func TestEventTriggers(t *testing.T) {
	beside := func(path string) string {
		abs, err := filepath.Abs(filepath.Join("..", "..", "testdata", "config", "good", path))
		if err != nil {
			t.Fatal(err)
		}
		return abs
	}
	want := map[string][]config.Trigger{
		"pause-between": {{Name: "after_completion", Kind: config.TriggerAfterCompletion, AfterCompletion: 90 * time.Second}},
		"follower":      {{Name: "after-nightly", Kind: config.TriggerAfter, After: config.After{Runner: "nightly", On: "completed"}}},
		"cleaner": {
			{Name: "after-nightly", Kind: config.TriggerAfter, After: config.After{Runner: "nightly", On: "failed"}, MaxRuns: 3},
			{Name: "after-poll", Kind: config.TriggerAfter, After: config.After{Runner: "poll", On: "completed"}, MaxRuns: 3},
		},
		"files": {{Name: "file", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: beside("../drop/inbox")}}},
		"more-files": {
			{Name: "file", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: filepath.FromSlash("/var/spool/otai")}},
			{Name: "file-2", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: beside("orders.csv"), Debounce: 5 * time.Second, Poll: time.Minute}},
		},
		"hook":         {{Name: "webhook", Kind: config.TriggerWebhook}},
		"guarded-hook": {{Name: "webhook", Kind: config.TriggerWebhook, Webhook: config.Webhook{TokenEnv: "OTAI_HOOK"}}},
		"no-hook":      nil,
		"all": {
			{Name: "after_completion", Kind: config.TriggerAfterCompletion, AfterCompletion: time.Hour, MaxRuns: 7},
			{Name: "after-poll", Kind: config.TriggerAfter, After: config.After{Runner: "poll", On: "any"}, MaxRuns: 7},
			{Name: "chained", Kind: config.TriggerAfter, After: config.After{Runner: "nightly", On: "completed"}, MaxRuns: 7},
			{Name: "file", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: beside("a.txt")}, MaxRuns: 7},
			{Name: "file-2", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: beside("b.txt")}, MaxRuns: 7},
			{Name: "webhook", Kind: config.TriggerWebhook, Webhook: config.Webhook{TokenEnv: "OTAI_HOOK"}, MaxRuns: 7},
			{Name: "webhook-2", Kind: config.TriggerWebhook, MaxRuns: 1},
		},
	}
	for id, list := range want {
		var got []config.Trigger
		for _, tr := range due(t, id) {
			if tr.Schedule == nil {
				got = append(got, tr)
			}
		}
		if !reflect.DeepEqual(got, list) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", id, got, list)
		}
	}
	_, cfg := runner(t, "runners_triggers.yml", "hook")
	if len(cfg.Warnings) != 2 || !strings.Contains(cfg.Warnings[0].Msg, "OTAI_HOOK is not set: no request is let in") {
		t.Errorf("warnings: %v", cfg.Warnings)
	}
}

// TestAfterFollowsAliases holds that an upstream may be named as it is on a command line; the model has its id.
func TestAfterFollowsAliases(t *testing.T) {
	cfg := mustParse(t, `
orchestrator:
  runners:
    - {pipe_id: b, after: old-name, pipe: {use: ExpressionPipe, expression: 1}}
    - {pipe_id: a, id: old-name, interval_seconds: 5, pipe: {use: ExpressionPipe, expression: 1}}
`)
	if got := cfg.Runners[0].Triggers[0]; got.After.Runner != "a" || got.Name != "after-old-name" {
		t.Errorf("after: %+v", got)
	}
}

// TestCalendarsAreInTheSpec holds that a changed calendar is another schedule to the store.
func TestCalendarsAreInTheSpec(t *testing.T) {
	spec := func(entries string) string {
		cfg := mustParse(t, "calendars: {days: "+entries+"}\norchestrator: {runners: [{cron: '0 8 * * *', exclude: days, pipe: {use: ExpressionPipe, expression: 1}}]}")
		return cfg.Runners[0].Triggers[0].Schedule.String()
	}
	one := spec("[2026-12-24, 2026-12-25]")
	if spec("[2026-12-25, 2026-12-24]") != one || spec("{entries: 2026-12-24..2026-12-25}") != one {
		t.Error("the same days are another schedule")
	}
	for _, other := range []string{"[2026-12-24]", "{timezone: Europe/Berlin, entries: [2026-12-24, 2026-12-25]}"} {
		if spec(other) == one {
			t.Errorf("other days are the same schedule: %s", other)
		}
	}
}

// TestLongExclusionsAreNoMistake: a calendar may hold centuries, as long as there are times behind them.
func TestLongExclusionsAreNoMistake(t *testing.T) {
	for _, days := range []string{"0001-01-01..2025-12-31", "2020-01-01..9999-12-31", "0001-01-01..2099-12-31"} {
		mustParse(t, "orchestrator: {runners: [{cron: '0 8 * * *', exclude: "+days+", pipe: {use: ExpressionPipe, expression: 1}}]}")
	}
	got := problems(t, "orchestrator: {runners: [{cron: '0 8 * * *', exclude: 0001-01-01..9999-12-31, pipe: {use: ExpressionPipe, expression: 1}}]}")
	wantProblem(t, got, "config.yml:1:33", "it would never run")
}
