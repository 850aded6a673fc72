package feed

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/test/bubble"
)

func TestLatestValuePerRunner(t *testing.T) {
	h := NewHub(Options{})
	s := h.Subscribe()
	for i := range 5 {
		h.Runner(orchestrator.Runner{ID: "a", Runs: i})
		h.Runner(orchestrator.Runner{ID: "b", Runs: i * 10})
	}
	h.Engine(orchestrator.Engine{Busy: 1})
	h.Engine(orchestrator.Engine{Busy: 2})
	u := s.Take()
	if len(u.Runners) != 2 || u.Runners[0].Runs != 4 || u.Runners[1].Runs != 40 {
		t.Fatalf("runners %+v", u.Runners)
	}
	if u.Engine == nil || u.Engine.Busy != 2 || u.Revision != 12 || u.Revision != h.Revision() {
		t.Fatalf("engine %+v revision %d", u.Engine, u.Revision)
	}
	if again := s.Take(); !again.Empty() {
		t.Fatalf("second Take gave %+v", again)
	}
	h.Runner(orchestrator.Runner{ID: "b", Runs: 7})
	if u := s.Take(); len(u.Runners) != 1 || u.Runners[0].Runs != 7 {
		t.Fatalf("after Take %+v", u.Runners)
	}
}

func TestTakenUpdateIsTheViewersOwn(t *testing.T) {
	h := NewHub(Options{})
	s := h.Subscribe()
	h.Runner(orchestrator.Runner{ID: "a", Runs: 1})
	h.Log(orchestrator.LogLine{Msg: "one"})
	u := s.Take()
	h.Runner(orchestrator.Runner{ID: "a", Runs: 2})
	h.Log(orchestrator.LogLine{Msg: "two"})
	if u.Runners[0].Runs != 1 || u.Logs[0].Msg != "one" {
		t.Fatalf("a later publish changed a taken update: %+v", u)
	}
}

func TestLogRingCountsTheGap(t *testing.T) {
	h := NewHub(Options{LogRing: 4})
	s := h.Subscribe()
	for i := range 10 {
		h.Log(orchestrator.LogLine{Seq: int64(i), Gap: i % 2}) // odd lines stand for one missing line more
	}
	u := s.Take()
	var seqs []int64
	for _, l := range u.Logs {
		seqs = append(seqs, l.Seq)
	}
	if !slices.Equal(seqs, []int64{6, 7, 8, 9}) || u.LogGap != 6+3 {
		t.Fatalf("lines %v gap %d", seqs, u.LogGap)
	}
	h.Log(orchestrator.LogLine{Seq: 10})
	if u := s.Take(); len(u.Logs) != 1 || u.LogGap != 0 {
		t.Fatalf("the gap was counted twice: %+v", u)
	}
}

func TestLostEventsAskForResync(t *testing.T) {
	h := NewHub(Options{Events: 3})
	s := h.Subscribe()
	for i := range 3 {
		h.Event(orchestrator.Event{ID: int64(i)})
	}
	if u := s.Take(); u.Resync || len(u.Events) != 3 {
		t.Fatalf("%+v", u)
	}
	for i := range 5 {
		h.Event(orchestrator.Event{ID: int64(i)})
	}
	if u := s.Take(); !u.Resync || len(u.Events) != 3 || u.Events[0].ID != 2 {
		t.Fatalf("%+v", u)
	}
	h.Resync()
	if u := s.Take(); !u.Resync {
		t.Fatal("Resync was not delivered")
	}
}

func TestSubscriptionsAreIndependentAndClose(t *testing.T) {
	h := NewHub(Options{})
	a, b := h.Subscribe(), h.Subscribe()
	h.Runner(orchestrator.Runner{ID: "x"})
	a.Take()
	a.Close()
	a.Close()
	h.Runner(orchestrator.Runner{ID: "y"})
	if u := a.Take(); len(u.Runners) != 0 {
		t.Fatal("a closed viewer still gets values")
	}
	if u := b.Take(); len(u.Runners) != 2 {
		t.Fatalf("b has %d", len(u.Runners))
	}
	if h.Viewers() != 1 {
		t.Fatalf("%d viewers", h.Viewers())
	}
	h.Close()
	if h.Viewers() != 0 {
		t.Fatal("Close left viewers")
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Fatalf("the signal from before the close: %v", err)
	}
	if err := b.Wait(t.Context()); !errors.Is(err, ErrClosed) {
		t.Fatalf("Wait after Close: %v", err)
	}
	if err := h.Subscribe().Wait(t.Context()); !errors.Is(err, ErrClosed) {
		t.Fatalf("Subscribe after Close: %v", err)
	}
	h.Runner(orchestrator.Runner{ID: "z"})
}

// TestStalledViewerCostsNothing is promise 6: a viewer that never reads neither delays the engine nor grows.
func TestStalledViewerCostsNothing(t *testing.T) {
	h := NewHub(Options{LogRing: 100, Events: 50})
	stalled := h.Subscribe()
	reader := h.Subscribe()
	const updates, runners = 100_000, 40
	var before, after runtime.MemStats
	ids := make([]string, runners)
	for i := range ids {
		ids[i] = fmt.Sprintf("runner-%d", i)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	worst := make([]time.Duration, 0, updates)
	for i := range updates {
		began := time.Now()
		h.Runner(orchestrator.Runner{ID: ids[i%runners], Runs: i})
		h.Log(orchestrator.LogLine{Seq: int64(i)})
		h.Event(orchestrator.Event{ID: int64(i)})
		worst = append(worst, time.Since(began))
		if i%1000 == 0 {
			reader.Take()
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	slices.Sort(worst)
	p99 := worst[len(worst)*99/100]
	if p99 > 500*time.Microsecond { // the goal is 50 µs; the benchmark shows it, this bound bears a busy machine
		t.Errorf("publish p99 %v", p99)
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("the stalled viewer holds %d bytes", grown)
	}
	u := stalled.Take()
	if len(u.Runners) != runners || len(u.Logs) != 100 || u.LogGap != updates-100 || len(u.Events) != 50 || !u.Resync {
		t.Errorf("runners %d logs %d gap %d events %d resync %v", len(u.Runners), len(u.Logs), u.LogGap, len(u.Events), u.Resync)
	}
	runtime.KeepAlive(worst)
	t.Logf("publish of three things: p99 %v max %v", p99, worst[len(worst)-1])
}

func TestConcurrentUse(t *testing.T) {
	h := NewHub(Options{LogRing: 64, Events: 16})
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					s := h.Subscribe()
					_ = s.Wait(t.Context())
					s.Take()
					s.Close()
				}
			}
		})
	}
	keep := h.Subscribe()
	for range 2 {
		wg.Go(func() {
			for i := range 20_000 {
				h.Runner(orchestrator.Runner{ID: fmt.Sprint(i % 7), Runs: i})
				h.Log(orchestrator.LogLine{Seq: int64(i)})
				h.Event(orchestrator.Event{})
				h.Engine(orchestrator.Engine{})
			}
		})
	}
	lines := 0
	for lines < 40_000 {
		u := keep.Take()
		lines += len(u.Logs) + u.LogGap
		runtime.Gosched()
	}
	close(stop)
	h.Close()
	wg.Wait()
	if lines != 40_000 {
		t.Fatalf("%d lines and gaps for 40000 published", lines)
	}
}

func TestPumpMergesToItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := NewHub(Options{})
		sub := h.Subscribe()
		var mu sync.Mutex
		var sent []orchestrator.Update
		rate := 10
		ended := make(chan error, 1)
		go func() {
			ended <- Pump(ctx, sub, func() int { mu.Lock(); defer mu.Unlock(); return rate }, func(u orchestrator.Update) {
				mu.Lock()
				sent = append(sent, u)
				mu.Unlock()
			})
		}()
		count := func() int { synctest.Wait(); mu.Lock(); defer mu.Unlock(); return len(sent) }

		bubble.Advance(time.Minute)
		if n := count(); n != 0 {
			t.Fatalf("%d messages while nothing changed", n)
		}
		h.Runner(orchestrator.Runner{ID: "a"})
		if n := count(); n != 1 {
			t.Fatalf("the first change was not sent at once: %d", n)
		}
		bubble.Advance(time.Second)
		for i := range 1000 { // a second of changes every millisecond
			h.Runner(orchestrator.Runner{ID: "a", Runs: i})
			bubble.Advance(time.Millisecond)
		}
		if n := count(); n < 10 || n > 12 {
			t.Fatalf("%d messages for a busy second at 10/s", n)
		}
		bubble.Advance(time.Second)
		if last := sent[len(sent)-1]; last.Runners[0].Runs != 999 {
			t.Fatalf("the last value was lost: %+v", last.Runners)
		}
		mu.Lock()
		rate, sent = 1000, nil
		mu.Unlock()
		for i := range 1000 {
			h.Runner(orchestrator.Runner{ID: "a", Runs: i})
			bubble.Advance(time.Millisecond)
		}
		if n := count(); n > 12 {
			t.Fatalf("%d messages in a second: the upper bound does not hold", n)
		}
		mu.Lock()
		rate, sent = 0, nil
		mu.Unlock()
		for i := range 2000 {
			h.Runner(orchestrator.Runner{ID: "a", Runs: i})
			bubble.Advance(time.Millisecond)
		}
		if n := count(); n < 1 || n > 4 {
			t.Fatalf("%d messages in two seconds at the lowest rate", n)
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

func TestPumpEndsWithTheHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(Options{})
		ended := make(chan error, 1)
		sub := h.Subscribe()
		go func() {
			ended <- Pump(t.Context(), sub, func() int { return 10 }, func(orchestrator.Update) {})
		}()
		synctest.Wait()
		h.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	})
}

func BenchmarkPublishNoViewer(b *testing.B) {
	h := NewHub(Options{})
	r := orchestrator.Runner{ID: "a"}
	for b.Loop() {
		h.Runner(r)
	}
}

func BenchmarkPublishTenStalledViewers(b *testing.B) {
	h := NewHub(Options{})
	for range 10 {
		h.Subscribe()
	}
	r := orchestrator.Runner{ID: "a"}
	var worst []time.Duration
	for b.Loop() {
		began := time.Now()
		h.Runner(r)
		h.Log(orchestrator.LogLine{Msg: "x"})
		worst = append(worst, time.Since(began))
	}
	slices.Sort(worst)
	b.ReportMetric(float64(worst[len(worst)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkPublishBesideAStall is what one publish costs the engine while a viewer takes nothing for the time of 10,000 events and as many
// log lines.
func BenchmarkPublishBesideAStall(b *testing.B) {
	const events = 10_000
	var took []time.Duration
	for b.Loop() {
		h := NewHub(Options{})
		sub := h.Subscribe()
		for i := range events {
			began := time.Now()
			h.Event(orchestrator.Event{ID: int64(i), Text: "an event"})
			h.Log(orchestrator.LogLine{Run: "7", Seq: int64(i), Msg: "a line"})
			took = append(took, time.Since(began)/2)
		}
		sub.Close()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}

// TestLagIsThatOfTheSlowest viewer: what it has yet to take, and what it has missed.
func TestLagIsThatOfTheSlowest(t *testing.T) {
	h := NewHub(Options{LogRing: 3})
	quick, slow := h.Subscribe(), h.Subscribe()
	for i := range 5 {
		h.Log(orchestrator.LogLine{Seq: int64(i)})
		quick.Take()
	}
	if n := h.Lag(); n != 5 {
		t.Errorf("%d lines behind, want 5", n)
	}
	slow.Take()
	if n := h.Lag(); n != 0 {
		t.Errorf("%d lines behind after all was taken", n)
	}
	slow.Close()
	quick.Close()
	if h.Lag() != 0 || h.Viewers() != 0 {
		t.Error("closed views count")
	}
}
