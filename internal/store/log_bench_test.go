package store

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// fillLog writes lines of four runs at a time, 500 lines each, every millisecond one. The oldest line alone has "deadlock".
func fillLog(b *testing.B, s *Store, n int) {
	b.Helper()
	for at := 0; at < n; at += 5000 {
		err := s.Write(b.Context(), func(tx *Tx) error {
			lines := make([]orchestrator.LogLine, 0, 5000)
			for i := at; i < min(at+5000, n); i++ {
				run := i/2000*4 + i%4 + 1
				l := orchestrator.LogLine{
					Run: strconv.Itoa(run), Runner: fmt.Sprintf("runner-%d", run%40), Seq: int64(i%2000/4 + 1), Step: "r/step", Attempt: 1,
					At: noon.Add(time.Duration(i) * time.Millisecond), Level: "info",
					Msg: fmt.Sprintf("ticket %d of queue Raw::Support was looked at in %dms and needs nothing for now", i, i%900),
				}
				if i == 0 {
					l.Msg = "Deadlock on " + l.Msg
				}
				lines = append(lines, l)
			}
			return tx.insertLogs(lines)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLogOfAMillionLines: a page anywhere, and the first hit of a search whose only hit is the oldest line, within 300 ms.
func BenchmarkLogOfAMillionLines(b *testing.B) {
	s := openBench(b)
	fillLog(b, s, 1_000_000)
	middle := orchestrator.LogPlace{At: noon.Add(500 * time.Second)}
	page := func(name string, q orchestrator.LogQuery, want int) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p, err := s.ReadLog(b.Context(), q)
				if err != nil || len(p.Lines) != want {
					b.Fatalf("%d lines, %v", len(p.Lines), err)
				}
			}
		})
	}
	page("page/newest", orchestrator.LogQuery{Back: true}, 1000)
	page("page/middle", orchestrator.LogQuery{Back: true, From: middle}, 1000)
	page("page/oldest", orchestrator.LogQuery{}, 1000)
	page("page/run", orchestrator.LogQuery{LogScope: orchestrator.LogScope{Run: "1000"}, Back: true}, 500)
	page("page/one-runner", orchestrator.LogQuery{LogScope: orchestrator.LogScope{Runners: []string{"runner-3"}}, Back: true, From: middle}, 1000)
	for _, q := range []string{"deadlock", "Deadlock", "/dead(lock)?/"} {
		b.Run("search/"+q, func(b *testing.B) {
			var pieces int
			for b.Loop() {
				search := orchestrator.LogSearch{Query: q}
				for found := 0; found == 0; pieces++ {
					h, err := s.SearchLog(b.Context(), search)
					if err != nil || h.Done && len(h.Lines) == 0 {
						b.Fatalf("nothing found: %v", err)
					}
					search.Cursor, found = h.Cursor, len(h.Lines)
				}
			}
			b.ReportMetric(float64(pieces)/float64(b.N), "pieces")
		})
	}
}

// BenchmarkLogWriting is what the writer needs for a line.
func BenchmarkLogWriting(b *testing.B) {
	s := openBench(b)
	n := max(b.N, 200_000)
	begin := time.Now()
	fillLog(b, s, n)
	b.ReportMetric(float64(time.Since(begin).Nanoseconds())/float64(n), "ns/line")
	b.ReportMetric(0, "ns/op")
}
