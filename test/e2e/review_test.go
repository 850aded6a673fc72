//go:build e2e && !windows

package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const reviewed = `
orchestrator:
  runners:
    - pipe_id: route
      pipe:
        steps:
          - id: tickets
            for_each: "{{ [['4711', 'billing', 0.6], ['4712', 'billing', 0.75], ['4713', '=cmd()', 0.5], ['4714', 'network', 0.95]] }}"
            as: t
            key: "{{ t[0] }}"
            steps:
              - id: review
                use: ReviewPipe
                result:
                  label: "{{ t[1] }}"
                  confidence: "{{ t[2] }}"
                  model: m1
                  scores: [{label: billing, confidence: 0.6}, {label: spam, confidence: 0.3}]
                ticket: {id: "{{ t[0] }}", subject: "Subject of {{ t[0] }}", body: "=1+1 is the body"}
                labels: [billing, spam, network]
                keep_text: true
              - {id: say, use: CommandPipe, command: [echo, "moved {{ t[0] }} to {{ get_pipe_result('review', 'label') }}"], retry_delay_seconds: 1}
`

// TestReviewDecisionsByCommands: decisions of an engine without a console are listed, answered one by one and in bulk, over a kill,
// counted and exported, and none of it is a formula to a spreadsheet.
func TestReviewDecisionsByCommands(t *testing.T) {
	t.Parallel()
	cfg := writeConfig(t, reviewed)
	state, err := os.MkdirTemp("", "e") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(state) })
	args := func(args ...string) []string {
		return append([]string{Binary(t)}, append(args, "-c", cfg, "--state-dir", state)...)
	}
	do := func(code int, say string, words ...string) string {
		t.Helper()
		r := Spawn(t, filepath.Dir(cfg), nil, args(words...)...).Wait(t, quick)
		if r.Code != code || !strings.Contains(r.Stdout+r.Stderr, say) {
			t.Errorf("%v: %+v, want %d and %q", words, r, code, say)
		}
		return r.Stdout
	}
	start := func() *Process {
		engine := Spawn(t, "", nil, args("--no-ui")...)
		engine.WaitFor(t, "engine starts", quick)
		if !Poll(t, quick, func() bool {
			return Spawn(t, "", nil, args("review", "accept", "999")...).Wait(t, quick).Code != 2
		}) {
			t.Fatalf("nobody answers: %s", engine.Stderr())
		}
		return engine
	}
	engine := start()
	asking := Spawn(t, "", nil, args("run-once", "route")...)
	asking.WaitFor(t, "waits for an answer", quick)
	id := runOf(t, asking)
	do(0, "Subject of 4712", "reviews")
	do(0, "route/tickets/4713/review", "reviews")
	do(2, "3 open questions, name the step", "answer", id, "--approve")
	do(0, id+":route/tickets/4713/review: spam", "review", "label", id+":route/tickets/4713/review", "--label", "spam", "--note", "surely")
	do(1, "answered already: labelled spam", "review", "accept", id+":route/tickets/4713/review")
	do(2, "1 decisions would be answered: say --yes", "review", "accept", "--label", "billing", "--min-confidence", "0.7")
	engine.Signal(t, syscall.SIGKILL)
	engine.Wait(t, quick)
	engine = start()
	do(0, "4711", "reviews", "--json")
	do(0, ": billing", "review", "accept", "--label", "billing", "--min-confidence", "0.7", "--yes")
	do(0, ": skipped", "review", "skip", id)
	if !Poll(t, quick, func() bool { return strings.Contains(do(0, "route", "runs", "--json"), `"completed"`) }) {
		t.Errorf("the run goes on to no end: %s", do(0, "", "runs"))
	}
	out := do(0, "", "logs", id)
	for say, want := range map[string]bool{"moved 4711": false, "moved 4712 to billing": true, "moved 4713 to spam": true, "moved 4714 to network": true} {
		if strings.Contains(out, say) != want {
			t.Errorf("the log has %q: %v, want %v\n%s", say, !want, want, out)
		}
	}
	do(0, "no decision waits", "reviews")
	do(0, "Thresholds of m1", "quality")
	do(0, `"corrected":1`, "quality", "--json")
	rows, err := csv.NewReader(strings.NewReader(do(0, "decisions written: 2", "quality", "export", "--with-text"))).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("export %v, %v", rows, err)
	}
	for _, row := range rows[1:] {
		if row[4] == "4713" && (row[6] != "'=cmd()" || row[9] != "spam" || row[11] != "true" || row[14] != "Subject of 4713\n=1+1 is the body") {
			t.Errorf("row %q", row)
		}
	}
	engine.Signal(t, syscall.SIGTERM)
	engine.Wait(t, quick)
}

// TestReviewDecisionsByKeys drives the review gate in a real terminal: accept, undo, another label from the menu, skip, the figures.
func TestReviewDecisionsByKeys(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, reviewed), t.TempDir()
	x := StartApp(t, Size{80, 24}, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "route", quick)
	x.Keys(t, "t", "y")
	x.WaitFor(t, "7 Asks 3", quick)
	x.Keys(t, "7")
	x.WaitFor(t, "3 decisions wait", quick)
	x.WaitFor(t, "=1+1 is the body", quick)
	x.Keys(t, "+")
	x.WaitFor(t, "accepted billing: ticket 4711", quick)
	x.Keys(t, "u")
	x.WaitFor(t, "undone: accepted billing: ticket 4711", quick)
	x.WaitFor(t, "3 decisions wait", quick)
	x.Keys(t, "l")
	x.Type(t, "sp")
	x.WaitFor(t, "label spam", quick)
	x.Keys(t, "Enter")
	x.WaitFor(t, "labelled spam: ticket 4711", quick)
	x.Keys(t, "s", "+")
	x.WaitFor(t, "3 held back", quick)
	x.WaitFor(t, "nobody has to be asked", 20*time.Second)
	x.Keys(t, "9")
	x.WaitFor(t, "decisions of classifiers", quick)
	x.WaitUntil(t, "the skip, the correction and the acceptance are counted", 40*time.Second, func(screen string) bool {
		for line := range strings.Lines(screen) {
			if f := strings.Fields(line); len(f) > 4 && f[0] == "›" && f[1] == "m1" {
				return f[2] == "4" && f[3] == "·" // all decided, none waits
			}
		}
		return false
	})
	x.Keys(t, "Q", "Q")
	x.WaitExit(t, quick)
	logs := Run(t, quick, "logs", "route", "-c", cfg, "--state-dir", state).Stdout
	for say, want := range map[string]bool{
		"moved 4711 to spam": true, "moved 4712": false, "moved 4713 to =cmd()": true, "moved 4714 to network": true,
	} {
		if strings.Contains(logs, say) != want {
			t.Errorf("the log has %q: %v, want %v\n%s", say, !want, want, logs)
		}
	}
}
