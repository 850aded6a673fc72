package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// startWithList starts the engine with a template variable that the test may change while it runs.
func (b *bench) startWithList(list *atomic.Value, secrets ...string) {
	b.startWith(func(o *Options) {
		o.Secrets = secrets
		o.Env = func(string) (string, bool) {
			v, ok := list.Load().(string)
			return v, ok
		}
	})
}

// TestAnItemsIndexMeansTheSameItem: over a retry, a crash, a restart and a rerun the list is the one the first go saw,
// although its template gives another one every time it is asked.
func TestAnItemsIndexMeansTheSameItem(t *testing.T) {
	t.Parallel()
	for _, keyed := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var list atomic.Value
			list.Store("a,b,c")
			do := probe("do")
			do.Params = map[string]any{"v": "{{ it }}"}
			do.Retry = retries(1, 10*time.Second)
			each := eachOf("g", nil, "", do)
			each.ForEach = "{{ get_env('LIST').split(',') }}"
			if keyed {
				each.Key = "{{ it }}"
			}
			b := newBench(t, runnerOf(each))
			done := map[string]int{}
			broken := true
			b.do["do"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				p, err := c.Params.Evaluate(ctx)
				if err != nil {
					return pipe.Result{}, err
				}
				if v := fmt.Sprint(p["v"]); v != "b" || !broken {
					done[v]++
					return pipe.Success("", nil), nil
				}
				return pipe.Result{}, errors.New("not yet")
			}
			b.startWithList(&list)
			id := b.fire("g")
			pass(time.Second)
			list.Store("x,a,b,c")
			b.die() // while b waits for its retry
			b.startWithList(&list)
			pass(time.Minute)
			if d := b.detail(id); d.Run.State != orchestrator.Failed || len(done) != 2 {
				t.Errorf("run %s, done %v", d.Run.State, done)
			}
			broken = false
			list.Store("")
			if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			if d := b.detail(id); d.Run.State != orchestrator.Completed || fmt.Sprint(done) != "map[a:1 b:1 c:1]" {
				t.Errorf("after the rerun: run %s %s, done %v", d.Run.State, d.Run.Reason, done)
			}
			list.Store("z")
			if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim, All: true}); err != nil {
				t.Fatal(err)
			}
			pass(time.Minute)
			if done["z"] != 1 {
				t.Errorf("a rerun of all takes a new list: done %v", done)
			}
			b.stop()
		})
	}
}

// TestAListThatCannotBeKept is made anew, with a warning in the log.
func TestAListThatCannotBeKept(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, list, secret string }{
		{"a secret", "a,hunter22,c", "hunter22"}, {"too large", "a," + strings.Repeat("long", maxResult/4), "unused"},
	} {
		synctest.Test(t, func(t *testing.T) {
			var list atomic.Value
			list.Store(c.list)
			do := probe("do")
			do.Retry = retries(1, 10*time.Second)
			each := eachOf("g", nil, "", do)
			each.ForEach = "{{ get_env('LIST').split(',') }}"
			b := newBench(t, runnerOf(each))
			b.do["do"] = failsUntil(2)
			b.startWithList(&list, c.secret)
			id := b.fire("g")
			pass(time.Minute)
			lines, err := b.e.Logs(t.Context(), orchestrator.LogFilter{Run: id, Step: "g", Level: "warn"})
			if err != nil {
				t.Fatal(err)
			}
			said := 0
			for _, l := range lines {
				if strings.Contains(l.Msg, "was not kept") {
					said++
				}
			}
			if d := b.detail(id); d.Run.State != orchestrator.Completed || said == 0 {
				t.Errorf("%s: run %s %s, said %d times", c.name, d.Run.State, d.Run.Reason, said)
			}
			rows, err := b.e.store.Steps(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				if strings.Contains(rows[i].Result, c.secret) || len(rows[i].Result) > maxResult {
					t.Errorf("%s: kept at %s", c.name, rows[i].Path)
				}
			}
			b.stop()
		})
	}
}

// TestListsOfAnyShapeStayTheSame: what the first go gives its items is what later goes read back.
func TestListsOfAnyShapeStayTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		items := []any{1, 2.5, "<x & y>", true, nil, []any{1, "a"}, map[string]any{"n": int64(1 << 60), "deep": map[string]any{"k": 3}}}
		do := probe("do")
		do.Params = map[string]any{"v": "{{ it }}"}
		do.Retry = retries(1, time.Second)
		b := newBench(t, runnerOf(eachOf("g", items, "", do)))
		seen := map[string][]string{}
		b.do["do"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			p, err := c.Params.Evaluate(ctx)
			if err != nil {
				return pipe.Result{}, err
			}
			seen[c.Step] = append(seen[c.Step], fmt.Sprintf("%T %v", p["v"], p["v"]))
			return failsUntil(2)(ctx, c)
		}
		once(t, b, "g")
		for path, values := range seen {
			if len(values) != 2 || values[0] != values[1] {
				t.Errorf("%s saw %q", path, values)
			}
		}
		if len(seen) != len(items) {
			t.Errorf("%d of %d items", len(seen), len(items))
		}
		b.stop()
	})
}
