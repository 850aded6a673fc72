//go:build !windows

package base_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

func TestCommandWords(t *testing.T) {
	w := newWorld(t)
	w.scope.Vars = m{"evil": "a b'; rm -rf \"$HOME\"", "n": int64(5)}
	for name, c := range map[string]struct {
		params m
		want   string
	}{
		"line":             {m{"command": "printf %s| a b"}, "a|b|"},
		"quotes":           {m{"command": `printf %s| 'a b' "c \"d" e\ f ''`}, `a b|c "d|e f||`},
		"one value, one":   {m{"command": "printf %s| {{ evil }} x{{ n }}y"}, `a b'; rm -rf "$HOME"|x5y|`},
		"in quotes":        {m{"command": `printf %s| "pre {{ evil }} post"`}, `pre a b'; rm -rf "$HOME" post|`},
		"filter in it":     {m{"command": `printf %s| {{ n ~ ' "' }}`}, `5 "|`},
		"list":             {m{"command": []any{"printf", "%s|", "{{ evil }}", 7}}, `a b'; rm -rf "$HOME"|7|`},
		"args":             {m{"command": "printf", "args": []any{"%s|", "a b"}}, "a b|"},
		"shell":            {m{"command": `printf '%s' "$X"; echo "  $((1+1))"`, "shell": true, "env": m{"X": "{{ evil }}"}}, `a b'; rm -rf "$HOME"  2`},
		"shell with args":  {m{"command": `echo "$1"`, "shell": true, "args": []any{"{{ evil }}"}}, `a b'; rm -rf "$HOME"`},
		"stdin":            {m{"command": "cat", "stdin": "{{ evil }}\n"}, `a b'; rm -rf "$HOME"`},
		"no stdin is null": {m{"command": "cat"}, ""},
		"dir":              {m{"command": "pwd", "dir": "/"}, "/"},
		"run in env":       {m{"command": `echo $OTAI_RUNNER $OTAI_RUN $OTAI_STEP $OTAI_ATTEMPT`, "shell": true}, "runner run runner/step 1"},
	} {
		r := w.must("CommandPipe", c.params)
		if r.Data["stdout"] != c.want || r.Data["exit_code"] != 0 {
			t.Errorf("%s: %q (%v), want %q", name, r.Data["stdout"], r.Data["exit_code"], c.want)
		}
	}
	for want, params := range map[string]m{
		"takes no templates": {"command": "echo {{ n }}", "shell": true}, "has no end": {"command": "echo 'a"}, "command is empty": {"command": " "},
		"command: is required": {}, "template \"{{ n\" has no end": {"command": "echo {{ n"},
	} {
		_, err := w.run(t.Context(), "CommandPipe", params)
		wantClass(t, err, fault.Permanent, want)
	}
}

func TestCommandEnvironment(t *testing.T) {
	t.Setenv("OTAI_SECRET_PASSWORD", "hunter2")
	t.Setenv("KEPT", "yes")
	r := newWorld(t).must("CommandPipe", m{"command": `echo "[$OTAI_SECRET_PASSWORD] $KEPT $OWN"`, "shell": true, "env": m{"OWN": 1}})
	if r.Data["stdout"] != "[] yes 1" {
		t.Errorf("environment: %v", r.Data["stdout"])
	}
}

func TestCommandExitCodes(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		params m
		class  fault.Class
		code   int
		says   string
	}{
		"any other":    {m{"command": "exit 3", "shell": true}, fault.Transient, 3, "exit code 3"},
		"listed":       {m{"command": "exit 75", "shell": true, "retry_exit_codes": []any{75}}, fault.Transient, 75, ""},
		"not listed":   {m{"command": "exit 1", "shell": true, "retry_exit_codes": []any{75}}, fault.Permanent, 1, ""},
		"not runnable": {m{"command": "exit 126", "shell": true}, fault.Permanent, 126, "cannot be run"},
		"not found":    {m{"command": "exit 127", "shell": true}, fault.Permanent, 127, "not found"},
		"signal":       {m{"command": "kill -9 $$", "shell": true}, fault.Transient, -1, "killed"},
		"no program":   {m{"command": "no-such-program-here"}, fault.Permanent, 0, "no-such-program-here"},
		"no directory": {m{"command": "true", "dir": "/no/such/dir"}, fault.Permanent, 0, ""},
		"a directory":  {m{"command": "/"}, fault.Permanent, 0, ""},
	} {
		_, err := w.run(t.Context(), "CommandPipe", c.params)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		wantClass(t, err, c.class, c.says)
		var classed *fault.Error
		if !errors.As(err, &classed) || classed.ExitCode != c.code {
			t.Errorf("%s: exit code of %v, want %d", name, err, c.code)
		}
	}
	if r := w.must("CommandPipe", m{"command": "exit 2", "shell": true, "ok_exit_codes": []any{0, 2}}); r.Data["exit_code"] != 2 {
		t.Errorf("an accepted exit code: %+v", r)
	}
}

func TestCommandOutput(t *testing.T) {
	w := newWorld(t)
	r := w.must("CommandPipe", m{"shell": true, "command": `echo one; echo; echo two >&2; printf '\377x\r\nlast'`})
	if r.Data["stdout"] != "one\n\n\uFFFDx\r\nlast" || r.Data["stdout_truncated"] != false {
		t.Errorf("stdout %q", r.Data["stdout"])
	}
	got := w.log.all()
	slices.Sort(got)
	if want := []string{"INFO last", "INFO one", "INFO \uFFFDx", "WARN two"}; !slices.Equal(got, want) {
		t.Errorf("log %q, want %q", got, want)
	}

	w = newWorld(t)
	r = w.must("CommandPipe", m{"shell": true, "command": `yes 0123456789 | head -n 20000`})
	if n := len(r.Data["stdout"].(string)); n < 64<<10-1 || n > 64<<10 || r.Data["stdout_truncated"] != true {
		t.Errorf("kept %d bytes, truncated %v", n, r.Data["stdout_truncated"])
	}
	lines := w.log.all()
	if len(lines) != 5001 || lines[5000] != "WARN 15000 more lines of output are left out" {
		t.Errorf("%d lines, last %q", len(lines), lines[len(lines)-1])
	}

	w = newWorld(t)
	w.must("CommandPipe", m{"shell": true, "command": `head -c 20000 /dev/zero | tr '\0' x`})
	if lines := w.log.all(); len(lines) != 3 {
		t.Errorf("a line of 20,000 bytes is logged as %d lines", len(lines))
	}
}

// alive says whether a process still runs; one that has ended but was not collected does not count.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline.C:
			t.Fatalf("waited too long for %s", what)
		case <-tick.C:
		}
	}
}

func readPid(t *testing.T, path string) (pid int) {
	t.Helper()
	waitFor(t, path, func() bool {
		text, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	})
	return pid
}

// family is a shell that ignores what trap says and has a child with a child; all write their pids.
func family(dir, trap string) string {
	return trap + `; sh -c '` + trap + `; sh -c "` + trap + `; echo \$\$ > ` + dir + `/grandchild; while :; do sleep 1; done" & echo $$ > ` + dir + `/child; wait; while :; do sleep 1; done' & echo $$ > ` +
		dir + `/leader; while :; do sleep 1; done`
}

func TestCommandCancelEndsTheFamily(t *testing.T) {
	for name, trap := range map[string]string{"asked": ":", "killed": "trap : TERM"} {
		t.Run(name, func(t *testing.T) {
			w, dir := newWorld(t), t.TempDir()
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() {
				_, err := w.run(ctx, "CommandPipe", m{"shell": true, "command": family(dir, trap), "grace": "200ms"})
				done <- err
			}()
			var pids []int
			for _, who := range []string{"leader", "child", "grandchild"} {
				pid := readPid(t, filepath.Join(dir, who))
				pids = append(pids, pid)
				t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) }) // only a failed test leaves it
			}
			for _, pid := range pids {
				if !alive(pid) {
					t.Fatalf("process %d is not there before the cancel", pid)
				}
			}
			cancel()
			select {
			case err := <-done:
				wantClass(t, err, fault.Cancelled, "was ended")
			case <-time.After(10 * time.Second):
				t.Fatal("the pipe does not end after a cancel")
			}
			for _, pid := range pids {
				waitFor(t, "end of process "+strconv.Itoa(pid), func() bool { return !alive(pid) })
			}
		})
	}
}

func TestCommandTimeout(t *testing.T) {
	w := newWorld(t)
	started := time.Now()
	_, err := w.run(t.Context(), "CommandPipe", m{"command": "sleep 60", "timeout": "50ms", "grace": "1s"})
	wantClass(t, err, fault.Timeout, "sleep took longer than its timeout of 50ms")
	if time.Since(started) > 20*time.Second {
		t.Errorf("took %s", time.Since(started))
	}
}

// TestCommandLeavesNothing: a process left in the background does not hold the step and does not outlive it.
func TestCommandLeavesNothing(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	r := w.must("CommandPipe", m{"shell": true, "grace": "100ms", "command": `sleep 60 & echo $! > ` + dir + `/left; echo done`})
	if r.Data["stdout"] != "done" {
		t.Errorf("result %+v", r)
	}
	pid := readPid(t, filepath.Join(dir, "left"))
	waitFor(t, "end of what was left", func() bool { return !alive(pid) })
	if log := strings.Join(w.log.all(), "\n"); !strings.Contains(log, "left processes") {
		t.Errorf("log %s", log)
	}
}
