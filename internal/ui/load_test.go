package ui_test

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/theme"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// crowd is 1,000 runners with full strips and last runs, some of them at work.
func crowd() uitest.Fixture {
	f := uitest.Tickets()
	model := f.Snapshot.Runners
	f.Snapshot.Runners = nil
	for i := range 1000 {
		r := model[i%len(model)]
		r.ID = fmt.Sprintf("%s-%04d", r.ID, i)
		f.Snapshot.Runners = append(f.Snapshot.Runners, r)
	}
	return f
}

// second is what the issue calls load: ten changes and 5,000 log lines within one second, in the ten messages that a viewer gets of them.
func second(d *uitest.Driver, n int, draw func()) {
	const messages, lines = 10, 500
	for m := range messages {
		i := n*messages + m
		id := d.Fake.RunnerID(i * 37 % 1000)
		d.Fake.Change(id, func(r *orchestrator.Runner) {
			r.StepsDone, r.Reason = i%9, fmt.Sprintf("run %d runs fetch", i)
			if r.State = orchestrator.Completed; i%2 == 0 {
				r.State = orchestrator.Running
			}
		})
		for l := range lines {
			d.Fake.Hub.Log(orchestrator.LogLine{
				Run: "7", Runner: id, Seq: int64(i*lines + l), Step: id + "/fetch", Level: "info", At: uitest.Now,
				Msg: "fetched page 12 of 40 from otobo, 50 tickets, 812 ms",
			})
		}
		d.Live()
		draw()
	}
	d.Advance(time.Second)
	draw()
}

// BenchmarkConsoleSecond is the work of a console of 140x40 in one second of load: taking the changes, drawing and styling. The share of
// one core is the figure; what Bubble Tea and the terminal add is in BenchmarkKeyToFrame.
func BenchmarkConsoleSecond(b *testing.B) {
	for _, tab := range []string{"1", "4"} {
		b.Run("tab "+tab, func(b *testing.B) {
			d := uitest.Drive(b, uitest.New(crowd()), func(o *ui.Options) { o.Width, o.Height = 140, 40 })
			d.Press(tab)
			th, _ := theme.Named("otai-dark")
			b.ReportAllocs()
			n := 0
			began := time.Now()
			for b.Loop() {
				second(d, n, func() { _, _ = io.WriteString(io.Discard, d.App.Draw(140, 40).ANSI(th)) })
				n++
			}
			b.ReportMetric(100*time.Since(began).Seconds()/float64(n), "%core")
		})
	}
}

// BenchmarkKeyToFrame is from the bytes of a key to those of the frame that shows its effect, under load, through the program and a
// terminal.
func BenchmarkKeyToFrame(b *testing.B) {
	f := uitest.New(crowd())
	s := uitest.Start(b, f, func(o *ui.Options) { o.Width, o.Height = 140, 40 })
	s.WaitText(b, "1000 pipes")
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			if i%10 == 0 {
				f.Change(f.RunnerID(i%1000), func(r *orchestrator.Runner) { r.StepsDone = i % 9 })
			}
			for range 50 {
				f.Hub.Log(orchestrator.LogLine{Run: "7", Runner: "x", Level: "info", At: uitest.Now, Msg: "fetched page 12 of 40 from otobo"})
			}
		}
	}()
	var took []time.Duration
	for b.Loop() {
		for _, key := range []string{"?", "q"} {
			shown := key == "?"
			began := time.Now()
			s.Keys(b, key)
			s.Wait(b, "the help", func(lines []string) bool { return strings.Contains(lines[2], "keys"+theme.Sep) == shown })
			took = append(took, time.Since(began))
		}
	}
	close(stop)
	<-stopped
	slices.Sort(took)
	at := func(p float64) float64 { return took[int(float64(len(took)-1)*p)].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}

// TestHeapStaysFlat: an hour of changes, accelerated, leaves the console as large as its first minutes: what it keeps is bounded.
func TestHeapStaysFlat(t *testing.T) {
	d := uitest.Drive(t, uitest.New(crowd()))
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	n := 0
	spend := func(seconds int) {
		for range seconds {
			second(d, n, func() {})
			for i := range 50 {
				text := fmt.Sprintf("event %d of second %d %s", i, n, strings.Repeat("x", 500))
				d.Fake.Hub.Event(orchestrator.Event{ID: int64(100_000 + 50*n + i), At: uitest.Now, Kind: "paused", Text: text})
			}
			n++
		}
	}
	spend(20) // the log of the console is full from here on: 20 s of 5,000 lines
	before := heap()
	const more = 60
	spend(more)
	defer runtime.KeepAlive(d)
	if after := heap(); after > before+before/10+1<<20 {
		t.Errorf("the heap grew from %d to %d kB in %d seconds of load", before>>10, after>>10, more)
	} else {
		t.Logf("heap %d kB, then %d kB", before>>10, after>>10)
	}
}

// TestDrawingAllocatesLittle: at most 200 allocations for a frame of 140x40 of what changes by itself; more where a person types or reads.
func TestDrawingAllocatesLittle(t *testing.T) {
	live := []string{"pipes", "pipe-", "runs", "run-", "logs", "events", "promises", "approvals"}
	for _, s := range scenes {
		most := 3000.0
		if slices.ContainsFunc(live, func(prefix string) bool { return strings.HasPrefix(s.name, prefix) }) {
			most = 200
			if raceOn {
				most = 230
			}
		}
		d := uitest.Drive(t, uitest.New(s.data()), func(o *ui.Options) { o.Width, o.Height = 140, 40 })
		s.play(d)
		if n := testing.AllocsPerRun(5, func() { d.App.Draw(140, 40) }); n > most {
			t.Errorf("%s: %.0f allocations, the budget is %.0f", s.name, n, most)
		}
	}
}
