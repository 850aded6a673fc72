package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
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

// TestHandlersCanBeCancelled by hand: the one that runs is stopped, those after it never run, and it is told who did it.
func TestHandlersCanBeCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), config.Handlers{OnSuccess: []pipe.Definition{probe("slow"), probe("never")}}))
		b.do["on_success/slow"] = untilDone(time.Hour)
		b.does("slow", untilDone(time.Hour))
		b.start()
		id := b.fire("p")
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || d.Run.Handlers != "pending" {
			t.Fatalf("%s, handlers %q", d.Run.State, d.Run.Handlers)
		}
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		if err := b.e.Cancel(t.Context(), id, kim); !errors.Is(err, orchestrator.ErrNotNow) {
			pass(time.Second)
			if err = b.e.Cancel(t.Context(), id, kim); !errors.Is(err, orchestrator.ErrNotNow) {
				t.Errorf("cancelled again: %v", err)
			}
		}
		pass(time.Second)
		d := b.detail(id)
		if d.Run.State != orchestrator.Completed || d.Run.Handlers != "failed" || len(b.callsOf("on_success/never")) != 0 {
			t.Errorf("%s, handlers %q, calls %v", d.Run.State, d.Run.Handlers, b.count())
		}
		es, err := b.e.RunEvents(t.Context(), id, 10)
		if err != nil || len(es) < 2 {
			t.Fatal(err, es)
		}
		last := es[len(es)-1].Text + "|" + es[len(es)-2].Text
		if !strings.Contains(last, "cancelled by kim") || !strings.Contains(last, "handlers of run "+id) {
			t.Errorf("%q", last)
		}
		b.stop()
	})
}

func TestAMisspelledScopeSaysTheNearest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Tags = []string{"night", "routing"}
		b := newBench(t, r)
		b.start()
		for name, want := range map[string]string{"nigth": `no such tag "nigth": did you mean night?`, "nope": `no such tag "nope" (there are: night, routing)`} {
			err := b.e.PauseScope(t.Context(), tagScope(name), orchestrator.PauseRequest{By: kim})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %s", err, want)
			}
		}
		b.stop()
	})
}

// TestACancelledHandlerStaysCancelled: one that waits for its retry has ended, and a crash right after does not let it run again.
func TestACancelledHandlerStaysCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := probe("h")
		h.Retry = retries(9, time.Hour)
		b := newBench(t, handled(probe("p"), config.Handlers{OnSuccess: []pipe.Definition{h}}))
		b.does("h", fails(fault.NewTransient))
		b.start()
		id := b.fire("p")
		pass(time.Second)
		if got := handlerSteps(b.detail(id)); !strings.Contains(got, "awaiting_retry") {
			t.Fatal(got)
		}
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		b.die()
		b.start()
		pass(3 * time.Hour)
		d := b.detail(id)
		if got := handlerSteps(d); !strings.Contains(got, "=cancelled") || d.Run.Handlers != "failed" || len(b.callsOf("on_success/h")) > 1 {
			t.Errorf("handlers %q %s, calls %v", d.Run.Handlers, got, b.count())
		}
		b.stop()
	})
}
