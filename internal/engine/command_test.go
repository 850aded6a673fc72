package engine

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

var kim = orchestrator.Actor{Name: "kim", Via: "test"}

// untilDone is a pipe that works until it is stopped or d is over.
func untilDone(d time.Duration) func(context.Context, *pipe.Call) (pipe.Result, error) {
	return func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
		select {
		case <-time.After(d):
			return pipe.Success("", nil), nil
		case <-ctx.Done():
			return pipe.Result{}, ctx.Err()
		}
	}
}

func TestCancelRunningAndWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("runs")), runnerOf(probe("waits")))
		b.do["runs"] = untilDone(time.Hour)
		b.do["waits"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("no") }
		b.start()
		running, waiting := b.fire("runs"), b.fire("waits")
		pass(time.Second)
		for _, id := range []string{running, waiting} {
			if err := b.e.Cancel(t.Context(), id, kim); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		for _, id := range []string{running, waiting} {
			d := b.detail(id)
			if d.Run.State != orchestrator.Cancelled || d.Run.Reason != "cancelled by kim (test)" || d.Run.EndedAt.IsZero() {
				t.Errorf("run %s: %+v", id, d.Run)
			}
		}
		if err := b.e.Cancel(t.Context(), running, kim); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("cancelling an ended run gives %v", err)
		}
		b.stop()
		b.start() // a cancelled retry stays cancelled
		pass(time.Hour)
		if n := len(b.callsOf("waits")); n != 1 {
			t.Errorf("cancelled run made %d attempts", n)
		}
		b.stop()
	})
}

func TestPauseSkipsTicksAndHoldsRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Hour, time.Now().Add(time.Hour))))
		b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				return pipe.Result{}, errors.New("no")
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("p")
		pass(time.Second)
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{Reason: "drill", By: kim}); err != nil {
			t.Fatal(err)
		}
		b.stop()
		b.start() // the pause survives
		pass(2*time.Hour + time.Minute)
		if n := len(b.callsOf("p")); n != 1 {
			t.Fatalf("%d attempts while paused, want 1", n)
		}
		runs := b.runs("p")
		if runs[0].State != orchestrator.Skipped || runs[0].Count != 2 || runs[0].Reason != "paused by kim: drill" {
			t.Errorf("ticks while paused: %+v", runs[0])
		}
		if err := b.e.Resume(t.Context(), "p", kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("held retry after resume: %+v", d.Run)
		}
		if n := len(b.callsOf("p")); n != 2 {
			t.Errorf("%d attempts after resume, want 2: ticks of the pause must not burst", n)
		}
		b.stop()
	})
}

func TestRerunGoesOnAtTheFailedStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := probe("one"), probe("two")
		two.Retry = retries(0, 0)
		b := newBench(t, runnerOf(group("g", one, two)))
		var fixed atomic.Bool
		b.do["two"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			if !fixed.Load() {
				return pipe.Result{}, errors.New("broken")
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("g")
		pass(time.Second)
		fixed.Store(true)
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		d := b.detail(id)
		if d.Run.State != orchestrator.Completed || d.Run.Attempt != 2 || len(b.callsOf("g/one")) != 1 {
			t.Errorf("rerun: %+v, one ran %d times", d.Run, len(b.callsOf("g/one")))
		}
		if s := step(d, "g/two"); len(s.Attempts) != 2 || s.Attempts[0].State != orchestrator.Failed {
			t.Errorf("attempts of two: %+v", s.Attempts)
		}
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{All: true, By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.callsOf("g/one")); n != 2 {
			t.Errorf("rerun of all ran the first step %d times, want 2", n)
		}
		b.stop()
	})
}

func TestRetryNowDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				return pipe.Result{}, errors.New("no")
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("p")
		pass(time.Second)
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("after retry now: %+v", d.Run)
		}
		b.stop()
	})
}

func TestStopInterruptsAndTheRunGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", probe("one"), probe("slow"))))
		b.cfg.Engine.DrainTimeout = 10 * time.Second
		b.do["slow"] = untilDone(time.Minute)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		begin := time.Now()
		b.stop()
		if took := time.Since(begin); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("stop took %s, the drain is 10 s", took)
		}
		b.mu.Lock()
		b.do["slow"] = nil
		b.mu.Unlock()
		b.start()
		pass(time.Second)
		d := b.detail(id)
		if d.Run.State != orchestrator.Completed || len(b.callsOf("g/one")) != 1 {
			t.Errorf("interrupted run after restart: %+v", d.Run)
		}
		if s := step(d, "g/slow"); s.Attempt != 1 {
			t.Errorf("a shutdown counted as an attempt: %+v", s)
		}
		b.stop()
	})
}

func TestStopWithEndedContextInterruptsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = untilDone(time.Hour)
		b.start()
		b.fire("p")
		pass(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := b.e.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("stop took %s", took)
		}
	})
}

func TestFireRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = untilDone(time.Minute)
		b.start()
		ctx := t.Context()
		req := orchestrator.FireRequest{Key: "k1", By: kim}
		first, err := b.e.RunOnce(ctx, "p", req)
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if again, err := b.e.RunOnce(ctx, "p", req); err != nil || again != first {
			t.Errorf("same key gives %q, %v, want run %s", again, err, first)
		}
		if _, err := b.e.RunOnce(ctx, "p", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("fire beside a running run: %v", err)
		}
		if _, err := b.e.RunOnce(ctx, "nope", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrUnknownRunner) {
			t.Errorf("unknown runner: %v", err)
		}
		if _, err := b.e.RunOnce(ctx, "p", orchestrator.FireRequest{Params: map[string]string{"api_token": "s"}}); err == nil {
			t.Error("a secret parameter was accepted")
		}
		b.stop()
	})
}

func TestDowntimeRunsTheLatestTickAndCountsTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(time.Minute)
		b := newBench(t, runnerOf(probe("p"), every(t, time.Minute, anchor)))
		b.start()
		pass(time.Minute + time.Second)
		b.stop()
		pass(10*time.Minute + 10*time.Second) // ten ticks pass
		b.start()
		pass(time.Second)
		runs := b.runs("p")
		if len(runs) != 3 || runs[0].State != orchestrator.Completed || !runs[0].Nominal.Equal(anchor.Add(10*time.Minute)) ||
			runs[1].State != orchestrator.Missed || runs[1].Count != 9 {
			t.Errorf("rows: %+v", runs)
		}
		b.stop()
	})
}

func TestRunTimeoutEndsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Timeout = 20 * time.Second
		b := newBench(t, r)
		b.do["p"] = untilDone(time.Hour)
		b.start()
		id := b.fire("p")
		pass(30 * time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Failed || d.Run.ErrorClass != "timeout" {
			t.Errorf("run: %+v", d.Run)
		}
		b.stop()
	})
}

func TestSecondEngineIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.start()
	defer b.stop()
	other := New(Options{Config: b.cfg, Pipes: b.registry(), Services: noServices{}, StateDir: b.dir})
	err := other.Start(t.Context())
	if err == nil {
		t.Fatal("a second engine took the same state directory")
	}
	t.Log(err)
}

func TestSlotsLimitParallelRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runners := []string{"a", "b", "c"}
		b := newBench(t)
		b.cfg.Engine.MaxParallelRuns = 2
		for _, id := range runners {
			b.cfg.Runners = append(b.cfg.Runners, runnerOf(probe(id)))
			b.do[id] = untilDone(time.Minute)
		}
		b.start()
		for _, id := range runners {
			b.fire(id)
		}
		pass(20 * time.Second)
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s := snap.Runners[2]; s.State != orchestrator.Late || snap.Engine.Busy != 2 || snap.Engine.Queue != 1 {
			t.Errorf("third runner %s (%s), engine %+v", s.State, s.Reason, snap.Engine)
		}
		pass(2 * time.Minute)
		if runs := b.runs("c"); runs[0].State != orchestrator.Completed {
			t.Errorf("third run: %+v", runs[0])
		}
		b.stop()
	})
}
