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

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

var errPermanent = fault.NewPermanent(errors.New("never"))

type doFunc = func(context.Context, *pipe.Call) (pipe.Result, error)

func permanent(context.Context, *pipe.Call) (pipe.Result, error) {
	return pipe.Result{}, errPermanent
}

// failsUntil fails the attempts before n.
func failsUntil(n int) doFunc {
	return func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		if c.Attempt < n {
			return pipe.Result{}, errors.New("not yet")
		}
		return pipe.Success("", nil), nil
	}
}

func quietStop(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Stop("enough"), nil }

// eachOf is a composite that runs its steps for each of items, which stands under the name it.
func eachOf(id string, items []any, key string, steps ...pipe.Definition) pipe.Definition {
	def := group(id, steps...)
	def.Params = map[string]any{"items": items}
	def.ForEach, def.As, def.Key = "{{ params['items'] }}", "it", key
	return def
}

// once runs a runner by hand and gives what became of it after a long while.
func once(t *testing.T, b *bench, runner string) orchestrator.RunDetail {
	t.Helper()
	b.start()
	id := b.fire(runner)
	pass(time.Hour)
	d := b.detail(id)
	if snap, err := b.e.Snapshot(t.Context()); err != nil || snap.Engine.Busy != 0 {
		t.Errorf("after the run: busy %d, %v", snap.Engine.Busy, err)
	}
	return d
}

func wantStates(t *testing.T, d orchestrator.RunDetail, want map[string]string) {
	t.Helper()
	for path, w := range want {
		if s := step(d, path); string(s.State) != w {
			t.Errorf("%s is %q (%s %s), want %s", path, s.State, s.Reason, s.Error, w)
		}
	}
}

func (b *bench) count() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := map[string]int{}
	for _, c := range b.calls {
		out[c.step]++
	}
	return out
}

func TestForEachGivesEachItemItsOwnPath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys := []any{"a", "a", "a~2", "a", "x/y", "x_y", "", "\u200b", "0", "6", strings.Repeat("long", 50), strings.Repeat("long", 51), "do"}
		b := newBench(t, runnerOf(eachOf("g", keys, "{{ it }}", probe("do"))))
		d := once(t, b, "g")
		calls := b.count()
		if len(calls) != len(keys) || d.Run.State != orchestrator.Completed {
			t.Errorf("%d items: %d paths %v, run %s %s", len(keys), len(calls), calls, d.Run.State, d.Run.Reason)
		}
		for path, n := range calls {
			if n != 1 || strings.Count(path, "/") != 2 || strings.Contains(path, "//") {
				t.Errorf("%q called %d times", path, n)
			}
		}
		b.stop()
	})
}

func TestOneItemsFailureAndItsRerun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", eachOf("each", []any{"a", "b", "c"}, "{{ it }}", probe("first"), probe("do")), probe("after"))))
		broken := true
		b.do["do"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if broken && strings.Contains(c.Step, "/b/") {
				return permanent(ctx, c)
			}
			return pipe.Success("", nil), nil
		}
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{
			"g": "failed", "g/each": "failed", "g/each/a": "completed", "g/each/b": "failed", "g/each/b/first": "completed",
			"g/each/b/do": "failed", "g/each/c/do": "completed", "g/after": "skipped",
		})
		if d.Run.FailedStep != "g/each/b/do" || d.Run.State != orchestrator.Failed || step(d, "g/each").Message != "1 of 3 items failed" {
			t.Errorf("run %+v, each says %q", d.Run, step(d, "g/each").Message)
		}
		broken = false
		if err := b.e.Rerun(t.Context(), d.Run.ID, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d = b.detail(d.Run.ID)
		if d.Run.State != orchestrator.Completed || d.Run.Attempt != 2 {
			t.Errorf("rerun: %+v", d.Run)
		}
		want := "map[g/after:1 g/each/a/do:1 g/each/a/first:1 g/each/b/do:2 g/each/b/first:1 g/each/c/do:1 g/each/c/first:1]"
		if got := fmt.Sprint(b.count()); got != want {
			t.Errorf("calls %s, want %s", got, want)
		}
		b.stop()
	})
}

func TestOnlyTheItemThatFailedIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", eachOf("each", []any{"a", "b", "c"}, "{{ it }}", probe("do")), probe("after"))))
		b.do["do"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if strings.Contains(c.Step, "/b/") {
				return failsUntil(3)(ctx, c)
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.AwaitingRetry || step(d, "g/each/c/do").State != orchestrator.Completed ||
			d.Run.MaxAttempts != 3 {
			t.Errorf("while b waits: %+v", d.Run)
		}
		b.stop()
		b.start()
		pass(time.Hour)
		if got := fmt.Sprint(b.count()); got != "map[g/after:1 g/each/a/do:1 g/each/b/do:3 g/each/c/do:1]" {
			t.Errorf("calls %s", got)
		}
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		b.stop()
	})
}

func TestAQuietStopInsideAnItemEndsThatItemOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", eachOf("each", []any{"a", "b"}, "{{ it }}", probe("guard"), probe("do")), probe("after"))))
		b.do["guard"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if strings.Contains(c.Step, "/a/") {
				return quietStop(ctx, c)
			}
			return pipe.Success("", nil), nil
		}
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{
			"g": "completed", "g/each/a": "completed", "g/each/a/do": "skipped", "g/each/b/do": "completed", "g/after": "completed",
		})
		if d.Run.Idle {
			t.Errorf("a run that did something is idle: %+v", d.Run)
		}
		b.stop()
	})
}

func TestForEachOverNothingTooMuchAndNoList(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		many := make([]any, maxItems+1)
		for i := range many {
			many[i] = i
		}
		for _, c := range []struct {
			name, list string
			items      []any
			state      string
			says       string
			calls      int
		}{
			{"empty", "{{ params['items'] }}", []any{}, "completed", "", 1},
			{"none", "{{ none }}", nil, "completed", "", 1},
			{"too many", "{{ params['items'] }}", many, "failed", "1001 items", 0},
			{"text", "{{ 'abc' }}", nil, "failed", "expected a list", 0},
			{"broken", "{{ 1 / 0 }}", nil, "failed", "for_each:", 0},
			{"at the bound", "{{ params['items'] }}", many[:maxItems], "completed", "", maxItems + 1},
		} {
			each := eachOf("each", c.items, "", pipe.Definition{ID: "do", Use: "test:Read"})
			each.ForEach = c.list
			b := newBench(t, runnerOf(group("g", each, probe("after"))))
			d := once(t, b, "g")
			if string(d.Run.State) != c.state || !strings.Contains(d.Run.Reason, c.says) {
				t.Errorf("%s: %s %q", c.name, d.Run.State, d.Run.Reason)
			}
			if c.state == "failed" && (d.Run.ErrorClass != "permanent" || d.Run.FailedStep != "g/each") {
				t.Errorf("%s: %+v", c.name, d.Run)
			}
			if len(b.calls) != c.calls {
				t.Errorf("%s: %d calls, want %d", c.name, len(b.calls), c.calls)
			}
			b.stop()
		}
	})
}

// TestScopes looks at what templates see at each place of a tree.
func TestScopes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		show := func(id, template string) pipe.Definition {
			p := probe(id)
			p.Params = map[string]any{"v": template}
			return p
		}
		const own = "{{ params.q }} {{ config.q }} {{ parent_params.q }} {{ get_parent_param('q') }}"
		deep := group("deep", show("d1", own+" {{ params.up }}"), show("d2", "{{ get_pipe_result('d1', 'n') }} {{ get_pipe_result('s1', 'n') }}"))
		deep.Params = map[string]any{"q": "inner", "up": "{{ params.q }}"}
		each := eachOf("each", []any{"x", "y"}, "{{ it }}", show("e1", own+" {{ it }}"), show("e2", "{{ get_pipe_result('e1', 'n') }}"))
		each.Params["q"] = "each"
		g := group("g", show("s1", own), deep,
			show("s2", "{{ get_pipe_result('deep', 'n') }} {{ 'd1' in pipe_results }} {{ 'e1' in pipe_results }}"), each,
			show("s3", own+" {{ 'e1' in pipe_results }} {{ it is defined }} {{ get_pipe_result('each', 'n') }}"))
		g.Params = map[string]any{"q": "outer"}
		b := newBench(t, runnerOf(g))
		seen := map[string]string{}
		for _, id := range []string{"s1", "s2", "s3", "d1", "d2", "e1", "e2"} {
			b.do[id] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				p, err := c.Params.Evaluate(ctx)
				if err != nil {
					return pipe.Result{}, err
				}
				seen[c.Step] = fmt.Sprint(p["v"])
				return pipe.Success("", map[string]any{"n": c.Step}), nil
			}
		}
		d := once(t, b, "g")
		if d.Run.State != orchestrator.Completed {
			t.Errorf("run: %s %s", d.Run.State, d.Run.Reason)
		}
		for path, want := range map[string]string{
			"g/s1": "outer outer outer outer", "g/s3": "outer outer outer outer False False g/each/y/e2",
			"g/deep/d1": "inner inner inner inner outer", "g/deep/d2": "g/deep/d1 g/s1", "g/s2": "g/deep/d2 False False",
			"g/each/x/e1": "each each each each x", "g/each/y/e1": "each each each each y", "g/each/y/e2": "g/each/y/e1",
		} {
			if seen[path] != want {
				t.Errorf("%s sees %q, want %q", path, seen[path], want)
			}
		}
		b.stop()
	})
}

// TestAQuietStopEndsItsOwnComposite is upstream's rule: the composite ends, what stands after it goes on. A run in which
// nothing else was done is idle all the same.
func TestAQuietStopEndsItsOwnComposite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		look := pipe.Definition{ID: "look", Use: "test:Read"}
		b := newBench(t, runnerOf(group("g", group("inner", look, probe("do")), probe("after"))),
			runnerOf(group("polls", group("inner", look, probe("do")), pipe.Definition{ID: "read", Use: "test:Read"})))
		b.do["look"] = quietStop
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{"g/inner": "completed", "g/inner/do": "skipped", "g/after": "completed", "g": "completed"})
		if d.Run.Idle || d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		id := b.fire("polls")
		pass(time.Second)
		if r := b.detail(id).Run; !r.Idle {
			t.Errorf("a poll that found nothing is not idle: %+v", r)
		}
		b.stop()
	})
}

// TestARetryGoesOnWhereItWasInEveryShape lets a later step fail once behind composites that ended in different ways. The
// second go must take them as the first one did.
func TestARetryGoesOnWhereItWasInEveryShape(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		off := probe("off")
		off.If = "{{ false }}"
		for name, inner := range map[string]pipe.Definition{
			"a skipped step":  group("inner", probe("one"), off),
			"a quiet stop":    group("inner", probe("one"), probe("stop"), probe("rest")),
			"only skipped":    group("inner", off),
			"items that stop": eachOf("inner", []any{"a", "b"}, "", probe("one"), probe("stop"), probe("rest")),
			"no items":        eachOf("inner", []any{}, "", probe("one")),
			"nested":          group("inner", group("deep", probe("one"), off), group("deeper", probe("stop"), probe("rest"))),
		} {
			late := probe("late")
			late.Params = map[string]any{"v": "{{ pipe_results['inner'] }} {{ has_failed('inner') }}"}
			b := newBench(t, runnerOf(group("g", inner, late, probe("after"))))
			b.do["stop"] = quietStop
			var seen []string
			b.do["late"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				p, err := c.Params.Evaluate(ctx)
				seen = append(seen, fmt.Sprint(p["v"], err))
				if err != nil {
					return pipe.Result{}, err
				}
				return failsUntil(3)(ctx, c)
			}
			b.start()
			id := b.fire("g")
			pass(time.Second)
			b.stop()
			b.start()
			pass(time.Hour)
			d := b.detail(id)
			if d.Run.State != orchestrator.Completed || step(d, "g/after").State != orchestrator.Completed || d.Run.Idle {
				t.Errorf("%s: run %s %q, after %s", name, d.Run.State, d.Run.Reason, step(d, "g/after").State)
			}
			if len(seen) != 3 || len(slices.Compact(slices.Clone(seen))) != 1 {
				t.Errorf("%s: the three attempts see %q", name, seen)
			}
			for path, n := range b.count() {
				if n != 1 && path != "g/late" {
					t.Errorf("%s: %s was done %d times", name, path, n)
				}
			}
			b.stop()
		}
	})
}

// TestPolicyAtEveryPlace asks for the policy that recovery takes: the nearest one, also inside items whose key is a step's id.
func TestPolicyAtEveryPlace(t *testing.T) {
	t.Parallel()
	own, inner, each := probe("own"), group("inner", probe("leaf"), probe("own")), eachOf("each", nil, "", probe("do"), probe("own"))
	own.Retry, inner.Retry, each.Steps[1].Retry = retries(7, 0), retries(5, 0), retries(6, 0)
	inner.Steps[1].Retry = retries(4, 0)
	g := group("g", own, inner, each, probe("plain"))
	g.Retry = retries(9, 0)
	for path, want := range map[string]int{
		"g": 9, "g/plain": 9, "g/own": 7, "g/inner": 5, "g/inner/leaf": 5, "g/inner/own": 4, "g/each/k/do": 9, "g/each/k/own": 6,
		"g/each/do/own": 6, "g/each/own/do": 9, "g/each/k": 9, "g/gone": 9, "other": pipe.DefaultRetries,
	} {
		if got := policyAt(&g, path).Retries; got != want {
			t.Errorf("%s has %d retries, want %d", path, got, want)
		}
	}
}
