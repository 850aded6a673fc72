//go:build e2e && !windows

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
)

// routing moves tickets by the built-in rules; held does the same and is held dry.
const routing = `
engine: {name: e2e}
orchestrator:
  runners:
    - pipe_id: routing
      pipe: {use: ProcessTickets, queue: Incoming, min_confidence: 0.3}
    - pipe_id: held
      dry_run: true
      pipe: {use: ProcessTickets, queue: Incoming, min_confidence: 0.3}
`

// office is a configuration with a desk that holds a ticket, and what runs commands on it.
func office(t *testing.T) (cfg, state string, run func(args ...string) Result) {
	t.Helper()
	cfg, state = writeConfig(t, routing), t.TempDir()
	run = func(args ...string) Result {
		t.Helper()
		return Spawn(t, filepath.Dir(cfg), nil, append([]string{Binary(t)}, append(args, "-c", cfg, "--state-dir", state)...)...).Wait(t, quick)
	}
	if r := run("desk", "add", "VPN does not connect", "--body", "the vpn says error 720, network down", "--queue", "Incoming"); r.Code != 0 {
		t.Fatalf("desk add: %+v", r)
	}
	return cfg, state, run
}

func TestDryRunJournalAndUndoByCommand(t *testing.T) {
	t.Parallel()
	_, _, run := office(t)
	in := func(queue string) {
		t.Helper()
		if r := run("desk", "list", "--queue", queue, "--json"); !strings.Contains(r.Stdout, `"id":"1"`) {
			t.Errorf("ticket 1 is not in %s: %+v", queue, r)
		}
	}
	says := func(r Result, code int, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if r.Code != code || !strings.Contains(r.Stdout+r.Stderr, p) {
				t.Errorf("exit %d, want %d, and %q in:\n%s\n%s", r.Code, code, p, r.Stdout, r.Stderr)
			}
		}
	}
	says(run("run-once", "routing", "--dry-run"), 0, "queue     Incoming → Network", "dry run 1 of routing completed", "2 changes intended")
	says(run("run-once", "held"), 0, "queue     Incoming → Network", "dry run 2 of held completed")
	in("Incoming")
	says(run("changes", "1", "--json"), 0, `"kind":"update"`, `"outcome":"intended"`, `"dry_run":true`)
	says(run("run-once", "routing"), 0, "run 3 of routing completed")
	in("Network")
	says(run("ticket", "1"), 0, "queue Network · state new", "run 3 · routing/tickets/1/update", "Network 0.97 · rules:queues")
	says(run("ticket", "undo", "1"), 0, "would be put back", "nothing was written; --yes does it")
	in("Network")
	says(run("ticket", "undo", "--run", "3", "--yes"), 0, "put back")
	in("Incoming")
	says(run("ticket", "1", "--json"), 0, `"via":"cli"`, `"undoes":`)
	says(run("ticket", "undo", "--run", "3", "--yes"), 2, "nothing of run 3 can be put back")
	says(run("ticket", "99"), 2, "no such ticket 99")
	says(run("events"), 0, "ticket 1 put back by")
}

func TestDryRunJournalAndUndoByKeys(t *testing.T) {
	t.Parallel()
	cfg, state, run := office(t)
	x := StartApp(t, Size{100, 32}, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "dry run: 1 pipe", quick)
	moveTo(t, x, "routing")
	x.Keys(t, "T", "Tab", "Tab", "Right")
	x.WaitFor(t, "it reads for real and writes nothing", quick)
	x.Keys(t, "Tab", "Enter")
	x.WaitFor(t, "fired routing", quick)
	x.Keys(t, "2")
	x.WaitFor(t, "dry run: 2 changes intended", quick)
	x.Keys(t, "c")
	x.WaitFor(t, "queue    Incoming → Network", quick)
	x.Keys(t, "1")
	moveTo(t, x, "routing")
	fire(t, x, "routing")
	x.Keys(t, "8")
	x.WaitFor(t, "VPN does not connect", quick)
	x.WaitUntil(t, "the ticket is moved", quick, func(s string) bool { return strings.Contains(s, "Network") })
	x.Keys(t, "Enter")
	x.WaitFor(t, "it still stands so", quick)
	if r := run("ticket", "1"); r.Code != 0 || !strings.Contains(r.Stdout, "queue Network · state new") { // by the engine that runs
		t.Errorf("ticket beside a console: %+v", r)
	}
	if r := run("ticket", "undo", "1"); r.Code != 0 || !strings.Contains(r.Stdout, "would be put back") {
		t.Errorf("ticket undo beside a console: %+v", r)
	}
	x.Keys(t, "U")
	x.WaitFor(t, "queue Network → Incoming", quick)
	x.Keys(t, "Enter")
	x.WaitFor(t, "1 change put back", quick)
	x.WaitFor(t, "was put back by", quick)
	x.WaitFor(t, "queue Incoming · new", quick)
}
