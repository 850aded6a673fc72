// Package door lets other processes of the same machine look at a running engine and steer it: a socket in its state directory, which
// only the user who runs the engine (and root) can open. It carries orchestrator.Orchestrator: one request for each call, and one that
// stays open for a live view.
package door

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

//go:generate go run gen.go

// maxPath is the longest path of a socket that every system takes, in bytes (sun_path has 104 on macOS, 108 on Linux).
const maxPath = 100

// Bounds of a request, and of an answer or one update of a live view, in bytes. A snapshot of 10,000 runners has some 60 MB.
const (
	maxBody   = 1 << 20
	maxAnswer = 256 << 20
)

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

// answer is what comes back: the results but the error, in their order.
type answer struct {
	Results []json.RawMessage `json:",omitempty"`
	Error   string            `json:",omitempty"`
	Kind    string            `json:",omitempty"` // of the error, see kinds
}

// kinds are the errors that callers tell apart.
func kinds() map[string]error {
	return map[string]error{
		"unknown_runner": orchestrator.ErrUnknownRunner, "unknown_run": orchestrator.ErrUnknownRun, "unknown_ticket": orchestrator.ErrUnknownTicket,
		"not_now": orchestrator.ErrNotNow,
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
