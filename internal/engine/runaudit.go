package engine

import (
	"context"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// RunEvents gives the newest events of a run, oldest first.
func (e *Engine) RunEvents(ctx context.Context, runID string, limit int) ([]orchestrator.Event, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	return e.store.RunEvents(ctx, runID, limit)
}
