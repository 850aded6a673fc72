//go:build e2e && !windows

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// consoleConfig has one runner for each thing an operator does.
const consoleConfig = `
engine: {name: e2e}
orchestrator:
  runners:
    - pipe_id: steady
      description: runs every two seconds
      interval_seconds: 2
      pipe:
        use: CommandPipe
        command: [sh, -c, "echo steady works"]
    - pipe_id: sleeper
      description: sleeps until it is cancelled
      tags: [slow]
      pipe:
        use: CommandPipe
        command: [sh, -c, "echo falling asleep; sleep 300"]
    - pipe_id: broken
      description: fails until it is mended
      pipe:
        use: CommandPipe
        command: [sh, -c, "test -f mended && echo mended || { echo still broken >&2; exit 4; }"]
        retries: 0
    - pipe_id: waiter
      description: waits long for its retry
      pipe:
        use: CommandPipe
        command: [sh, -c, "test -f mended && echo waited || exit 5"]
        retries: 3
        retry_delay_seconds: 600
`

func startConsole(t *testing.T, size Size) *Term {
	t.Helper()
	cfg := writeConfig(t, consoleConfig)
	x := StartApp(t, size, "-c", cfg, "--state-dir", t.TempDir())
	x.WaitFor(t, "steady", quick)
	return x
}

// moveTo puts the cursor on a row, a step at a time: rows may change places meanwhile.
func moveTo(t *testing.T, x *Term, name string) {
	t.Helper()
	ok := Poll(t, quick, func() bool {
		cursor, row := -1, -1
		for i, line := range strings.Split(x.Screen(t), "\n") {
			if strings.HasPrefix(line, "›") {
				cursor = i
			}
			if row < 0 && rowOf(line) == name {
				row = i
			}
		}
		switch {
		case row < 0:
		case cursor == row:
			return true
		case cursor < row:
			x.Keys(t, "j")
		default:
			x.Keys(t, "k")
		}
		if row >= 0 { // look again once the key has had its effect
			Poll(t, time.Second, func() bool { return cursorLine(x.Screen(t)) != cursor })
		}
		return false
	})
	if !ok {
		t.Fatalf("the cursor does not reach %s:\n%s", name, x.Screen(t))
	}
}

func cursorLine(screen string) int {
	for i, line := range strings.Split(screen, "\n") {
		if strings.HasPrefix(line, "›") {
			return i
		}
	}
	return -1
}

// rowOf gives the runner that a line of the list is about.
func rowOf(line string) string {
	runes := []rune(line)
	if len(runes) < 5 || (runes[0] != '›' && runes[0] != ' ') {
		return ""
	}
	fields := strings.Fields(string(runes[4:]))
	if len(fields) == 0 {
		return ""
	}
	return fields[0]
}

// rowSays waits until the row of a runner shows a word.
func rowSays(t *testing.T, x *Term, name, word string) {
	t.Helper()
	x.WaitUntil(t, name+" says "+word, quick, func(screen string) bool {
		for line := range strings.Lines(screen) {
			if strings.Contains(line, " "+name+" ") && strings.Contains(line, word) {
				return true
			}
		}
		return false
	})
}

func fire(t *testing.T, x *Term, name string) {
	t.Helper()
	moveTo(t, x, name)
	x.Keys(t, "t")
	x.WaitFor(t, "fire "+name+" now?", quick)
	x.Keys(t, "y")
	x.WaitFor(t, "fired "+name, quick)
}

func TestConsoleKeys(t *testing.T) {
	x := startConsole(t, Small)

	t.Log("the schedule runs by itself")
	rowSays(t, x, "steady", "ok")

	t.Log("t y fires, x y cancels")
	fire(t, x, "sleeper")
	rowSays(t, x, "sleeper", "running")
	moveTo(t, x, "sleeper")
	x.Keys(t, "x")
	x.WaitFor(t, "y/n", quick)
	x.Keys(t, "y")
	rowSays(t, x, "sleeper", "cancelled")

	t.Log("another key than y does nothing")
	moveTo(t, x, "broken")
	x.Keys(t, "t")
	x.WaitFor(t, "fire broken now?", quick)
	x.Keys(t, "n")
	x.WaitGone(t, "fire broken now?", quick)
	rowSays(t, x, "broken", "no run yet")

	t.Log("a failure says why, r y retries it")
	fire(t, x, "broken")
	rowSays(t, x, "broken", "failed")
	moveTo(t, x, "broken")
	x.WaitFor(t, "exit", quick)

	t.Log("p pauses, u takes it back, p p resumes")
	moveTo(t, x, "steady")
	x.Keys(t, "p")
	rowSays(t, x, "steady", "paused")
	x.Keys(t, "u")
	rowSays(t, x, "steady", "ok")
	moveTo(t, x, "steady")
	x.Keys(t, "p")
	rowSays(t, x, "steady", "paused")
	moveTo(t, x, "steady")
	x.Keys(t, "p")
	rowSays(t, x, "steady", "ok")

	t.Log("/ filters, esc clears")
	x.Keys(t, "/")
	x.Type(t, "tag:slow")
	x.Keys(t, "Enter")
	x.WaitGone(t, " steady ", quick)
	x.WaitFor(t, "sleeper", quick)
	x.Keys(t, "Escape")
	x.WaitGone(t, "/tag:slow", quick) // a message may name steady as well; and Esc with another key right behind it is neither
	x.WaitFor(t, " steady ", quick)

	t.Log("? is the help")
	x.Keys(t, "?")
	x.WaitFor(t, "fire now", quick)
	x.Keys(t, "Escape")
	x.WaitGone(t, "fire now", quick)
}

func TestConsoleRetryHistoryAndLog(t *testing.T) {
	mended := filepath.Join(t.TempDir(), "mended")
	cfg := writeConfig(t, strings.ReplaceAll(consoleConfig, "test -f mended", "test -f "+mended))
	x := Start(t, Small, "sh", "-c", `"$0" -c "$1" --state-dir "$2"; echo "left with $?"; exec cat`, Binary(t), cfg, t.TempDir())
	x.WaitFor(t, "steady", quick)
	fire(t, x, "broken")
	rowSays(t, x, "broken", "failed")
	fire(t, x, "waiter")
	rowSays(t, x, "waiter", "retry")
	if err := os.WriteFile(mended, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	t.Log("r retries a failed run at once, and a waiting one before its time")
	for _, name := range []string{"broken", "waiter"} {
		moveTo(t, x, name)
		x.Keys(t, "r")
		x.WaitFor(t, "y/n", quick)
		x.Keys(t, "y")
		rowSays(t, x, name, "ok")
	}

	t.Log("H is the history, enter the run with its steps, attempts and log, L the log")
	moveTo(t, x, "broken")
	x.Keys(t, "H")
	x.WaitFor(t, "runs of broken", quick)
	x.Keys(t, "Enter")
	x.WaitFor(t, "STEP", quick)
	x.WaitFor(t, "mended", quick)
	x.Keys(t, "q")
	x.WaitFor(t, "runs of broken", quick)
	x.Keys(t, "q")
	x.WaitFor(t, "attention first", quick)
	moveTo(t, x, "steady")
	x.Keys(t, "L")
	x.WaitFor(t, "steady works", quick)
	x.Keys(t, "Space")
	x.WaitFor(t, "held", quick)
	x.WaitUntil(t, "new lines are counted while held", quick, func(s string) bool { return strings.Contains(s, "+1 ") || strings.Contains(s, "+2 ") })
	x.Keys(t, "q")

	t.Log("the event feed")
	x.Keys(t, "5")
	x.WaitFor(t, "fired", quick)

	t.Log("the screen survives every size, and quitting restores the terminal")
	x.Resize(t, Size{40, 10})
	x.WaitFor(t, "otai", quick)
	x.Resize(t, Size{140, 40})
	x.WaitFor(t, "retrying", quick)
	x.Keys(t, "Q")
	x.WaitFor(t, "once more", quick)
	x.Keys(t, "Q")
	x.WaitFor(t, "left with 0", 40*time.Second)
	if flags := x.Ask(t, "#{alternate_on} #{cursor_flag} #{mouse_any_flag}"); flags != "0 1 0" {
		t.Errorf("after quitting: alternate screen, cursor, mouse = %s, want 0 1 0", flags)
	}
}

func TestDemoShowsEveryStateInAMinute(t *testing.T) {
	x := StartApp(t, Small, "--demo", "--state-dir", t.TempDir())
	seen := map[string]bool{}
	want := []string{"running", "retry", "failed", "ok", "disabled", "no run yet"}
	ok := Poll(t, 60*time.Second, func() bool {
		screen := x.Screen(t)
		for _, w := range want {
			seen[w] = seen[w] || strings.Contains(screen, " "+w)
		}
		for _, w := range want {
			if !seen[w] {
				return false
			}
		}
		return true
	})
	if !ok {
		t.Errorf("in the first minute only %v were seen of %v", seen, want)
	}
}
