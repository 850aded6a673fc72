package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

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
	begin time.Time
}

func newPlay(t *testing.T, seed uint64) *play {
	t.Helper()
	p := &play{
		rnd: rand.New(rand.NewPCG(seed, 7)), use: map[string]int{}, begin: time.Now(),
		bound: map[string]int{"slots": 5, "tag t": 3, "resource a": 4, "resource b": 2},
	}
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
		if i%2 == 1 {
			tr := every(t, time.Duration(3+i)*time.Second, time.Now().Add(time.Duration(1+i)*time.Second))
			tr.Schedule = lastsUntil{tr.Schedule, time.Now().Add(2 * time.Minute)}
			r.Triggers = []config.Trigger{tr}
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

// lastsUntil is a schedule without ticks after its end.
type lastsUntil struct {
	schedule.Schedule
	end time.Time
}

func (e lastsUntil) Next(after time.Time) (time.Time, bool) {
	next, ok := e.Schedule.Next(after)
	return next, ok && !next.After(e.end)
}

// countTicks wants every tick to be in exactly one row.
func (p *play) countTicks() {
	for i := range p.cfg.Runners {
		r := &p.cfg.Runners[i]
		if len(r.Triggers) == 0 {
			continue
		}
		want := 0
		for at, ok := r.Triggers[0].Schedule.Next(p.begin.Add(-1)); ok; at, ok = r.Triggers[0].Schedule.Next(at) {
			want++
		}
		got, states := 0, map[orchestrator.State]int{}
		for _, run := range p.runs(r.ID) {
			if run.Trigger != "manual" {
				got += run.Count
				states[run.State] += run.Count
			}
		}
		if got != want {
			p.t.Errorf("%s (%s): %d ticks, rows for %d: %v", r.ID, r.Policy.Overlap, want, got, states)
		}
	}
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
	p.countTicks()
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
