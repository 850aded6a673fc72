package engine

import (
	"context"
	"errors"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// What is here moves to its own file with the work on it.
var errNotYet = errors.New("not built yet")

func (e *Engine) PauseScope(context.Context, orchestrator.Scope, orchestrator.PauseRequest) error {
	return errNotYet
}

func (e *Engine) ResumeScope(context.Context, orchestrator.Scope, orchestrator.Actor) error {
	return errNotYet
}

func (e *Engine) Backfill(context.Context, orchestrator.BackfillRequest) (orchestrator.Backfill, error) {
	return orchestrator.Backfill{}, errNotYet
}

func (e *Engine) CancelBackfill(context.Context, string, orchestrator.Actor) error { return errNotYet }

func (e *Engine) Backfills(context.Context) ([]orchestrator.Backfill, error) { return nil, errNotYet }

func (e *Engine) Reload(context.Context, orchestrator.Actor) error { return errNotYet }
