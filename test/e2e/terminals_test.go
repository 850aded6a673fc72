//go:build e2e && !windows

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// shelled is otai-tui in a shell in a terminal.
type shelled struct {
	*Term
	rec, pid string // files: every byte that the terminal got; the process id of otai-tui
}

// inShell runs otai-tui inside a shell that tells its exit code and the state of the terminal afterwards, and records every byte that
// the terminal gets. env are words such as "TERM=linux".
func inShell(t *testing.T, env []string, args ...string) shelled {
	t.Helper()
	dir := t.TempDir()
	x := shelled{rec: filepath.Join(dir, "raw"), pid: filepath.Join(dir, "pid")}
	const script = `read go; sh -c 'echo $$ >"$0"; exec "$@"' "$0" "$@"; echo "left with $?"
stty -a | tr ';' '\n' | grep -c -e '^-icanon' -e ' -icanon' -e ' -echo '; echo asked; exec cat`
	argv := append(append([]string{}, env...), "sh", "-c", script, x.pid, Binary(t))
	x.Term = Start(t, Small, append(argv, args...)...)
	x.tmux(t, "pipe-pane", "-t", "t", "-o", "cat >"+x.rec)
	x.Keys(t, "Enter")
	return x
}

// raw is every byte that the terminal got.
func (x *shelled) raw(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(x.rec)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// asBefore checks that the terminal is as it was: no mode left on, the alternate screen gone, the cursor there, lines edited and echoed.
func asBefore(t *testing.T, x shelled) {
	t.Helper()
	screen := x.WaitFor(t, "asked", quick)
	if !strings.Contains(screen, "\n0\nasked") {
		t.Errorf("the terminal is raw or does not echo:\n%s", screen)
	}
	if flags := x.Ask(t, "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_flag}"); flags != "0 1 0 0" {
		t.Errorf("alternate screen, cursor, mouse, keypad = %s, want 0 1 0 0", flags)
	}
	var left []string
	if !Poll(t, quick, func() bool { left = uitest.LeftOn(x.raw(t)); return len(left) == 0 }) {
		t.Errorf("left on: %v", left)
	}
}

// TestEveryTerminal: the console starts, draws, takes keys and leaves the terminal as it was, whatever TERM says.
func TestEveryTerminal(t *testing.T) {
	for term, c := range map[string]struct {
		env    []string
		cursor string // the glyph at the row under the cursor
	}{
		"xterm-256color":  {nil, "›"},
		"tmux-256color":   {nil, "›"},
		"screen":          {nil, "›"},
		"screen-256color": {[]string{"COLORTERM="}, "›"},
		"linux":           {[]string{"COLORTERM="}, ">"},
		"vt220":           {[]string{"COLORTERM="}, ">"},
		"xterm":           {[]string{"NO_COLOR=yes", "SSH_TTY=/dev/pts/9"}, "›"},
		"xterm-ghostty":   {[]string{"LANG=C", "LC_ALL=C"}, ">"},
	} {
		t.Run(term, func(t *testing.T) {
			t.Parallel()
			cfg := writeConfig(t, consoleConfig)
			x := inShell(t, append([]string{"TERM=" + term}, c.env...), "-c", cfg, "--state-dir", shortState(t))
			x.WaitFor(t, "attention first", quick)
			x.WaitFor(t, "\n"+c.cursor+" ", quick)
			before := cursorRow(x.Screen(t), c.cursor)
			x.Keys(t, "j")
			x.WaitUntil(t, "the cursor moves", quick, func(s string) bool { return cursorRow(s, c.cursor) > before })
			x.Keys(t, "?")
			x.WaitFor(t, "fire now", quick)
			x.Keys(t, "q", "2")
			x.WaitFor(t, "runs of all pipes", quick)
			if c.cursor == ">" {
				for _, r := range x.Screen(t) {
					if r > 0x7e {
						t.Fatalf("%q is on an ASCII screen", r)
					}
				}
			}
			if strings.Contains(strings.Join(c.env, " "), "NO_COLOR") && strings.Contains(x.raw(t), "\x1b[3") && strings.Contains(x.raw(t), "1m") {
				for _, colour := range []string{"\x1b[31m", "\x1b[32m", "\x1b[1;31m", "\x1b[38;"} {
					if strings.Contains(x.raw(t), colour) {
						t.Errorf("a colour in spite of NO_COLOR: %q", colour)
					}
				}
			}
			x.Keys(t, "Q", "Q")
			x.WaitFor(t, "left with 0", quick)
			asBefore(t, x)
		})
	}
}

func cursorRow(screen, cursor string) int {
	for i, line := range strings.Split(screen, "\n") {
		if strings.HasPrefix(line, cursor+" ") {
			return i
		}
	}
	return -1
}

// TestTerminalIsRestored after ends that nobody asked for by key.
func TestTerminalIsRestored(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		sig  syscall.Signal
	}{
		"SIGTERM":           {nil, syscall.SIGTERM},
		"SIGINT":            {nil, syscall.SIGINT},
		"SIGTERM, palette":  {nil, syscall.SIGTERM},
		"attached, SIGTERM": {[]string{"--attach"}, syscall.SIGTERM},
		"attached, SIGHUP":  {[]string{"--attach"}, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, state := writeConfig(t, consoleConfig), shortState(t)
			if len(c.args) > 0 {
				headless(t, cfg, state)
			}
			x := inShell(t, nil, append(c.args, "-c", cfg, "--state-dir", state)...)
			x.WaitFor(t, "attention first", quick)
			if strings.Contains(name, "palette") {
				x.Keys(t, ":")
				x.Type(t, "pause")
				x.WaitFor(t, "pause engine", quick)
			}
			pid := x.number(t, x.pid, quick, "its process id")
			if err := syscall.Kill(pid, c.sig); err != nil {
				t.Fatal(err)
			}
			x.WaitFor(t, "left with 0", quick)
			asBefore(t, x)
		})
	}
}

// TestTheTerminalGoesAway: the engine ends in order with the terminal it was started in, and an attached console leaves its engine alone.
func TestTheTerminalGoesAway(t *testing.T) {
	t.Parallel()
	cfg, state := writeConfig(t, consoleConfig), shortState(t)
	x := StartApp(t, Small, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "attention first", quick)
	pid := x.Pid(t)
	x.tmux(t, "kill-server")
	if !Poll(t, 40*time.Second, func() bool { return syscall.Kill(pid, 0) != nil }) {
		t.Fatal("the process goes on without its terminal")
	}
	engine := headless(t, cfg, state) // the state directory is free
	y := StartApp(t, Small, "-c", cfg, "--state-dir", state)
	y.WaitFor(t, "attention first", quick)
	console := y.Pid(t)
	y.tmux(t, "kill-server")
	if !Poll(t, quick, func() bool { return syscall.Kill(console, 0) != nil }) {
		t.Error("the attached console goes on without its terminal")
	}
	if r := Run(t, quick, "--json", "-c", cfg, "--state-dir", state); r.Code != 0 || !strings.Contains(r.Stdout, `"running": true`) {
		t.Errorf("%+v\n%s", r, engine.Stderr())
	}
}
