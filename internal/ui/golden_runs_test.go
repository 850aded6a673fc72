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
		{"run-actions", longRuns, failedRun("W")},
		{"run-zoom", longRuns, failedRun("z")},
		{"run-zoom-log", longRuns, failedRun("tab", "z")},
		{"run-folded", longRuns, failedRun("Z")},
		{"run-stretched", longRuns, failedRun(">", ">")},
		{"pipe-health", longRuns, func(d *uitest.Driver) { d.At("escalations").Press("enter") }},
		{"engine-facts", busyEngine, func(d *uitest.Driver) { d.Press("6", "G") }},
		{"why-late", waiting, func(d *uitest.Driver) { d.At("sla-watch") }},
		{"why-pipe", waiting, func(d *uitest.Driver) { d.At("sla-watch").Press("enter") }},
		{"why-run", waiting, func(d *uitest.Driver) { d.At("sla-watch").Press("enter", "enter") }},
		{"why-retry", waiting, func(d *uitest.Driver) { d.At("crm-sync").Press("enter", "enter") }},
		{"why-held", waiting, func(d *uitest.Driver) { d.At("auto-close") }},
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
	for i := range r.Strip {
		r.Strip[i].At = uitest.Now.Add(-time.Duration(len(r.Strip)-i) * 37 * time.Minute)
	}
	r.Strip[len(r.Strip)-1].Run = d.Run.ID
	again := d.Run
	again.ID, again.DueAt = uitest.RunID(1), at.Add(-time.Hour)
	again.CreatedAt, again.StartedAt, again.EndedAt = again.DueAt, again.DueAt, again.DueAt.Add(time.Minute)
	again.Error, r.Strip[len(r.Strip)-2].Run = "otobo: 409 conflict: ticket 4702 is locked by agent bob", again.ID
	f.Runs = append(f.Runs, again)
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

// waiting says of everything that does not run what holds it up.
func waiting() uitest.Fixture {
	f := uitest.Tickets()
	of := func(id string) *orchestrator.Runner {
		for i := range f.Snapshot.Runners {
			if r := &f.Snapshot.Runners[i]; r.ID == id {
				return r
			}
		}
		panic(id)
	}
	now := uitest.Now
	late := of("sla-watch")
	late.Reason = "run 118 waits for resource otobo: 2 of 2 in use, held by kb-suggest, sentiment"
	late.Current = &orchestrator.Run{
		ID: uitest.RunID(118), Runner: late.ID, Trigger: "interval", State: orchestrator.Pending, Attempt: 1, Count: 1,
		CreatedAt: now.Add(-250 * time.Second), DueAt: now.Add(-250 * time.Second),
		Reason: "waits for resource otobo: 2 of 2 in use, held by kb-suggest, sentiment · about 14:03:33Z if kb-suggest ends at its p95",
	}
	late.Wait = &orchestrator.Wait{
		For: "resource otobo", Since: now.Add(-250 * time.Second), About: now.Add(62 * time.Second), Because: "if kb-suggest ends at its p95",
		Holders: []orchestrator.Holder{
			{Runner: "kb-suggest", Run: uitest.RunID(106), Since: now.Add(-5 * time.Minute), Ends: now.Add(62 * time.Second)},
			{Runner: "sentiment", Run: uitest.RunID(107), Since: now.Add(-11 * time.Second), Ends: now.Add(-time.Second)},
		},
		More: 1,
	}
	f.Runs = append([]orchestrator.Run{*late.Current}, f.Runs...)
	held := of("auto-close")
	held.State, held.HeldBy = orchestrator.Paused, "tag night"
	held.Hold = &orchestrator.Hold{
		Scope: orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: "night"},
		Pause: orchestrator.Pause{By: "kim", Reason: "release 2.4", At: now.Add(-time.Hour), Until: now.Add(time.Hour)},
	}
	retry := of("crm-sync")
	retry.Current.Reason = "attempt 2 of 5 failed: i/o timeout"
	fetch := orchestrator.Step{
		Run: retry.Current.ID, Path: "crm-sync/fetch", ID: "fetch", State: orchestrator.AwaitingRetry, StartedAt: now.Add(-90 * time.Second),
		NextAt: retry.Current.NextAt, Attempt: 2, MaxAttempts: 5, Reason: "attempt 2 of 5 failed: i/o timeout", Depth: 1, Order: 1,
		Attempts: []orchestrator.Attempt{
			{N: 1, State: orchestrator.Failed, StartedAt: now.Add(-90 * time.Second), EndedAt: now.Add(-60 * time.Second), Error: "i/o timeout"},
			{N: 2, State: orchestrator.Failed, StartedAt: now.Add(-40 * time.Second), EndedAt: now.Add(-10 * time.Second), Error: "i/o timeout"},
		},
	}
	f.Details[retry.Current.ID] = orchestrator.RunDetail{Run: *retry.Current, Steps: []orchestrator.Step{fetch}}
	return f
}

// hostileWait gives what holds a runner up a name that would break a terminal.
func hostileWait(r *orchestrator.Runner) {
	r.Wait = &orchestrator.Wait{For: nasty, Because: nasty, Holders: []orchestrator.Holder{{Runner: nasty, Run: nasty}}, More: 3}
	r.Hold = &orchestrator.Hold{
		Scope: orchestrator.Scope{Kind: nasty, Name: nasty}, Pause: orchestrator.Pause{By: nasty, Reason: nasty, At: uitest.Now},
	}
}

// busyEngine is an engine whose slots, writer and viewers have something to say.
func busyEngine() uitest.Fixture {
	f := waiting()
	e := &f.Snapshot.Engine
	e.Busy, e.Queue, e.WriteQueue, e.LogsLost, e.Viewers, e.ViewerLag = 8, 1, 37, 1200, 3, 512
	e.Holders = []orchestrator.Holder{
		{Runner: "kb-suggest", Run: uitest.RunID(106), Since: uitest.Now.Add(-5 * time.Minute)},
		{Runner: "sentiment", Run: uitest.RunID(107), Since: uitest.Now.Add(-11 * time.Second)},
	}
	return f
}
