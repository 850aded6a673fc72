package ui_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// errorsFixture has many runs, of which some failed in two ways.
func errorsFixture() uitest.Fixture {
	f := uitest.Tickets()
	f.Runs = nil
	for i := range 250 {
		r := orchestrator.Run{
			ID: fmt.Sprint(1000 - i), Runner: "escalations", State: orchestrator.Completed, Trigger: "cron", Count: 1,
			DueAt: uitest.Now.Add(-time.Duration(5*i+5) * time.Minute),
		}
		r.StartedAt = r.DueAt.Add(time.Duration(i%3) * time.Second)
		r.EndedAt = r.StartedAt.Add(10 * time.Second)
		switch {
		case i%10 == 3:
			r.State, r.FailedStep, r.Error = orchestrator.Failed, "escalations/raise", fmt.Sprintf("ticket %d: 409 conflict: locked", 4000+i)
		case i == 30:
			r.State, r.Runner, r.FailedStep, r.Error = orchestrator.Failed, "crm-sync", "crm-sync/fetch", "dial tcp 10.9.0.4:443: i/o timeout"
		}
		f.Runs = append(f.Runs, r)
	}
	return f
}

func runsScenes() []scene {
	return []scene{
		{"runs-errors", errorsFixture, func(d *uitest.Driver) { d.Press("2") }},
		{"runs-grouped", errorsFixture, func(d *uitest.Driver) { d.Press("2", "E") }},
		{"runs-group", errorsFixture, func(d *uitest.Driver) { d.Press("2", "E", "enter") }},
	}
}

// TestEqualErrorsAreOneGroup: numbers do not make another error, enter narrows the list, esc goes back a step at a time.
func TestEqualErrorsAreOneGroup(t *testing.T) {
	d := uitest.Drive(t, uitest.New(errorsFixture())).Press("2").Sees("1/100 of 250", "26 failed · 89.6 % ok")
	d.Press("E").Sees("by equal error", "25 × ticket", "1 × dial tcp", "escalations/raise").Press("j", "enter").Sees("same error: dial tcp #", "1/1")
	d.Sees("crm-sync").Lacks("409 conflict").Press("esc").Sees("1/100 of 250").Press("E", "esc").Sees("1/100 of 250").Press("esc").Sees("attention first")
}

// TestFilterReachesTheWholeHistory: what is not among the runs that were read is found as well.
func TestFilterReachesTheWholeHistory(t *testing.T) {
	f := errorsFixture()
	f.Runs[220].Reason = "needle"
	d := uitest.Drive(t, uitest.New(f)).Press("2").Press("/").Type("needle").Press("enter").Sees("1/1").Lacks("no run passes")
	d.Press("esc").Sees("1/100 of 250").Press("/").Type("state:failed !dial").Sees("state:failed !dial").Advance(time.Second).Sees("1/25")
}
