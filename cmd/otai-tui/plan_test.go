package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

const everyKind = `
calendars: {holidays: [2026-12-25]}
orchestrator:
  runners:
    - {pipe_id: digest, cron: "30 2 * * *", timezone: Europe/Berlin, exclude: holidays, jitter: 10m, pipe: &p {use: ExpressionPipe, expression: 1}}
    - {pipe_id: beat, interval_seconds: 43200, max_runs: 3, on: {id: noon, cron: "0 12 * * *", max_runs: 0}, pipe: *p}
    - {pipe_id: new-year, at: 2027-01-01 00:00, timezone: Europe/Vienna, pipe: *p}
    - {pipe_id: report, after: [digest, {runner: beat, on: any}], pipe: *p}
    - {pipe_id: drain, every_after_completion: 90m, pipe: *p}
    - {pipe_id: files, watch: /in, pipe: *p}
    - {pipe_id: hook, webhook: true, pipe: *p}
`

// planned gives what the command prints for a configuration.
func planned(t *testing.T, cursors map[[2]string]store.Cursor, from, to string, n int, asJSON bool) string {
	t.Helper()
	reg, err := pipe.NewRegistry(base.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(everyKind), "/etc/config.yml", config.Options{Pipes: reg, Renderer: render.New()})
	if err != nil {
		t.Fatal(err)
	}
	begin, end := moment(t, from), moment(t, to)
	var p plan
	for i := range cfg.Runners {
		p.add(&cfg.Runners[i], cursors, begin, end, n)
	}
	p.sort(n)
	file := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	a := &app{out: out, environ: []string{"NO_COLOR=1"}}
	if err := a.printPlan(p, asJSON); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPlanShowsEveryKind(t *testing.T) {
	cursors := map[[2]string]store.Cursor{
		{"beat", "interval"}: {Spec: "every 12h", Anchor: moment(t, "2026-12-24T06:00:00Z"), Runs: 1},
		{"beat", "noon"}:     {Spec: "0 12 * * *", Runs: 99},
	}
	got := planned(t, cursors, "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z", 9, false)
	want := `LOCAL                    ZONE           UTC                   RUNNER  TRIGGER   DUE
Thu 2026-12-24 02:30:00  Europe/Berlin  2026-12-24 01:30:00Z  digest  cron      02:39:12.842
Thu 2026-12-24 06:00:00  UTC            2026-12-24 06:00:00Z  beat    interval
Thu 2026-12-24 12:00:00  UTC            2026-12-24 12:00:00Z  beat    noon
Thu 2026-12-24 18:00:00  UTC            2026-12-24 18:00:00Z  beat    interval
Fri 2026-12-25 12:00:00  UTC            2026-12-25 12:00:00Z  beat    noon
Sat 2026-12-26 02:30:00  Europe/Berlin  2026-12-26 01:30:00Z  digest  cron      02:39:48.769
Sat 2026-12-26 12:00:00  UTC            2026-12-26 12:00:00Z  beat    noon
Sun 2026-12-27 02:30:00  Europe/Berlin  2026-12-27 01:30:00Z  digest  cron      02:33:22.613
Sun 2026-12-27 12:00:00  UTC            2026-12-27 12:00:00Z  beat    noon

not by time: report: after digest completed; report: after beat ended; drain: 1h30m after the end of its last run; files: when /in changes; hook: webhook
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if other := planned(t, cursors, "2026-12-24T00:00:00Z", "2027-01-01T00:00:00Z", 9, false); other != got {
		t.Error("a second look shows another plan")
	}
	last := planned(t, cursors, "2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z", 9, false)
	if !strings.Contains(last, "Fri 2027-01-01 00:00:00  Europe/Vienna  2026-12-31 23:00:00Z  new-year  at") {
		t.Errorf("a single time is missing:\n%s", last)
	}
}

// TestPlanAsJSON holds the names that programs rely on.
func TestPlanAsJSON(t *testing.T) {
	got := planned(t, nil, "2026-12-24T00:00:00Z", "2026-12-24T13:00:00Z", 9, true)
	want := `{"at":"2026-12-24T02:30:00+01:00","due":"2026-12-24T02:39:12.842+01:00","zone":"Europe/Berlin","runner":"digest","trigger":"cron"}
{"at":"2026-12-24T12:00:00Z","zone":"UTC","runner":"beat","trigger":"interval"}
{"at":"2026-12-24T12:00:00Z","zone":"UTC","runner":"beat","trigger":"noon"}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
