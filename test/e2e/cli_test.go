//go:build e2e && !windows

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const quick = 30 * time.Second

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const twoRunners = `
orchestrator:
  runners:
    - pipe_id: good
      pipe:
        steps:
          - id: say
            use: CommandPipe
            command: [sh, -c, "echo hello from the pipe; echo oops >&2"]
          - id: value
            use: ExpressionPipe
            expression: "{{ 6 * 7 }}"
    - pipe_id: bad
      pipe:
        use: CommandPipe
        command: [sh, -c, "echo going down; exit 3"]
        retries: 1
        retry_delay_seconds: 0.1
    - pipe_id: slow
      interval_seconds: 1
      pipe:
        use: CommandPipe
        command: [sh, -c, "sleep 60"]
`

func TestRunOnceAndHistory(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, twoRunners), t.TempDir()
	at := func(args ...string) []string { return append(args, "-c", cfg, "--state-dir", state) }

	good := Run(t, quick, at("run-once", "good")...)
	if good.Code != 0 || !strings.Contains(good.Stdout, "hello from the pipe") || !strings.Contains(good.Stdout, "oops") {
		t.Errorf("run-once good: %+v", good)
	}
	bad := Run(t, quick, at("run-once", "bad")...)
	if bad.Code != 1 || strings.Count(bad.Stdout, "going down") != 2 || !strings.Contains(bad.Stderr, "failed after 2 attempts") {
		t.Errorf("run-once bad: %+v", bad)
	}
	if none := Run(t, quick, at("run-once", "gooood")...); none.Code != 2 || !strings.Contains(none.Stderr, "no such runner") {
		t.Errorf("run-once of an unknown pipe: %+v", none)
	}
	runs := Run(t, quick, at("runs")...)
	if runs.Code != 0 || !strings.Contains(runs.Stdout, "completed") || !strings.Contains(runs.Stdout, "failed") {
		t.Errorf("runs: %+v", runs)
	}
	failed := Run(t, quick, at("runs", "--state", "failed", "--json")...)
	var r struct {
		ID, Runner, State string
		Attempts          int
	}
	if err := json.Unmarshal([]byte(failed.Stdout), &r); err != nil || r.Runner != "bad" || r.State != "failed" || r.Attempts != 2 {
		t.Errorf("runs --json: %+v (%v)", failed, err)
	}
	logs := Run(t, quick, at("logs", "good")...)
	if logs.Code != 0 || !strings.Contains(logs.Stdout, "good/say  hello from the pipe") {
		t.Errorf("logs by runner name: %+v", logs)
	}
	if logs := Run(t, quick, at("logs", r.ID, "--level", "error")...); logs.Code != 0 || !strings.Contains(logs.Stdout, "exit") {
		t.Errorf("logs --level error: %+v", logs)
	}
	if logs := Run(t, quick, at("logs", "9999")...); logs.Code != 2 {
		t.Errorf("logs of an unknown run: %+v", logs)
	}
}

func TestBadConfigurationIsRefusedWithPositions(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, "orchestrator:\n  runners:\n    - pipe_id: a\n      interval_secconds: 5\n      pipe:\n        use: ProcesTickets\n        queue: x\n")
	for _, args := range [][]string{{"validate"}, {"--no-ui"}, {"run-once", "a"}} {
		r := Run(t, quick, append(args, "-c", cfg, "--state-dir", t.TempDir())...)
		if r.Code != 2 || !strings.Contains(r.Stderr, "config.yml:4:7") || !strings.Contains(r.Stderr, "interval_seconds") ||
			!strings.Contains(r.Stderr, "config.yml:6:14") || !strings.Contains(r.Stderr, "ProcessTickets") || strings.Contains(r.Stderr, "goroutine") {
			t.Errorf("%v: %+v", args, r)
		}
	}
	for _, args := range [][]string{{"-c", "missing.yml", "validate"}, {"--log-format", "xml", "--demo"}, {"nonsense"}, {"--nonsense"}} {
		if r := Run(t, quick, args...); r.Code != 2 || r.Stderr == "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestHeadlessWithoutTerminalDrainsOnSIGTERM(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, strings.Replace(twoRunners, "sleep 60", "sleep 3; echo done sleeping", 1))
	state := t.TempDir()
	p := Spawn(t, "", nil, Binary(t), "-c", cfg, "--state-dir", state, "--log-format", "json")
	p.WaitFor(t, "no terminal here, running headless", quick)
	Poll(t, quick, func() bool {
		return strings.Contains(Run(t, quick, "runs", "-c", cfg, "--state-dir", state).Stdout, "running")
	})
	second := Run(t, quick, "--no-ui", "-c", cfg, "--state-dir", state)
	if second.Code != 1 || !strings.Contains(second.Stderr, "pid") {
		t.Errorf("a second engine on the same state directory: %+v", second)
	}
	p.Signal(t, syscall.SIGTERM)
	if r := p.Wait(t, quick); r.Code != 0 || !strings.Contains(r.Stderr, "done sleeping") {
		t.Errorf("SIGTERM must drain and exit 0: %+v", r)
	}
	if r := Run(t, quick, "runs", "-c", cfg, "--state-dir", state, "--runner", "slow"); !strings.Contains(r.Stdout, "completed") {
		t.Errorf("drained run: %+v", r)
	}
}

func TestSecondSignalExitsNowAndRecoveryFollows(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, twoRunners), t.TempDir()
	p := Spawn(t, "", nil, Binary(t), "-c", cfg, "--state-dir", state, "--no-ui")
	Poll(t, quick, func() bool {
		return strings.Contains(Run(t, quick, "runs", "-c", cfg, "--state-dir", state).Stdout, "running")
	})
	p.Signal(t, syscall.SIGTERM)
	p.WaitFor(t, "a second signal exits now", quick)
	p.Signal(t, syscall.SIGTERM)
	if r := p.Wait(t, 5*time.Second); r.Code != 1 {
		t.Errorf("second signal: %+v", r)
	}
	if r := Run(t, quick, "run-once", "good", "-c", cfg, "--state-dir", state); r.Code != 0 {
		t.Fatalf("next start: %+v", r)
	}
	r := Run(t, quick, "runs", "-c", cfg, "--state-dir", state, "--runner", "slow")
	if strings.Contains(r.Stdout, " running ") || !strings.Contains(r.Stdout, "the engine ended while attempt 1 ran") {
		t.Errorf("after the recovery: %s", r.Stdout)
	}
}

func TestLogsFollowARunToItsEnd(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, strings.Replace(twoRunners, "sleep 60", "echo first; sleep 2; echo last", 1))
	state := t.TempDir()
	Spawn(t, "", nil, Binary(t), "-c", cfg, "--state-dir", state, "--no-ui")
	Poll(t, quick, func() bool {
		return strings.Contains(Run(t, quick, "logs", "slow", "-c", cfg, "--state-dir", state).Stdout, "first")
	})
	r := Run(t, quick, "logs", "slow", "-f", "-c", cfg, "--state-dir", state)
	if r.Code != 0 || !strings.Contains(r.Stdout, "last") {
		t.Errorf("logs -f: %+v", r)
	}
}

func TestSchemaPipesVersion(t *testing.T) {
	t.Parallel()
	r := Run(t, quick, "schema")
	var schema map[string]any
	if err := json.Unmarshal([]byte(r.Stdout), &schema); err != nil || r.Code != 0 || schema["$schema"] == nil {
		t.Errorf("schema: code %d, %v", r.Code, err)
	}
	if r := Run(t, quick, "pipes"); r.Code != 0 || !strings.Contains(r.Stdout, "base:ProcessTickets") {
		t.Errorf("pipes: %+v", r)
	}
	if r := Run(t, quick, "--version"); r.Code != 0 || !strings.Contains(r.Stdout, "e2e") {
		t.Errorf("--version: %+v", r)
	}
	if r := Run(t, quick, "validate", "--demo"); r.Code != 0 || !strings.Contains(r.Stdout, "is valid") {
		t.Errorf("validate --demo: %+v", r)
	}
}
