package engine

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// Where two features of the engine meet.

// TestAReloadsOverlapPolicyHoldsForWhatWaits: a policy that lets a waiting run go does so at once, one that does not lets it wait.
func TestAReloadsOverlapPolicyHoldsForWhatWaits(t *testing.T) {
	t.Parallel()
	with := func(policy config.Overlap) config.Runner {
		r := runnerOf(probe("p"))
		r.Policy.Overlap = policy
		return r
	}
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, with(config.OverlapBufferAll))
		b.do["p"] = untilDone(time.Minute)
		b.start()
		b.fire("p")
		b.fire("p")
		pass(time.Second)
		b.reload(with(config.OverlapAllowAll))
		pass(time.Second)
		if n := len(b.callsOf("p")); n != 2 {
			t.Errorf("%d runs go on, want both", n)
		}
		b.check(false)
		b.stop()
	})
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, with(config.OverlapAllowAll))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["p"] = untilDone(time.Minute)
		b.start()
		b.fire("p")
		b.fire("p")
		pass(time.Second)
		b.cfg.Engine.MaxParallelRuns = 2
		b.reload(with(config.OverlapBufferAll))
		pass(time.Second)
		if n := len(b.callsOf("p")); n != 1 {
			t.Errorf("%d runs go on, want one", n)
		}
		pass(time.Minute)
		if n := len(b.callsOf("p")); n != 2 {
			t.Errorf("%d runs began, want both", n)
		}
		b.check(false)
		b.stop()
	})
}

// TestAReloadGivesTheProbeBack: the run that tries a half open circuit no longer takes the resource; another one tries.
func TestAReloadGivesTheProbeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := func(id string, takes bool) config.Runner {
			def := probe(id)
			def.Retry = retries(0, 0)
			r := runnerOf(def)
			if takes {
				r = taking(r, map[string]int{"otobo": 1})
			}
			return r
		}
		b := newReloadable(t, one("x", true), one("y", true))
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {BreakerFailures: 1, BreakerOpenFor: 30 * time.Second}}
		b.do["x"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if len(b.callsOf("x")) == 1 {
				return pipe.Result{}, errors.New("connection refused")
			}
			return untilDone(time.Hour)(ctx, c)
		}
		b.start()
		b.fire("x")
		pass(time.Second)
		b.fire("x")
		pass(time.Minute) // it tries
		b.fire("y")
		pass(time.Second)
		if nx, ny := len(b.callsOf("x")), len(b.callsOf("y")); nx != 2 || ny != 0 {
			t.Fatalf("x began %d times, y %d", nx, ny)
		}
		limits := b.cfg.Limits
		b.set(one("x", false), one("y", true))
		next := b.next
		b.next = func() (*Loaded, error) {
			n, err := next()
			n.Config.Limits = limits
			return n, err
		}
		if err := b.e.Reload(t.Context(), kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.callsOf("y")); n != 1 {
			t.Errorf("y began %d times: nobody tries the circuit", n)
		}
		b.stop()
	})
}

// TestHandlersOfARunThatEndsWhileItIsInterrupted are left to the next start: they do not hold the stop up.
func TestHandlersOfARunThatEndsWhileItIsInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), config.Handlers{OnSuccess: []pipe.Definition{probe("h")}}))
		b.do["p"] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
			<-ctx.Done()
			return pipe.Success("just in time", nil), nil
		}
		b.start()
		id := b.fire("p")
		pass(time.Second)
		begin := time.Now()
		b.interrupt()
		if took := time.Since(begin); took > time.Second {
			t.Errorf("the stop took %s", took)
		}
		b.start()
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || d.Run.Handlers != "done" || len(b.callsOf("on_success/h")) != 1 {
			t.Errorf("%s, handlers %q, calls %v", d.Run.State, d.Run.Handlers, b.count())
		}
		b.stop()
	})
}

// TestAReloadChangesHowAFileIsWatched, without a change being lost.
func TestAReloadChangesHowAFileIsWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x")
		slow, fast := fileTrigger(path), fileTrigger(path)
		slow.FileWatch.Poll = 24 * time.Hour
		b := newReloadable(t, runnerOf(probe("p"), slow))
		b.startWith(func(o *Options) {
			o.Load, o.PollFiles = func(context.Context) (*Loaded, error) { return b.next() }, true
		})
		synctest.Wait()
		put(t, path, "1")
		pass(time.Minute)
		b.reload(runnerOf(probe("p"), fast))
		pass(time.Minute)
		put(t, path, "22")
		pass(time.Minute)
		if n := len(b.callsOf("p")); n != 2 {
			t.Errorf("%d runs, want one a change", n)
		}
		b.stop()
	})
}
