package ui_test

import (
	"errors"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

func TestPipeShowsWhatItIs(t *testing.T) {
	d := tickets(t).At("escalations").Press("enter")
	d.Sees("Pipes › escalations · ✗ failed 3/3", "steps of run 8f0582 · failed", "✗ 3 otobo: 409", "3/3", "24h 91.6% 7d 86.6% 30d 86.6%")
	d.Sees("p50 9.0s  p95 31s  max 31s", "last ok 11:00 (3h ago)", "next 14:05:00Z in 2m", "then 15:05", "*/5 * * * *")
	d.Sees("retry 2 × 30s..10m exp", "last 60 runs", "raise-priority: otobo: 409 conflict: ticket 4711 is locked by agent bob")
	d.Press("r").Sees("retry run 8f0582 of escalations from raise-priority?").Press("y")
	d.Did("rerun " + uitest.RunID(2) + " all=false by kim")
}

func TestPipeOpensItsRunAtTheStep(t *testing.T) {
	d := tickets(t).At("escalations").Press("enter", "g", "j", "enter")
	d.Sees("›  ✓ fetch", "12 tickets found").Lacks("409 conflict")
	d.Press("q").Sees("last 60 runs").Press("L").Sees("escalations log").Press("q", "H").Sees("runs of escalations")
}

func TestPipeInspectsOlderRuns(t *testing.T) {
	f := uitest.Tickets()
	r := &f.Snapshot.Runners[10] // dedupe
	for i := range 3 {
		run := *r.Last
		run.ID, run.Reason = r.Strip[len(r.Strip)-1-i].Run, []string{"newest", "second", "third"}[i]
		f.Details[run.ID] = orchestrator.RunDetail{Run: run}
		if i == 0 {
			r.Last = &run
		}
	}
	d := uitest.Drive(t, uitest.New(f)).At("dedupe").Press("enter").Sees("newest")
	d.Press("left").Sees("second", "steps of run "+screen.ShortID(r.Strip[58].Run)).Press("h").Sees("third")
	d.Press("enter").Sees("dedupe › " + screen.ShortID(r.Strip[57].Run)).Press("q").Sees("third")
	d.Press("l").Sees("second").Press("right").Sees("newest").Press("right").Sees("newest")
}

func TestPipeFollowsItsLiveRun(t *testing.T) {
	d := tickets(t).At("dedupe").Press("enter").Sees("dedupe · ✓ ok")
	f := uitest.Tickets()
	run := *f.Snapshot.Runners[6].Current
	d.Fake.Change("dedupe", func(r *orchestrator.Runner) { r.State, r.Current = orchestrator.Running, &run })
	d.Live().Advance(2*time.Second).Sees("dedupe · ▸ running", "steps of run 9023ea · running", "write-note")
}

func TestPipeSiblings(t *testing.T) {
	d := tickets(t).At("ticket-routing").Press("enter", "[").Sees("› ticket-routing")
	d.Press("]").Sees("› urgent-triage").Press("]", "[").Sees("› urgent-triage").Press("q").Sees("attention first")
}

func TestPipeSaysWhenARunCannotBeRead(t *testing.T) {
	d := tickets(t)
	d.Fake.FailDetails(errors.New("disk is gone"))
	d.At("escalations").Press("enter").Sees("the run cannot be read: disk is gone")
}
