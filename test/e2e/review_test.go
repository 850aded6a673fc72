//go:build e2e && !windows

package e2e

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
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
              - {id: say, use: CommandPipe, command: [echo, "moved {{ t[0] }} to {{ get_pipe_result('review', 'label') }}"]}
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
	rows, err := csv.NewReader(strings.NewReader(do(0, "2 decisions written", "quality", "export", "--with-text"))).ReadAll()
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
