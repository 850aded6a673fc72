package screen

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// TestLateLinesGoWhereTheyBelong: lines of a slower worker are put in their place; a held view stays on its lines.
func TestLateLinesGoWhereTheyBelong(t *testing.T) {
	line := func(run string, ms int) orchestrator.LogLine {
		return orchestrator.LogLine{Run: run, Seq: int64(ms), At: now.Add(time.Duration(ms) * time.Millisecond), Level: "info", Msg: fmt.Sprint(run, "/", ms)}
	}
	for _, keep := range []string{"", "/"} {
		v := NewLogView(true)
		v.Resize(80, 10)
		for ms := 10; ms <= 300; ms += 10 {
			v.Append([]orchestrator.LogLine{line("1", ms)})
		}
		if err := v.Keep(keep); err != nil {
			t.Fatal(err)
		}
		v.ToggleHold()
		v.Move(Env{}, -3)
		at := func(n int) string { return v.line(n).Msg }
		top, cursor := at(v.top), at(v.cursor)
		v.Append([]orchestrator.LogLine{line("2", 15), line("2", 255), line("2", 285), line("1", 310), line("2", 305)})
		if at(v.top) != top || at(v.cursor) != cursor {
			t.Errorf("keep %q: the top is %s, was %s; the cursor is on %s, was on %s", keep, at(v.top), top, at(v.cursor), cursor)
		}
		if !slices.IsSortedFunc(v.lines, byPlace) || len(v.lines) != 35 || len(v.shown) != 35 {
			t.Errorf("keep %q: %d lines, %d shown, sorted %v", keep, len(v.lines), len(v.shown), slices.IsSortedFunc(v.lines, byPlace))
		}
		if got := v.below(); got != 2 {
			t.Errorf("keep %q: +%d below", keep, got)
		}
	}
}

// TestWindowBounds: lines and bytes in memory are bounded, whatever comes.
func TestWindowBounds(t *testing.T) {
	v := NewLogView(true)
	v.whole = false
	big := orchestrator.LogLine{Level: "info", Msg: string(make([]byte, maxLog))}
	for i := range 4000 {
		big.Seq = int64(i + 1)
		v.Append([]orchestrator.LogLine{big})
	}
	if len(v.lines) > maxLogBytes/maxLog+1 || v.bytes > maxLogBytes {
		t.Errorf("%d lines with %d bytes are kept", len(v.lines), v.bytes)
	}
}

// TestAppendAllocatesLittle: a message of 100 lines into a full window costs room in blocks only, not an allocation a line.
func TestAppendAllocatesLittle(t *testing.T) {
	v := NewLogView(true)
	v.Resize(140, 40)
	lines, n := benchLines(100), 0
	add := func() {
		for i := range lines {
			n++
			lines[i].Seq = int64(n)
		}
		v.Append(lines)
	}
	for range 60 {
		add()
	}
	if got := testing.AllocsPerRun(200, add); got > 3 {
		t.Errorf("%.1f allocations for 100 lines", got)
	}
}

// BenchmarkLogAppend adds lines, 100 in a message, to a full window of 100,000 lines; at most 2 µs a line.
func BenchmarkLogAppend(b *testing.B) {
	v := NewLogView(true)
	v.bound = 100_000
	v.Resize(140, 40)
	lines := benchLines(100)
	n := 0
	next := func() {
		for i := range lines {
			n++
			lines[i].Seq = int64(n)
		}
		v.Append(lines)
	}
	for len(v.lines) < v.bound {
		next()
	}
	b.ReportAllocs()
	for b.Loop() {
		next()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(lines)), "ns/line")
}

func benchLines(n int) []orchestrator.LogLine {
	out := make([]orchestrator.LogLine, n)
	for i := range out {
		out[i] = orchestrator.LogLine{
			Run: "1", Runner: "triage", Seq: int64(i + 1), Level: levels[1+i%3], Attempt: 1,
			Msg: fmt.Sprintf("ticket %d of queue Raw::Support was looked at in %dms and needs nothing", i, i%900),
		}
	}
	return out
}

// BenchmarkLogSearchStep looks through a full window, as every key of a search does; a step is to take less than 10 ms.
func BenchmarkLogSearchStep(b *testing.B) {
	for _, q := range []string{"needs nothing else", "/in \\d+s/"} {
		b.Run(q, func(b *testing.B) {
			v := NewLogView(true)
			v.Resize(140, 40)
			v.Append(benchLines(maxLines))
			b.ReportAllocs()
			for b.Loop() {
				v.Search(q)
			}
		})
	}
}

// BenchmarkLogDraw draws a full window at 140x40 with matches and the map.
func BenchmarkLogDraw(b *testing.B) {
	v := NewLogView(true)
	v.Resize(140, 36)
	v.Append(benchLines(maxLines))
	v.Search("7")
	b.ReportAllocs()
	for b.Loop() {
		c := part.NewCanvas(140, 36, false)
		v.Draw(c, true, now)
	}
}

func TestAttemptsStrip(t *testing.T) {
	for _, c := range []struct {
		tries, chosen int
		want          string
	}{
		{2, 0, "attempts [all] 1 2"},
		{3, 3, "attempts all 1 2 [3]"},
		{40, 0, "attempts [all] 1 2 3 4 5 6 7"},
		{40, 20, "attempts all 17 18 19 [20] 21 22 23"},
		{40, 40, "attempts all 34 35 36 37 38 39 [40]"},
	} {
		v := NewLogView(false)
		v.tries, v.attempt = c.tries, c.chosen
		if got := v.strip(); got != c.want {
			t.Errorf("%d of %d: %q, want %q", c.chosen, c.tries, got, c.want)
		}
	}
	v := NewLogView(false)
	v.Append([]orchestrator.LogLine{{Seq: 1, Attempt: 1, Level: "info"}, {Seq: 2, Attempt: 2, Level: "info"}, {Seq: 3, Attempt: 2, Level: "info"}})
	for _, want := range []int{1, 2, 3, 1} {
		v.Attempt(1)
		if len(v.shown) != want {
			t.Errorf("attempt %d: %d lines, want %d", v.attempt, len(v.shown), want)
		}
	}
}

// TestMapShowsTheWorstOfEachRow: a match before an error, an error before the view, the view before a warning.
func TestMapShowsTheWorstOfEachRow(t *testing.T) {
	v := NewLogView(false)
	v.Resize(60, 8)
	for i := range 80 {
		level := map[int]string{5: "warn", 25: "error", 45: "error", 75: "warn"}[i]
		if level == "" {
			level = "info"
		}
		v.Append([]orchestrator.LogLine{{Seq: int64(i + 1), Level: level, Msg: fmt.Sprint("line ", i)}})
	}
	v.Search("line 45")
	v.Move(Env{}, 20)
	c := part.NewCanvas(60, 8, false)
	v.Draw(c, true, now)
	got := ""
	for _, l := range c.Lines() {
		r := []rune(l)
		got += string(r[len(r)-1])
	}
	if got != "!│✗│*██!" {
		t.Errorf("map %q", got)
	}
}
