package engine

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

func whenEnds(runner, on string) config.Trigger {
	return config.Trigger{Name: "after:" + runner, Kind: config.TriggerAfter, After: config.After{Runner: runner, On: on}}
}

func refused(context.Context, *pipe.Call) (pipe.Result, error) {
	return pipe.Result{}, fault.Permanentf("refused")
}

// parents gives the upstream runs of a runner's rows, oldest first, with the rows' states.
func parents(runs []orchestrator.Run) (of []string, states []orchestrator.State) {
	for _, r := range slices.Backward(runs) {
		of, states = append(of, r.Parent), append(states, r.State)
	}
	return of, states
}

func TestAfterListensToItsEnds(t *testing.T) {
	t.Parallel()
	idle := func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Stop("nothing to do"), nil }
	for name, c := range map[string]struct {
		do   func(context.Context, *pipe.Call) (pipe.Result, error)
		want []string // of the children
	}{
		"completed": {nil, []string{"any", "completed", "default"}},
		"failed":    {refused, []string{"any", "failed"}},
		"idle":      {idle, []string{"any"}},
		"cancelled": {untilDone(time.Hour), []string{"any"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, runnerOf(probe("up")), runnerOf(probe("default"), whenEnds("up", "")), runnerOf(probe("completed"), whenEnds("up", "completed")),
					runnerOf(probe("failed"), whenEnds("up", "failed")), runnerOf(probe("any"), whenEnds("up", "any")))
				b.do["up"] = c.do
				b.start()
				id := b.fire("up")
				pass(time.Second)
				if name == "cancelled" {
					if err := b.e.Cancel(t.Context(), id, orchestrator.Actor{Name: "kim"}); err != nil {
						t.Fatal(err)
					}
					pass(time.Second)
				}
				for _, child := range []string{"default", "completed", "failed", "any"} {
					runs, want := b.runs(child), 0
					if slices.Contains(c.want, child) {
						want = 1
					}
					if len(runs) != want || want == 1 && (runs[0].State != orchestrator.Completed || runs[0].Parent != id || runs[0].Trigger != "after:up") {
						t.Errorf("%s: rows %+v, want %d", child, runs, want)
					}
				}
				b.stop()
			})
		})
	}
}

// TestChainFanOutAndFanIn: a makes b and c due, both make d due; each end makes one run.
func TestChainFanOutAndFanIn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := func(d time.Duration) func(context.Context, *pipe.Call) (pipe.Result, error) {
			return func(context.Context, *pipe.Call) (pipe.Result, error) {
				<-time.After(d)
				return pipe.Success("", nil), nil
			}
		}
		b := newBench(t, runnerOf(probe("a"), every(t, time.Minute, time.Now().Add(time.Minute))), runnerOf(probe("b"), whenEnds("a", "")),
			runnerOf(probe("c"), whenEnds("a", "")), runnerOf(probe("d"), whenEnds("b", ""), whenEnds("c", "")))
		b.do["b"], b.do["c"] = slow(2*time.Second), slow(5*time.Second)
		b.start()
		pass(10*time.Minute + 30*time.Second)
		for runner, want := range map[string]int{"a": 10, "b": 10, "c": 10, "d": 20} {
			runs := b.runs(runner)
			of, _ := parents(runs)
			distinct := slices.Compact(slices.Sorted(slices.Values(of)))
			if len(runs) != want || runner != "a" && len(distinct) != want {
				t.Errorf("%s has %d rows after %d upstream runs, want %d", runner, len(runs), len(distinct), want)
			}
		}
		b.stop()
	})
}

// TestAfterRerunIsAnotherEnd: each attempt of the upstream ends once.
func TestAfterRerunIsAnotherEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("up")), runnerOf(probe("down"), whenEnds("up", "failed")))
		b.do["up"] = refused
		b.start()
		id := b.fire("up")
		pass(time.Second)
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if of, _ := parents(b.runs("down")); !slices.Equal(of, []string{id, id}) {
			t.Errorf("runs after %q, want two after %s", of, id)
		}
		b.stop()
	})
}

func TestAfterGoesThroughThePolicies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("up")), runnerOf(probe("paused"), whenEnds("up", "")), runnerOf(probe("slow"), whenEnds("up", "")),
			runnerOf(probe("twice"), config.Trigger{Name: "x", Kind: config.TriggerAfter, After: config.After{Runner: "up"}, MaxRuns: 2}))
		b.do["slow"] = untilDone(time.Hour)
		b.start()
		if err := b.e.Pause(t.Context(), "paused", orchestrator.PauseRequest{Reason: "release"}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			b.fire("up")
			pass(time.Second)
		}
		_, paused := parents(b.runs("paused"))
		if !slices.Equal(paused, []orchestrator.State{orchestrator.Skipped, orchestrator.Skipped, orchestrator.Skipped}) {
			t.Errorf("paused: %v", paused)
		}
		_, slow := parents(b.runs("slow"))
		if !slices.Equal(slow, []orchestrator.State{orchestrator.Running, orchestrator.Skipped, orchestrator.Skipped}) {
			t.Errorf("slow: %v", slow)
		}
		if runs := b.runs("twice"); len(runs) != 2 {
			t.Errorf("max_runs 2: %d rows", len(runs))
		}
		b.outboxIsEmpty(outboxAfter)
		b.stop()
	})
}

func (b *bench) outboxIsEmpty(kind string) {
	b.t.Helper()
	if n, err := b.e.store.OutboxCount(b.t.Context(), kind); n != 0 || err != nil {
		b.t.Errorf("%d entries of kind %q are left in the outbox (%v)", n, kind, err)
	}
}

// TestAfterSurvivesItsOwnCrash stops the engine between the two transactions: the upstream's end is written, and the run it
// makes due is not. The next life makes it, once.
func TestAfterSurvivesItsOwnCrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("up")), runnerOf(probe("down"), whenEnds("up", "")))
		b.start()
		id := b.fire("up")
		pass(time.Second)
		b.stop()
		redo := func() { // as if the second transaction had never been
			st, err := store.Open(t.Context(), b.dir, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			err = st.Write(t.Context(), func(tx *store.Tx) error {
				d := store.Delivery{
					Kind: outboxAfter, Target: "down", Key: "after:after:up:" + id + ":1", Created: time.Now(), Next: time.Now(),
					Payload: `{"runner":"down","trigger":"after:up","run":"` + id + `","attempt":1,"at":"` + time.Now().UTC().Format(time.RFC3339) + `"}`,
				}
				_, err := tx.AddOutbox(&d)
				return err
			})
			if err = errors.Join(err, st.Close()); err != nil {
				t.Fatal(err)
			}
		}
		redo() // the claim was durable: the entry must not make a second run
		b.start()
		pass(time.Second)
		if of, _ := parents(b.runs("down")); !slices.Equal(of, []string{id}) {
			t.Errorf("runs after %q, want one after %s", of, id)
		}
		b.outboxIsEmpty(outboxAfter)
		b.stop()
	})
}

// TestAfterIsDeliveredByTheNextLife lets the upstream end while the engine drains: it claims nothing new any more.
func TestAfterIsDeliveredByTheNextLife(t *testing.T) {
	t.Parallel()
	for down, want := range map[time.Duration]orchestrator.State{0: orchestrator.Completed, 25 * time.Hour: orchestrator.Missed} {
		t.Run(down.String(), func(t *testing.T) {
			t.Parallel()
			afterTheNextStart(t, down, want)
		})
	}
}

func afterTheNextStart(t *testing.T, down time.Duration, want orchestrator.State) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("up")), runnerOf(probe("down"), whenEnds("up", "")))
		b.do["up"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(10 * time.Second)
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("up")
		pass(time.Second)
		b.stop() // waits for the upstream
		if n := len(b.callsOf("down")); n != 0 {
			t.Fatalf("%d runs were started by an engine that stops", n)
		}
		pass(down)
		b.start()
		pass(time.Second)
		if of, states := parents(b.runs("down")); !slices.Equal(of, []string{id}) || states[0] != want {
			t.Errorf("runs after %q are %v, want one after %s that is %s", of, states, id, want)
		}
		b.stop()
		b.start()
		pass(time.Second)
		if n := len(b.runs("down")); n != 1 {
			t.Errorf("%d rows after another start, want 1", n)
		}
		b.stop()
	})
}

// TestAfterOfACrash: recovery writes the crash and what it makes due together.
func TestAfterOfACrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("up")
		def.Retry = retries(0, 0)
		b := newBench(t, runnerOf(def), runnerOf(probe("down"), whenEnds("up", "failed")))
		b.do["up"] = untilDone(time.Hour)
		b.start()
		id := b.fire("up")
		b.crash()
		b.start()
		pass(time.Second)
		if of, states := parents(b.runs("down")); !slices.Equal(of, []string{id}) || states[0] != orchestrator.Completed {
			t.Errorf("runs after %q are %v, want a completed one after %s", of, states, id)
		}
		b.outboxIsEmpty(outboxAfter)
		b.stop()
	})
}

// crash ends the engine as kill -9 does: what runs is left as it is in the store. The goroutines of this life are ended after.
func (b *bench) crash() {
	b.t.Helper()
	dir := b.t.TempDir()
	pass(time.Second)
	if err := store.Backup(b.t.Context(), b.dir, filepath.Join(dir, store.FileName)); err != nil {
		b.t.Fatal(err)
	}
	b.stop()
	b.dir = dir
}

func TestAfterOfARemovedTriggerIsDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("up")), runnerOf(probe("down"), whenEnds("up", "")))
		b.start()
		b.stop()
		st, err := store.Open(t.Context(), b.dir, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		err = st.Write(t.Context(), func(tx *store.Tx) error {
			for i, payload := range []string{`{"runner":"gone","trigger":"t","run":"1"}`, `{"runner":"down","trigger":"gone","run":"2"}`, `not json`} {
				d := store.Delivery{Kind: outboxAfter, Target: "x", Key: strconv.Itoa(i), Payload: payload, Created: time.Now(), Next: time.Now()}
				if _, err := tx.AddOutbox(&d); err != nil {
					return err
				}
			}
			return nil
		})
		if err = errors.Join(err, st.Close()); err != nil {
			t.Fatal(err)
		}
		b.start()
		pass(time.Second)
		b.outboxIsEmpty(outboxAfter)
		events, err := b.e.Events(t.Context(), 10)
		if err != nil || len(events) != 3 || events[0].Kind != "dropped" {
			t.Errorf("events %+v, %v", events, err)
		}
		b.stop()
	})
}
