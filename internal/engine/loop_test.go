package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// TestResumeAfterFailuresHolds: the operator has resumed a runner that the engine paused; only another failure pauses it
// again, not a run that never began.
func TestResumeAfterFailuresHolds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Policy.PauseAfterFailures = 2
		b := newBench(t, r, runnerOf(probe("long")))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["p"], b.do["long"] = permanent, untilDone(time.Hour)
		b.start()
		paused := func() bool {
			snap, err := b.e.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return snap.Runners[0].Pause != nil
		}
		for range 2 {
			b.fire("p")
			pass(time.Second)
		}
		if !paused() {
			t.Fatal("not paused after two failures")
		}
		if err := b.e.Resume(t.Context(), "p", kim); err != nil {
			t.Fatal(err)
		}
		b.fire("long")
		id := b.fire("p")
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if paused() {
			t.Error("a run that never began paused the runner again")
		}
		pass(2 * time.Hour)
		b.fire("p")
		pass(time.Second)
		if !paused() {
			t.Error("the third failure in a row did not pause it")
		}
		b.stop()
	})
}

// TestATickThatHasItsRowDoesNotStopTheOthers: with catchup: all the ticks wait for each other's runs; one of them has its row
// already and gets no run.
func TestATickThatHasItsRowDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(time.Minute)
		r := runnerOf(probe("p"), every(t, time.Minute, anchor))
		r.Policy.Catchup = config.CatchupAll
		b := newBench(t, r)
		b.start()
		b.stop()
		pass(5*time.Minute + time.Second)
		st, err := store.Open(t.Context(), b.dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		run := orchestrator.Run{
			ID: "1000", Runner: "p", Trigger: "interval", Nominal: anchor, State: orchestrator.Completed, CreatedAt: anchor, DueAt: anchor,
			StartedAt: anchor, EndedAt: anchor, FirstAt: anchor, Attempt: 1, Count: 1,
		}
		err = st.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.InsertRun(&run, "", 1); return err })
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		b.start()
		pass(2*time.Minute + time.Second)
		if n := len(b.callsOf("p")); n != 6 { // four of the backlog, two since
			t.Errorf("%d ticks ran, want 6", n)
		}
		b.stop()
	})
}

// TestABusyTurnIsNoClockStep: work of the loop itself takes time on both clocks.
func TestABusyTurnIsNoClockStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ahead atomic.Int64
		b := newBench(t, runnerOf(probe("p")))
		b.startWith(func(o *Options) { o.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) } })
		clock := func() (n int) {
			events, err := b.e.Events(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, ev := range events {
				if ev.Kind == "clock" {
					n++
				}
			}
			return n
		}
		pass(time.Minute)
		b.e.box.post(func() { pass(10 * time.Second) })
		pass(time.Minute)
		if n := clock(); n != 0 {
			t.Errorf("a busy turn was taken for %d clock steps", n)
		}
		done := make(chan struct{})
		b.e.box.post(func() { close(done) })
		<-done
		synctest.Wait()
		ahead.Store(int64(time.Hour)) // the loop waits now
		pass(time.Minute)
		if n := clock(); n != 1 {
			t.Errorf("a step of an hour gave %d events", n)
		}
		b.stop()
	})
}

// TestDroppedTicksAreCountedOnce: the ticks beyond catchup_max are dropped while an earlier run keeps the others waiting.
func TestDroppedTicksAreCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(time.Minute)
		def := probe("p")
		def.Retry = retries(1, 8*time.Minute)
		r := runnerOf(def, every(t, time.Minute, anchor))
		r.Policy.Catchup, r.Policy.CatchupMax = config.CatchupAll, 2
		b := newBench(t, r)
		b.do["p"] = failsUntil(2)
		b.start()
		pass(time.Minute + time.Second) // the first tick waits for its retry
		b.stop()
		b.do["p"] = nil
		pass(5 * time.Minute)
		b.start()
		pass(30 * time.Second)
		b.stop() // once more, while the rest still waits
		b.start()
		pass(20 * time.Minute)
		sum := 0
		for _, run := range b.runs("p") {
			sum += run.Count
		}
		next, err := b.e.NextTicks(t.Context(), "p", 1)
		if err != nil {
			t.Fatal(err)
		}
		if ticks := int(next[0].Sub(anchor) / time.Minute); sum != ticks {
			t.Errorf("rows count %d ticks, there were %d: %+v", sum, ticks, b.runs("p"))
		}
		b.stop()
	})
}
