package screen

import (
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// leafAt is a step from one second to another; from < 0 = it never began.
func leafAt(path string, from, to int, state orchestrator.State) orchestrator.Step {
	s := orchestrator.Step{Path: path, ID: leaf(path), State: state, Depth: strings.Count(path, "/")}
	if from >= 0 {
		s.StartedAt, s.EndedAt = now.Add(time.Duration(from)*time.Second), now.Add(time.Duration(to)*time.Second)
	}
	return s
}

func TestGraph(t *testing.T) {
	ok, bad, skip := orchestrator.Completed, orchestrator.Failed, orchestrator.Skipped
	side := []orchestrator.Step{
		{Path: "p", ID: "p", Composite: true, State: bad, StartedAt: now, EndedAt: now.Add(30 * time.Second)},
		leafAt("p/bank", 0, 8, ok), leafAt("p/fx", 0, 2, ok), leafAt("p/rates", 1, 3, ok), leafAt("p/merge", 8, 10, ok),
		leafAt("p/post", 10, 30, bad), leafAt("p/notify", -1, 0, skip),
	}
	for _, c := range []struct {
		name  string
		steps []orchestrator.Step
		w     int
		want  string
	}{
		{"a chain", []orchestrator.Step{leafAt("p/a", 0, 1, ok), leafAt("p/b", 1, 2, ok)}, 40, "✓ a ────→ ✓ b"},
		{"side by side", side, 80, `
✓ bank  ──┬─→ ✓ merge ────→ ✗ post ────→ - notify
✓ fx    ──┤
✓ rates ──┘`},
		{"a new band", side, 36, `
✓ bank  ──┬─→ ✓ merge ────→ ✗ post
✓ fx    ──┤
✓ rates ──┘
 └─→    - notify`},
		{"fork and join", []orchestrator.Step{
			leafAt("p/a", 0, 1, ok), leafAt("p/b/x", 1, 4, ok), leafAt("p/b/y", 1, 5, ok), leafAt("p/c", 5, 6, ok),
		}, 60, `
✓ a ──┬─→ ✓ x ──┬─→ ✓ c
      └─→ ✓ y ──┘`},
		{"none", nil, 40, ""},
	} {
		g := layGraph(c.steps, now.Add(time.Minute), c.w)
		cv := part.NewCanvas(c.w+30, max(g.h, 1), false)
		g.draw(cv)
		lines := cv.Lines()
		for i := range lines {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
		if got, want := strings.Join(lines, "\n"), strings.TrimPrefix(c.want, "\n"); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, want)
		}
	}
	if got := strings.Join(longest(side, now), " "); got != "bank merge post" {
		t.Errorf("critical path %s", got)
	}
	if b := blocked(side); len(b) != 1 || b[0].ID != "notify" {
		t.Errorf("blocked %v", b)
	}
}

// TestGraphStaysInside: whatever the steps and the width, no name lies over another one and each step is there once.
func TestGraphStaysInside(t *testing.T) {
	names := []string{"a", "fetch-tickets-of-the-night", "日本", "classify", "x"}
	for n := range 14 {
		for w := 20; w < 120; w += 7 {
			var steps []orchestrator.Step
			for i := range n {
				from := i / 2 * 3 // pairs go on side by side
				steps = append(steps, leafAt("p/"+names[i%len(names)], from, from+3, orchestrator.Completed))
			}
			g := layGraph(steps, now, w)
			taken := map[[2]int]bool{}
			for _, c := range g.cells {
				for x := c.x; x < c.x+2+text.Width(c.name); x++ {
					if at := [2]int{x, c.y}; taken[at] || c.y >= g.h {
						t.Fatalf("%d steps, width %d: column %d of row %d of %d is taken twice", n, w, x, c.y, g.h)
					} else {
						taken[at] = true
					}
				}
			}
			if len(g.cells) != n {
				t.Fatalf("%d cells of %d steps", len(g.cells), n)
			}
		}
	}
}

func TestFailureTallies(t *testing.T) {
	run := func(id, step, err string) orchestrator.Run {
		return orchestrator.Run{ID: id, FailedStep: step, Error: err, State: orchestrator.Failed}
	}
	h := pipeHealth{failing: []orchestrator.Run{
		run("9", "p/post", "ticket 12 is locked"), run("8", "p/fetch", "timeout"), run("7", "p/post", "ticket 4711 is locked"), run("3", "", "timeout"),
	}}
	var got []string
	for _, l := range h.failureLines(40, 20) {
		got = append(got, strings.Join(strings.Fields(strings.ReplaceAll(l.s, "█", "")), " "))
	}
	want := "FAILURES BY STEP · 4 in 30 days|post 2|fetch 1|the run itself 1|BY ERROR|ticket 12 is locked 2|timeout 2"
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("%s, want %s", s, want)
	}
	r := orchestrator.Runner{Strip: []orchestrator.Outcome{{Run: "3"}, {Run: "5"}, {Run: "7"}, {Run: "8"}, {Run: "9"}}}
	if got := h.seenWord(&r, "ticket 99 is locked"); got != "seen in 2 of the last 5 runs" {
		t.Error(got)
	}
	if got := h.seenWord(&r, "another one"); got != "" {
		t.Error(got)
	}
}

func TestRateWord(t *testing.T) {
	h := pipeHealth{rates: []okRate{{"24h", 8, 6}, {"7d", 0, 0}, {"30d", 1000, 999}}}
	if got := h.rateWord(); got != "24h 75.0% 30d 99.9%" {
		t.Error(got)
	}
	if got := (&pipeHealth{rates: []okRate{{"24h", 0, 0}}}).rateWord(); got != "" {
		t.Error(got)
	}
}
