package e2e

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Result is what a finished command left behind.
type Result struct {
	Stdout, Stderr string
	Code           int // exit code; -1 = ended by a signal
}

// Process is a command that runs beside the test, without a terminal.
type Process struct {
	cmd            *exec.Cmd
	stdout, stderr output
	done           chan struct{}
}

// Spawn starts argv in dir ("" = a temporary one) with no stdin, and kills it when the test ends. env holds additions such
// as "TZ=UTC".
func Spawn(t testing.TB, dir string, env []string, argv ...string) *Process {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	p := &Process{cmd: exec.CommandContext(t.Context(), argv[0], argv[1:]...), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, append(cleanEnv(), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.WaitDelay = 2 * time.Second // a grandchild may hold the pipes
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %q: %v", argv, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // the exit code is read from ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// Run runs otai-tui with args to its end, within the time given.
func Run(t testing.TB, within time.Duration, args ...string) Result {
	t.Helper()
	return Spawn(t, "", nil, append([]string{Binary(t)}, args...)...).Wait(t, within)
}

// Pid gives the process id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Signal sends a signal to the process itself, not to its children.
func (p *Process) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("signal %v: %v", s, err)
	}
}

// Wait waits for the end and gives what the process left; a process that goes on fails the test.
func (p *Process) Wait(t testing.TB, within time.Duration) Result {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(within):
		t.Fatalf("%q still runs after %v\nstderr:\n%s", p.cmd.Args, within, p.stderr.String())
	}
	return Result{Stdout: p.stdout.String(), Stderr: p.stderr.String(), Code: p.cmd.ProcessState.ExitCode()}
}

// Ended says whether the process has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Stdout gives what was printed so far.
func (p *Process) Stdout() string { return p.stdout.String() }

// Stderr gives what was logged so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// WaitFor polls until want is in what was printed or logged.
func (p *Process) WaitFor(t testing.TB, want string, within time.Duration) {
	t.Helper()
	ended := false
	ok := Poll(t, within, func() bool {
		select {
		case <-p.done:
			ended = true
		default:
		}
		return strings.Contains(p.Stdout(), want) || strings.Contains(p.Stderr(), want) || ended
	})
	if !ok || !strings.Contains(p.Stdout()+p.Stderr(), want) {
		t.Fatalf("no %q within %v (ended: %v)\nstdout:\n%s\nstderr:\n%s", want, within, ended, p.Stdout(), p.Stderr())
	}
}

// Poll asks every 20 ms until done says yes, and says whether it did within the time given.
func Poll(t testing.TB, within time.Duration, done func() bool) bool {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			return done()
		case <-t.Context().Done():
			return false
		}
	}
	return true
}

// cleanEnv is the environment without what would change the program under test: our own overrides, a user's terminal
// taste and directories.
func cleanEnv() []string {
	out := make([]string, 0, len(os.Environ()))
	for _, kv := range os.Environ() {
		name, _, _ := strings.Cut(kv, "=")
		switch {
		case strings.HasPrefix(name, "OTAI"), strings.HasPrefix(name, "XDG_"), strings.HasPrefix(name, "TMUX"),
			strings.HasPrefix(name, "LC_"), name == "NO_COLOR", name == "COLORTERM", name == "TERM", name == "LANG":
		default:
			out = append(out, kv)
		}
	}
	return append(out, "LANG=C.UTF-8")
}

// output is a buffer that the process writes while the test reads; mu guards it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
