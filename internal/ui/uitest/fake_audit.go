package uitest

import (
	"context"
	"slices"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// RunEvents gives the events of a run, oldest first.
func (f *Fake) RunEvents(_ context.Context, runID string, limit int) ([]orchestrator.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.Event
	for _, e := range slices.Backward(f.events) {
		if e.Run == runID {
			out = append(out, e)
		}
	}
	return out[max(len(out)-limit, 0):], nil
}
