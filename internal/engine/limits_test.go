package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
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
		b.check(true)
		b.stop()
	})
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
		if v := b.view("p"); v.Reason != "run 4 waits: rate of resource api: 10 in 1s, next at 00:00:00.100Z" {
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

// breakers is a bench whose runners x and y share a resource that works only while up is true.
func breakers(t *testing.T) (b *bench, setUp func(bool)) {
	t.Helper()
	var mu sync.Mutex
	up := false
	var runners []config.Runner
	for _, id := range []string{"x", "y", "z"} {
		def := probe(id)
		def.Retry = retries(0, 0)
		r := taking(runnerOf(def), map[string]int{"otobo": 1})
		r.Policy.Overlap = config.OverlapAllowAll
		runners = append(runners, r)
	}
	b = newBench(t, runners...)
	b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {BreakerFailures: 3, BreakerOpenFor: 30 * time.Second}}
	for _, id := range []string{"x", "y"} {
		b.do[id] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if !up {
				return pipe.Result{}, errors.New("connection refused")
			}
			return pipe.Success("", nil), nil
		}
	}
	b.do["z"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Result{}, fault.Permanentf("no such ticket")
	}
	return b, func(v bool) {
		mu.Lock()
		defer mu.Unlock()
		up = v
	}
}

func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, setUp := breakers(t)
		b.start()
		for _, id := range []string{"z", "z", "z", "z", "x", "y"} { // permanent errors say nothing of the resource
			b.fire(id)
			pass(2 * time.Second)
		}
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "closed" {
			t.Errorf("after two failures: %s", m.Breaker)
		}
		b.fire("x")
		pass(1500 * time.Millisecond)
		opened := "open until 00:00:43Z: connection refused"
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != opened {
			t.Errorf("after three: %s", m.Breaker)
		}
		for _, id := range []string{"x", "y", "y"} {
			b.fire(id)
		}
		pass(time.Second)
		if v := b.view("x"); v.Reason != "run 8 waits: circuit of resource otobo is "+opened {
			t.Error(v.Reason)
		}
		b.stop() // the state is durable
		b.start()
		pass(time.Second)
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != opened || m.Waiting != 3 || len(b.callsOf("x")) != 2 {
			t.Errorf("after a restart: %+v", m)
		}
		pass(29 * time.Second) // one tries, and fails: open again
		if n := len(b.callsOf("x")) + len(b.callsOf("y")); n != 4 {
			t.Errorf("%d calls, want one that tries", n)
		}
		if m := limitNamed(t, b.e, "resource otobo"); !strings.HasPrefix(m.Breaker, "open until 00:01:14Z") {
			t.Error(m.Breaker)
		}
		setUp(true)
		pass(30 * time.Second) // half open again
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "half open" || m.Used != 1 || m.Waiting != 1 {
			t.Errorf("half open: %+v", m)
		}
		pass(5 * time.Second)
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "closed" || m.Waiting != 0 {
			t.Errorf("after a success: %+v", m)
		}
		b.check(true)
		b.stop()
	})
}

// TestRetryAfterHoldsTheResource: one run is told to wait, and all that share the resource do.
func TestRetryAfterHoldsTheResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, setUp := breakers(t)
		setUp(true)
		b.do["z"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{}, fault.NewRateLimited(errors.New("429"), 40*time.Second)
		}
		b.start()
		b.fire("z")
		pass(time.Second)
		b.fire("x")
		pass(time.Second)
		if v := b.view("x"); v.Reason != "run 2 waits: resource otobo asked to wait until 00:00:40Z: 429" {
			t.Error(v.Reason)
		}
		b.die()
		b.start()
		pass(37 * time.Second)
		if n := len(b.callsOf("x")); n != 0 {
			t.Errorf("%d calls before the time", n)
		}
		pass(2 * time.Second)
		if n := len(b.callsOf("x")); n != 1 {
			t.Errorf("%d calls after it", n)
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

// check compares what the limits say with the live runs, and at rest the queue with the limits: nothing waits that may start.
func (b *bench) check(atRest bool) {
	b.t.Helper()
	synctest.Wait()
	problems, err := ask(b.t.Context(), b.e, func(l *loop) ([]string, error) { return l.inspect(atRest), nil })
	if err != nil {
		b.t.Fatal(err)
	}
	for _, p := range problems {
		b.t.Error(p)
	}
}

func (l *loop) inspect(atRest bool) (problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	now := l.e.clock()
	limits := map[*limit]bool{l.slots: true}
	for _, m := range l.limits {
		limits[m] = true
	}
	for _, r := range l.order {
		if r.own != nil {
			limits[r.own] = true
		}
	}
	for m := range limits {
		sum := 0
		for lv, weight := range m.held {
			sum += weight
			if !slices.Contains(lv.grips, m) || l.lives[lv.run.ID] != lv && !lv.fenced.Load() {
				bad("%s is held by run %s (%s), which does not know of it", m.name, lv.run.ID, lv.run.State)
			}
		}
		if sum != m.used {
			bad("%s: used %d, its holders take %d", m.name, m.used, sum)
		}
	}
	queued := 0
	for _, lv := range l.lives {
		executes := lv.run.State == orchestrator.Running || lv.run.State == orchestrator.Cancelling
		if executes != lv.holdsSlot() {
			bad("run %s is %s, holds a slot: %v", lv.run.ID, lv.run.State, lv.holdsSlot())
		}
		if lv.queued() {
			queued++
		}
		if atRest && lv.run.State == orchestrator.Pending && !lv.queued() && !lv.held && lv.r.ahead(lv) == nil {
			bad("run %s is pending and waits for nothing", lv.run.ID)
		}
	}
	if queued != l.queue.size {
		bad("%d runs are queued, the queue has %d", queued, l.queue.size)
	}
	if atRest && !l.slots.full(1) && l.queue.ready.Len() > 0 {
		bad("slots are free and runs are ready")
	}
	for _, g := range l.queue.groups {
		n := 0
		for _, la := range g.lanes.items {
			n += len(la.runs)
		}
		if n != g.size || (g.size > 0) != (g.index >= 0) {
			bad("a group of %d runs has size %d and place %d", n, g.size, g.index)
		}
		if atRest && !l.slots.full(1) && g.at != nil && g.at.blocks(g, now) == "" {
			bad("%d runs are parked at %s, which has room", g.size, g.at.name)
		}
	}
	return problems
}

// TestSlotsAreLiveRows plays random operations against an engine with every kind of limit. At all times the holders of the limits are
// the live runs and nothing waits that may start; a count kept by the pipes themselves never goes over a bound; at the end nothing is
// held.
func TestSlotsAreLiveRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newPlay(t, seed).run(250) })
		})
	}
}

// play is a random game against an engine.
type play struct {
	*bench
	rnd   *rand.Rand
	use   map[string]int // what runs as the pipes see it, by limit; a new map for each life of the engine
	bound map[string]int
	loose bool // bounds were lowered: more may run for a while
}

func newPlay(t *testing.T, seed uint64) *play {
	t.Helper()
	p := &play{rnd: rand.New(rand.NewPCG(seed, 7)), use: map[string]int{}, bound: map[string]int{"slots": 5, "tag t": 3, "resource a": 4, "resource b": 2}}
	var runners []config.Runner
	for i := range 10 {
		def := probe("r" + strconv.Itoa(i))
		def.Retry = retries(1, 5*time.Second)
		r := runnerOf(def)
		r.Policy.Overlap = overlaps[p.rnd.IntN(len(overlaps))]
		r.Policy.Priority = 1 + p.rnd.IntN(5)
		r.Policy.QueueMax = 3
		if i%3 == 0 {
			r.Policy.MaxParallelRuns = 2
		}
		if i%2 == 0 {
			r.Tags = []string{"t", "unbounded"}
		}
		r.Policy.Resources = map[string]int{}
		if i > 2 {
			r.Policy.Resources["a"] = 1 + p.rnd.IntN(3)
		}
		if i > 5 {
			r.Policy.Resources["b"] = 1
		}
		if i == 9 {
			r.Policy.QueueTimeout = 10 * time.Second
		}
		runners = append(runners, r)
	}
	p.bench = newBench(t, runners...)
	for i := range runners {
		p.do[runners[i].ID] = p.work(&runners[i])
	}
	p.cfg.Limits.Tags = map[string]int{"t": 3}
	p.setBounds(p.cfg)
	return p
}

func (p *play) setBounds(c *config.Config) {
	c.Engine.MaxParallelRuns = p.bound["slots"]
	c.Limits.Tags = map[string]int{"t": p.bound["tag t"]}
	c.Limits.Resources = map[string]config.Resource{
		"a": {Max: p.bound["resource a"], BreakerFailures: 4, BreakerOpenFor: 7 * time.Second},
		"b": {Max: p.bound["resource b"], Rate: 2, Per: time.Second},
	}
}

// work takes part in the pipes' own count, for some time, with some end.
func (p *play) work(r *config.Runner) func(context.Context, *pipe.Call) (pipe.Result, error) {
	weights := map[string]int{"slots": 1}
	if slices.Contains(r.Tags, "t") {
		weights["tag t"] = 1
	}
	for name, w := range r.Policy.Resources {
		weights["resource "+name] = w
	}
	count := func(use map[string]int, sign int) {
		for name, w := range weights {
			use[name] += sign * w
			if sign > 0 && use[name] > max(p.bound[name], w) && !p.loose {
				p.t.Errorf("%d of %d in use of %s, counted by the pipes", use[name], p.bound[name], name)
			}
		}
	}
	return func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
		p.mu.Lock()
		d, deaf, end := time.Duration(p.rnd.IntN(4000))*time.Millisecond, p.rnd.IntN(6) == 0, p.rnd.IntN(8)
		use := p.use
		count(use, 1)
		p.mu.Unlock()
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			count(use, -1)
		}()
		if deaf {
			ctx = context.WithoutCancel(ctx)
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return pipe.Result{}, ctx.Err()
		}
		switch end {
		case 0, 1:
			return pipe.Result{}, errors.New("no")
		case 2:
			return pipe.Result{}, fault.Permanentf("never")
		case 3:
			return pipe.Result{}, fault.NewRateLimited(errors.New("slow down"), 2*time.Second)
		}
		return pipe.Success("", nil), nil
	}
}

func (p *play) run(moves int) {
	p.start()
	defer func() { _ = p.e.Stop(context.WithoutCancel(p.t.Context())) }()
	for range moves {
		p.move()
		p.check(true)
		p.compareRows()
		if p.t.Failed() {
			return
		}
	}
	for _, r := range p.cfg.Runners {
		_ = p.e.Resume(p.t.Context(), r.ID, kim)
	}
	pass(30 * time.Minute)
	p.check(true)
	_, err := ask(p.t.Context(), p.e, func(l *loop) (struct{}, error) {
		if len(l.lives) > 0 || l.slots.used > 0 || l.queue.size > 0 {
			p.t.Errorf("%d runs have not ended, %d slots are taken, %d wait", len(l.lives), l.slots.used, l.queue.size)
		}
		return struct{}{}, nil
	})
	if err != nil {
		p.t.Error(err)
	}
}

// move does one random thing. What is refused is fine.
func (p *play) move() {
	p.mu.Lock()
	n, which, d := p.rnd.IntN(40), p.rnd.IntN(10), time.Duration(p.rnd.IntN(3000))*time.Millisecond
	overlap := string(overlaps[p.rnd.IntN(len(overlaps))])
	bound := []string{"slots", "tag t", "resource a", "resource b"}[p.rnd.IntN(4)]
	most := 1 + p.rnd.IntN(6)
	p.mu.Unlock()
	ctx, id := p.t.Context(), "r"+strconv.Itoa(which)
	switch {
	case n < 16:
		if n%4 > 0 {
			overlap = ""
		}
		_, _ = p.e.RunOnce(ctx, id, orchestrator.FireRequest{Overlap: overlap})
	case n < 26:
		pass(d)
	case n < 30:
		if run := p.current(id); run != nil {
			_ = p.e.Cancel(ctx, run.ID, kim)
		}
	case n < 33:
		_ = p.e.Pause(ctx, id, orchestrator.PauseRequest{By: kim})
	case n < 36:
		_ = p.e.Resume(ctx, id, kim)
	case n < 37:
		if runs := p.runs(id); len(runs) > 0 {
			_ = p.e.Rerun(ctx, runs[0].ID, orchestrator.RerunRequest{By: kim})
		}
	case n < 39:
		p.mu.Lock()
		p.loose = p.loose || most < p.bound[bound]
		p.bound[bound] = most
		p.mu.Unlock()
		p.bench.bound(p.setBounds)
	case d < 1500*time.Millisecond:
		p.die()
		p.mu.Lock()
		p.use = map[string]int{} // steps of the dead engine may still go on
		p.mu.Unlock()
		p.start()
	default:
		p.stop()
		p.start()
	}
	p.mu.Lock()
	tight := true
	for name, n := range p.use {
		tight = tight && n <= p.bound[name]
	}
	p.loose = p.loose && !tight
	p.mu.Unlock()
}

// compareRows wants the rows on disk that execute to be the runs that hold slots.
func (p *play) compareRows() {
	p.t.Helper()
	rows, err := p.e.Runs(p.t.Context(), orchestrator.RunFilter{States: []orchestrator.State{orchestrator.Running, orchestrator.Cancelling}, Limit: 1000})
	if err != nil {
		p.t.Fatal(err)
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ID)
	}
	held, err := ask(p.t.Context(), p.e, func(l *loop) ([]string, error) {
		var held []string
		for lv := range l.slots.held {
			if !lv.fenced.Load() {
				held = append(held, lv.run.ID)
			}
		}
		return held, nil
	})
	slices.Sort(ids)
	slices.Sort(held)
	if err != nil || !slices.Equal(ids, held) {
		p.t.Errorf("rows that execute: %v, holders of slots: %v %v", ids, held, err)
	}
}
