package screen

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// runWhy says in one sentence why a run is in its state.
func runWhy(run *orchestrator.Run, _ *orchestrator.Runner, _ time.Time) string {
	return run.Reason
}
