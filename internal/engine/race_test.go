package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

// startWith starts the bench's engine with changed options.
func (b *bench) startWith(change func(*Options)) {
	b.t.Helper()
	o := Options{
		Config: b.cfg, Pipes: b.registry(), Services: noServices{}, Renderer: render.New(), StateDir: b.dir, Version: "test",
	}
	if b.opts != nil {
		b.opts(&o)
	}
	change(&o)
	b.e = New(o)
	if err := b.e.Start(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
}

// holdWriter keeps the writer in a transaction until the returned function is called: what is written meanwhile waits.
func (b *bench) holdWriter() (release func()) {
	b.t.Helper()
	hold := make(chan struct{})
	if err := b.e.store.WriteAsync(b.t.Context(), func(*store.Tx) error { <-hold; return nil }, func(error) {}); err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
	return sync.OnceFunc(func() { close(hold) })
}

func (b *bench) current(runner string) *orchestrator.Run {
	b.t.Helper()
	snap, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range snap.Runners {
		if r.ID == runner {
			return r.Current
		}
	}
	b.t.Fatalf("no runner %s", runner)
	return nil
}

// onLog is a slog handler that calls f for each message.
type onLog struct{ f func(msg string) }

func (h onLog) Enabled(context.Context, slog.Level) bool { return true }
func (h onLog) Handle(_ context.Context, r slog.Record) error {
	h.f(r.Message)
	return nil
}
func (h onLog) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h onLog) WithGroup(string) slog.Handler      { return h }

// TestCancelBesideTheDecisionToRetry cancels at the worst moment: the step has failed and its retry is decided, the run's end
// is not yet told. An operator who was told "cancelled" must not see the run again.
func TestCancelBesideTheDecisionToRetry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("no") }
		var id string
		cancelled := make(chan error, 1)
		b.startWith(func(o *Options) {
			o.Log = slog.New(onLog{func(msg string) {
				if strings.Contains(msg, "attempt 1 of 3 failed") {
					cancelled <- b.e.Cancel(context.WithoutCancel(t.Context()), id, kim)
				}
			}})
		})
		release := make(chan struct{})
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-release
			return pipe.Result{}, errors.New("no")
		}
		id = b.fire("p")
		close(release)
		if err := <-cancelled; err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if d := b.detail(id); d.Run.State != orchestrator.Cancelled || len(b.callsOf("p")) != 1 {
			t.Errorf("run %+v made %d attempts", d.Run, len(b.callsOf("p")))
		}
		b.stop()
	})
}

// TestCancelWhileStopping cancels a run that a shutdown has interrupted already: it must not go on at the next start.
func TestCancelWhileStopping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
			<-ctx.Done()
			<-time.After(2 * time.Second) // slow to end
			return pipe.Result{}, ctx.Err()
		}
		b.start()
		id := b.fire("p")
		pass(time.Second)
		ctx, now := context.WithCancel(t.Context())
		now()
		done := make(chan error, 1)
		go func() { done <- b.e.Stop(ctx) }()
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		b.start()
		pass(time.Minute)
		if d := b.detail(id); d.Run.State != orchestrator.Cancelled || len(b.callsOf("p")) != 1 {
			t.Errorf("run %+v made %d attempts", d.Run, len(b.callsOf("p")))
		}
		b.stop()
	})
}

// TestAnEndThatIsStillBeingWritten cancels a run whose wait for a retry is on its way to the disk, and fires the next one
// between the two acknowledgements.
func TestAnEndThatIsStillBeingWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		gate := make(chan struct{})
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-gate
			return pipe.Result{}, errors.New("no")
		}
		b.start()
		ctx := context.WithoutCancel(t.Context())
		id := b.fire("p")
		synctest.Wait()
		release := b.holdWriter()
		close(gate)
		synctest.Wait() // the end is queued
		// A failing neighbour splits the group: each write is acknowledged on its own, and this one takes its time.
		again, first := make(chan struct{}), true
		_ = b.e.store.WriteAsync(ctx, func(*store.Tx) error {
			if first {
				first = false
				return errors.New("no")
			}
			<-again
			return nil
		}, func(error) {})
		cancelled := make(chan error, 1)
		go func() { cancelled <- b.e.Cancel(ctx, id, kim) }()
		synctest.Wait()
		b.mu.Lock()
		b.do["p"] = untilDone(time.Hour)
		b.mu.Unlock()
		release()
		synctest.Wait() // the end is durable, the cancel is not
		second := make(chan error, 1)
		go func() {
			_, err := b.e.RunOnce(ctx, "p", orchestrator.FireRequest{})
			second <- err
		}()
		synctest.Wait()
		close(again)
		err := <-second
		if cerr := <-cancelled; cerr != nil {
			t.Fatal(cerr)
		}
		synctest.Wait()
		if err == nil && b.current("p") == nil {
			t.Error("a run is going on, the runner does not know of it")
		}
		if err != nil {
			b.fire("p") // refused only while the first run was not off the table
		}
		if _, err := b.e.RunOnce(ctx, "p", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("a third run beside the second: %v", err)
		}
		stop, now := context.WithCancel(ctx)
		now()
		if err := b.e.Stop(stop); err != nil {
			t.Fatal(err)
		}
	})
}

// TestResumeWhileAnEndIsBeingWritten lets a held retry go before its row is durable.
func TestResumeWhileAnEndIsBeingWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(2, 0)
		b := newBench(t, runnerOf(def))
		gate := make(chan struct{})
		b.do["p"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt > 1 {
				return untilDone(time.Minute)(ctx, c)
			}
			<-gate
			return pipe.Result{}, errors.New("no")
		}
		b.start()
		b.fire("p")
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		release := b.holdWriter()
		close(gate)
		synctest.Wait()
		resumed := make(chan error, 1)
		go func() { resumed <- b.e.Resume(t.Context(), "p", kim) }()
		synctest.Wait()
		release()
		if err := <-resumed; err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if run := b.current("p"); run == nil || run.State != orchestrator.Running {
			t.Errorf("attempt 2 runs, the runner shows %+v", run)
		}
		pass(2 * time.Minute)
		if runs := b.runs("p"); runs[0].State != orchestrator.Completed || b.current("p") != nil {
			t.Errorf("rows %+v, current %+v", runs, b.current("p"))
		}
		b.stop()
	})
}

// TestPauseHoldsWhatWaitsForASlot pauses a runner whose tick has been claimed and waits: it must not start while held, not
// even over a restart, and go on when resumed.
func TestPauseHoldsWhatWaitsForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("long")), runnerOf(probe("p"), every(t, time.Hour, time.Now().Add(time.Minute))))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["long"] = untilDone(10 * time.Minute)
		b.start()
		b.fire("long")
		pass(2 * time.Minute)
		if run := b.current("p"); run == nil || run.State != orchestrator.Pending {
			t.Fatalf("p should wait: %+v", run)
		}
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(20 * time.Minute)
		if n := len(b.callsOf("p")); n != 0 {
			t.Errorf("a paused runner started %d runs", n)
		}
		if snap, err := b.e.Snapshot(t.Context()); err != nil || snap.Runners[1].State != orchestrator.Paused || snap.Engine.Queue != 0 {
			t.Errorf("snapshot: %+v %v", snap, err)
		}
		b.stop()
		b.start()
		pass(10 * time.Minute)
		if n := len(b.callsOf("p")); n != 0 {
			t.Errorf("after the restart the paused runner started %d runs", n)
		}
		if err := b.e.Resume(t.Context(), "p", kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.callsOf("p")); n != 1 {
			t.Errorf("resumed: %d calls, want 1", n)
		}
		b.stop()
	})
}

// TestAPauseThatEndedWhileTheEngineWasDown must not swallow the tick that came after its end.
func TestAPauseThatEndedWhileTheEngineWasDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		b := newBench(t, runnerOf(probe("p"), every(t, time.Minute, begin.Add(time.Minute))))
		b.start()
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{Until: begin.Add(150 * time.Second), By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(30 * time.Second)
		b.stop()
		pass(10 * time.Minute)
		b.start()
		pass(time.Second)
		if runs := b.runs("p"); runs[0].State != orchestrator.Completed || !runs[0].Nominal.Equal(begin.Add(10*time.Minute).UTC()) {
			t.Errorf("newest row: %+v", runs[0])
		}
		b.stop()
	})
}

func TestOneKeyGivesOneRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(pipe.Definition{ID: "p", Use: "test:Read"}, every(t, time.Minute, time.Now().Add(time.Minute)))
		r.Aliases = []string{"other"}
		b := newBench(t, r)
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(time.Second)
			return pipe.Stop("nothing"), nil
		}
		b.start()
		release := b.holdWriter()
		ids := make(chan string, 4)
		for _, name := range []string{"p", "p", "other", "other"} {
			go func() {
				id, err := b.e.RunOnce(t.Context(), name, orchestrator.FireRequest{Key: "webhook 7"})
				if err != nil {
					t.Errorf("second request while the first is on its way: %v", err)
				}
				ids <- id
			}()
		}
		synctest.Wait()
		release()
		first := <-ids
		for range 3 {
			if id := <-ids; id != first {
				t.Errorf("same key gives %q and %q", first, id)
			}
		}
		pass(10*time.Minute + 30*time.Second) // idle polls fold meanwhile
		for _, name := range []string{"p", "other"} {
			if id, err := b.e.RunOnce(t.Context(), name, orchestrator.FireRequest{Key: "webhook 7"}); err != nil || id != first {
				t.Errorf("%s much later: %q, %v, want %s", name, id, err, first)
			}
		}
		if d := b.detail(first); d.Run.Count != 1 || d.Run.Trigger != "manual" {
			t.Errorf("the run by hand: %+v", d.Run)
		}
		sum := 0
		for _, run := range b.runs("p") {
			if run.Trigger == "interval" {
				sum += run.Count
			}
		}
		if sum != 10 {
			t.Errorf("rows of the interval count %d ticks, want 10", sum)
		}
		b.stop()
	})
}
