package ui_test

import (
	"time"

	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// What engine.NotRunning and door.Lost say; the console's room knows neither.
const (
	notRunning = "no engine runs here; this is its history"
	lost       = "the engine does not answer; calling it again"
)

// termsScenes are an engine that is only looked at, and one of another process that is gone.
func termsScenes() []scene {
	return []scene{
		{"stopped", stoppedEngine, func(*uitest.Driver) {}},
		{"stopped-engine", stoppedEngine, func(d *uitest.Driver) { d.Press("6") }},
		{"lost", lostEngine, func(*uitest.Driver) {}},
		{"lost-engine", lostEngine, func(d *uitest.Driver) { d.Press("6") }},
	}
}

func stoppedEngine() uitest.Fixture {
	f := uitest.Tickets()
	e := &f.Snapshot.Engine
	e.Health, e.Notices, e.StartedAt, e.WriteDelay, e.Busy, e.Queue = "stopped", []string{notRunning}, time.Time{}, 0, 0, 0
	return f
}

func lostEngine() uitest.Fixture {
	f := uitest.Tickets()
	f.Snapshot.Engine.Health, f.Snapshot.Engine.Problems = "degraded", []string{lost}
	return f
}
