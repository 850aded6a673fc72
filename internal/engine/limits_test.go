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

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func taking(r config.Runner, resources map[string]int) config.Runner {
	r.Policy.Resources = resources
	return r
}

func limitNamed(t *testing.T, e *Engine, name string) orchestrator.Limit {
	t.Helper()
	snap, err := e.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range snap.Engine.Limits {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no limit %s in %+v", name, snap.Engine.Limits)
	return orchestrator.Limit{}
}

func (b *bench) view(runner string) orchestrator.Runner {
	b.t.Helper()
	snap, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, r := range snap.Runners {
		if r.ID == runner {
			return r
		}
	}
	b.t.Fatalf("no runner %s", runner)
	return orchestrator.Runner{}
}

// TestWaitingSaysWhatItWaitsFor for each kind of limit, and that one limit holds up nobody who does not take it.
func TestWaitingSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tagged := runnerOf(probe("tagged"))
		tagged.Tags = []string{"routing", "free"}
		second := runnerOf(probe("second"))
		second.Tags = []string{"routing"}
		own := runnerOf(probe("own"))
		own.Policy.Overlap, own.Policy.MaxParallelRuns = config.OverlapAllowAll, 1
		b := newBench(t, tagged, second, own,
			taking(runnerOf(probe("a")), map[string]int{"otobo": 3}), taking(runnerOf(probe("b")), map[string]int{"otobo": 1}),
			taking(runnerOf(probe("c")), map[string]int{"otobo": 1}), runnerOf(probe("last")), runnerOf(probe("late")))
		b.cfg.Engine.MaxParallelRuns = 5
		b.cfg.Limits = config.Limits{Tags: map[string]int{"routing": 1}, Resources: map[string]config.Resource{"otobo": {Max: 4}}}
		for _, id := range []string{"tagged", "second", "own", "a", "b", "c", "last", "late"} {
			b.do[id] = untilDone(time.Minute)
		}
		b.start()
		for _, id := range []string{"tagged", "second", "own", "own", "a", "b", "c", "last", "late"} {
			b.fire(id)
			pass(time.Millisecond)
		}
		for id, want := range map[string]string{
			"second": "run 2 waits for tag routing: 1 of 1 in use, held by tagged",
			"c":      "run 7 waits for resource otobo: 4 of 4 in use, held by a, b",
			"last":   "run 8 waits for a slot: 5 of 5 busy, held by tagged, own, a, b, last",
		} {
			if v := b.view(id); id != "last" && v.Reason != want {
				t.Errorf("%s: %s", id, v.Reason)
			}
		}
		if v := b.view("late"); v.Reason != "run 9 waits for a slot: 5 of 5 busy, held by tagged, own, a, b, last" {
			t.Error(v.Reason)
		}
		if row := b.runs("c")[0]; row.Reason != "waits for resource otobo: 4 of 4 in use, held by a, b" {
			t.Errorf("the row of c: %q", row.Reason)
		}
		if v := b.view("own"); v.Live != 2 || v.Waiting != 1 || v.Overlap != "allow_all" || v.Priority != 3 {
			t.Errorf("%+v", v)
		}
		for name, want := range map[string]string{
			"runner own": "{runner own 1 1 [own] 1  }", "tag routing": "{tag routing 1 1 [tagged] 1  }",
			"resource otobo": "{resource otobo 4 4 [a b] 1  }",
		} {
			if got := fmt.Sprint(limitNamed(t, b.e, name)); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		b.check(true)
		pass(5 * time.Minute)
		for _, id := range []string{"second", "own", "c", "late"} {
			if run := b.runs(id)[0]; run.State != orchestrator.Completed {
				t.Errorf("%s: %+v", id, run)
			}
		}
		b.stop()
	})
}

// TestQueueOrder: priority, then who was served least recently, then the due time.
func TestQueueOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		greedy, urgent, low := runnerOf(probe("greedy")), runnerOf(probe("urgent")), runnerOf(probe("low"))
		greedy.Policy.Overlap = config.OverlapAllowAll
		urgent.Policy.Priority, low.Policy.Priority = 1, 5
		b := newBench(t, runnerOf(probe("hog")), greedy, urgent, low, runnerOf(probe("x")), runnerOf(probe("y")))
		b.cfg.Engine.MaxParallelRuns = 1
		var order []string
		work := func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			b.mu.Lock()
			order = append(order, c.Runner)
			b.mu.Unlock()
			<-time.After(time.Second)
			return pipe.Success("", nil), nil
		}
		for _, id := range []string{"hog", "greedy", "urgent", "low", "x", "y"} {
			b.do[id] = work
		}
		b.start()
		for _, id := range []string{"hog", "low", "greedy", "greedy", "greedy", "x", "y", "urgent"} {
			b.fire(id)
			pass(time.Millisecond)
		}
		pass(time.Minute)
		if got := strings.Join(order, " "); got != "hog urgent greedy x y greedy greedy low" {
			t.Error(got)
		}
		b.stop()
	})
}

// TestAHeavyRunDoesNotStarve: lighter ones go before it for a minute, then what becomes free is kept for it.
func TestAHeavyRunDoesNotStarve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		light := runnerOf(probe("light"), every(t, 10*time.Second, time.Now().Add(10*time.Second)))
		light.Policy.Overlap = config.OverlapAllowAll
		heavy := taking(runnerOf(probe("heavy")), map[string]int{"otobo": 9}) // more than there is: it runs alone
		b := newBench(t, taking(light, map[string]int{"otobo": 1}), heavy)
		b.cfg.Engine.MaxParallelRuns = 20
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {Max: 4}}
		b.do["light"] = untilDone(25 * time.Second)
		b.start()
		pass(31 * time.Second)
		b.fire("heavy")
		pass(58 * time.Second)
		if v := b.view("light"); v.Waiting != 0 {
			t.Errorf("within the first minute: %+v", v.Reason)
		}
		pass(30 * time.Second)
		calls := b.callsOf("heavy")
		if len(calls) != 1 {
			t.Fatalf("heavy ran %d times", len(calls))
		}
		if waited := calls[0].at.Sub(b.runs("heavy")[0].CreatedAt); waited < time.Minute || waited > 86*time.Second {
			t.Errorf("heavy started after %s", waited)
		}
		pass(20 * time.Second)
		b.fire("heavy")
		pass(90 * time.Second) // it is the first here, and the light ones wait
		second := b.runs("heavy")[0]
		pass(time.Minute)
		if second = b.detail(second.ID).Run; second.State != orchestrator.Completed {
			t.Errorf("the second heavy run: %+v", second)
		}
		b.check(true)
		b.stop()
	})
}

// TestWhatIsKeptIsLetGo when the run that it was kept for is cancelled.
func TestWhatIsKeptIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, taking(runnerOf(probe("long")), map[string]int{"otobo": 1}), taking(runnerOf(probe("heavy")), map[string]int{"otobo": 2}),
			taking(runnerOf(probe("light")), map[string]int{"otobo": 1}))
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {Max: 2}}
		b.do["long"] = untilDone(time.Hour)
		b.start()
		b.fire("long")
		heavy := b.fire("heavy")
		pass(2 * time.Minute)
		b.fire("light")
		pass(time.Minute)
		if v := b.view("light"); v.Reason != "run 3 waits: resource otobo is kept for run 2, which has waited longest" {
			t.Error(v.Reason)
		}
		if err := b.e.Cancel(t.Context(), heavy, kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.callsOf("light")); n != 1 {
			t.Errorf("light ran %d times", n)
		}
		pass(time.Hour)
		b.stop()
	})
}

// TestWhoIsLetBeReadyAndLeavesWakesTheNext: what a freed limit has room for goes to the next one when the run that was to have it
// is cancelled, or given up, before there is a slot.
func TestWhoIsLetBeReadyAndLeavesWakesTheNext(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"cancelled", "held", "given up"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				urgent, first := runnerOf(probe("urgent")), taking(runnerOf(probe("first")), map[string]int{"otobo": 1})
				urgent.Policy.Priority = 1
				if way == "given up" {
					first.Policy.QueueTimeout = 90 * time.Second
				}
				b := newBench(t, taking(runnerOf(probe("holder")), map[string]int{"otobo": 1}), runnerOf(probe("hog")), urgent, first,
					taking(runnerOf(probe("next")), map[string]int{"otobo": 1, "zammad": 1}))
				b.cfg.Engine.MaxParallelRuns = 2
				b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {Max: 1}}
				b.do["holder"], b.do["hog"], b.do["urgent"] = untilDone(time.Minute), untilDone(2*time.Minute), untilDone(time.Hour)
				b.start()
				defer b.stop()
				b.fire("holder")
				run := b.fire("first")
				b.fire("next")
				synctest.Wait() // both are parked at the resource
				b.fire("hog")
				b.fire("urgent")
				pass(61 * time.Second) // the resource is free, no slot is
				switch way {
				case "cancelled":
					if err := b.e.Cancel(t.Context(), run, kim); err != nil {
						t.Fatal(err)
					}
				case "held":
					if err := b.e.Pause(t.Context(), "first", orchestrator.PauseRequest{By: kim}); err != nil {
						t.Fatal(err)
					}
				}
				pass(61 * time.Second) // the hog has ended
				if n := len(b.callsOf("next")); n != 1 {
					t.Errorf("next ran %d times: %s", n, b.view("next").Reason)
				}
				pass(time.Hour)
			})
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Policy.Overlap = config.OverlapAllowAll
		b := newBench(t, taking(r, map[string]int{"api": 1}))
		b.cfg.Limits.Resources = map[string]config.Resource{"api": {Rate: 10, Per: time.Second, Burst: 3}}
		b.start()
		begin := time.Now()
		for range 9 {
			b.fire("p")
		}
		synctest.Wait()
		if v := b.view("p"); v.Reason != "run 4 waits: rate of resource api: 10 in 1s, next at 00:00:00.100Z · 5 more waiting" {
			t.Error(v.Reason)
		}
		if m := limitNamed(t, b.e, "resource api"); m.Rate != "10 in 1s" || m.Waiting != 6 {
			t.Errorf("%+v", m)
		}
		pass(10 * time.Second)
		var got []time.Duration
		for _, c := range b.callsOf("p") {
			got = append(got, c.at.Sub(begin))
		}
		ms := time.Millisecond
		if want := []time.Duration{0, 0, 0, 100 * ms, 200 * ms, 300 * ms, 400 * ms, 500 * ms, 600 * ms}; !slices.Equal(got, want) {
			t.Errorf("starts %v, want %v", got, want)
		}
		b.stop()
	})
}

// TestARetryGivesItsLimitsBack and takes them again.
func TestARetryGivesItsLimitsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := probe("x")
		x.Retry = retries(1, 10*time.Second)
		b := newBench(t, taking(runnerOf(x), map[string]int{"otobo": 1}), taking(runnerOf(probe("y")), map[string]int{"otobo": 1}))
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {Max: 1}}
		b.do["x"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				return pipe.Result{}, errors.New("not yet")
			}
			return pipe.Success("", nil), nil
		}
		b.do["y"] = untilDone(time.Minute)
		b.start()
		b.fire("x")
		pass(time.Second)
		b.fire("y")
		pass(29 * time.Second)
		if v := b.view("x"); v.Reason != "run 1 waits for resource otobo: 1 of 1 in use, held by y" || v.Current.Attempts != 1 {
			t.Errorf("%s %+v", v.Reason, v.Current)
		}
		b.check(true)
		pass(time.Minute)
		if run := b.runs("x")[0]; run.State != orchestrator.Completed {
			t.Errorf("%+v", run)
		}
		b.stop()
	})
}

// TestBoundsChangeAtOnce: what runs counts against new bounds, and what may start then does.
func TestBoundsChangeAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Policy.Overlap = config.OverlapAllowAll
		b := newBench(t, taking(r, map[string]int{"otobo": 1}))
		b.do["p"] = untilDone(time.Hour)
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {Max: 1}}
		b.start()
		for range 6 {
			b.fire("p")
		}
		for _, most := range []int{3, 2, 5, 0} {
			b.bound(func(c *config.Config) { c.Limits.Resources = map[string]config.Resource{"otobo": {Max: most}} })
			pass(time.Second)
			want := map[int]int{3: 3, 2: 3, 5: 5, 0: 6}[most]
			if v := b.view("p"); v.Live-v.Waiting != want {
				t.Errorf("with max %d: %d run, want %d", most, v.Live-v.Waiting, want)
			}
			b.check(true)
		}
		b.bound(func(c *config.Config) { c.Limits.Resources, c.Limits.Tags = nil, map[string]int{"new": 1} })
		pass(time.Second)
		if m := limitNamed(t, b.e, "resource otobo"); m.Used != 6 {
			t.Errorf("%+v", m)
		}
		stop, now := context.WithCancel(t.Context())
		now()
		if err := b.e.Stop(stop); err != nil {
			t.Fatal(err)
		}
	})
}

// bound changes the configuration as a reload does.
func (b *bench) bound(change func(*config.Config)) {
	b.t.Helper()
	_, err := ask(b.t.Context(), b.e, func(l *loop) (struct{}, error) {
		change(l.e.o.Config)
		l.applyLimits()
		return struct{}{}, nil
	})
	if err != nil {
		b.t.Fatal(err)
	}
	synctest.Wait()
}

func TestWaitingTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timeout, deadline := runnerOf(probe("timeout")), runnerOf(probe("deadline"), every(t, time.Hour, time.Now().Add(10*time.Second)))
		behind := runnerOf(probe("behind"))
		timeout.Policy.QueueTimeout, deadline.Policy.StartDeadline = 20*time.Second, 5*time.Second
		behind.Policy.QueueTimeout, behind.Policy.Overlap = 30*time.Second, config.OverlapBufferAll
		b := newBench(t, runnerOf(probe("hog")), timeout, deadline, behind)
		b.cfg.Engine.MaxParallelRuns = 2
		b.do["hog"], b.do["behind"] = untilDone(10*time.Minute), untilDone(10*time.Minute)
		b.start()
		for _, id := range []string{"hog", "behind", "behind", "timeout"} {
			b.fire(id)
		}
		pass(time.Minute)
		for id, want := range map[string]struct {
			after  time.Duration
			reason string
		}{
			"timeout":  {20 * time.Second, "its queue timeout of 20s was over: it waited for a slot: 2 of 2 busy, held by hog, behind"},
			"deadline": {15 * time.Second, "its start deadline of 5s was over: it waited for a slot: 2 of 2 busy, held by hog, behind"},
			"behind":   {30 * time.Second, "its queue timeout of 30s was over: it waited for run 2 of this runner"},
		} {
			run := b.runs(id)[0]
			if run.State != orchestrator.Missed || run.Reason != want.reason || run.EndedAt.Sub(b.runs("hog")[0].CreatedAt).Round(time.Millisecond) != want.after {
				t.Errorf("%s: %s %q at %s", id, run.State, run.Reason, run.EndedAt)
			}
		}
		b.check(true)
		b.stop()
	})
}
