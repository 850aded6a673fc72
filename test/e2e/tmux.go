package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Size is a terminal's size in cells.
type Size struct{ Cols, Rows int }

// The sizes every screen is designed for.
var (
	Small = Size{80, 24}
	Large = Size{140, 40}
	Split = Size{58, 16}
)

// tmuxConf makes a pane exactly as large as asked, keeps the picture of a program that ended, and sends Esc at once.
const tmuxConf = `set -g status off
set -g remain-on-exit on
set -g remain-on-exit-format ""
set -g default-terminal "tmux-256color"
set -as terminal-features ",*:RGB"
set -s escape-time 0
set -s set-clipboard on
set -g history-limit 2000
`

// keeper runs a program (from $2 on) in the terminal, and keeps its process id and how it ended in files. tmux 3.3 forgets the
// latter in every other case when the terminal is closed before the signal of the program's end comes in. Signals are the
// program's: the traps are not inherited. A hang-up ends both.
const keeper = `code=$1; shift; trap : INT TERM QUIT
sh -c 'echo $$ >"$0"; exec "$@"' "$0" "$@"
echo $? >"$code.new"; mv "$code.new" "$code"`

// Term is a program in a tmux server of its own. One goroutine uses it.
type Term struct {
	socket, conf string
	pid, code    string // files, see keeper
	env          []string
}

// Start runs argv in a terminal of the given size, in a temporary folder, with true colours. Words of the form
// "NAME=value" before the program set its environment, as with env(1). Without tmux the test is skipped; in CI it fails.
// The terminal and its program are killed when the test ends.
func Start(t testing.TB, size Size, argv ...string) *Term {
	t.Helper()
	needTmux(t)
	dir, err := os.MkdirTemp("", "otai") // short: a socket's path has 100 bytes
	if err != nil {
		t.Fatal(err)
	}
	term := &Term{socket: filepath.Join(dir, "s"), conf: filepath.Join(dir, "conf")}
	term.env = append(cleanEnv(), "TERM=xterm-256color")
	t.Cleanup(func() {
		_, _ = term.try("kill-server")
		_ = os.RemoveAll(dir)
	})
	if err := os.WriteFile(term.conf, []byte(tmuxConf), 0o600); err != nil {
		t.Fatal(err)
	}
	term.code, term.pid = filepath.Join(dir, "code"), filepath.Join(dir, "pid")
	args := []string{
		"new-session", "-d", "-s", "t", "-x", strconv.Itoa(size.Cols), "-y", strconv.Itoa(size.Rows),
		"-c", dir, "--", "sh", "-c", keeper, term.pid, term.code, "env", "COLORTERM=truecolor",
	}
	term.tmux(t, append(args, argv...)...)
	return term
}

// StartApp runs otai-tui with args in a terminal of the given size.
func StartApp(t testing.TB, size Size, args ...string) *Term {
	t.Helper()
	needTmux(t)
	return Start(t, size, append([]string{Binary(t)}, args...)...)
}

// Keys presses keys one after the other: names as tmux knows them ("Enter", "Escape", "Up", "C-c", "F1") or characters.
func (x *Term) Keys(t testing.TB, keys ...string) {
	t.Helper()
	for _, k := range keys {
		x.tmux(t, "send-keys", "-t", "t", "--", k)
	}
}

// Type types text literally.
func (x *Term) Type(t testing.TB, text string) {
	t.Helper()
	x.tmux(t, "send-keys", "-t", "t", "-l", "--", text)
}

// Screen gives the visible text, one line per row, without blanks at line ends.
func (x *Term) Screen(t testing.TB) string {
	t.Helper()
	return x.tmux(t, "capture-pane", "-p", "-t", "t")
}

// ScreenANSI gives the visible screen with colours and attributes, for test/ansi2svg.
func (x *Term) ScreenANSI(t testing.TB) string {
	t.Helper()
	return x.tmux(t, "capture-pane", "-p", "-e", "-t", "t")
}

// Row gives the first line that holds part, "" when there is none.
func (x *Term) Row(t testing.TB, part string) string {
	t.Helper()
	for line := range strings.Lines(x.Screen(t)) {
		if strings.Contains(line, part) {
			return strings.TrimRight(line, "\n")
		}
	}
	return ""
}

// WaitFor polls until want is on the screen, and gives that screen. It fails the test after the time given.
func (x *Term) WaitFor(t testing.TB, want string, within time.Duration) string {
	t.Helper()
	return x.WaitUntil(t, fmt.Sprintf("%q on the screen", want), within, func(s string) bool { return strings.Contains(s, want) })
}

// WaitGone polls until part is no longer on the screen, and gives that screen.
func (x *Term) WaitGone(t testing.TB, part string, within time.Duration) string {
	t.Helper()
	return x.WaitUntil(t, fmt.Sprintf("%q gone from the screen", part), within, func(s string) bool {
		return !strings.Contains(s, part)
	})
}

// WaitUntil polls until ok says yes to a screen, and gives that screen; what says what was hoped for.
func (x *Term) WaitUntil(t testing.TB, what string, within time.Duration, ok func(screen string) bool) string {
	t.Helper()
	var screen string
	if !Poll(t, within, func() bool { screen = x.Screen(t); return ok(screen) }) {
		t.Fatalf("not within %v: %s\nthe screen:\n%s", within, what, screen)
	}
	return screen
}

// Resize changes the terminal's size, as dragging a window does.
func (x *Term) Resize(t testing.TB, size Size) {
	t.Helper()
	x.tmux(t, "resize-window", "-t", "t", "-x", strconv.Itoa(size.Cols), "-y", strconv.Itoa(size.Rows))
}

// Pid gives the program's process id.
func (x *Term) Pid(t testing.TB) int {
	t.Helper()
	return x.number(t, x.pid, 5*time.Second, "its process id")
}

// number waits for a file of keeper and reads it.
func (x *Term) number(t testing.TB, file string, within time.Duration, what string) int {
	t.Helper()
	n := 0
	told := func() bool {
		b, err := os.ReadFile(file)
		if err != nil {
			return false
		}
		n, err = strconv.Atoi(strings.TrimSpace(string(b)))
		return err == nil
	}
	if !Poll(t, within, told) {
		t.Fatalf("the program did not tell %s within %v: it still runs?\nthe screen:\n%s", what, within, x.Screen(t))
	}
	return n
}

// Ask evaluates a tmux format, such as "#{alternate_on}" or "#{cursor_flag}", for the pane.
func (x *Term) Ask(t testing.TB, format string) string {
	t.Helper()
	return strings.TrimRight(x.tmux(t, "display-message", "-p", "-t", "t", format), "\n")
}

// WaitExit waits until the program ended, and gives its exit code; a signal's number is given as 128 + n, as shells do.
func (x *Term) WaitExit(t testing.TB, within time.Duration) int {
	t.Helper()
	return x.number(t, x.code, within, "how it ended")
}

func (x *Term) tmux(t testing.TB, args ...string) string {
	t.Helper()
	out, err := x.try(args...)
	if err != nil {
		t.Fatalf("tmux %q: %v\n%s", args, err, out)
	}
	return out
}

// try runs one tmux command. It does not use the test's context: clean-up runs after that has ended.
func (x *Term) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-S", x.socket, "-f", x.conf}, args...)...)
	cmd.Env = x.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func needTmux(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatal("tmux is not installed; CI must run the console's end-to-end tests (.ci/run installs it)")
	}
	t.Skip("tmux is not installed: the console's end-to-end tests need it")
}
