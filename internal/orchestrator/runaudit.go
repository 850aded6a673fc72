package orchestrator

import "context"

// RunAudit is what happened to one run, and who did what to it.
type RunAudit interface {
	// RunEvents gives the newest events of a run, oldest first.
	RunEvents(ctx context.Context, runID string, limit int) ([]Event, error)
}
