package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// What an engine with 1,000 runners may take after a month, beyond what it took after its first day. WAL: the writer's
// journal_size_limit is 64 MiB.
const (
	soakGoroutines = 20
	soakHeap       = 16 << 20
	soakFiles      = 8
	soakWAL        = 80 << 20
)

// TestSoak is promise 7: a simulated month of 1,000 runners, with failures, retries, idle polls and retention at work. Memory,
// goroutines, descriptors and the write-ahead log must not grow with history. OTAI_FULL=1 makes every runner due each hour.
func TestSoak(t *testing.T) { //nolint:paralleltest // it counts goroutines and memory of the whole process
	if testing.Short() || raceOn {
		t.Skip("a month takes too long with -short or -race: make soak, which is part of make test")
	}
	interval := 12 * time.Hour
	if os.Getenv("OTAI_FULL") != "" {
		interval = time.Hour
	}
	synctest.Test(t, func(t *testing.T) {
		b := soakBench(t, interval)
		b.start()
		pass(24 * time.Hour)
		first := measure(t, b.dir)
		for day := 2; day <= 30; day++ {
			pass(24 * time.Hour)
			if now := measure(t, b.dir); now.wal > soakWAL {
				t.Fatalf("day %d: the write-ahead log has %d MiB", day, now.wal>>20)
			}
		}
		last := measure(t, b.dir)
		t.Logf("day 1: %+v, day 30: %+v", first, last)
		switch {
		case last.goroutines > first.goroutines+soakGoroutines:
			t.Errorf("goroutines grew from %d to %d", first.goroutines, last.goroutines)
		case last.heap > first.heap+soakHeap:
			t.Errorf("the heap grew from %d to %d bytes", first.heap, last.heap)
		case last.files > first.files+soakFiles:
			t.Errorf("open files grew from %d to %d", first.files, last.files)
		}
		checkSoakHistory(t, b, int(30*24*time.Hour/interval))
		b.stop()
	})
}

// soakBench has runners that complete, poll for nothing, fail for good, and succeed at the second attempt.
func soakBench(t *testing.T, interval time.Duration) *bench {
	t.Helper()
	var runners []config.Runner
	for i := range 1000 {
		def := probe("r" + strconv.Itoa(i))
		if i%4 == 1 {
			def.Use = "test:Read"
		}
		def.Retry = retries(1, time.Minute)
		runners = append(runners, runnerOf(def, every(t, interval, time.Time{})))
	}
	b := newBench(t, runners...)
	b.quiet = true
	b.cfg.Engine.MaxParallelRuns = 64
	b.cfg.Engine.Keep = config.Retention{Runs: 20, Age: 10 * 24 * time.Hour, FailedAge: 20 * 24 * time.Hour}
	for i := range 1000 {
		b.do["r"+strconv.Itoa(i)] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			c.Log.Info("works on it")
			switch {
			case i%4 == 1:
				return pipe.Stop("no tickets"), nil
			case i%4 == 2 && c.Attempt == 1, i%40 == 3:
				return pipe.Result{}, errors.New("no luck")
			}
			return pipe.Success("", nil), nil
		}
	}
	return b
}

// footprint is what the process takes.
type footprint struct {
	goroutines, files int
	heap              uint64
	wal               int64
}

func measure(t *testing.T, dir string) footprint {
	t.Helper()
	synctest.Wait()
	var ms runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers of the first let go
	runtime.ReadMemStats(&ms)
	f := footprint{goroutines: runtime.NumGoroutine(), heap: ms.HeapAlloc}
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil { // elsewhere they are not counted
		f.files = len(fds)
	}
	if info, err := os.Stat(filepath.Join(dir, store.FileName+"-wal")); err == nil {
		f.wal = info.Size()
	}
	return f
}

// checkSoakHistory: retention kept each runner's newest rows, and the newest tick is the last one that was due.
func checkSoakHistory(t *testing.T, b *bench, ticks int) {
	t.Helper()
	for _, id := range []string{"r0", "r1", "r2", "r3"} {
		runs := b.runs(id)
		count := 0
		for _, r := range runs {
			if !r.State.Terminal() {
				t.Errorf("%s: run %s is %s", id, r.ID, r.State)
			}
			count += r.Count
		}
		switch {
		case id == "r1" && (len(runs) != 1 || count < ticks-1 || count > ticks): // the first tick comes an interval after the start
			t.Errorf("%s: %d rows for %d idle polls, want 1 for about %d", id, len(runs), count, ticks)
		case id == "r3" && (len(runs) < 20 || runs[0].State != orchestrator.Failed):
			t.Errorf("%s: %d rows, the newest %s", id, len(runs), runs[0].State)
		case (id == "r0" || id == "r2") && (len(runs) < 18 || len(runs) > 24 || runs[0].State != orchestrator.Completed):
			t.Errorf("%s: %d rows, the newest %s", id, len(runs), runs[0].State)
		}
	}
}
