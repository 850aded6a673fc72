package engine

import (
	"context"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// ReadLog gives a page of log lines, oldest first.
func (e *Engine) ReadLog(ctx context.Context, q orchestrator.LogQuery) (orchestrator.LogPage, error) {
	if !e.running() {
		return orchestrator.LogPage{}, ErrStopped
	}
	return e.store.ReadLog(ctx, q)
}

// SearchLog looks for a text in the log, a piece at a time.
func (e *Engine) SearchLog(ctx context.Context, q orchestrator.LogSearch) (orchestrator.LogHits, error) {
	if !e.running() {
		return orchestrator.LogHits{}, ErrStopped
	}
	return e.store.SearchLog(ctx, q)
}
