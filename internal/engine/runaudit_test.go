package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestDowntimeIsNoWork: the time between the engine's stop and its next start does not count as the run's length, and is told.
func TestDowntimeIsNoWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = untilDone(10 * time.Second)
		b.start()
		id := b.fire("p")
		pass(4 * time.Second)
		b.interrupt()
		pass(4 * time.Hour)
		b.start()
		pass(time.Minute)
		run := b.detail(id).Run
		if run.State != orchestrator.Completed || run.Down < 4*time.Hour || run.Down > 4*time.Hour+time.Second {
			t.Fatalf("%s, down for %s", run.State, run.Down)
		}
		if d := run.Duration(run.EndedAt); d < 10*time.Second || d > time.Minute {
			t.Errorf("it took %s", d)
		}
		if !run.StoppedAt.IsZero() {
			t.Errorf("it is still stopped at %s", run.StoppedAt)
		}
		if s := b.view("p").Strip; len(s) != 1 || s[0].Duration > time.Minute {
			t.Errorf("the strip says %v", s)
		}
		b.stop()
	})
}

// TestRunEventsAreThoseOfTheRun, oldest first.
func TestRunEventsAreThoseOfTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")), runnerOf(probe("q")))
		b.do["p"] = untilDone(time.Minute)
		b.start()
		id := b.fire("p")
		b.fire("q")
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), id, orchestrator.Actor{Name: "kim", Via: "cli"}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		es, err := b.e.RunEvents(t.Context(), id, 10)
		if err != nil || len(es) < 2 || es[0].Kind != "fired" || es[len(es)-1].State != orchestrator.Cancelled {
			t.Fatalf("%v %+v", err, es)
		}
		for _, e := range es {
			if e.Run != id {
				t.Errorf("an event of run %q", e.Run)
			}
		}
		if last, err := b.e.RunEvents(t.Context(), id, 1); err != nil || len(last) != 1 || last[0].ID != es[len(es)-1].ID {
			t.Errorf("the newest is %+v, %v", last, err)
		}
		b.stop()
	})
}
