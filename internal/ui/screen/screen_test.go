package screen

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

var now = time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)

var states = []orchestrator.State{
	orchestrator.Scheduled, orchestrator.Late, orchestrator.Pending, orchestrator.Running, orchestrator.AwaitingRetry,
	orchestrator.Paused, orchestrator.Cancelling, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed,
	orchestrator.Cancelled, orchestrator.Skipped, orchestrator.Missed, orchestrator.Dropped, orchestrator.Interrupted,
	orchestrator.Disabled, "",
}

// TestWordsFitTheirColumns: for any state and any numbers the words of a row fit, and never are empty.
func TestWordsFitTheirColumns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	span := func() time.Duration { return time.Duration(rng.Int64N(int64(1) << (10 + rng.IntN(45)))) }
	for range 20_000 {
		run := &orchestrator.Run{
			State: states[rng.IntN(len(states)-1)], Attempts: rng.IntN(12), MaxAttempts: rng.IntN(12),
			DueAt: now.Add(-span()), StartedAt: now.Add(-span()), NextAt: now.Add(span()),
		}
		r := orchestrator.Runner{ID: "x", State: states[rng.IntN(len(states))], NextAt: now.Add(span()), StepsDone: rng.IntN(20), StepsAll: rng.IntN(20)}
		if rng.IntN(2) == 0 {
			r.Current = run
		}
		if rng.IntN(2) == 0 {
			r.Last = run
		}
		if rng.IntN(2) == 0 {
			r.Pause = &orchestrator.Pause{At: now.Add(-span())}
		}
		if m := RunnerMark(&r, now); text.Width(m.Word) > stateCols-1 || m.Word == "" || m.Glyph == "" {
			t.Fatalf("state %q: %q for %+v", r.State, m, r)
		}
		if w := NextWord(&r, now); len(w) > nextCols-2 || w == "" {
			t.Fatalf("next %q for %+v", w, r)
		}
		if w := LastWord(&r, now); len(w) > lastCols-1 || w == "" {
			t.Fatalf("last %q for %+v", w, r)
		}
	}
}

// TestEveryStateHasItsOwnWord: the word alone tells a state, without its glyph and colour.
func TestEveryStateHasItsOwnWord(t *testing.T) {
	seen := map[string]orchestrator.State{}
	for _, s := range states[:len(states)-1] {
		w := StateMark(s).Word
		if o, ok := seen[w]; ok {
			t.Errorf("%s and %s are both %q", o, s, w)
		}
		seen[w] = s
	}
}

func TestRanks(t *testing.T) {
	long, short := &orchestrator.Run{StartedAt: now.Add(-time.Minute)}, &orchestrator.Run{StartedAt: now.Add(-time.Second)}
	bad := &orchestrator.Run{State: orchestrator.Failed}
	for _, c := range []struct {
		r    orchestrator.Runner
		want Rank
	}{
		{orchestrator.Runner{State: orchestrator.Failed, Last: bad}, RankFailed},
		{orchestrator.Runner{State: orchestrator.Scheduled, Last: bad}, RankFailed},
		{orchestrator.Runner{State: orchestrator.AwaitingRetry}, RankRetrying},
		{orchestrator.Runner{State: orchestrator.Late}, RankLate},
		{orchestrator.Runner{State: orchestrator.Running, Current: long}, RankRunning},
		{orchestrator.Runner{State: orchestrator.Running, Current: short}, RankCalm},
		{orchestrator.Runner{State: orchestrator.Running, Current: short, Last: bad}, RankFailed},
		{orchestrator.Runner{State: orchestrator.Pending}, RankQueued},
		{orchestrator.Runner{State: orchestrator.Paused, Last: bad}, RankPaused},
		{orchestrator.Runner{State: orchestrator.Scheduled}, RankCalm},
		{orchestrator.Runner{State: orchestrator.Disabled}, RankDisabled},
	} {
		if got := RankOf(&c.r, now); got != c.want {
			t.Errorf("%s: rank %d, want %d", c.r.State, got, c.want)
		}
	}
}

func TestStripHeights(t *testing.T) {
	r := orchestrator.Runner{P95: 10 * time.Second, Current: &orchestrator.Run{State: orchestrator.Running}}
	for _, d := range []float64{0, 2, 5, 10, 12, 100} {
		r.Strip = append(r.Strip, orchestrator.Outcome{State: orchestrator.Completed, Duration: time.Duration(d * float64(time.Second))})
	}
	r.Strip = append(r.Strip, orchestrator.Outcome{State: orchestrator.Failed}, orchestrator.Outcome{State: orchestrator.Skipped})
	for w, want := range map[int]string{12: "   ▁▂▄▇██✗-▸", 4: "█✗-▸", 1: "▸"} {
		c := part.NewCanvas(w, 1, false)
		drawStrip(c, 0, 0, w, &r)
		if got := c.Lines()[0]; got != want {
			t.Errorf("width %d: %q, want %q", w, got, want)
		}
	}
}

// TestPipeColumns: the columns never are wider than the list, and drop in their order.
func TestPipeColumns(t *testing.T) {
	was := columns{}
	for w := 40; w <= 220; w++ {
		c := pipeColumns(w)
		if c.name+c.width() > w || c.name < 10 {
			t.Fatalf("width %d: %+v is %d wide", w, c, c.name+c.width())
		}
		if was.ok && !c.ok || was.p95 && !c.p95 || was.last && !c.last || was.strip > c.strip {
			t.Fatalf("width %d has less than %d: %+v after %+v", w, w-1, c, was)
		}
		was = c
	}
	if c := pipeColumns(80); !c.ok || !c.p95 || !c.last || c.strip != 12 {
		t.Errorf("80 columns: %+v", c)
	}
}

// TestLogViewUnderRandomUse: whatever is pressed while lines stream, the cursor is on a shown line inside the window,
// and drawing neither panics nor changes anything.
func TestLogViewUnderRandomUse(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 3))
		v := NewLogView(seed%2 == 0)
		n := 0
		for range 400 {
			switch rng.IntN(14) {
			case 0, 1, 2:
				var ls []orchestrator.LogLine
				for range rng.IntN(120) {
					n++
					ls = append(ls, orchestrator.LogLine{Seq: int64(n), Level: levels[rng.IntN(4)], Msg: fmt.Sprintf("line %d %x", n, rng.Uint64()), Gap: max(rng.IntN(30)-28, 0)})
				}
				v.Append(ls)
			case 3:
				v.Move(Env{}, rng.IntN(9)-4)
			case 4:
				v.Page(Env{}, rng.IntN(3)-1)
			case 5:
				v.Home(Env{})
			case 6:
				v.End(Env{})
			case 7:
				v.ToggleHold()
			case 8:
				v.Search([]string{"", "a", "line 1", "nowhere"}[rng.IntN(4)])
			case 9:
				v.NextMatch(rng.IntN(2)*2 - 1)
			case 10:
				v.NextError(rng.IntN(2)*2 - 1)
			case 11:
				v.Level(rng.IntN(3) - 1)
			case 12:
				v.Resize(rng.IntN(120)+1, rng.IntN(40))
			case 13:
				v.ToggleWrap()
			}
			checkLogView(t, v)
		}
		if len(v.lines) > maxLines+maxLines/10 {
			t.Fatalf("%d lines are kept", len(v.lines))
		}
	}
}

func checkLogView(t *testing.T, v *LogView) {
	t.Helper()
	if v.held && len(v.shown) > 0 && v.h > 0 {
		i, on := slices.BinarySearch(v.shown, v.cursor)
		top, topOn := slices.BinarySearch(v.shown, v.top)
		if !on || !topOn || i < top || i >= top+v.h {
			t.Fatalf("cursor %d (%v) at %d, top %d (%v), %d rows", v.cursor, on, i, top, topOn, v.h)
		}
	}
	before := fmt.Sprint(v.held, v.cursor, v.top, len(v.shown), len(v.matches))
	a, b := part.NewCanvas(v.w, v.h, false), part.NewCanvas(v.w, v.h, false)
	v.Draw(a, true, now)
	v.Draw(b, true, now)
	if !slices.Equal(a.Lines(), b.Lines()) || before != fmt.Sprint(v.held, v.cursor, v.top, len(v.shown), len(v.matches)) {
		t.Fatal("drawing changed the view")
	}
}

func TestLogViewMarksMatches(t *testing.T) {
	v := NewLogView(false)
	v.Resize(60, 4)
	v.Append([]orchestrator.LogLine{{Level: "info", Msg: "Deadlock and deadlock"}, {Level: "info", Msg: "none"}})
	for q, want := range map[string]int{"deadlock": 16, "Deadlock": 8, "zzz": 0} {
		v.Search(q)
		c := part.NewCanvas(60, 4, false)
		v.Draw(c, false, now)
		got := 0
		for _, l := range c.Roles() {
			for _, r := range l {
				if r == '*' {
					got++
				}
			}
		}
		if got != want {
			t.Errorf("%q: %d marked columns, want %d", q, got, want)
		}
	}
}

func TestSpansShowAttemptsOverWaits(t *testing.T) {
	at := func(s int) time.Time { return now.Add(time.Duration(s) * time.Second) }
	s := orchestrator.Step{State: orchestrator.AwaitingRetry, StartedAt: at(0), Attempts: []orchestrator.Attempt{
		{State: orchestrator.Failed, StartedAt: at(0), EndedAt: at(2)}, {State: orchestrator.Crashed, StartedAt: at(6), EndedAt: at(8)},
	}}
	c := part.NewCanvas(20, 1, false)
	part.Scale{From: at(0), Len: 20 * time.Second, W: 20}.Row(c, 0, spans(&s, at(12)))
	if got, want := c.Lines()[0], "▓✗····▓✗····        "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if spans(&orchestrator.Step{State: orchestrator.Skipped}, now) != nil {
		t.Error("a step that never began has a bar")
	}
}

func TestHistoryTakesNewRunsInFront(t *testing.T) {
	page := func(from, n int) []orchestrator.Run {
		out := make([]orchestrator.Run, n)
		for i := range out {
			out[i] = orchestrator.Run{ID: fmt.Sprintf("%05d", from-i), Runner: "x", State: orchestrator.Completed}
		}
		return out
	}
	env := Env{Now: now, Data: &Data{}}
	s := NewRuns("")
	s.Resize(80, 20)
	s.Receive(env, Answer{Want: Want{Kind: WantRuns}, Runs: page(1000, 100)})
	s.Receive(env, Answer{Want: Want{Kind: WantRuns, Runs: orchestrator.RunFilter{Before: "00901"}}, Runs: page(900, 100)})
	s.Move(env, 10)
	s.Receive(env, Answer{Want: Want{Kind: WantRuns}, Runs: page(1003, 100)})
	if len(s.all) != 203 || s.all[0].ID != "01003" || s.all[202].ID != "00801" || s.cursor != "00990" || s.at() != 13 {
		t.Fatalf("%d runs, first %s, last %s, cursor %s at %d", len(s.all), s.all[0].ID, s.all[len(s.all)-1].ID, s.cursor, s.at())
	}
	s.Receive(env, Answer{Want: Want{Kind: WantRuns}, Runs: page(5000, 100)})
	if len(s.all) != 100 || s.end {
		t.Fatalf("a jump keeps %d runs", len(s.all))
	}
}

func TestFilterTerms(t *testing.T) {
	r := orchestrator.Runner{ID: "crm-sync", Tags: []string{"CRM"}, Use: "base:X", State: orchestrator.AwaitingRetry}
	for q, want := range map[string]bool{
		"": true, "crm": true, "!crm": false, "tag:crm": true, "tag:cr": false, "state:retry": true, "state:awaiting": true,
		"state:failed,retry": true, "!state:retry": false, "use:x crm": true, "use:y": false, "state:": true, "!": true,
	} {
		if got := parseFilter(q).runner(&r, now); got != want {
			t.Errorf("%q: %v", q, got)
		}
	}
}

func TestTickWordsStayApart(t *testing.T) {
	now := time.Date(2026, 11, 24, 13, 50, 1, 0, time.UTC)
	every := func(d time.Duration, n int) (out []time.Time) {
		for i := range n {
			out = append(out, now.Add(3*time.Second+time.Duration(i)*d))
		}
		return out
	}
	for _, c := range []struct {
		d    time.Duration
		want []string
	}{
		{20 * time.Second, []string{"13:50:04", "13:50:24", "13:50:44"}},
		{5 * time.Minute, []string{"13:50", "13:55", "14:00"}},
		{24 * time.Hour, []string{"13:50", "25 Nov 13:50", "26 Nov 13:50"}},
	} {
		if got := tickWords(every(c.d, 3), now); !slices.Equal(got, c.want) {
			t.Errorf("every %s: %q, want %q", c.d, got, c.want)
		}
	}
}

func TestTriggerWordIsWhatMadeTheRun(t *testing.T) {
	at := time.Date(2026, 11, 24, 13, 50, 0, 0, time.UTC)
	for _, c := range []struct {
		run  orchestrator.Run
		want string
	}{
		{orchestrator.Run{Trigger: "interval", Nominal: at}, "interval"},
		{orchestrator.Run{Trigger: "interval", Nominal: at, By: "kim"}, "interval"}, // kim cancelled it
		{orchestrator.Run{Trigger: "manual", By: "kim"}, "kim"},
		{orchestrator.Run{Trigger: "manual"}, "manual"},
	} {
		if got := triggerWord(&c.run); got != c.want {
			t.Errorf("%+v: %q, want %q", c.run, got, c.want)
		}
	}
}
