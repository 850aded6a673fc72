package ui_test

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// runScenes are the panes of a run.
func runScenes() []scene {
	failedRun := func(keys ...string) func(*uitest.Driver) {
		return func(d *uitest.Driver) { d.At("escalations").Press("enter", "enter").Press(keys...) }
	}
	return []scene{
		{"run-inputs", longRuns, failedRun("i")},
		{"run-diff", longRuns, failedRun("=")},
		{"run-actions", longRuns, failedRun("A")},
		{"run-zoom", longRuns, failedRun("z")},
		{"run-zoom-log", longRuns, failedRun("tab", "z")},
		{"run-folded", longRuns, failedRun("Z")},
		{"run-stretched", longRuns, failedRun(">", ">")},
	}
}

// longRuns gives the failed run a past: it was queued, waited an hour for its last attempt, was fired by hand with
// parameters, has a good run before it, and people did things to it.
func longRuns() uitest.Fixture {
	f := uitest.Tickets()
	r := &f.Snapshot.Runners[2]
	d := f.Details[r.Last.ID]
	at := d.Run.StartedAt
	d.Run.Trigger, d.Run.By, d.Run.Params = "manual", "kim", map[string]string{"month": "2026-11", "dry": "false"}
	d.Run.DueAt, d.Run.CreatedAt, d.Run.Definition = at.Add(-20*time.Second), at.Add(-20*time.Second), "51c0ffee9a1b"
	d.Run.EndedAt = at.Add(time.Hour)
	raise := &d.Steps[4]
	raise.Attempts[2].StartedAt, raise.Attempts[2].EndedAt = at.Add(59*time.Minute), at.Add(time.Hour)
	raise.EndedAt, d.Steps[0].EndedAt = at.Add(time.Hour), at.Add(time.Hour)
	*r.Last = d.Run
	f.Details[d.Run.ID] = d
	for i := range f.Runs {
		if f.Runs[i].ID == d.Run.ID {
			f.Runs[i] = d.Run
		}
	}
	goodRun(&f, d)
	f.Events = append([]orchestrator.Event{
		{ID: 2003, At: uitest.Now.Add(-2 * time.Minute), Kind: "rerun", Run: d.Run.ID, Runner: r.ID, By: "kim", Via: "ssh", Text: "retried from raise-priority"},
		{ID: 2002, At: uitest.Now.Add(-9 * time.Minute), Kind: "notify", Run: d.Run.ID, Runner: r.ID, By: "engine", Text: "told ops: 2nd failure in a row"},
		{ID: 2001, At: at.Add(-20 * time.Second), Kind: "fired", Run: d.Run.ID, Runner: r.ID, By: "kim", Via: "cli", Text: "fired with month=2026-11 dry=false"},
	}, f.Events...)
	return f
}

// goodRun makes the newest good run of the history one that can be compared with.
func goodRun(f *uitest.Fixture, bad orchestrator.RunDetail) {
	for i := range f.Runs {
		run := &f.Runs[i]
		if run.Runner != bad.Run.Runner || run.State != orchestrator.Completed || run.Idle || run.DueAt.After(bad.Run.DueAt) {
			continue
		}
		run.Params, run.Definition = map[string]string{"month": "2026-10", "dry": "false"}, "40c0ffee0000"
		d := orchestrator.RunDetail{Run: *run}
		for _, s := range bad.Steps[:5] {
			s.State, s.Error, s.Attempt, s.Attempts = orchestrator.Completed, "", 1, nil
			s.EndedAt = s.StartedAt.Add(min(s.EndedAt.Sub(s.StartedAt), 11*time.Second))
			d.Steps = append(d.Steps, s)
		}
		f.Details[run.ID] = d
		return
	}
}
