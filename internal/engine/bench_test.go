package engine

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

func benchEngine(b *testing.B, dir string, runners, parallel int, interval time.Duration, p pipe.Func) *Engine {
	b.Helper()
	reg, err := pipe.NewRegistry(&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return p }})
	if err != nil {
		b.Fatal(err)
	}
	cfg := &config.Config{Engine: config.Engine{Name: "bench", MaxParallelRuns: parallel, DrainTimeout: 10 * time.Second}}
	for i := range runners {
		r := runnerOf(probe("r" + strconv.Itoa(i)))
		if interval > 0 {
			s, err := schedule.Every(interval, time.Time{})
			if err != nil {
				b.Fatal(err)
			}
			r.Triggers = []config.Trigger{{Name: "interval", Schedule: s}}
		}
		cfg.Runners = append(cfg.Runners, r)
	}
	return New(Options{Config: cfg, Pipes: reg, Services: noServices{}, Renderer: render.New(), StateDir: dir})
}

// BenchmarkDurableRuns fires no-op runs as fast as they become durable: claim, start and finish are all committed.
func BenchmarkDurableRuns(b *testing.B) {
	const runners = 256
	e := benchEngine(b, b.TempDir(), runners, runners, 0, func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Success("", nil), nil
	})
	ctx := b.Context()
	if err := e.Start(ctx); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = e.Stop(context.WithoutCancel(ctx)) }()
	sub := e.Subscribe()
	defer sub.Close()
	var left atomic.Int64
	left.Store(int64(b.N))
	var wg sync.WaitGroup
	b.ResetTimer()
	for i := range runners {
		wg.Go(func() {
			id := "r" + strconv.Itoa(i)
			for left.Add(-1) >= 0 {
				for {
					if _, err := e.RunOnce(ctx, id, orchestrator.FireRequest{}); err == nil {
						break
					}
					runtime.Gosched()
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}

// BenchmarkLateness runs many runners at one second each and measures how late their pipes start, the durable claim
// included.
func BenchmarkLateness(b *testing.B) {
	for _, runners := range []int{100, 1_000, 10_000} {
		b.Run(strconv.Itoa(runners), func(b *testing.B) { benchLateness(b, runners) })
	}
}

func benchLateness(b *testing.B, runners int) {
	var mu sync.Mutex
	late := make([]time.Duration, 0, 40*runners)
	var armed atomic.Bool
	e := benchEngine(b, b.TempDir(), runners, 512, time.Second, func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		if armed.Load() {
			d := time.Since(c.Nominal)
			mu.Lock()
			late = append(late, d)
			mu.Unlock()
		}
		return pipe.Success("", nil), nil
	})
	ctx := b.Context()
	if err := e.Start(ctx); err != nil {
		b.Fatal(err)
	}
	<-time.After(5 * time.Second) // warm up
	armed.Store(true)
	b.ResetTimer()
	for range b.N { // one round is 20 s: the framework does not ask for a second
		<-time.After(20 * time.Second)
	}
	b.StopTimer()
	armed.Store(false)
	var ms runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&ms)
	stopBench(b, e)
	b.ReportMetric(float64(len(late))/b.Elapsed().Seconds(), "runs/s")
	b.ReportMetric(float64(ms.HeapAlloc)/(1<<20), "heap-MiB")
	b.ReportMetric(float64(ms.Sys)/(1<<20), "sys-MiB")
	reportPercentiles(b, late)
}

// fillHistory writes n ended runs over 50 runners.
func fillHistory(b *testing.B, dir string, n int) {
	b.Helper()
	ctx := b.Context()
	st, err := store.Open(ctx, dir, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	begin := time.Now().Add(-time.Duration(n) * time.Second).UTC()
	for at := 0; at < n; at += 1000 {
		err := st.Write(ctx, func(tx *store.Tx) error {
			for i := at; i < min(at+1000, n); i++ {
				when := begin.Add(time.Duration(i) * time.Second)
				r := orchestrator.Run{
					ID: strconv.Itoa(i + 1), Runner: "r" + strconv.Itoa(i%50), Trigger: "interval", Nominal: when, State: orchestrator.Completed,
					CreatedAt: when, DueAt: when, StartedAt: when, EndedAt: when.Add(time.Second), FirstAt: when, Attempt: 1,
				}
				if _, err := tx.InsertRun(&r, "", 1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStart measures from New to the first snapshot, with 100,000 runs in history.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	fillHistory(b, dir, 100_000)
	for b.Loop() {
		e := benchEngine(b, dir, 50, 4, time.Hour, func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Success("", nil), nil
		})
		if err := e.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		snap, err := e.Snapshot(b.Context())
		if err != nil || len(snap.Runners) != 50 {
			b.Fatal(fmt.Errorf("snapshot: %w", err))
		}
		b.StopTimer()
		if err := e.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
