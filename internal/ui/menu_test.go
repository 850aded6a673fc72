package ui_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestActionMenu: it lists what can be done to this pipe, with keys, the reason where not, and does it by key or enter.
func TestActionMenu(t *testing.T) {
	d := tickets(t).At("dedupe").Press("a").Sees("actions · dedupe", "t      fire ", "one run beside the schedule", "P      pause with", "x      cancel", "nothing runs here")
	d.Press("x").Sees("cancel: nothing runs here", "actions · dedupe").Press("t").Lacks("actions ·").Sees("fire dedupe now?").Press("y")
	d.Did("fire dedupe by kim")
	d.Press("a", "down", "down", "up", "esc").Lacks("actions ·").Press("a", "a").Lacks("actions ·")
	promises(t).Press("7", "a", "enter").Sees("answer · ")
}

// TestCopyGoesToTheTerminal: OSC 52 in the form that the way to the terminal takes, with an honest message.
func TestCopyGoesToTheTerminal(t *testing.T) {
	plain := ansi.SetSystemClipboard("dedupe")
	for name, c := range map[string]struct {
		environ []string
		want    string
		says    string
	}{
		"plain":  {[]string{"TERM=xterm-256color"}, plain, "OSC 52"},
		"tmux":   {[]string{"TERM=tmux-256color", "TMUX=/tmp/x"}, plain + ansi.TmuxPassthrough(plain), "tmux needs set-clipboard on"},
		"screen": {[]string{"TERM=screen.xterm", "STY=1.x"}, ansi.ScreenPassthrough(plain, 768), "screen passes it on"},
		"dumb":   {[]string{"TERM=dumb"}, "", "has no clipboard; f in the menu writes it to a file"},
		"linux":  {[]string{"TERM=linux"}, "", "has no clipboard"},
	} {
		t.Run(name, func(t *testing.T) {
			d := uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) {
				o.Environ, o.CopyDir = append([]string{"LANG=C.UTF-8"}, c.environ...), t.TempDir()
			})
			d.At("dedupe").Press("y").Sees("name").Press("1").Sees(c.says)
			if got := strings.Join(d.Raw, ""); got != c.want {
				t.Errorf("sent %q, want %q", got, c.want)
			}
		})
	}
}

// TestCopyToAFile: the fallback is a private file with exactly the text, and failures are told.
func TestCopyToAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "console")
	d := uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) { o.CopyDir = dir })
	d.At("escalations").Press("y", "down", "f").Sees("error written to")
	files, _ := filepath.Glob(filepath.Join(dir, "copy-*.txt"))
	if len(files) != 1 {
		t.Fatalf("files %q", files)
	}
	data, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(data), "409") {
		t.Errorf("%q, %v", data, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	none := tickets(t).At("dedupe").Press("y", "f").Sees("writes no files")
	none.Did()
}

// TestCopyOffersWhatIsThere: names, numbers, errors, the log line under the cursor and the command that does the same.
func TestCopyOffersWhatIsThere(t *testing.T) {
	tickets(t).At("escalations").Press("y").Sees("name", "error", "command: log", "otai-tui logs escalations")
	tickets(t).At("escalations").Press("enter", "enter", "y").Sees("run", "error of the step", "command: rerun", "otai-tui rerun ")
	tickets(t).Press("4", "k", "y").Sees("log line")
	tickets(t).Press("6", "y").Sees("nothing here can be copied").Press("enter", "f", "esc").Did()
}

// TestActionLog: what was done from everywhere, newest first, with what failed here, and undo.
func TestActionLog(t *testing.T) {
	d := tickets(t).At("dedupe").Press("p").Live()
	d.Press("@").Sees("who did what", "undo the pause of dedupe", "paused").Press("u").Sees("undone")
	d.Did(`pause dedupe by kim reason ""`, "resume dedupe by kim")
	d.Press("esc")
	d.Fake.FailNext(errors.New("the disk is full"))
	d.Press("p").Press("@").Sees("pause dedupe: the disk is full")
}
