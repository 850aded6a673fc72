package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// reader is a command over a state directory with some history; read gives what it printed.
func reader(t *testing.T) (a *app, read func() string) {
	t.Helper()
	dir := t.TempDir()
	st, err := store.Open(t.Context(), dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for _, e := range []orchestrator.Event{
			{At: at, Kind: "started", Runner: "digest", Text: "started by its schedule", By: "engine"},
			{At: at.Add(time.Hour), Kind: "paused", Text: "paused tag night\x1b[2J", By: "kim", Via: "ssh", Before: "running", After: "paused until 15:00"},
		} {
			if err := tx.AddEvent(&e); err != nil {
				return err
			}
		}
		return tx.PutApproval(&orchestrator.Approval{
			Run: "7", Step: "vip/approve", Runner: "vip", Question: "Move 12 tickets?", At: at, Until: at.Add(time.Hour),
			Subject: map[string]any{"tickets": []any{4711.0}}, Input: map[string]string{"queue": "text", "limit": "number"},
		})
	})
	if err == nil {
		err = st.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "out")) //nolint:gosec // a file of this test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	return &app{out: out, err: io.Discard, stateDir: dir}, func() string {
		b, err := os.ReadFile(out.Name())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
}

func TestEventsCommand(t *testing.T) {
	for _, c := range []struct {
		args      []string
		has, lack string
	}{
		{nil, "paused tag night (running -> paused until 15:00)", "\x1b"},
		{nil, "kim/ssh", "no events"},
		{[]string{"--runner", "digest"}, "started by its schedule", "paused"},
		{[]string{"--kind", "paused,fired"}, "paused tag night", "started"},
		{[]string{"--since", "2026-11-24T14:30:00Z"}, "paused tag night", "started"},
		{[]string{"--limit", "1"}, "paused tag night", "started"},
		{[]string{"--runner", "nobody"}, "no events", "paused"},
	} {
		a, read := reader(t)
		cmd := a.eventsCommand()
		cmd.SetArgs(c.args)
		if err := cmd.ExecuteContext(t.Context()); err != nil {
			t.Fatal(c.args, err)
		}
		if got := read(); !strings.Contains(got, c.has) || strings.Contains(got, c.lack) {
			t.Errorf("events %v: %s", c.args, got)
		}
	}
}

func TestReadersGiveJSON(t *testing.T) {
	a, read := reader(t)
	if err := a.listEvents(t.Context(), eventFilter{limit: 1}, true); err != nil {
		t.Fatal(err)
	}
	if err := a.listApprovals(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(read()), "\n")
	want := []string{
		`{"id":2,"at":"2026-11-24T15:00:00Z","kind":"paused","text":"paused tag night\u001b[2J","by":"kim","via":"ssh","before":"running","after":"paused until 15:00"}`,
		`{"run":"7","step":"vip/approve","runner":"vip","question":"Move 12 tickets?","subject":{"tickets":[4711]},` +
			`"input":{"limit":"number","queue":"text"},"at":"2026-11-24T14:00:00Z","until":"2026-11-24T15:00:00Z"}`,
	}
	for i, w := range want {
		if i >= len(lines) || lines[i] != w || !json.Valid([]byte(lines[i])) {
			t.Errorf("line %d of %q, want %s", i, lines, w)
		}
	}
}

func TestApprovalsCommand(t *testing.T) {
	a, read := reader(t)
	if err := a.listApprovals(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	for _, w := range []string{"vip/approve", "limit:number,queue:text", "Move 12 tickets?"} {
		if !strings.Contains(read(), w) {
			t.Errorf("%q is missing:\n%s", w, read())
		}
	}
	a.stateDir = t.TempDir()
	if err := a.listApprovals(t.Context(), false); err == nil || !strings.Contains(err.Error(), "no history") {
		t.Errorf("without a history: %v", err)
	}
}

// logReader is a command over the logs of two runs.
func logReader(t *testing.T) (a *app, read func() string) {
	t.Helper()
	a, read = reader(t)
	st, err := store.Open(t.Context(), a.stateDir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		for i, runner := range []string{"digest", "vip"} {
			r := orchestrator.Run{
				ID: strconv.Itoa(i + 1), Runner: runner, Trigger: "interval", Nominal: at, State: orchestrator.Completed, CreatedAt: at, DueAt: at,
				FirstAt: at, StartedAt: at, EndedAt: at.Add(time.Minute), Attempt: 1, Count: 1,
			}
			if _, err := tx.InsertRun(&r, "", 1); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 30 {
		st.AppendLog(orchestrator.LogLine{
			Run: strconv.Itoa(i%2 + 1), Runner: []string{"digest", "vip"}[i%2], Seq: int64(i/2 + 1), Step: "s", Attempt: 1,
			At: at.Add(time.Duration(i) * time.Second), Level: []string{"info", "info", "warn"}[i%3], Msg: fmt.Sprintf("Ticket %d seen", 4700+i),
		})
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return a, read
}

func TestLogsCommand(t *testing.T) {
	for _, c := range []struct {
		args  []string
		want  string // the numbers of the tickets in order
		fails bool
	}{
		{args: []string{"1", "--tail", "3"}, want: "4724 4726 4728"},
		{args: []string{"vip", "--level", "warn", "--tail", "2"}, want: "4723 4729"},
		{args: []string{"--tail", "3"}, want: "4727 4728 4729"},
		{args: []string{"--grep", "ticket 471", "--runner", "digest"}, want: "4710 4712 4714 4716 4718"},
		{args: []string{"--grep", "ticket 4710", "--tail", "5"}, want: "4710"},
		{args: []string{"--grep", "TICKET"}, want: ""},
		{args: []string{"--grep", `/4\d05|4711/`}, want: "4705 4711"},
		{args: []string{"--since", "2026-11-24T14:00:27Z"}, want: "4727 4728 4729"},
		{args: []string{"2", "--since", "2026-11-24T14:00:26Z", "-f"}, want: "4727 4729"},
		{args: []string{"--since", "2026-11-24T14:00:28Z", "--tail", "9"}, want: "4728 4729"},
		{args: []string{"--grep", "/(/"}, fails: true},
		{args: []string{"77"}, fails: true},
	} {
		a, read := logReader(t)
		cmd := a.logsCommand()
		cmd.SetArgs(c.args)
		cmd.SilenceErrors, cmd.SilenceUsage = true, true
		if err := cmd.ExecuteContext(t.Context()); (err != nil) != c.fails {
			t.Errorf("logs %v: %v", c.args, err)
		}
		var got []string
		for line := range strings.Lines(read()) {
			if f := strings.Fields(line); len(f) > 2 {
				got = append(got, f[len(f)-2])
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("logs %v: %s, want %s", c.args, s, c.want)
		}
	}
}
