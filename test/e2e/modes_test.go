//go:build e2e && !windows

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// shortState is a state directory whose path leaves room for a socket's.
func shortState(t *testing.T) string {
	t.Helper()
	state, err := os.MkdirTemp("", "e") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	return state
}

// headless starts an engine without a terminal and waits for its door.
func headless(t *testing.T, cfg, state string) *Process {
	t.Helper()
	engine := Spawn(t, "", nil, Binary(t), "-c", cfg, "--state-dir", state, "--no-ui")
	engine.WaitFor(t, "engine starts", quick)
	if !Poll(t, quick, func() bool { _, err := os.Stat(filepath.Join(state, "door", "engine.sock")); return err == nil }) {
		t.Fatalf("the door does not open: %s", engine.Stderr())
	}
	return engine
}

type snapshot struct {
	Format string
	Engine struct {
		Running bool
		Health  string
	}
	Runners []struct {
		ID, State string
		Last      *struct {
			ID, State string
		}
	}
}

// TestOneFrameAndOneSnapshot: --once and --json show an engine that never ran, one that runs, and one that has ended, and change nothing.
func TestOneFrameAndOneSnapshot(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, steered), shortState(t)
	at := []string{"-c", cfg, "--state-dir", state}
	frame := func(code int, args ...string) string {
		t.Helper()
		r := Spawn(t, "", []string{"COLUMNS=80", "LINES=24", "LANG=C.UTF-8"}, append([]string{Binary(t), "--once"}, append(args, at...)...)...).Wait(t, quick)
		if r.Code != code || code == 0 && (r.Stderr != "" || strings.Count(r.Stdout, "\n") != 24) {
			t.Errorf("--once %v: %+v", args, r)
		}
		return r.Stdout + r.Stderr
	}
	shot := func() (s snapshot) {
		t.Helper()
		r := Run(t, quick, append([]string{"--json"}, at...)...)
		if err := json.Unmarshal([]byte(r.Stdout), &s); err != nil || r.Code != 0 || r.Stderr != "" || s.Format != "otai-snapshot/1" {
			t.Errorf("--json: %v, %+v", err, r)
		}
		return s
	}
	if f := frame(0); !strings.Contains(f, "hello") || !strings.Contains(f, "not running") {
		t.Errorf("before the first start:\n%s", f)
	}
	if s := shot(); s.Engine.Running || s.Engine.Health != "stopped" || len(s.Runners) != 4 {
		t.Errorf("before the first start: %+v", s)
	}
	if left, err := os.ReadDir(state); err != nil || len(left) > 0 {
		t.Errorf("looking left %v behind (%v)", left, err)
	}
	engine := headless(t, cfg, state)
	if r := Run(t, quick, append([]string{"run-once", "hello"}, at...)...); r.Code != 0 {
		t.Fatal(r)
	}
	if s := shot(); !s.Engine.Running || s.Runners[0].Last == nil || s.Runners[0].Last.State != "completed" {
		t.Errorf("while it runs: %+v", s)
	}
	if f := frame(0, "--screen", "hello"); !strings.Contains(f, "Pipes › hello") {
		t.Errorf("--screen hello:\n%s", f)
	}
	if f := frame(2, "--screen", "helo"); !strings.Contains(f, "the screens are pipes, runs") {
		t.Errorf("--screen helo: %s", f)
	}
	if f := frame(2, "--plain"); !strings.Contains(f, "exclude each other") {
		t.Errorf("--once --plain: %s", f)
	}
	engine.Signal(t, syscall.SIGTERM)
	engine.Wait(t, quick)
	if s := shot(); s.Engine.Running || s.Runners[0].State != "completed" {
		t.Errorf("after it ran: %+v", s)
	}
	if f := frame(0); !strings.Contains(f, "not running") {
		t.Errorf("after it ran:\n%s", f)
	}
}

// TestLineMode drives an engine by lines, over a pipe.
func TestLineMode(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, steered), shortState(t)
	headless(t, cfg, state)
	script := `{ printf 'fire hello\nyes\n'; sleep 1; printf 'log hello\npause slow 1h release\nstatus slow\nquit\n'; } | "$0" --plain -c "$1" --state-dir "$2"`
	r := Spawn(t, "", []string{"LANG=C.UTF-8"}, "sh", "-c", script, Binary(t), cfg, state).Wait(t, quick)
	for _, say := range []string{"line mode", "fired hello, run 1", "hello ok", "say: hi", "paused slow until", "slow paused", "release"} {
		if !strings.Contains(strings.ReplaceAll(r.Stdout, "hello: hi", "say: hi"), say) {
			t.Errorf("%q is missing", say)
		}
	}
	if r.Code != 0 || r.Stderr != "" || strings.Contains(r.Stdout, "\x1b") {
		t.Errorf("%+v", r)
	}
	t.Log("an engine of its own starts with it and ends with it")
	own := Spawn(t, "", nil, "sh", "-c", `{ printf 'fire hello\nyes\n'; sleep 1; } | "$0" --plain -c "$1" --state-dir "$2"`, Binary(t), cfg, shortState(t)).Wait(t, quick)
	if own.Code != 0 || !strings.Contains(own.Stdout, "hello ok") {
		t.Errorf("%+v", own)
	}
	t.Log("a reader that has seen enough ends it in order")
	early := Spawn(t, "", nil, "sh", "-c", `{ for i in 1 2 3 4 5 6; do echo help; sleep 0.3; done; } 2>/dev/null | { "$0" --plain -c "$1" --state-dir "$2"; echo "left with $?" >&2; } | head -1`,
		Binary(t), cfg, shortState(t)).Wait(t, quick)
	if !strings.Contains(early.Stdout, "line mode") || early.Stderr != "left with 0\n" {
		t.Errorf("%+v", early)
	}
	t.Log("a terminal that can do nothing gets lines by itself")
	x := Start(t, Small, "TERM=dumb", Binary(t), "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "line mode", quick)
	x.Type(t, "status hello")
	x.Keys(t, "Enter")
	x.WaitFor(t, "schedule: manual", quick)
	x.Type(t, "quit")
	x.Keys(t, "Enter")
	if code := x.WaitExit(t, quick); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestConsoleOnAnEngineThatRuns: a second otai-tui is a console on the first; leaving it leaves the engine alone.
func TestConsoleOnAnEngineThatRuns(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, steered), shortState(t)
	if r := Spawn(t, "", nil, Binary(t), "--attach", "--json", "-c", cfg, "--state-dir", state).Wait(t, quick); r.Code != 2 || !strings.Contains(r.Stderr, "no engine answers") {
		t.Errorf("--attach without an engine: %+v", r)
	}
	engine := headless(t, cfg, state)
	x := StartApp(t, Small, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "attention first", quick)
	fire(t, x, "hello")
	rowSays(t, x, "hello", "ok")
	fire(t, x, "slow")
	rowSays(t, x, "slow", "running")
	x.Keys(t, "5")
	x.WaitFor(t, "fired", quick)
	t.Log("the engine ends: the console says so, and goes on with the next one")
	engine.Signal(t, syscall.SIGINT)
	x.WaitFor(t, "stopping", quick) // its drain waits for slow
	engine.Signal(t, syscall.SIGINT)
	engine.Wait(t, quick)
	x.Keys(t, "1")
	x.WaitFor(t, "degraded", quick)
	next := headless(t, cfg, state)
	x.WaitGone(t, "degraded", quick)
	rowSays(t, x, "hello", "ok")
	x.Keys(t, "q")
	if code := x.WaitExit(t, quick); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if r := Run(t, quick, "--json", "-c", cfg, "--state-dir", state); !strings.Contains(r.Stdout, `"running": true`) {
		t.Errorf("leaving the console ended the engine: %+v\n%s", r, next.Stderr())
	}
}
