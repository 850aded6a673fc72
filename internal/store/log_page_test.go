package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// writeLines puts lines of several runs at once into a history, some at the same moment, and gives them in their order.
func writeLines(t *testing.T, s *Store, n int) []orchestrator.LogLine {
	t.Helper()
	rng := rand.New(rand.NewPCG(7, 1))
	seqs := map[int]int64{}
	var out []orchestrator.LogLine
	at := noon
	for i := range n {
		run := i/40 + rng.IntN(4) + 1
		seqs[run]++
		at = at.Add(time.Duration(rng.IntN(3)) * time.Millisecond)
		out = append(out, orchestrator.LogLine{
			Run: strconv.Itoa(run), Runner: fmt.Sprintf("r%d", run%5), Seq: seqs[run], Step: []string{"r/a", "r/a/b", "r/ab"}[rng.IntN(3)], Attempt: 1,
			At: at, Level: levelName(rng.IntN(4)), Msg: fmt.Sprintf("line %d of Ticket %d 100%% a_b İKs über", i, rng.IntN(50)),
		})
	}
	must(t, s, func(tx *Tx) error { return tx.insertLogs(slices.Clone(out)) })
	slices.SortFunc(out, func(a, b orchestrator.LogLine) int { return orchestrator.PlaceOf(&a).Compare(orchestrator.PlaceOf(&b)) })
	return out
}

func ofScope(all []orchestrator.LogLine, sc orchestrator.LogScope) []orchestrator.LogLine {
	var out []orchestrator.LogLine
	for _, l := range all {
		if (sc.Run == "" || l.Run == sc.Run) && (len(sc.Runners) == 0 || slices.Contains(sc.Runners, l.Runner)) &&
			(sc.Step == "" || l.Step == sc.Step || strings.HasPrefix(l.Step, sc.Step+"/")) && levelNumber(l.Level) >= levelFloor(sc.Level) {
			out = append(out, l)
		}
	}
	return out
}

func scopes() []orchestrator.LogScope {
	return []orchestrator.LogScope{
		{},
		{Run: "3"},
		{Runners: []string{"r1"}},
		{Runners: []string{"r1", "r4"}, Level: "warn"},
		{Step: "r/a"},
		{Run: "7", Step: "r/a", Level: "error"},
		{Runners: []string{"nobody"}},
		{Run: "999"},
	}
}

// TestPagesAreTheWholeLog: the pages of a log, forward and back, have each of its lines once, in the total order.
func TestPagesAreTheWholeLog(t *testing.T) {
	s := open(t)
	s.looks = looks{page: 130, text: 170, expr: 45}
	all := writeLines(t, s, 3000)
	for _, sc := range scopes() {
		want := ofScope(all, sc)
		for _, back := range []bool{false, true} {
			var got []orchestrator.LogLine
			q := orchestrator.LogQuery{LogScope: sc, Back: back, Limit: 97}
			for calls := 0; ; calls++ {
				p, err := s.ReadLog(t.Context(), q)
				if err != nil || calls > 300 {
					t.Fatalf("%+v: %v after %d calls", q, err, calls)
				}
				if back {
					got = append(slices.Clone(p.Lines), got...)
				} else {
					got = append(got, p.Lines...)
				}
				if p.Done {
					break
				}
				q.From = p.Next
			}
			if !slices.Equal(got, want) {
				t.Errorf("%+v back=%v: %d lines, want %d", sc, back, len(got), len(want))
			}
		}
	}
}

// TestPagesFromAMoment: a page can begin at a time, with all lines of that moment.
func TestPagesFromAMoment(t *testing.T) {
	s := open(t)
	all := writeLines(t, s, 500)
	at := all[250].At
	p, err := s.ReadLog(t.Context(), orchestrator.LogQuery{From: orchestrator.LogPlace{At: at}, Limit: 5})
	want := slices.IndexFunc(all, func(l orchestrator.LogLine) bool { return !l.At.Before(at) })
	if err != nil || !slices.Equal(p.Lines, all[want:want+5]) {
		t.Fatalf("%v: %+v, want %+v", err, p.Lines, all[want:want+5])
	}
	run := ofScope(all, orchestrator.LogScope{Run: "3"})
	p, err = s.ReadLog(t.Context(), orchestrator.LogQuery{LogScope: orchestrator.LogScope{Run: "3"}, From: orchestrator.LogPlace{At: run[20].At}, Limit: 3})
	if err != nil || len(p.Lines) != 3 || p.Lines[0].At != run[20].At {
		t.Fatalf("%v: %+v, want from %+v on", err, p.Lines, run[20])
	}
}

// TestSearchFindsWhatMatches: whatever is looked for, in pieces, with and without a limit, all lines that match are found once.
func TestSearchFindsWhatMatches(t *testing.T) {
	s := open(t)
	s.looks = looks{page: 130, text: 170, expr: 45}
	all := writeLines(t, s, 3000)
	for _, query := range []string{"ticket 7", "Ticket 7", "ticket 7 ", "/line \\d*9 of/", "100%", "a_b", "a%b", "i", "k", "ÜBER", "über", "i̇ks", "nowhere", "'", "\\"} {
		pat, err := text.ParsePattern(query)
		if err != nil {
			t.Fatal(err)
		}
		for _, sc := range scopes() {
			want := slices.DeleteFunc(ofScope(all, sc), func(l orchestrator.LogLine) bool { return !pat.Match(l.Msg) })
			var got []orchestrator.LogLine
			q := orchestrator.LogSearch{LogScope: sc, Query: query, Limit: 61}
			for calls := 0; ; calls++ {
				h, err := s.SearchLog(t.Context(), q)
				if err != nil || calls > 300 || len(h.Lines) > 61 {
					t.Fatalf("%+v: %v after %d calls, %d lines", q, err, calls, len(h.Lines))
				}
				got = append(got, h.Lines...)
				if h.Done {
					break
				}
				q.Cursor = h.Cursor
			}
			slices.SortFunc(got, func(a, b orchestrator.LogLine) int { return orchestrator.PlaceOf(&a).Compare(orchestrator.PlaceOf(&b)) })
			if !slices.Equal(got, want) {
				t.Errorf("%q %+v: %d lines, want %d", query, sc, len(got), len(want))
			}
		}
	}
	if _, err := s.SearchLog(t.Context(), orchestrator.LogSearch{Query: "/(/"}); err == nil {
		t.Error("half an expression is taken")
	}
}

// TestNewestLinesAreNewestByTime: an old run that goes on has its lines in the newest ones beside later, shorter runs.
func TestNewestLinesAreNewestByTime(t *testing.T) {
	s := open(t)
	var in []orchestrator.LogLine
	for i := range 50 {
		run, seq := "1", int64(i/2+1)
		if i%2 == 1 {
			run = strconv.Itoa(i + 10)
			seq = 1
		}
		in = append(in, orchestrator.LogLine{Run: run, Runner: "r", Seq: seq, At: noon.Add(time.Duration(i) * time.Second), Level: "info", Msg: "m"})
	}
	must(t, s, func(tx *Tx) error { return tx.insertLogs(slices.Clone(in)) })
	got, err := s.Logs(t.Context(), orchestrator.LogFilter{Tail: 10})
	if err != nil || !slices.Equal(got, in[40:]) {
		t.Fatalf("%v: %+v", err, got)
	}
}
