package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

func quickProbe(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Success("", nil), nil }

func reportPercentiles(b *testing.B, took []time.Duration) {
	b.Helper()
	if len(took) == 0 {
		b.Fatal("nothing was measured")
	}
	slices.Sort(took)
	for _, p := range []int{50, 99} {
		b.ReportMetric(float64(percentile(took, p).Microseconds())/1000, fmt.Sprintf("p%d-ms", p))
	}
}

func stopBench(b *testing.B, e *Engine) {
	b.Helper()
	if err := e.Stop(context.WithoutCancel(b.Context())); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFireToRunning measures from the request of an operator to the first instruction of the pipe, the durable claim in
// between, on an engine that has nothing else to do.
func BenchmarkFireToRunning(b *testing.B) {
	began := make(chan time.Time, 1)
	e := benchEngine(b, b.TempDir(), 1, 8, 0, func(context.Context, *pipe.Call) (pipe.Result, error) {
		began <- time.Now()
		return pipe.Success("", nil), nil
	})
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer stopBench(b, e)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		at := time.Now()
		for { // the run before may not have let its runner go
			if _, err := e.RunOnce(b.Context(), "r0", orchestrator.FireRequest{}); err == nil {
				break
			}
			at = time.Now()
			runtime.Gosched()
		}
		took = append(took, (<-began).Sub(at))
	}
	reportPercentiles(b, took)
}

// BenchmarkUnderLogFlood measures how long durable no-op runs take while pipes write 50,000 log lines a second.
func BenchmarkUnderLogFlood(b *testing.B) {
	const perSecond = 50_000
	var lines atomic.Int64
	e := floodEngine(b, &lines, perSecond)
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := e.RunOnce(b.Context(), "flood", orchestrator.FireRequest{}); err != nil {
		b.Fatal(err)
	}
	<-time.After(time.Second) // the flood is on its way
	took := make([]time.Duration, 0, b.N)
	from, at := lines.Load(), time.Now()
	for b.Loop() {
		begin := time.Now()
		err := e.store.Write(b.Context(), func(tx *store.Tx) error {
			return tx.SetCursor(store.Cursor{Runner: "quick", Trigger: "bench", Nominal: begin, Anchor: begin})
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	b.ReportMetric(float64(lines.Load()-from)/time.Since(at).Seconds(), "lines/s")
	ctx, cancel := context.WithCancel(context.WithoutCancel(b.Context()))
	cancel() // the flood never ends by itself
	if err := e.Stop(ctx); err != nil {
		b.Fatal(err)
	}
	reportPercentiles(b, took)
}

func floodEngine(b *testing.B, lines *atomic.Int64, perSecond int) *Engine {
	b.Helper()
	e := benchEngine(b, b.TempDir(), 0, 8, 0, nil)
	flood := func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			for range perSecond / 100 {
				c.Log.Info("fetched ticket 2026112510000042 from queue Incoming, 17 articles, customer waits since 42 minutes")
			}
			lines.Add(int64(perSecond / 100))
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
		return pipe.Result{}, ctx.Err()
	}
	reg, err := pipe.NewRegistry(&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(quickProbe) }},
		&pipe.Spec{Name: "test:Flood", New: func() pipe.Pipe { return pipe.Func(flood) }})
	if err != nil {
		b.Fatal(err)
	}
	e.o.Pipes = reg
	e.o.Config.Runners = []config.Runner{
		runnerOf(pipe.Definition{ID: "flood", Use: "test:Flood"}), runnerOf(probe("quick")),
	}
	return e
}

// BenchmarkAddRunners starts an engine on an empty history with 10,000 runners it has never seen.
func BenchmarkAddRunners(b *testing.B) {
	for b.Loop() {
		e := benchEngine(b, b.TempDir(), 10_000, 8, time.Hour, quickProbe)
		if err := e.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		stopBench(b, e)
		b.StartTimer()
	}
}

// BenchmarkReloadRunners adds 10,000 runners to an engine that runs.
func BenchmarkReloadRunners(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		more := benchEngine(b, b.TempDir(), 10_000, 8, time.Hour, quickProbe).o.Config
		e := benchEngine(b, b.TempDir(), 1, 8, time.Hour, quickProbe)
		e.o.Load = func(context.Context) (*Loaded, error) { return &Loaded{Config: more, Services: noServices{}}, nil }
		if err := e.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := e.Reload(b.Context(), orchestrator.Actor{Name: "kim"}); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if snap, err := e.Snapshot(b.Context()); err != nil || len(snap.Runners) != 10_000 {
			b.Fatalf("%d runners (%v)", len(snap.Runners), err)
		}
		stopBench(b, e)
		b.StartTimer()
	}
}

// BenchmarkCatchUpYear starts an engine that was down for a year on a runner that is due every minute, and waits for the first
// run: 525,600 ticks are decided over before it.
func BenchmarkCatchUpYear(b *testing.B) {
	every, _, err := schedule.ParseCron("* * * * *", time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	for _, policy := range []config.Catchup{config.CatchupLatest, config.CatchupAll, config.CatchupSkip} {
		b.Run(string(policy), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				dir := b.TempDir()
				e := benchEngine(b, dir, 1, 8, 0, quickProbe)
				e.o.Config.Runners[0].Triggers = []config.Trigger{{Name: "cron", Schedule: every}}
				e.o.Config.Runners[0].Policy.Catchup = policy
				long := time.Now().Add(-365 * 24 * time.Hour)
				putCursor(b, dir, store.Cursor{Runner: "r0", Trigger: "cron", Spec: every.String(), Anchor: long, Nominal: long})
				sub := e.Subscribe()
				b.StartTimer()
				if err := e.Start(b.Context()); err != nil {
					b.Fatal(err)
				}
				waitRows(b, e)
				b.StopTimer()
				sub.Close()
				stopBench(b, e)
				b.StartTimer()
			}
		})
	}
}

func putCursor(b *testing.B, dir string, c store.Cursor) {
	b.Helper()
	st, err := store.Open(b.Context(), dir, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := st.Write(b.Context(), func(tx *store.Tx) error { return tx.SetCursor(c) }); err != nil {
		b.Fatal(err)
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
}

// waitRows waits until the backlog has its row.
func waitRows(b *testing.B, e *Engine) {
	b.Helper()
	for {
		runs, err := e.Runs(b.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 1})
		if err != nil {
			b.Fatal(err)
		}
		if len(runs) > 0 {
			return
		}
		runtime.Gosched()
	}
}

// BenchmarkRecovery starts an engine whose earlier life was killed with 10,000 runs running, one of each runner.
func BenchmarkRecovery(b *testing.B) {
	const runners = 10_000
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		fillRunning(b, dir, runners)
		e := benchEngine(b, dir, runners, 8, 0, quickProbe)
		b.StartTimer()
		if err := e.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		left, err := e.store.Runs(b.Context(), orchestrator.RunFilter{States: []orchestrator.State{orchestrator.AwaitingRetry}, Limit: runners + 1})
		if err != nil || len(left) != runners {
			b.Fatalf("%d runs wait for their retry, want %d (%v)", len(left), runners, err)
		}
		stopBench(b, e)
		b.StartTimer()
	}
}

func fillRunning(b *testing.B, dir string, n int) {
	b.Helper()
	st, err := store.Open(b.Context(), dir, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	at := time.Now().UTC().Add(-time.Minute)
	for from := 0; from < n; from += 1000 {
		err := st.Write(b.Context(), func(tx *store.Tx) error {
			for i := from; i < min(from+1000, n); i++ {
				id, name := strconv.Itoa(i+1), "r"+strconv.Itoa(i)
				r := orchestrator.Run{
					ID: id, Runner: name, Trigger: "interval", Nominal: at, State: orchestrator.Running, CreatedAt: at, DueAt: at,
					StartedAt: at, FirstAt: at, Attempt: 1,
				}
				if _, err := tx.InsertRun(&r, "", 1); err != nil {
					return err
				}
				st := store.StepRow{Step: orchestrator.Step{
					Run: id, Path: name, ID: name, Use: "test:Probe", Order: 1, State: orchestrator.Running, StartedAt: at, Attempt: 1, MaxAttempts: 3,
				}}
				if err := tx.PutStep(&st); err != nil {
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

// BenchmarkDiskPerRun measures what one run of three steps with five log lines takes on disk, its share of all indexes included.
func BenchmarkDiskPerRun(b *testing.B) {
	const runs = 2000
	dir := b.TempDir()
	e := benchEngine(b, dir, 0, 8, 0, nil)
	talks := func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		c.Log.Info("ticket 2026112510000042 is in queue Incoming")
		return pipe.Success("1 ticket moved", map[string]any{"queue": "IT Support", "confidence": 0.93}), nil
	}
	reg, err := pipe.NewRegistry(&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(talks) }},
		&pipe.Spec{Name: "test:Group", Composite: true})
	if err != nil {
		b.Fatal(err)
	}
	e.o.Pipes = reg
	for i := range 20 {
		e.o.Config.Runners = append(e.o.Config.Runners, runnerOf(group("r"+strconv.Itoa(i), probe("fetch"), probe("classify"), probe("move"))))
	}
	if err := e.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() { fireMany(b, e, "r"+strconv.Itoa(i), runs/20) })
	}
	wg.Wait()
	stopBench(b, e)
	info, err := os.Stat(filepath.Join(dir, store.FileName))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() { // it was measured above, once
		runtime.Gosched()
	}
	b.ReportMetric(float64(info.Size())/runs, "B/run")
}

func fireMany(b *testing.B, e *Engine, runner string, n int) {
	for range n {
		for {
			_, err := e.RunOnce(b.Context(), runner, orchestrator.FireRequest{})
			if err == nil {
				break
			}
			if b.Context().Err() != nil {
				return
			}
			runtime.Gosched()
		}
	}
}
