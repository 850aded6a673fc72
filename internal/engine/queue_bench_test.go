package engine

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// limited gives every runner of a configuration a priority, a tag and weights of two resources; one in ten has a bound of its own.
func limited(c *config.Config) {
	c.Limits.Tags = map[string]int{"even": 200, "odd": 200}
	c.Limits.Resources = map[string]config.Resource{"a": {Max: 150, BreakerFailures: 1000}, "b": {Max: 90}}
	for i := range c.Runners {
		r := &c.Runners[i]
		r.Tags = []string{[]string{"even", "odd"}[i%2], "plain"}
		r.Policy.Priority = 1 + i%5
		r.Policy.Resources = map[string]int{"a": 1 + i%3}
		if i%4 == 0 {
			r.Policy.Resources["b"] = 1 + i%2
		}
		if i%10 == 0 {
			r.Policy.MaxParallelRuns = 1
		}
	}
}

// BenchmarkQueue measures one start and one end in memory, with 10,000 runs of 10,000 runners waiting: nothing may grow with the number
// of those that wait.
func BenchmarkQueue(b *testing.B) {
	for _, c := range []struct {
		name    string
		waiting int
		limits  bool
	}{{"100", 100, false}, {"10000", 10_000, false}, {"100-limits", 100, true}, {"10000-limits", 10_000, true}} {
		b.Run(c.name, func(b *testing.B) {
			e := benchEngine(b, b.TempDir(), c.waiting, 50, 0, nil)
			if c.limits {
				limited(e.o.Config)
			}
			l := newLoop(b.Context(), e)
			for i := range e.o.Config.Runners {
				l.order = append(l.order, &runner{cfg: &e.o.Config.Runners[i]})
			}
			l.applyLimits()
			now := time.Now()
			for i, r := range l.order {
				lv := &live{r: r, run: orchestrator.Run{
					ID: strconv.Itoa(i), Runner: r.cfg.ID, State: orchestrator.Pending, DueAt: now, Priority: r.cfg.Policy.Priority,
				}}
				l.adopt(lv)
				l.queue.push(lv)
			}
			var running []*live
			for b.Loop() {
				lv := (*live)(nil)
				if !l.slots.full(1) {
					lv = l.next(now)
				}
				if lv == nil { // as much runs as may: the oldest ends, and waits again
					lv, running = running[0], running[1:]
					l.letGo(lv)
					l.queue.push(lv)
					continue
				}
				l.unqueue(lv)
				l.reserve(lv, now)
				for _, n := range lv.r.peers.needs {
					l.queue.stir(n.limit)
				}
				running = append(running, lv)
			}
		})
	}
}

// BenchmarkLimitedRuns fires 10,000 runs of 10,000 runners at once, with every kind of limit, and measures until all have ended.
func BenchmarkLimitedRuns(b *testing.B) {
	const runners = 10_000
	for _, limits := range []bool{false, true} {
		b.Run("limits="+strconv.FormatBool(limits), func(b *testing.B) {
			var wg sync.WaitGroup
			e := benchEngine(b, b.TempDir(), runners, 256, 0, func(context.Context, *pipe.Call) (pipe.Result, error) {
				wg.Done()
				return pipe.Success("", nil), nil
			})
			if limits {
				limited(e.o.Config)
			}
			ctx := b.Context()
			if err := e.Start(ctx); err != nil {
				b.Fatal(err)
			}
			defer func() { _ = e.Stop(context.WithoutCancel(ctx)) }()
			b.ResetTimer()
			for b.Loop() {
				wg.Add(runners)
				var fired sync.WaitGroup
				for i := range runners {
					fired.Go(func() {
						for {
							if _, err := e.RunOnce(ctx, "r"+strconv.Itoa(i), orchestrator.FireRequest{}); err == nil {
								return
							}
						}
					})
				}
				fired.Wait()
				wg.Wait()
			}
			b.ReportMetric(float64(runners)*float64(b.N)/b.Elapsed().Seconds(), "runs/s")
		})
	}
}
