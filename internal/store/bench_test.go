package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func openBench(b *testing.B) *Store {
	b.Helper()
	s, err := Open(b.Context(), b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// claims measures what a tick costs: its row and its cursor, made durable, one after the other by each of the producers.
type claims struct {
	seq   atomic.Int64
	mu    sync.Mutex
	waits []time.Duration
}

func (c *claims) one(b *testing.B, s *Store, runner string) {
	n := int(c.seq.Add(1))
	r := runAt(n, noon.Add(time.Duration(n)*time.Second), orchestrator.Running)
	r.Runner = runner
	begin := time.Now()
	err := s.Write(context.WithoutCancel(b.Context()), func(tx *Tx) error {
		err := tx.SetCursor(Cursor{Runner: runner, Trigger: r.Trigger, Spec: "s", Anchor: noon, Nominal: r.Nominal})
		if err == nil {
			_, err = tx.InsertRun(r, "", 1)
		}
		return err
	})
	if err != nil {
		b.Error(err)
	}
	c.mu.Lock()
	c.waits = append(c.waits, time.Since(begin))
	c.mu.Unlock()
}

// produce lets producers claim, each one every pause (0 = at once), until so many claims are made or stop says so.
func (c *claims) produce(b *testing.B, s *Store, producers, most int, pause time.Duration, stop func() bool) {
	b.Helper()
	var wg sync.WaitGroup
	begin := time.Now()
	var made atomic.Int64
	for p := range producers {
		wg.Go(func() {
			for int(made.Add(1)) <= most && !stop() {
				c.one(b, s, "r"+strconv.Itoa(p))
				if pause > 0 {
					<-time.After(pause)
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	slices.Sort(c.waits)
	if len(c.waits) == 0 {
		b.Fatal("nothing was claimed")
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(c.waits[len(c.waits)/2]), "p50-ms")
	b.ReportMetric(ms(c.waits[len(c.waits)*99/100]), "p99-ms")
	b.ReportMetric(ms(c.waits[len(c.waits)-1]), "max-ms")
	b.ReportMetric(float64(len(c.waits))/took.Seconds(), "claims/s")
	b.ReportMetric(0, "ns/op")
}

func never() bool { return false }

func BenchmarkClaims(b *testing.B) {
	for _, producers := range []int{1, 16, 128} {
		b.Run(strconv.Itoa(producers), func(b *testing.B) {
			var c claims
			c.produce(b, openBench(b), producers, max(b.N, 5000), 0, never)
		})
	}
}

// BenchmarkClaimsUnderLogFlood has 50,000 log lines a second of 20 runs beside the claims; p99 is to be under 25 ms.
func BenchmarkClaimsUnderLogFlood(b *testing.B) {
	s := openBench(b)
	var c claims
	var stop atomic.Bool
	var lines atomic.Int64
	var wg sync.WaitGroup
	begin := time.Now()
	wg.Go(func() {
		msg := strings.Repeat("m", 140)
		for n := 0; !stop.Load(); n++ {
			for range 50 { // every millisecond
				seq := lines.Add(1)
				s.AppendLog(orchestrator.LogLine{Run: strconv.FormatInt(1e6+seq%20, 10), Runner: "r", Step: "r/step", Seq: seq, At: noon, Level: "info", Msg: msg})
			}
			<-time.After(time.Until(begin.Add(time.Duration(n) * time.Millisecond)))
		}
	})
	c.produce(b, s, 50, max(b.N, 30_000), 10*time.Millisecond, never)
	stop.Store(true)
	wg.Wait()
	b.ReportMetric(float64(lines.Load())/time.Since(begin).Seconds(), "lines/s")
	b.ReportMetric(float64(s.LostLogs()), "lost-lines")
}

// BenchmarkClaimsWhilePruning removes 100,000 runs, each with a step, an attempt and three log lines, beside the claims; p99 is to
// be under 25 ms.
func BenchmarkClaimsWhilePruning(b *testing.B) {
	s := openBench(b)
	const n = 100_000
	fill(b, s, n)
	var c claims
	c.seq.Store(n)
	var done atomic.Bool
	var took time.Duration
	var gone int
	var wg sync.WaitGroup
	wg.Go(func() {
		begin := time.Now()
		var err error
		if gone, err = s.Prune(b.Context(), "old", Keep{Runs: 1, Bytes: 1 << 20}, noon); err != nil {
			b.Error(err)
		}
		if err := s.PruneEvents(b.Context()); err != nil {
			b.Error(err)
		}
		took = time.Since(begin)
		done.Store(true)
	})
	c.produce(b, s, 50, 1<<40, 10*time.Millisecond, done.Load)
	wg.Wait()
	b.ReportMetric(float64(gone)/took.Seconds(), "runs-removed/s")
	if gone < n-1 {
		b.Errorf("only %d runs went", gone)
	}
}

// fill writes ended runs of the runner "old", each with a step, an attempt and three log lines.
func fill(b *testing.B, s *Store, n int) {
	b.Helper()
	for at := 0; at < n; at += 500 {
		err := s.Write(b.Context(), func(tx *Tx) error {
			for i := at; i < min(at+500, n); i++ {
				if err := fillOne(tx, i+1); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func fillOne(tx *Tx, n int) error {
	at := noon.Add(time.Duration(n) * time.Second)
	r := runAt(n, at, orchestrator.Completed)
	r.Runner, r.Definition = "old", "0123456789abcdef"
	if _, err := tx.InsertRun(r, "", 1); err != nil {
		return err
	}
	st := StepRow{Step: orchestrator.Step{
		Run: r.ID, Path: "old", ID: "old", Use: "base:FetchTicketsPipe", Order: 1, State: orchestrator.Completed, StartedAt: at, EndedAt: at,
		Attempt: 1, MaxAttempts: 3, Message: "3 tickets found",
	}, Result: `{"succeeded":true,"data":{"count":3}}`}
	if err := tx.PutStep(&st); err != nil {
		return err
	}
	if err := tx.PutAttempt(r.ID, "old", orchestrator.Attempt{N: 1, State: orchestrator.Completed, StartedAt: at, EndedAt: at}); err != nil {
		return err
	}
	var lines []orchestrator.LogLine
	for i := range 3 {
		lines = append(lines, orchestrator.LogLine{
			Run: r.ID, Runner: "old", Step: "old", Attempt: 1, Seq: int64(i + 1), At: at, Level: "info",
			Msg: fmt.Sprintf("ticket %d of queue Raw was looked at and needs nothing for now", i),
		})
	}
	return tx.insertLogs(lines)
}

// BenchmarkBytesPerRun is the disk that a small run takes: one step, one attempt, three log lines.
func BenchmarkBytesPerRun(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	n := max(b.N, 10_000)
	fill(b, s, n)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, FileName))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(n), "bytes/run")
	b.ReportMetric(0, "ns/op")
}
