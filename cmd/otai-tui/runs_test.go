package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// runsApp is a command over a history with a run that waits, one that failed and one that somebody fired, and what it printed.
func runsApp(t *testing.T) (dir string, run func(args ...string) (string, error)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "otai") // the socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	st, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for _, r := range []orchestrator.Run{
			{ID: "1", Runner: "digest", Trigger: "manual", By: "Kim", State: orchestrator.Completed, StartedAt: at, EndedAt: at.Add(time.Second)},
			{
				ID: "2", Runner: "dedupe", Trigger: "interval", State: orchestrator.Failed, StartedAt: at, EndedAt: at.Add(time.Second),
				FailedStep: "dedupe/fetch", Error: "503 upstream\x1b[2J",
			},
			{ID: "3", Runner: "dedupe", Trigger: "cron", State: orchestrator.Pending},
		} {
			r.CreatedAt, r.DueAt, r.FirstAt, r.Attempt, r.Count = at, at, at, 1, 1
			if _, err := tx.InsertRun(&r, "", 1); err != nil {
				return err
			}
			if _, err := tx.UpdateRun(&r, 1, true); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = st.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir, func(args ...string) (string, error) {
		out, err := os.Create(filepath.Join(t.TempDir(), "out")) //nolint:gosec // a file of this test
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.Close() }()
		cmd := (&app{out: out, err: io.Discard, stateDir: dir}).runsCommand()
		cmd.SetArgs(args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		rerr := cmd.ExecuteContext(t.Context())
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b), rerr
	}
}

func TestRunsCommandFilters(t *testing.T) {
	_, run := runsApp(t)
	for _, c := range []struct {
		args []string
		want string // numbers of the runs
	}{
		{nil, "3 2 1"},
		{[]string{"--by", "kim"}, "1"},
		{[]string{"--text", "UPSTREAM"}, "3 2"}, // what waits has its reason elsewhere
		{[]string{"--text", "upstream", "--state", "failed"}, "2"},
		{[]string{"--text", "digest", "--text", "manual", "--state", "completed"}, "1"},
		{[]string{"--before", "3", "--limit", "1"}, "2"},
	} {
		out, err := run(c.args...)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for i, l := range strings.Split(strings.TrimSpace(out), "\n") {
			if i > 0 {
				ids = append(ids, strings.Fields(l)[0])
			}
		}
		if got := strings.Join(ids, " "); got != c.want || strings.Contains(out, "\x1b") {
			t.Errorf("%v: runs %q, want %q:\n%s", c.args, got, c.want, out)
		}
	}
	if out, _ := run("--state", "failed"); !strings.Contains(out, "503 upstream") {
		t.Errorf("the error is not in the note:\n%s", out)
	}
}

// TestRunsCommandAsksTheEngineWhyARunWaits: the reason is the engine's, not the row's; its tags are as well.
func TestRunsCommandAsksTheEngineWhyARunWaits(t *testing.T) {
	dir, run := runsApp(t)
	const why = "waits for tag nightly: 1 of 1 in use"
	if out, err := run(); err != nil || strings.Contains(out, why) {
		t.Fatalf("%v:\n%s", err, out)
	}
	f := uitest.Fixture{Runs: []orchestrator.Run{{ID: "3", Runner: "dedupe", State: orchestrator.Pending, Reason: why}}}
	f.Snapshot.Runners = []orchestrator.Runner{{ID: "dedupe", Tags: []string{"nightly"}}, {ID: "digest"}}
	s, err := door.Open(t.Context(), dir, uitest.New(f))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	for _, args := range [][]string{nil, {"--json"}, {"--tag", "Nightly"}} {
		out, err := run(args...)
		if err != nil || !strings.Contains(out, why) {
			t.Errorf("%v: %v:\n%s", args, err, out)
		}
		if args != nil && args[0] == "--tag" && strings.Contains(out, "digest") {
			t.Errorf("another tag's run is listed:\n%s", out)
		}
	}
	if _, err := run("--tag", "nope"); err == nil || !strings.Contains(err.Error(), "no runner has this tag") {
		t.Errorf("an unknown tag: %v", err)
	}
}
