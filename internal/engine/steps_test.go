package engine

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

func sideBySide(def pipe.Definition) pipe.Definition {
	def.Parallel = true
	return def
}

func after(def pipe.Definition, deps ...string) pipe.Definition {
	def.DependsOn = deps
	return def
}

// TestParallelDiamondWithFailures: what depends on a failure is skipped with its name, all else is done.
func TestParallelDiamondWithFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(sideBySide(group("g", after(probe("join"), "left", "right"), probe("top"), after(probe("left"), "top"),
			after(probe("right"), "top"), after(probe("last"), "join"), after(probe("fine"), "right")))))
		b.do["left"] = permanent
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{
			"g": "failed", "g/top": "completed", "g/left": "failed", "g/right": "completed", "g/fine": "completed", "g/join": "skipped",
			"g/last": "skipped",
		})
		if r := step(d, "g/last").Reason; r != "left failed" {
			t.Errorf("last is skipped because %q", r)
		}
		b.stop()
	})
}

// TestAWaitingRetryBesideARunningStep: the retry comes when the slow step has ended, neither is done twice, and a failure
// elsewhere waits for both.
func TestAWaitingRetryBesideARunningStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky := probe("flaky")
		flaky.Retry = retries(1, 10*time.Second)
		b := newBench(t, runnerOf(sideBySide(group("g", flaky, probe("slow"), probe("bad"), after(probe("end"), "flaky", "slow")))))
		b.do["flaky"], b.do["slow"], b.do["bad"] = failsUntil(2), untilDone(time.Minute), permanent
		b.start()
		begin := time.Now()
		id := b.fire("g")
		pass(30 * time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Running || step(d, "g/slow").State != orchestrator.Running {
			t.Errorf("the slow step still runs: %+v", d.Run)
		}
		pass(10 * time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g": "failed", "g/flaky": "completed", "g/slow": "completed", "g/bad": "failed", "g/end": "completed"})
		if got := fmt.Sprint(b.count()); got != "map[g/bad:1 g/end:1 g/flaky:2 g/slow:1]" {
			t.Errorf("calls %s", got)
		}
		if c := b.callsOf("g/flaky"); c[1].at.Sub(begin) > 61*time.Second {
			t.Errorf("the retry came after %s, the slow step ended after a minute", c[1].at.Sub(begin))
		}
		b.stop()
	})
}

// TestAStopKeepsWhatWasDoneBefore: the retried step ends the composite quietly after another one has done its work.
func TestAStopKeepsWhatWasDoneBefore(t *testing.T) {
	t.Parallel()
	for _, parallel := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := group("g", probe("zero"), after(probe("stops"), "zero"), after(probe("did"), "zero"), after(probe("rest"), "did"))
			g.Parallel = parallel
			b := newBench(t, runnerOf(g))
			b.do["did"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
				return pipe.Success("moved", map[string]any{"n": 1}), nil
			}
			b.do["stops"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				if c.Attempt == 1 {
					return pipe.Result{}, errors.New("not yet")
				}
				return quietStop(ctx, c)
			}
			d := once(t, b, "g")
			wantStates(t, d, map[string]string{"g/did": "completed", "g/rest": "completed", "g/stops": "completed", "g": "completed"})
			if d.Run.Idle || step(d, "g/did").Message != "moved" {
				t.Errorf("parallel %v: run %+v", parallel, d.Run)
			}
			b.stop()
		})
	}
}

// TestConditions: a broken one fails its step for good, one that held is not asked again by a retry, and one that did not
// hold stays that way.
func TestConditions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken, once1, never := probe("broken"), probe("once"), probe("never")
		broken.If, once1.If, never.If = "{{ 1 / 0 }}", "{{ get_env('FIRST') == 'yes' }}", "{{ get_env('FIRST') == 'no' }}"
		g := sideBySide(group("g", broken, once1, never, after(probe("next"), "broken")))
		b := newBench(t, runnerOf(g))
		b.do["once"] = failsUntil(2)
		var value atomic.Value // runs read it beside the test
		value.Store("yes")
		b.startWith(func(o *Options) {
			o.Env = func(string) (string, bool) {
				v, ok := value.Load().(string)
				return v, ok
			}
		})
		id := b.fire("g")
		pass(time.Second)
		value.Store("no")
		pass(10 * time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g/broken": "failed", "g/once": "completed", "g/never": "skipped", "g/next": "skipped", "g": "failed"})
		if s := step(d, "g/broken"); s.ErrorClass != "permanent" || !strings.HasPrefix(s.Error, "if: ") || s.Attempt != 0 {
			t.Errorf("broken: %+v", s)
		}
		if got := fmt.Sprint(b.count()); got != "map[g/once:2]" {
			t.Errorf("calls %s", got)
		}
		b.stop()
	})
}

// TestResultsOverTheBound are used by later steps, recomputed by a retry, and never cost the step its attempts.
func TestResultsOverTheBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := probe("late")
		late.Params = map[string]any{"n": "{{ get_pipe_result('large', 'text') | length }}"}
		large := probe("large")
		large.Retry = retries(1, time.Second)
		b := newBench(t, runnerOf(group("g", large, late, probe("end"))))
		b.do["large"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if len(b.callsOf(c.Step)) == 2 { // the first of the second go: its budget is its own
				return pipe.Result{}, errors.New("busy")
			}
			return pipe.Success("", map[string]any{"text": strings.Repeat("x", maxResult+1)}), nil
		}
		var seen []any
		b.do["late"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			p, err := c.Params.Evaluate(ctx)
			if err != nil {
				return pipe.Result{}, err
			}
			seen = append(seen, p["n"])
			return failsUntil(2)(ctx, c)
		}
		d := once(t, b, "g")
		wantStates(t, d, map[string]string{"g": "completed", "g/large": "completed", "g/late": "completed", "g/end": "completed"})
		if want := fmt.Sprint([]any{maxResult + 1, maxResult + 1}); fmt.Sprint(seen) != want {
			t.Errorf("late sees %v, want %s", seen, want)
		}
		if s := step(d, "g/large"); s.Attempt > s.MaxAttempts {
			t.Errorf("large made %d attempts of %d", s.Attempt, s.MaxAttempts)
		}
		b.stop()
		checkStored(t, b.dir, func(rows []store.StepRow) {
			for _, r := range rows {
				if len(r.Result) > maxResult+100 {
					t.Errorf("%s: %d bytes are stored", r.Path, len(r.Result))
				}
			}
		})
	})
}

// checkStored shows a check the steps of run 1 as they lie on the disk.
func checkStored(t *testing.T, dir string, check func([]store.StepRow)) {
	t.Helper()
	st, err := store.Open(t.Context(), dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.Steps(t.Context(), "1")
	if err != nil {
		t.Error(err)
	}
	check(rows)
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

// TestResultsAreTheSameAfterARestart: what a later step sees must not depend on whether the result came from memory or disk.
func TestResultsAreTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type point struct{ X, Y int }
		late := probe("late")
		late.Params = map[string]any{}
		for _, id := range []string{"data", "bare", "odd", "inner", "off"} {
			late.Params[id] = "{{ pipe_results['" + id + "'] }}"
			late.Params[id+"_failed"] = "{{ has_failed('" + id + "') }}"
		}
		late.Params["whole"] = "{{ get_pipe_result('data', 'f') + 1 }} {{ get_pipe_result('data', 'list') }}"
		off := probe("off")
		off.If = "{{ false }}"
		b := newBench(t, runnerOf(group("g", probe("data"), probe("bare"), probe("odd"), group("inner", probe("data"), probe("odd")), off, late)))
		b.do["data"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Success("many", map[string]any{
				"i": 1, "f": 1.0, "g": 1.5, "big": uint64(1 << 63), "t": time.Unix(0, 1), "p": point{1, 2}, "list": []string{"a"}, "nil": nil,
				"bad": "\xff\xfe", "deep": map[string]any{"m": map[string]int{"n": 1}}, "html": "<&>", "e": 1e30,
			}), nil
		}
		b.do["odd"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{Succeeded: true, WasSkipped: true}, nil
		}
		var seen []map[string]any
		b.do["late"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			p, err := c.Params.Evaluate(ctx)
			if err != nil {
				return pipe.Result{}, err
			}
			seen = append(seen, p)
			return failsUntil(3)(ctx, c)
		}
		b.start()
		id := b.fire("g")
		pass(31*time.Second + 5*time.Second)
		b.stop()
		b.start()
		pass(time.Hour)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || len(seen) != 3 {
			t.Fatalf("run %+v, %d goes", d.Run, len(seen))
		}
		for _, later := range seen[1:] {
			for k, v := range seen[0] {
				if !reflect.DeepEqual(v, later[k]) {
					t.Errorf("%s: first go %#v, later %#v", k, v, later[k])
				}
			}
		}
		b.stop()
	})
}

// TestStepTimeouts: whatever a pipe says when its time is over, it is a timeout, and it is retried.
func TestStepTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, says := range map[string]error{
			"its own words": errors.New("signal: killed"), "the context's": context.DeadlineExceeded,
			"wrapped": fmt.Errorf("call: %w", context.DeadlineExceeded), "cancelled": fmt.Errorf("call: %w", context.Canceled),
		} {
			p := probe("p")
			p.Timeout, p.Retry = 5*time.Second, retries(1, time.Second)
			b := newBench(t, runnerOf(p))
			b.do["p"] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
				<-ctx.Done()
				return pipe.Result{}, says
			}
			d := once(t, b, "p")
			if d.Run.State != orchestrator.Failed || d.Run.ErrorClass != "timeout" || d.Run.Attempts != 2 ||
				!strings.Contains(d.Run.Error, "timeout of 5s") {
				t.Errorf("%s: %+v", name, d.Run)
			}
			b.stop()
		}
	})
}
