//go:build e2e && !windows

package e2e

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const plannedConfig = `
orchestrator:
  runners:
    - pipe_id: digest
      cron: "30 2 * * *"
      timezone: Europe/Berlin
      pipe: {use: ExpressionPipe, expression: "x"}
    - pipe_id: off
      enabled: false
      interval_seconds: 1
      pipe: {use: ExpressionPipe, expression: "x"}
`

func TestScheduleIsComputed(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, plannedConfig)
	r := Run(t, quick, "schedule", "-c", cfg, "--state-dir", t.TempDir(), "--from", "2026-03-27T12:00:00Z", "--to", "2026-03-31T00:00:00Z", "--json")
	var got []string
	for line := range strings.Lines(r.Stdout) {
		var tick struct {
			At     time.Time
			Runner string
		}
		if err := json.Unmarshal([]byte(line), &tick); err != nil || tick.Runner != "digest" {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, tick.At.UTC().Format("02 15:04"))
	}
	// 29 March has no 02:30 in Berlin: the first moment after the gap is 03:00, which is 01:00 UTC.
	if want := "28 01:30,29 01:00,30 00:30"; r.Code != 0 || strings.Join(got, ",") != want {
		t.Errorf("planned %s, want %s (%s)", strings.Join(got, ","), want, r.Stderr)
	}
	if r := Run(t, quick, "schedule", "-c", cfg, "--state-dir", t.TempDir(), "--runner", "nope"); r.Code != 2 {
		t.Errorf("unknown runner: %+v", r)
	}
}

func TestBackupAndDoctor(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, twoRunners), t.TempDir()
	if r := Run(t, quick, "run-once", "good", "-c", cfg, "--state-dir", state); r.Code != 0 {
		t.Fatal(r)
	}
	p := Spawn(t, "", nil, Binary(t), "-c", cfg, "--state-dir", state, "--no-ui")
	p.WaitFor(t, "engine starts", quick)
	copied := t.TempDir()
	if r := Run(t, quick, "backup", filepath.Join(copied, "history.db"), "-c", cfg, "--state-dir", state); r.Code != 0 {
		t.Errorf("backup beside a running engine: %+v", r)
	}
	if r := Run(t, quick, "runs", "--runner", "good", "-c", cfg, "--state-dir", copied); r.Code != 0 || !strings.Contains(r.Stdout, "completed") {
		t.Errorf("history from the backup: %+v", r)
	}
	r := Run(t, quick, "doctor", "-c", cfg, "--state-dir", state)
	if r.Code != 0 || !strings.Contains(r.Stdout, "runs with pid") || !strings.Contains(r.Stdout, "is sound") {
		t.Errorf("doctor: %+v", r)
	}
	broken := writeConfig(t, "orchestrator: {runners: [{pipe_id: a, pipe: {use: Nonsense}}]}")
	if r := Run(t, quick, "doctor", "-c", broken, "--state-dir", t.TempDir()); r.Code != 1 || !strings.Contains(r.Stdout, "BAD  configuration") {
		t.Errorf("doctor with a broken configuration: %+v", r)
	}
}
