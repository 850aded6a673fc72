package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// undoable gives a step with an undo that says what it saw.
func undoable(id string) pipe.Definition {
	def := probe(id)
	u := probe("undo-" + id)
	u.Params = map[string]any{"v": "{{ result.n }}"}
	u.Retry = retries(1, 10*time.Second)
	def.Undo = &u
	return def
}

// undos scripts the steps to complete with their own path as result, and gives what was undone, in order.
func (b *bench) undos(ids ...string) *[]string {
	seen := &[]string{}
	for _, id := range ids {
		b.do[id] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			return pipe.Success("did", map[string]any{"n": c.Step}), nil
		}
	}
	undo := func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		p, err := c.Params.Evaluate(ctx)
		if err != nil {
			return pipe.Result{}, err
		}
		b.mu.Lock()
		*seen = append(*seen, fmt.Sprint(p["v"]))
		b.mu.Unlock()
		return pipe.Success("", nil), nil
	}
	b.do["*undo"] = undo
	return seen
}

// TestUndoInReverseOrder over nested steps, items and what did not complete.
func TestUndoInReverseOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := group("inner", undoable("a"), probe("plain"), undoable("b"))
		inner.Undo = undoable("whole").Undo
		inner.Undo.Params = map[string]any{"v": "whole {{ result.n }} {{ 'a' in pipe_results }}"}
		skipped := undoable("skipped")
		skipped.If = "{{ false }}"
		def := group("g", inner, eachOf("each", []any{"x", "y"}, "{{ it }}", undoable("c")), skipped, group("quiet", undoable("stops")), probe("bad"),
			undoable("never"))
		b := newBench(t, runnerOf(def))
		seen := b.undos("a", "b", "c")
		b.do["undo"], b.do["bad"], b.do["stops"] = b.do["*undo"], permanent, quietStop
		d := once(t, b, "g")
		want := "[g/each/y/c g/each/x/c whole g/inner/b False g/inner/b g/inner/a]"
		if got := fmt.Sprint(*seen); got != want {
			t.Errorf("undone %s, want %s", got, want)
		}
		if d.Run.State != orchestrator.Failed || d.Run.FailedStep != "g/bad" || !strings.HasSuffix(d.Run.Reason, " · 5 of 5 steps undone") {
			t.Errorf("run %+v", d.Run)
		}
		wantStates(t, d, map[string]string{"undo/g/each/x/c": "completed", "g/inner/a": "completed", "g/inner/plain": "completed"})
		if s := step(d, "undo/g/inner"); s.Kind != "undo" || s.State != orchestrator.Completed {
			t.Errorf("undo step %+v", s)
		}
		allEnded(t, "undone", d)
		b.stop()
	})
}

// TestUndoGoesOnAfterACrash: it waits for a retry of its own, and what was undone is not undone twice.
func TestUndoGoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	for _, die := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, runnerOf(group("g", undoable("a"), undoable("b"), undoable("c"), probe("bad"))))
			seen := b.undos("a", "b", "c")
			b.do["bad"] = permanent
			b.do["undo"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				if strings.HasSuffix(c.Step, "/b") && c.Attempt == 1 {
					return pipe.Result{}, errors.New("not yet")
				}
				return b.do["*undo"](ctx, c)
			}
			b.start()
			id := b.fire("g")
			pass(time.Second)
			d := b.detail(id)
			if d.Run.State != orchestrator.AwaitingRetry || !strings.Contains(d.Run.Reason, "g/bad failed") || !strings.Contains(d.Run.Reason, "undoing: ") {
				t.Errorf("run %+v", d.Run)
			}
			if fmt.Sprint(*seen) != "[g/c]" {
				t.Errorf("undone %v: a waits for b", *seen)
			}
			if die {
				b.die()
			} else {
				b.stop()
			}
			b.start()
			pass(time.Minute)
			if got := fmt.Sprint(*seen); got != "[g/c g/b g/a]" {
				t.Errorf("undone %s", got)
			}
			d = b.detail(id)
			if d.Run.State != orchestrator.Failed || d.Run.FailedStep != "g/bad" || !strings.HasSuffix(d.Run.Reason, "3 of 3 steps undone") {
				t.Errorf("run %+v", d.Run)
			}
			if n := b.count()["g/bad"]; n != 1 {
				t.Errorf("the failed step was done %d times", n)
			}
			b.stop()
		})
	}
}

// TestACrashInAnUndo counts as one of its attempts; with none left the others are undone all the same.
func TestACrashInAnUndo(t *testing.T) {
	t.Parallel()
	for _, tries := range []int{0, 1} {
		synctest.Test(t, func(t *testing.T) {
			def := group("g", undoable("a"), undoable("b"), probe("bad"))
			def.Steps[1].Undo.Retry = retries(tries, time.Second)
			b := newBench(t, runnerOf(def))
			seen := b.undos("a", "b")
			b.do["bad"] = permanent
			b.do["undo"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				if strings.HasSuffix(c.Step, "/b") && c.Attempt == 1 {
					return untilDone(time.Hour)(ctx, c)
				}
				return b.do["*undo"](ctx, c)
			}
			b.start()
			id := b.fire("g")
			pass(time.Second)
			b.die()
			b.start()
			pass(time.Minute)
			want, says := "[g/a]", "1 of 2 steps undone"
			if tries > 0 {
				want, says = "[g/b g/a]", "2 of 2 steps undone"
			}
			d := b.detail(id)
			if fmt.Sprint(*seen) != want || !strings.HasSuffix(d.Run.Reason, says) || d.Run.State != orchestrator.Failed || d.Run.FailedStep != "g/bad" {
				t.Errorf("%d retries: undone %v, run %+v", tries, *seen, d.Run)
			}
			allEnded(t, "crashed in undo", d)
			b.stop()
		})
	}
}

// TestUndoAfterEveryKindOfFailure: retries used up, the run's timeout, a crash with no attempt left. A cancel undoes nothing.
func TestUndoAfterEveryKindOfFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		last := func(id string) pipe.Definition {
			def := probe(id)
			def.Retry = retries(0, 0)
			return def
		}
		timed := runnerOf(group("timed", undoable("a"), last("long"), ruled(probe("tidy"), pipe.RuleAlways, "long")))
		timed.Timeout = time.Minute
		b := newBench(t, timed, runnerOf(group("dies", undoable("a"), last("long"))), runnerOf(group("stopped", undoable("a"), last("long"))),
			runnerOf(group("broken", undoable("a"), last("bad"))))
		seen := b.undos("a")
		b.do["undo"], b.do["long"], b.do["bad"] = b.do["*undo"], untilDone(2*time.Hour), permanent
		first := true
		b.do["undo"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if strings.HasPrefix(c.Step, "undo/timed") && first { // so that the run comes back once more after its timeout
				first = false
				return pipe.Result{}, errors.New("not yet")
			}
			return b.do["*undo"](ctx, c)
		}
		b.start()
		ids := map[string]string{}
		for _, r := range []string{"timed", "stopped", "broken"} {
			ids[r] = b.fire(r)
		}
		pass(time.Second)
		if err := b.e.Cancel(t.Context(), ids["stopped"], kim); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Minute)
		ids["dies"] = b.fire("dies")
		pass(time.Second)
		b.die()
		b.start()
		pass(time.Minute)
		slices.Sort(*seen)
		if got := fmt.Sprint(*seen); got != "[broken/a dies/a timed/a]" {
			t.Errorf("undone %s", got)
		}
		for r, want := range map[string]string{
			"timed": "failed timeout run of timed took longer than its timeout of 1m0s · 1 of 1 steps undone", "stopped": "cancelled  cancelled by kim (test)",
			"dies":   "crashed transient dies/long crashed, attempts exhausted: the engine ended while attempt 1 ran · 1 of 1 steps undone",
			"broken": "failed permanent broken/bad failed: never · 1 of 1 steps undone",
		} {
			d := b.detail(ids[r])
			if got := fmt.Sprintf("%s %s %s", d.Run.State, d.Run.ErrorClass, d.Run.Reason); got != want {
				t.Errorf("%s: %q, want %q", r, got, want)
			}
			allEnded(t, r, d)
		}
		if n := b.count()["timed/tidy"]; n != 0 {
			t.Errorf("a step behind the timeout ran %d times", n)
		}
		b.stop()
	})
}

// TestARerunDoesAgainWhatWasUndone, also inside composites that had completed, and keeps what has no undo.
func TestARerunDoesAgainWhatWasUndone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		whole := group("whole", probe("w"))
		whole.Undo = undoable("x").Undo
		b := newBench(t, runnerOf(group("g", group("inner", undoable("a"), probe("keep")), whole, probe("bad"))))
		b.undos("a")
		b.do["undo"], b.do["bad"] = b.do["*undo"], permanent
		d := once(t, b, "g")
		if s := step(d, "g/inner/a"); s.Reason != "undone" || step(d, "g/inner").Reason != "undone in part" || step(d, "g/whole/w").Reason != "undone" {
			t.Errorf("a is %q, inner %q", s.Reason, step(d, "g/inner").Reason)
		}
		for n := 2; n < 4; n++ {
			if err := b.e.Rerun(t.Context(), d.Run.ID, orchestrator.RerunRequest{By: kim}); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			want := fmt.Sprintf("map[g/bad:%d g/inner/a:%d g/inner/keep:1 g/whole/w:%d undo/g/inner/a:%d undo/g/whole:%d]", n, n, n, n, n)
			if got := fmt.Sprint(b.count()); got != want {
				t.Errorf("calls %s, want %s", got, want)
			}
		}
		b.do["bad"] = nil
		if err := b.e.Rerun(t.Context(), d.Run.ID, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d = b.detail(d.Run.ID)
		allEnded(t, "rerun", d)
		if d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		b.stop()
	})
}

// TestAnUndoThatFails or panics stops no other, and is counted.
func TestAnUndoThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		many := undoable("m")
		steps := group("steps", probe("one"), probe("two"))
		many.Undo = &steps
		b := newBench(t, runnerOf(group("g", undoable("a"), undoable("b"), undoable("c"), many, probe("bad"))))
		seen := b.undos("a", "b", "c")
		b.do["bad"] = permanent
		b.do["undo"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			switch {
			case strings.HasSuffix(c.Step, "/b"):
				return permanent(ctx, c)
			case strings.HasSuffix(c.Step, "/c"):
				panic("oh")
			}
			return b.do["*undo"](ctx, c)
		}
		b.do["undo/one"], b.do["undo/two"] = failsUntil(2), quietStop
		d := once(t, b, "g")
		if fmt.Sprint(*seen) != "[g/a]" || !strings.HasSuffix(d.Run.Reason, "2 of 4 steps undone") {
			t.Errorf("undone %v, run %+v", *seen, d.Run)
		}
		wantStates(t, d, map[string]string{
			"undo/g/a": "completed", "undo/g/b": "failed", "undo/g/c": "failed", "undo/g/m": "completed", "undo/g/m/two": "completed",
		})
		if step(d, "g/b").Reason != "" {
			t.Errorf("b is %q although its undo failed", step(d, "g/b").Reason)
		}
		b.stop()
	})
}
