//go:build e2e && !windows

package e2e

import (
	"strings"
	"testing"
	"time"
)

// promisesConfig has a runner for each promise of the engine that an operator steers.
const promisesConfig = `
engine: {name: promises}
orchestrator:
  runners:
    - pipe_id: nightly
      cron: "0 2 * * *"
      tags: [night]
      pipe: {use: CommandPipe, command: [sh, -c, "echo nightly"]}
    - pipe_id: cleanup
      cron: "0 3 * * *"
      tags: [night]
      pipe: {use: CommandPipe, command: [sh, -c, "echo cleanup"]}
    - pipe_id: order
      pipe:
        steps:
          - {id: book, use: CommandPipe, command: [sh, -c, "echo booked"]}
          - {id: ask, use: WaitForApprovalPipe, question: "Ship it?", depends_on: [book]}
          - {id: ship, use: CommandPipe, command: [sh, -c, "echo shipped"], depends_on: [ask]}
`

// command gives the palette a line.
func command(t *testing.T, x *Term, line string) {
	t.Helper()
	x.Keys(t, ":")
	x.WaitFor(t, "─ go ─", quick)
	x.Type(t, line)
	x.WaitFor(t, line, quick)
	x.Keys(t, "Enter")
}

// phrase types what a dialog asks for, and goes on.
func phrase(t *testing.T, x *Term, words string) {
	t.Helper()
	x.WaitFor(t, "type "+words, quick)
	x.Type(t, words)
	x.Keys(t, "Enter")
}

// tabTo goes on in a form, a field at a time, until the screen shows where it is.
func tabTo(t *testing.T, x *Term, want string) {
	t.Helper()
	for range 12 {
		x.Keys(t, "Tab")
		if Poll(t, time.Second, func() bool { return strings.Contains(x.Screen(t), want) }) {
			return
		}
	}
	t.Fatalf("tab does not reach %s:\n%s", want, x.Screen(t))
}

func TestPromisesByKeys(t *testing.T) {
	cfg := writeConfig(t, promisesConfig)
	x := StartApp(t, Small, "-c", cfg, "--state-dir", t.TempDir())
	x.WaitFor(t, "nightly", quick)

	t.Log("a tag is paused by command, with a typed phrase, and resumed on the engine screen")
	command(t, x, `pause tag night 1h "release"`)
	x.WaitFor(t, "pause · tag night", quick)
	x.Keys(t, "Tab", "Tab")
	phrase(t, x, "pause 2")
	rowSays(t, x, "nightly", "held")
	rowSays(t, x, "cleanup", "held")
	command(t, x, "resume tag night")
	x.WaitFor(t, "y/n", quick)
	x.Keys(t, "y")
	x.WaitGone(t, "held", quick)

	t.Log("drain starts nothing new, resume engine ends it")
	command(t, x, "drain")
	x.WaitFor(t, "drain · engine", quick)
	x.Type(t, "reboot")
	x.Keys(t, "Tab", "Tab")
	phrase(t, x, "drain 3")
	x.WaitFor(t, "‖ engine draining", quick)
	rowSays(t, x, "nightly", "held")
	moveTo(t, x, "nightly")
	x.Keys(t, "t")
	x.WaitFor(t, "starts nothing new", quick)
	command(t, x, "resume engine")
	x.WaitFor(t, "y/n", quick)
	x.Keys(t, "y")
	x.WaitGone(t, "engine draining", quick)
	x.WaitGone(t, "held", quick)

	t.Log("a question is answered where approvals are, and its run goes on")
	fire(t, x, "order")
	rowSays(t, x, "order", "answer")
	x.Keys(t, "7")
	x.WaitFor(t, "Ship it?", quick)
	x.Keys(t, "A")
	x.WaitFor(t, "choose", quick)
	x.Keys(t, "Right")
	x.WaitFor(t, "< approve >", quick)
	tabTo(t, x, "[ answer ]")
	x.Keys(t, "Enter")
	x.WaitFor(t, "approved: order", quick)
	x.Keys(t, "1")
	rowSays(t, x, "order", "ok")

	t.Log("a backfill is counted first, confirmed by its number, and runs")
	command(t, x, "backfill nightly 2026-01-01 2026-01-03")
	x.WaitFor(t, "backfill · nightly", quick)
	tabTo(t, x, "[ count ]")
	x.Keys(t, "Enter")
	phrase(t, x, "backfill 3")
	x.WaitFor(t, "began: 3 runs", quick)
	moveTo(t, x, "nightly")
	x.Keys(t, "H")
	x.WaitUntil(t, "three runs of the past", quick, func(s string) bool { return strings.Count(s, "backfill") >= 3 || strings.Count(s, "✓") >= 3 })
	x.Keys(t, "q")

	t.Log("a bad configuration is shown and changes nothing, a good one is taken")
	replace(t, cfg, strings.Replace(promisesConfig, "use: CommandPipe", "use: ComandPipe", 1))
	x.WaitFor(t, "was not taken", quick)
	rowSays(t, x, "nightly", "ok")
	replace(t, cfg, strings.Replace(promisesConfig, "pipe_id: cleanup", "pipe_id: tidy-up", 1))
	x.WaitFor(t, "tidy-up", quick)
	x.WaitGone(t, "was not taken", quick)
}
