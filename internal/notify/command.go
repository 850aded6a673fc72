package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/process"
	"github.com/openticketai/otai-tui/internal/text"
)

const (
	killAfter = time.Second // between asking a command to end and killing it
	maxSaid   = 4 << 10     // kept of what a command writes
	maxShown  = 200         // of it in an error
)

func (r Receiver) run(ctx context.Context, m Message, body []byte) error {
	name := r.Command[0]
	cmd := exec.CommandContext(ctx, name, r.Command[1:]...)
	// The engine's own settings may hold passwords of services.
	env := slices.DeleteFunc(cmd.Environ(), func(s string) bool { return strings.HasPrefix(s, "OTAI_") })
	cmd.Env = slices.Concat(env, m.variables())
	cmd.Stdin = bytes.NewReader(body)
	said := &firstBytes{}
	cmd.Stderr = said
	process.OwnGroup(cmd)
	cmd.Cancel = func() error { return process.TerminateGroup(cmd) }
	cmd.WaitDelay = killAfter
	if err := cmd.Start(); err != nil {
		return fault.Transientf("start %s: %w", name, err) // perhaps it is being installed: the outbox has patience
	}
	err := cmd.Wait()
	if ctx.Err() != nil || errors.Is(err, exec.ErrWaitDelay) {
		process.KillGroup(cmd)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s was ended: %w", name, context.Cause(ctx))
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // it said yes, and left processes behind that held its output
		return nil
	case errors.As(err, &exit):
		return &fault.Error{
			Class: fault.Transient, ExitCode: exit.ExitCode(),
			Err: fmt.Errorf("%s ended with exit code %d%s", name, exit.ExitCode(), said.shown()),
		}
	default:
		return fault.Transientf("run %s: %w", name, err)
	}
}

// firstBytes keeps the beginning of what is written.
type firstBytes struct{ b []byte }

func (f *firstBytes) Write(p []byte) (int, error) {
	f.b = append(f.b, p[:min(len(p), maxSaid-len(f.b))]...)
	return len(p), nil
}

func (f *firstBytes) shown() string {
	if s := text.Line(strings.TrimSpace(string(f.b)), maxShown); s != "" {
		return ": " + s
	}
	return ""
}
