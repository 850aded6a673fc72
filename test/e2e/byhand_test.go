//go:build e2e && !windows

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const steps = `
orchestrator:
  runners:
    - pipe_id: chain
      pipe:
        steps:
          - id: one
            use: CommandPipe
            command: [sh, -c, "echo one >> calls"]
          - id: two
            use: CommandPipe
            command: [sh, -c, "echo two >> calls"]
    - pipe_id: hourly
      on: [{use: CronTrigger, cron: "0 * * * *"}]
      pipe: {use: CommandPipe, command: [sh, -c, "echo tick >> calls"]}
    - pipe_id: fetch
      pipe: {use: FetchTicketsPipe, ticket_search_criteria: {queue: Raw, limit: 1}}
`

func TestRerunAndBackfillByHand(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, steps), t.TempDir()
	run := func(args ...string) Result {
		return Spawn(t, filepath.Dir(cfg), nil, append([]string{Binary(t)}, append(args, "-c", cfg, "--state-dir", state)...)...).Wait(t, quick)
	}
	calls := func() string {
		b, _ := os.ReadFile(filepath.Join(filepath.Dir(cfg), "calls"))
		return strings.Join(strings.Fields(string(b)), " ")
	}
	if r := run("run-once", "chain"); r.Code != 0 {
		t.Fatalf("run-once: %+v", r)
	}
	if r := run("rerun", "1", "--from", "chain/two"); r.Code != 0 || calls() != "one two two" {
		t.Errorf("rerun --from: %+v, calls %s", r, calls())
	}
	if r := run("rerun", "1"); r.Code != 2 || !strings.Contains(r.Stderr, "no failed step") {
		t.Errorf("rerun of what completed: %+v", r)
	}
	if r := run("rerun", "1", "--all"); r.Code != 0 || calls() != "one two two one two" {
		t.Errorf("rerun --all: %+v, calls %s", r, calls())
	}
	if r := run("run-once", "chain", "--overlap", "sometimes"); r.Code != 2 || !strings.Contains(r.Stderr, "unknown overlap policy") {
		t.Errorf("run-once --overlap: %+v", r)
	}
	if r := run("run-once", "fetch", "--param", "ticket_search_criteria.limit=many"); r.Code != 2 || !strings.Contains(r.Stderr, `expected a whole number, got "many"`) {
		t.Errorf("run-once --param: %+v", r)
	}
	span := []string{"hourly", "--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T04:30:00Z"}
	if r := run(append([]string{"backfill", "--dry-run"}, span...)...); r.Code != 0 || !strings.HasPrefix(r.Stdout, "4 ticks of hourly need a run") {
		t.Errorf("backfill --dry-run: %+v", r)
	}
	if r := run(append([]string{"backfill", "--limit", "3"}, span...)...); r.Code != 0 || !strings.Contains(r.Stderr, "completed: 3 runs, 3 completed") ||
		strings.Count(calls(), "tick") != 3 {
		t.Errorf("backfill: %+v, calls %s", r, calls())
	}
	if r := run(append([]string{"backfill", "--dry-run"}, span...)...); !strings.HasPrefix(r.Stdout, "1 ticks") {
		t.Errorf("what is left: %+v", r)
	}
}
