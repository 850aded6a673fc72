package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func allHandlers() config.Handlers {
	one := func(id string) []pipe.Definition { return []pipe.Definition{probe(id)} }
	return config.Handlers{OnSuccess: one("ok"), OnFailure: one("bad"), OnCancel: one("stop"), OnCrash: one("crash"), OnExit: one("exit")}
}

func handled(def pipe.Definition, h config.Handlers) config.Runner {
	r := runnerOf(def)
	r.Handlers = h
	return r
}

// handlerSteps gives the handlers that ran for a run, in order, with their states.
func handlerSteps(d orchestrator.RunDetail) string {
	var out []string
	for _, s := range d.Steps {
		if s.Kind == "handler" {
			out = append(out, s.Path+"="+string(s.State))
		}
	}
	return strings.Join(out, " ")
}

// TestHandlersOfEveryEnd: each end has its own, on_exit comes last, and the next run does not wait for them.
func TestHandlersOfEveryEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		once := probe("dies")
		once.Retry = retries(0, 0)
		b := newBench(t, handled(probe("fine"), allHandlers()), handled(probe("fails"), allHandlers()), handled(probe("long"), allHandlers()),
			handled(once, allHandlers()), handled(probe("idle"), allHandlers()), runnerOf(probe("none")))
		b.do["fails"], b.do["long"], b.do["dies"], b.do["idle"] = permanent, untilDone(time.Hour), untilDone(time.Hour), quietStop
		b.do["ok"] = untilDone(time.Minute)
		b.start()
		ids := map[string]string{}
		for _, r := range []string{"fine", "fails", "long", "dies", "idle", "none"} {
			ids[r] = b.fire(r)
		}
		pass(time.Second)
		if d := b.detail(ids["fine"]); d.Run.State != orchestrator.Completed || d.Run.Handlers != "pending" || d.Run.EndedAt.IsZero() {
			t.Errorf("while the handler runs: %+v", d.Run)
		}
		b.fire("fine")
		if err := b.e.Rerun(t.Context(), ids["fine"], orchestrator.RerunRequest{All: true, By: kim}); err == nil {
			t.Error("a rerun beside its own handlers")
		}
		if err := b.e.Cancel(t.Context(), ids["long"], kim); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Minute)
		b.die()
		b.start()
		pass(time.Minute)
		for r, want := range map[string]string{
			"fine": "on_success/ok=completed on_exit/exit=completed", "fails": "on_failure/bad=completed on_exit/exit=completed",
			"long": "on_cancel/stop=completed on_exit/exit=completed", "dies": "on_crash/crash=completed on_exit/exit=completed",
			"idle": "on_success/ok=completed on_exit/exit=completed", "none": "",
		} {
			d := b.detail(ids[r])
			if got := handlerSteps(d); got != want || (d.Run.Handlers == "done") != (want != "") {
				t.Errorf("%s: %q, handlers %q, want %q", r, got, d.Run.Handlers, want)
			}
			allEnded(t, r, d)
		}
		b.stop()
	})
}

// TestHandlersSeeTheRun and the results of its steps; each sees those before it.
func TestHandlersSeeTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		look := probe("bad")
		look.Params = map[string]any{"v": "{{ run.id }} {{ run.state }} {{ run.failed_step }} {{ run.error }} {{ run.runner }} {{ run.attempt }}" +
			" {{ run.nominal == '' }} {{ run.reason }} {{ get_pipe_result('one', 'n') }} {{ has_failed('two') }}"}
		then := probe("exit")
		then.Params = map[string]any{"v": "{{ get_pipe_result('bad', 'told') }}"}
		skipped := probe("skipped")
		skipped.If = "{{ run.state == 'completed' }}"
		b := newBench(t, handled(group("g", probe("one"), probe("two")), config.Handlers{
			OnFailure: []pipe.Definition{look, skipped}, OnExit: []pipe.Definition{then},
		}))
		seen := map[string]string{}
		b.do["one"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Success("", map[string]any{"n": 7}), nil
		}
		b.do["two"] = permanent
		b.do["bad"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			p, err := c.Params.Evaluate(ctx)
			if err != nil {
				return pipe.Result{}, err
			}
			seen[c.Step] = fmt.Sprint(p["v"])
			return pipe.Success("", map[string]any{"told": "yes"}), nil
		}
		b.do["exit"] = b.do["bad"]
		d := once(t, b, "g")
		want := "1 failed g/two never g 1 True g/two failed: never 7 "
		if !strings.HasPrefix(seen["on_failure/bad"], want) || seen["on_exit/exit"] != "yes" {
			t.Errorf("%q saw %s and %q", want, seen["on_failure/bad"], seen["on_exit/exit"])
		}
		if got := handlerSteps(d); got != "on_failure/bad=completed on_failure/skipped=skipped on_exit/exit=completed" {
			t.Errorf("handlers %s", got)
		}
		b.stop()
	})
}

// TestAFailingHandler, one that panics and one that asks a person: the run's state stays, the others run, and it is an event.
func TestAFailingHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky := probe("flaky")
		flaky.Retry = retries(2, time.Minute)
		slow := probe("slow")
		slow.Timeout, slow.Retry = time.Second, retries(0, 0)
		b := newBench(t, handled(probe("p"), config.Handlers{
			OnSuccess: []pipe.Definition{probe("panics"), probe("bad"), flaky, slow, probe("person")}, OnExit: []pipe.Definition{probe("exit")},
		}))
		b.do["panics"] = func(context.Context, *pipe.Call) (pipe.Result, error) { panic("oh") }
		b.do["bad"], b.do["flaky"], b.do["slow"], b.do["person"] = permanent, failsUntil(3), untilDone(time.Hour), asks(0, nil)
		d := once(t, b, "p")
		want := "on_success/panics=failed on_success/bad=failed on_success/flaky=completed on_success/slow=failed on_success/person=failed on_exit/exit=completed"
		if got := handlerSteps(d); got != want {
			t.Errorf("handlers %s", got)
		}
		if d.Run.State != orchestrator.Completed || d.Run.Handlers != "failed" || d.Run.Attempts != 1 || d.Run.Warnings != 0 {
			t.Errorf("run %+v", d.Run)
		}
		if n := len(step(d, "on_success/flaky").Attempts); n != 3 {
			t.Errorf("flaky made %d attempts", n)
		}
		events, err := b.e.Events(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(events, func(e orchestrator.Event) bool { return e.Kind == "handlers" })
		if i < 0 || !strings.Contains(events[i].Text, "on_success/bad: never") || !strings.Contains(events[i].Text, "a handler cannot wait") {
			t.Errorf("events %+v", events)
		}
		snap, err := b.e.Snapshot(t.Context())
		if err != nil || snap.Runners[0].Last.Handlers != "failed" {
			t.Errorf("last %+v, %v", snap.Runners[0].Last, err)
		}
		b.stop()
	})
}

// TestHandlersOverAKillAndAStop go on with what did not complete.
func TestHandlersOverAKillAndAStop(t *testing.T) {
	t.Parallel()
	for _, die := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			flaky := probe("flaky")
			flaky.Retry = retries(1, time.Hour)
			b := newBench(t, handled(probe("p"), config.Handlers{
				OnSuccess: []pipe.Definition{probe("one"), group("two", probe("a"), probe("slow")), flaky}, OnExit: []pipe.Definition{probe("exit")},
			}))
			b.cfg.Engine.DrainTimeout = time.Second
			var quick atomic.Bool
			b.do["slow"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				if quick.Load() {
					return pipe.Success("", nil), nil
				}
				return untilDone(time.Hour)(ctx, c)
			}
			b.do["flaky"] = failsUntil(2)
			end := func() {
				if die {
					b.die()
				} else {
					b.stop()
				}
				b.start()
			}
			b.start()
			id := b.fire("p")
			pass(time.Second)
			end() // in the middle of two
			quick.Store(true)
			pass(time.Minute)
			if d := b.detail(id); d.Run.Handlers != "pending" {
				t.Errorf("die %v: the retry of flaky is due in an hour: %+v", die, d.Run)
			}
			end() // while flaky waits
			if !die {
				pass(time.Second)
			}
			pass(2 * time.Hour)
			d := b.detail(id)
			if got := handlerSteps(d); d.Run.Handlers != "done" || strings.Count(got, "completed") != 6 {
				t.Errorf("die %v: handlers %s %s", die, d.Run.Handlers, got)
			}
			n := b.count()
			if n["on_success/one"] != 1 || n["on_success/two/a"] != 1 || n["on_success/flaky"] != 2 || n["on_exit/exit"] != 1 || n["p"] != 1 {
				t.Errorf("die %v: calls %v", die, n)
			}
			b.stop()
		})
	}
}

// TestAStopGivesHandlersTheDrainTime.
func TestAStopGivesHandlersTheDrainTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), config.Handlers{OnSuccess: []pipe.Definition{probe("slow"), probe("rest")}}))
		b.do["slow"] = untilDone(10 * time.Second)
		b.start()
		id := b.fire("p")
		pass(time.Second)
		begin := time.Now()
		b.stop()
		if took := time.Since(begin); took < 8*time.Second || took > 10*time.Second {
			t.Errorf("the stop took %s", took)
		}
		b.start()
		pass(time.Second)
		if d := b.detail(id); d.Run.Handlers != "done" || len(b.calls) != 3 {
			t.Errorf("handlers %q, calls %+v", d.Run.Handlers, b.calls)
		}
		b.stop()
	})
}

// TestARerunRunsItsHandlersAgain, those of its own end.
func TestARerunRunsItsHandlersAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), allHandlers()))
		b.do["p"] = permanent
		d := once(t, b, "p")
		b.do["p"] = nil
		if err := b.e.Rerun(t.Context(), d.Run.ID, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d = b.detail(d.Run.ID)
		allEnded(t, "rerun", d)
		if got := fmt.Sprint(b.count()); got != "map[on_exit/exit:2 on_failure/bad:1 on_success/ok:1 p:2]" || d.Run.Handlers != "done" {
			t.Errorf("calls %s, handlers %s", got, d.Run.Handlers)
		}
		if s := step(d, "on_failure/bad"); s.State != orchestrator.Skipped || s.Reason != "not reached" {
			t.Errorf("the handler of the earlier end: %+v", s)
		}
		b.stop()
	})
}

// TestManyHandlersTakeTurns: no more of them at once than there are slots, and all of them in the end.
func TestManyHandlersTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var runners []config.Runner
		for i := range 20 {
			runners = append(runners, handled(probe(fmt.Sprintf("p%d", i)), config.Handlers{OnExit: []pipe.Definition{probe("exit")}}))
		}
		b := newBench(t, runners...)
		b.cfg.Engine.MaxParallelRuns = 3
		now, most := 0, 0
		b.do["exit"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			b.mu.Lock()
			now++
			most = max(most, now)
			b.mu.Unlock()
			r, err := untilDone(time.Minute)(ctx, c)
			b.mu.Lock()
			now--
			b.mu.Unlock()
			return r, err
		}
		b.start()
		for i := range 20 {
			b.fire(fmt.Sprintf("p%d", i))
		}
		pass(time.Hour)
		if most != 3 || b.count()["on_exit/exit"] != 20 {
			t.Errorf("%d at once, %d in all", most, b.count()["on_exit/exit"])
		}
		b.stop()
	})
}

// TestHandlersOfARemovedRunner are said to be lost.
func TestHandlersOfARemovedRunner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, handled(probe("p"), allHandlers()), runnerOf(probe("q")))
		b.cfg.Engine.DrainTimeout = time.Second
		b.do["ok"] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
			<-ctx.Done()
			return pipe.Result{}, errors.New("cut off")
		}
		b.start()
		id := b.fire("p")
		pass(time.Second)
		b.stop()
		b.cfg.Runners = b.cfg.Runners[1:]
		b.start()
		pass(time.Second)
		if d := b.detail(id); d.Run.Handlers != "failed" || d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		b.stop()
	})
}
