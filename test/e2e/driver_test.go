//go:build e2e && !windows

package e2e

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

const soon = 10 * time.Second

func TestTermShowsWhatTheProgramPrints(t *testing.T) {
	term := Start(t, Small, "sh", "-c", `printf 'size %s\n' "$(stty size)"; printf 'colour \033[38;2;1;2;3mred\033[0m %s\n' "$COLORTERM"; read x; echo "got [$x]"; exit 7`)
	term.WaitFor(t, "size 24 80", soon)
	term.WaitFor(t, "colour red truecolor", soon)
	if ansi := term.ScreenANSI(t); !strings.Contains(ansi, "\x1b[38;2;1;2;3m") {
		t.Errorf("the colour is lost: %q", ansi)
	}
	term.Type(t, "Up 'q'")
	term.Keys(t, "BSpace", "!", "Enter")
	term.WaitFor(t, "got [Up 'q!]", soon)
	if code := term.WaitExit(t, soon); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	if row := term.Row(t, "got ["); row != "got [Up 'q!]" {
		t.Errorf("the last picture is gone: %q", row)
	}
}

func TestTermResizes(t *testing.T) {
	term := Start(t, Small, "sh", "-c", `trap 'stty size' WINCH; echo ready; while :; do read x; done`)
	term.WaitFor(t, "ready", soon)
	term.Resize(t, Split)
	term.WaitFor(t, "16 58", soon)
}

func TestTermSeesModes(t *testing.T) {
	term := Start(t, Small, "sh", "-c", `printf '\033[?1049h\033[?25linside'; read x; printf '\033[?25h\033[?1049loutside'; read x`)
	term.WaitFor(t, "inside", soon)
	if got := term.Ask(t, "#{alternate_on} #{cursor_flag}"); got != "1 0" {
		t.Errorf("inside: alternate screen and cursor are %q, want 1 0", got)
	}
	term.Keys(t, "Enter")
	term.WaitFor(t, "outside", soon)
	term.WaitGone(t, "inside", soon)
	if got := term.Ask(t, "#{alternate_on} #{cursor_flag}"); got != "0 1" {
		t.Errorf("outside: alternate screen and cursor are %q, want 0 1", got)
	}
}

func TestTermReportsSignals(t *testing.T) {
	term := Start(t, Small, "sh", "-c", "echo ready; exec sleep 60")
	term.WaitFor(t, "ready", soon)
	if err := syscall.Kill(term.Pid(t), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if code := term.WaitExit(t, soon); code != 128+9 {
		t.Errorf("exit code %d, want 137", code)
	}
}

func TestProcessStreamsAndEnds(t *testing.T) {
	t.Setenv("OTAI_SECRET", "x")
	p := Spawn(t, "", []string{"ADDED=yes"}, "sh", "-c", `echo "added=$ADDED otai=$OTAI_SECRET"; echo log >&2; trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done`)
	p.WaitFor(t, "added=yes otai=\n", soon)
	p.WaitFor(t, "log", soon)
	p.Signal(t, syscall.SIGTERM)
	r := p.Wait(t, soon)
	if r.Code != 3 || !strings.HasSuffix(r.Stdout, "bye\n") || r.Stderr != "log\n" {
		t.Errorf("got %+v", r)
	}
}

func TestPollGivesUp(t *testing.T) {
	asked := 0
	if Poll(t, 50*time.Millisecond, func() bool { asked++; return false }) || asked < 2 {
		t.Errorf("polled %d times and said yes to nothing", asked)
	}
}
