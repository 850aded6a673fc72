package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func (b *bench) overdueFor(runner string) time.Duration {
	b.t.Helper()
	s, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range s.Runners {
		if r.ID == runner {
			return r.OverdueFor.Round(time.Second)
		}
	}
	b.t.Fatalf("no runner %s", runner)
	return 0
}

// texts gives the texts of the events of a kind, oldest first.
func (b *bench) texts(kind string) []string {
	b.t.Helper()
	events, err := b.e.Events(b.t.Context(), 10_000)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == kind {
			out = append(out, events[i].Text)
		}
	}
	return out
}

// TestOverdueIsToldOncePerOutage: across restarts, more failures than the runner remembers, and a pause.
func TestOverdueIsToldOncePerOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(0, 0)
		r := runnerOf(def, every(t, time.Hour, time.Now().Add(time.Hour)))
		r.Policy.ExpectSuccessWithin = 100*time.Hour + 30*time.Minute
		b := newBench(t, r, runnerOf(probe("free")))
		rec := withReceivers(b)
		b.cfg.Notify = []config.Notification{ops("ops", "overdue")}
		b.start()
		pass(10*time.Hour + time.Minute) // the last success is at 10 h
		b.does("p", func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("down") })
		pass(80 * time.Hour)
		b.stop() // 80 failures hide the success
		b.start()
		pass(20 * time.Hour)
		if n := len(b.texts("overdue")); n != 0 || b.overdueFor("p") != 0 {
			t.Errorf("%d events, overdue for %s before its time", n, b.overdueFor("p"))
		}
		pass(time.Hour)
		if n := b.texts("overdue"); len(n) != 1 || !strings.Contains(n[0], "no success within 100h30m: the last was at") {
			t.Errorf("events %q", n)
		}
		if d := b.overdueFor("p"); d != 31*time.Minute {
			t.Errorf("overdue for %s, want 31m", d)
		}
		b.stop()
		b.start()
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{}); err != nil {
			t.Fatal(err)
		}
		pass(100 * time.Hour)
		if err := b.e.Resume(t.Context(), "p", orchestrator.Actor{}); err != nil {
			t.Fatal(err)
		}
		b.does("p", nil)
		pass(time.Hour)
		if over, again := b.texts("overdue"), b.texts("recovered"); len(over) != 1 || len(again) != 1 || !strings.Contains(again[0], "overdue for 101h") {
			t.Errorf("overdue %q, recovered %q", over, again)
		}
		if d := b.overdueFor("p"); d != 0 {
			t.Errorf("overdue for %s after a success", d)
		}
		b.stop()
		pass(200 * time.Hour) // being down is an outage too
		b.cfg.Runners[0].Triggers = nil
		b.start()
		pass(time.Second)
		if n := len(b.texts("overdue")); n != 2 {
			t.Errorf("%d events after days down, want a second one", n)
		}
		if n := len(rec.taken("ops")); n != 2 || b.overdueFor("free") != 0 {
			t.Errorf("%d notifications, want 2", n)
		}
		b.stop()
	})
}

func TestOverdueCountsFromTheFirstLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Policy.ExpectSuccessWithin = time.Hour
		b := newBench(t, r)
		b.start()
		pass(40 * time.Minute)
		b.stop()
		b.start()
		pass(19 * time.Minute)
		if n := len(b.texts("overdue")); n != 0 {
			t.Errorf("told after 59 minutes")
		}
		pass(2 * time.Minute)
		if n := b.texts("overdue"); len(n) != 1 || !strings.Contains(n[0], "it never had one") {
			t.Errorf("events %q", n)
		}
		b.stop()
	})
}

// does changes what a step does while the engine runs.
func (b *bench) does(step string, do func(context.Context, *pipe.Call) (pipe.Result, error)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.do[step] = do
}
