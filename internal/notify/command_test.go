//go:build !windows

package notify

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

func sh(script string, args ...string) []string {
	return append([]string{"/bin/sh", "-c", script, "sh"}, args...)
}

func TestCommandGetsTheMessage(t *testing.T) {
	t.Setenv("OTAI_SECRET_PASSWORD", "hunter2")
	out := filepath.Join(t.TempDir(), "out")
	script := `{ cat; echo; echo "$OTAI_KIND $OTAI_RUNNER $OTAI_RUN $OTAI_STATE $OTAI_STEP $OTAI_ATTEMPT $OTAI_AT [$OTAI_SECRET_PASSWORD]"; } >"$1"`
	if err := (Receiver{Command: sh(script, out)}).Deliver(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := golden + "\nfailed digest 42 failed digest/send 2 2026-03-01T08:00:00Z []\n"; string(b) != want {
		t.Errorf("got\n%swant\n%s", b, want)
	}
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		command []string
		says    string
	}{
		"exit code":  {sh("echo 'mail: no \x1b[1mroute' >&2; exit 3"), "exit code 3: mail: no route"},
		"no program": {[]string{"no-such-program-here"}, "start no-such-program-here"},
		"long said":  {sh("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"), "exit code 1: xxx"},
	} {
		err := Receiver{Command: c.command}.Deliver(t.Context(), message())
		if err == nil || fault.ClassOf(err) != fault.Transient || !strings.Contains(err.Error(), c.says) || len(err.Error()) > 400 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := (Receiver{Command: sh("exec <&-; exit 0")}).Deliver(t.Context(), message()); err != nil {
		t.Errorf("a command that does not read its input: %v", err)
	}
}

// TestCommandTimeoutEndsItsChildren has a command that ignores the request to end, and a child in its group.
func TestCommandTimeoutEndsItsChildren(t *testing.T) {
	t.Parallel()
	pids := filepath.Join(t.TempDir(), "pids")
	script := `trap '' TERM; sleep 600 & echo $! >"$1.new"; echo $$ >>"$1.new"; mv "$1.new" "$1"; wait; wait; sleep 600`
	begin := time.Now()
	err := Receiver{Command: sh(script, pids), Timeout: 300 * time.Millisecond}.Deliver(t.Context(), message())
	if fault.ClassOf(err) != fault.Timeout {
		t.Errorf("error is %v", err)
	}
	if took := time.Since(begin); took > 30*time.Second {
		t.Errorf("it took %s", took)
	}
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for word := range strings.FieldsSeq(string(b)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(10 * time.Second); alive(pid); {
			if time.Now().After(deadline) {
				t.Errorf("process %d still runs", pid)
				break
			}
			<-time.After(10 * time.Millisecond)
		}
	}
}

// alive says that a process runs: one that has ended and waits for its parent to look does not.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || !strings.Contains(string(stat), ") Z ")
}
