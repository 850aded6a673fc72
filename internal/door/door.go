// Package door lets other processes of the same machine steer a running engine: a socket in its state directory, which only the
// user who runs the engine (and root) can open. It carries the commands of orchestrator.Orchestrator, one request each.
package door

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// maxPath is the longest path of a socket that every system takes, in bytes (sun_path has 104 on macOS, 108 on Linux).
const maxPath = 100

// maxBody bounds a request and an answer, in bytes.
const maxBody = 1 << 20

// ErrTooLong says that a state directory's path is too long for a socket in it.
var ErrTooLong = errors.New("the state directory's path is too long for a socket: use a shorter --state-dir to steer the engine from outside")

// pathIn gives the socket's place. It has a directory of its own, which is closed to others before the socket is there.
func pathIn(stateDir string) (string, error) {
	abs, err := filepath.Abs(stateDir)
	if err != nil {
		return "", fmt.Errorf("find the door of %s: %w", stateDir, err)
	}
	path := filepath.Join(abs, "door", "engine.sock")
	if len(path) > maxPath {
		return "", fmt.Errorf("%s: %w", path, ErrTooLong)
	}
	return path, nil
}

// Requests as they go over the socket, beside those that orchestrator has.
type (
	fireIn struct {
		Runner string
		orchestrator.FireRequest
	}
	webhookIn struct {
		Runner string
		orchestrator.Webhook
	}
	pauseIn struct {
		Scope orchestrator.Scope
		orchestrator.PauseRequest
	}
	scopeIn struct {
		Scope orchestrator.Scope
		By    orchestrator.Actor
	}
	idIn struct {
		ID string
		By orchestrator.Actor
	}
	rerunIn struct {
		Run string
		orchestrator.RerunRequest
	}
	nothing struct{}
)

// answer is what comes back.
type answer struct {
	Result json.RawMessage `json:",omitempty"`
	Error  string          `json:",omitempty"`
	Kind   string          `json:",omitempty"` // of the error, see kinds
}

// kinds are the errors that callers tell apart.
func kinds() map[string]error {
	return map[string]error{
		"unknown_runner": orchestrator.ErrUnknownRunner, "unknown_run": orchestrator.ErrUnknownRun, "not_now": orchestrator.ErrNotNow,
	}
}

const kindPermanent = "permanent"

func kindOf(err error) string {
	for name, known := range kinds() {
		if errors.Is(err, known) {
			return name
		}
	}
	if fault.ClassOf(err) == fault.Permanent {
		return kindPermanent
	}
	return ""
}

// told is an error that came over the socket. It is what it was on the other side.
type told struct {
	text string
	is   error // nil = none of kinds
}

func (t *told) Error() string { return t.text }

// Unwrap gives the kind of the error.
func (t *told) Unwrap() error { return t.is }

func (a *answer) err() error {
	switch {
	case a.Error == "" && a.Kind == "":
		return nil
	case a.Kind == kindPermanent:
		return fault.NewPermanent(errors.New(a.Error))
	default:
		return &told{text: a.Error, is: kinds()[a.Kind]}
	}
}

// method does one command with the request's body.
type method func(ctx context.Context, o orchestrator.Orchestrator, body []byte) (any, error)

func call[In, Out any](f func(ctx context.Context, o orchestrator.Orchestrator, in In) (Out, error)) method {
	return func(ctx context.Context, o orchestrator.Orchestrator, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, fault.NewPermanent(fmt.Errorf("read the request: %w", err))
		}
		return f(ctx, o, in)
	}
}

func done(err error) (nothing, error) { return nothing{}, err }

// methods are the commands by name. Queries of history are not among them: its file is open to readers.
func methods() map[string]method {
	return map[string]method{
		"RunOnce": call(func(ctx context.Context, o orchestrator.Orchestrator, in fireIn) (string, error) {
			return o.RunOnce(ctx, in.Runner, in.FireRequest)
		}),
		"Trigger": call(func(ctx context.Context, o orchestrator.Orchestrator, in webhookIn) (string, error) {
			return o.Trigger(ctx, in.Runner, in.Webhook)
		}),
		"Pause": call(func(ctx context.Context, o orchestrator.Orchestrator, in pauseIn) (nothing, error) {
			return done(o.PauseScope(ctx, in.Scope, in.PauseRequest))
		}),
		"Resume": call(func(ctx context.Context, o orchestrator.Orchestrator, in scopeIn) (nothing, error) {
			return done(o.ResumeScope(ctx, in.Scope, in.By))
		}),
		"Cancel": call(func(ctx context.Context, o orchestrator.Orchestrator, in idIn) (nothing, error) {
			return done(o.Cancel(ctx, in.ID, in.By))
		}),
		"Rerun": call(func(ctx context.Context, o orchestrator.Orchestrator, in rerunIn) (nothing, error) {
			return done(o.Rerun(ctx, in.Run, in.RerunRequest))
		}),
		"Backfill": call(func(ctx context.Context, o orchestrator.Orchestrator, in orchestrator.BackfillRequest) (orchestrator.Backfill, error) {
			return o.Backfill(ctx, in)
		}),
		"CancelBackfill": call(func(ctx context.Context, o orchestrator.Orchestrator, in idIn) (nothing, error) {
			return done(o.CancelBackfill(ctx, in.ID, in.By))
		}),
		"Answer": call(func(ctx context.Context, o orchestrator.Orchestrator, in orchestrator.AnswerRequest) (nothing, error) {
			return done(o.Answer(ctx, in))
		}),
		"Decide": call(func(ctx context.Context, o orchestrator.Orchestrator, in orchestrator.ReviewRequest) ([]orchestrator.ReviewOutcome, error) {
			return o.Decide(ctx, in)
		}),
		"Reload": call(func(ctx context.Context, o orchestrator.Orchestrator, in orchestrator.Actor) (nothing, error) {
			return done(o.Reload(ctx, in))
		}),
		"Snapshot": call(func(ctx context.Context, o orchestrator.Orchestrator, _ nothing) (orchestrator.Snapshot, error) {
			return o.Snapshot(ctx)
		}),
	}
}
