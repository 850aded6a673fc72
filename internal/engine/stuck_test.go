package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// deaf works for a time and hears no cancel.
func deaf(d time.Duration) doFunc {
	return func(context.Context, *pipe.Call) (pipe.Result, error) {
		<-time.After(d)
		return pipe.Success("", nil), nil
	}
}

func (b *bench) stuckNow() []string {
	b.t.Helper()
	snap, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return snap.Engine.Stuck
}

func (b *bench) eventList(kind string) []orchestrator.Event {
	b.t.Helper()
	events, err := b.e.Events(b.t.Context(), 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []orchestrator.Event
	for _, e := range events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

// TestADeafStepIsShownAsStuck: after the grace, once as an event, with its age; it keeps its slot until it returns.
func TestADeafStepIsShownAsStuck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", probe("deaf"), probe("rest"))), runnerOf(probe("other")))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["deaf"] = deaf(10 * time.Minute)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		other := b.fire("other")
		pass(9 * time.Second)
		if s := b.stuckNow(); len(s) != 0 {
			t.Errorf("stuck within the grace: %v", s)
		}
		pass(3 * time.Second)
		if s := b.stuckNow(); len(s) != 1 || s[0] != "run "+id+" of g is stuck: step g/deaf has ignored the cancel for 12s" {
			t.Errorf("stuck: %q", s)
		}
		if d := b.detail(id); d.Run.State != orchestrator.Cancelling || !strings.HasPrefix(d.Run.Reason, "stuck: step g/deaf has ignored the cancel for 10s") {
			t.Errorf("run %+v", d.Run)
		}
		pass(8 * time.Minute)
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r := snap.Runners[0]; r.State != orchestrator.Cancelling || r.Reason != "stuck: step g/deaf has ignored the cancel for 8m12s" {
			t.Errorf("runner: %s %q", r.State, r.Reason)
		}
		if len(b.callsOf("other")) != 0 || snap.Engine.Busy != 1 {
			t.Errorf("the slot of a stuck step was given away: busy %d", snap.Engine.Busy)
		}
		if snap.Engine.Health != "degraded" || !strings.Contains(strings.Join(snap.Engine.Problems, ""), "keep their slots: 1;") {
			t.Errorf("health %s %q", snap.Engine.Health, snap.Engine.Problems)
		}
		pass(2 * time.Minute)
		if v := b.engine(); v.Health != "ok" {
			t.Errorf("health %s %q after its return", v.Health, v.Problems)
		}
		if d := b.detail(id); d.Run.State != orchestrator.Cancelled || len(b.stuckNow()) != 0 || len(b.eventList("stuck")) != 1 {
			t.Errorf("run %+v, stuck %v, events %+v", d.Run, b.stuckNow(), b.eventList("stuck"))
		}
		if d := b.detail(other); d.Run.State != orchestrator.Completed {
			t.Errorf("other: %+v", d.Run)
		}
		b.stop()
	})
}

// TestAStepDeafToItsTimeout, and a handler; both are taken when they return. One that listens is never stuck.
func TestAStepDeafToItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := probe("deaf")
		slow.Timeout, slow.Retry = 5*time.Second, retries(1, time.Second)
		listens := probe("listens")
		listens.Timeout, listens.Retry = 5*time.Second, retries(1, time.Second)
		b := newBench(t, runnerOf(group("g", slow, probe("rest"))), runnerOf(listens), handled(probe("h"), config.Handlers{OnExit: []pipe.Definition{slow}}))
		b.cfg.Engine.CancelGrace = 2 * time.Second
		b.do["listens"] = untilDone(time.Hour)
		b.do["deaf"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				return deaf(time.Minute)(ctx, c)
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id, h := b.fire("g"), b.fire("h")
		b.fire("listens")
		pass(20 * time.Second)
		s := strings.Join(b.stuckNow(), "\n")
		for _, want := range []string{
			"run " + id + " of g is stuck: step g/deaf has ignored its timeout for 15s", "run " + h + " of h is stuck: step on_exit/deaf has ignored its timeout for 15s",
		} {
			if !strings.Contains(s, want) || strings.Count(s, "\n") != 1 {
				t.Errorf("stuck:\n%s\nwant %s", s, want)
			}
		}
		pass(50 * time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || len(b.stuckNow()) != 0 {
			t.Errorf("run %+v, stuck %v", d.Run, b.stuckNow())
		}
		if d := b.detail(h); d.Run.Handlers != "done" || d.Run.State != orchestrator.Completed {
			t.Errorf("h %+v", d.Run)
		}
		if n := len(b.eventList("stuck")); n != 2 {
			t.Errorf("%d events", n)
		}
		b.stop()
	})
}

// TestAStuckStepDoesNotHoldTheStop beyond its bounds, and what it does afterwards changes nothing.
func TestAStuckStepDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(group("g", probe("deaf"), probe("rest")), config.Handlers{OnExit: []pipe.Definition{probe("late")}}), handled(probe("h"),
			config.Handlers{OnExit: []pipe.Definition{probe("deaf")}}))
		b.cfg.Engine.DrainTimeout = 3 * time.Second
		b.do["deaf"] = deaf(time.Hour)
		b.start()
		id, h := b.fire("g"), b.fire("h")
		pass(time.Second)
		begin := time.Now()
		b.stop()
		if took := time.Since(begin); took > 3*time.Second+interruptFor+time.Second {
			t.Errorf("the stop took %s", took)
		}
		b.mu.Lock() // a step of the earlier life has only just returned
		b.do["deaf"] = nil
		b.mu.Unlock()
		b.start()
		pass(time.Minute)
		d := b.detail(id)
		if d.Run.State != orchestrator.Completed || d.Run.Handlers != "done" {
			t.Errorf("run %+v", d.Run)
		}
		if d := b.detail(h); d.Run.Handlers != "done" {
			t.Errorf("h %+v", d.Run)
		}
		pass(2 * time.Hour) // the goroutines of the first life come back
		b.stop()
	})
}

// TestALateHandlerChangesNothing: the run's handlers are over, whatever one that comes back late says.
func TestALateHandlerChangesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), config.Handlers{OnExit: []pipe.Definition{group("both", probe("deaf"), probe("rest"))}}))
		b.do["deaf"] = deaf(time.Minute)
		b.start()
		id := b.fire("p")
		pass(time.Second)
		err := b.e.store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.SetHandlers(id, "failed")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		before := b.detail(id)
		pass(30 * time.Second)
		if after := b.detail(id); fmt.Sprint(after.Steps) != fmt.Sprint(before.Steps) {
			t.Errorf("steps were %+v, are %+v", before.Steps, after.Steps)
		}
		pass(2 * time.Minute)
		if s := step(b.detail(id), "on_exit/both/deaf"); s.State != orchestrator.Running {
			t.Errorf("the late handler wrote %s", s.State)
		}
		b.stop()
	})
}
