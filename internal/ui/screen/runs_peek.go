package screen

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// runsPeek is what the preview knows of the run under the cursor.
type runsPeek struct {
	run   string // whose steps these are
	stamp string // the run's state when they were read
	steps []orchestrator.Step
}

// chosen is the run under the cursor.
func (s *Runs) chosen() (orchestrator.Run, bool) {
	if len(s.shown) == 0 || s.byError {
		return orchestrator.Run{}, false
	}
	return s.all[s.shown[s.at()]], true
}

// peekWants asks for the steps of the run under the cursor, where there is room to show them.
func (s *Runs) peekWants() []Want {
	run, ok := s.chosen()
	if !ok || s.layout(s.h).preview == 0 {
		return nil
	}
	stamp := fmt.Sprint(run.ID, " ", run.State, " ", run.Attempts)
	if s.peek.stamp == stamp {
		return nil
	}
	return []Want{{Key: "runs-peek:" + stamp, Kind: WantDetail, Run: run.ID, Runner: stamp}}
}

// takePeek takes the steps.
func (s *Runs) takePeek(a Answer) {
	s.peek = runsPeek{run: a.Run, stamp: a.Runner}
	if a.Err == nil {
		s.peek.steps = safeDetail(a.Detail).Steps
	}
}

// drawPreview draws the steps of the run under the cursor, and what it was made with.
func (s *Runs) drawPreview(env Env, c part.Canvas) {
	run, ok := s.chosen()
	if c.H == 0 || !ok {
		return
	}
	c.Rule(0, "run "+ShortID(run.ID)+theme.Sep+run.Runner+theme.Sep+runMark(&run).Word, "")
	side := c.W / 3
	left := c.Sub(0, 1, c.W-side-1, c.H-1)
	if s.peek.run == run.ID && len(s.peek.steps) > 0 {
		p := &Run{id: run.ID, run: run, steps: s.peek.steps, lines: stepLines(s.peek.steps), onLog: true}
		p.drawGantt(env, left, runLayout{rows: left.H - 1})
		for y := range left.H {
			left.Put(0, y, theme.Plain, " ") // no cursor: this is only to look at
		}
	} else {
		word := "no steps"
		if s.peek.run != run.ID {
			word = "reading" + theme.Ellipsis
		}
		left.Text(1, 0, left.W-2, theme.Muted, word)
	}
	right := c.Sub(c.W-side, 1, side, c.H-1)
	y := 0
	for _, f := range runFacts(&run, env.Now) {
		lines := part.Wrap(f[1], right.W-10, 3)
		for i, l := range lines {
			if y >= right.H {
				return
			}
			if i == 0 {
				right.Text(0, y, 9, theme.Faint, f[0])
			}
			role := theme.Muted
			if f[0] == "error" {
				role = theme.Failed
			}
			right.Text(9, y, right.W-10, role, l)
			y++
		}
	}
}

// runFacts are what a run was made with and what became of it: a word and a text each.
func runFacts(r *orchestrator.Run, now time.Time) [][2]string {
	trigger := triggerWord(r)
	if trigger != r.Trigger {
		trigger = r.Trigger + " by " + trigger
	}
	out := [][2]string{{"trigger", trigger}, {"time", runSentence(r, now)}}
	if len(r.Params) > 0 {
		var parts []string
		for _, k := range slices.Sorted(maps.Keys(r.Params)) {
			parts = append(parts, k+"="+r.Params[k])
		}
		out = append(out, [2]string{"inputs", strings.Join(parts, " ")})
	}
	if r.Error != "" {
		out = append(out, [2]string{"error", r.Error})
	}
	if r.Reason != "" {
		out = append(out, [2]string{"reason", r.Reason})
	}
	if r.Parent != "" {
		out = append(out, [2]string{"after", "run " + ShortID(r.Parent)})
	}
	if r.Warnings > 0 {
		out = append(out, [2]string{"warnings", fmt.Sprint(r.Warnings)})
	}
	return out
}
