//go:build e2e && !windows

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const steered = `
orchestrator:
  runners:
    - pipe_id: hello
      tags: [greetings]
      pipe: {use: CommandPipe, command: [echo, hi]}
    - pipe_id: slow
      pipe: {use: CommandPipe, command: [sleep, "600"]}
    - pipe_id: hourly
      on: [{use: CronTrigger, cron: "0 * * * *"}]
      pipe: {use: CommandPipe, command: [echo, tick]}
    - pipe_id: ask
      pipe:
        steps:
          - {id: q, use: WaitForApprovalPipe, question: "Go on?", input: {queue: text}}
          - {id: say, use: CommandPipe, command: [echo, "{{ get_pipe_result('q', 'input').queue }}"]}
`

// TestSteerTheEngineThatRuns does from a second process what a console's keys do: a headless engine has no console.
func TestSteerTheEngineThatRuns(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, steered)
	state, err := os.MkdirTemp("", "e") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	args := func(args ...string) []string {
		return append([]string{Binary(t)}, append(args, "-c", cfg, "--state-dir", state)...)
	}
	do := func(code int, say string, words ...string) {
		t.Helper()
		r := Spawn(t, filepath.Dir(cfg), nil, args(words...)...).Wait(t, quick)
		if r.Code != code || !strings.Contains(r.Stdout+r.Stderr, say) {
			t.Errorf("%v: %+v, want %d and %q", words, r, code, say)
		}
	}
	do(2, "no engine answers on", "pause", "hello")
	engine := Spawn(t, "", nil, args("--no-ui")...)
	engine.WaitFor(t, "engine starts", quick)
	if !Poll(t, quick, func() bool { _, err := os.Stat(filepath.Join(state, "door", "engine.sock")); return err == nil }) {
		t.Fatalf("the door does not open: %s", engine.Stderr())
	}
	do(0, "completed", "run-once", "hello")
	do(0, "completed", "rerun", "1", "--all")
	do(2, "no such runner", "run-once", "helo")
	do(0, "tag greetings is paused until", "pause", "--tag", "greetings", "--for", "1h", "--reason", "try")
	do(2, "tag greetings is paused by", "pause", "--tag", "greetings")
	do(0, "tag greetings goes on", "resume", "--tag", "greetings")
	do(0, "2 ticks of hourly need a run", "backfill", "hourly", "--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T02:30:00Z", "--dry-run")
	do(0, "goes on with it", "backfill", "hourly", "--from", "2026-01-01T00:30:00Z", "--to", "2026-01-01T02:30:00Z")
	asking := Spawn(t, "", nil, args("run-once", "ask")...)
	asking.WaitFor(t, "waits for an answer", quick)
	id := runOf(t, asking)
	do(0, "Go on?", "approvals")
	do(2, "input queue (text) is missing", "answer", id, "--approve")
	do(0, "goes on", "answer", id, "--approve", "--input", "queue=Billing")
	if r := asking.Wait(t, quick); r.Code != 0 || !strings.Contains(r.Stdout, "Billing") {
		t.Errorf("the answered run: %+v", r)
	}
	slow := Spawn(t, "", nil, args("run-once", "slow")...)
	slow.WaitFor(t, "in the engine that runs", quick)
	do(0, "is being cancelled", "cancel", runOf(t, slow))
	if r := slow.Wait(t, quick); r.Code != 1 || !strings.Contains(r.Stderr, "cancelled by") {
		t.Errorf("the cancelled run: %+v", r)
	}
	do(0, "the configuration was taken", "reload")
	if err := os.WriteFile(cfg, []byte(steered+"nonsense: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	do(2, `unknown key "nonsense"`, "reload")
	do(0, "the engine is draining", "drain", "--reason", "maintenance")
	do(2, "is draining", "run-once", "hello")
	do(0, "the engine goes on", "resume", "--engine")
	engine.Signal(t, syscall.SIGTERM)
	if r := engine.Wait(t, quick); r.Code != 0 {
		t.Errorf("the engine ended with %+v", r)
	}
	do(2, "no engine answers on", "reload")
}

// runOf reads the run's number from "run 7, in the engine that runs".
func runOf(t *testing.T, p *Process) string {
	t.Helper()
	_, rest, _ := strings.Cut(p.Stderr(), "run ")
	id, _, ok := strings.Cut(rest, ",")
	if !ok {
		t.Fatalf("no run in %q", p.Stderr())
	}
	return id
}
