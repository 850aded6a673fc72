package screen

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// drawSlots draws how many slots were in use, and what is to be expected of the pipes that are known.
func (t *Timeline) drawSlots(env Env, c, lanes part.Canvas, a part.Axis, y int) {
	e := &env.Data.Engine
	word := fmt.Sprintf("%d of %d", e.Busy, e.Slots)
	l := t.layout(c.W, c.H)
	x := c.Put(markCols, 1+y, theme.Faint, "slots ")
	c.Text(x, 1+y, markCols+l.name-x, theme.Muted, word)
	if e.Slots <= 0 {
		return
	}
	now := a.Column(env.Now)
	use := t.slotUse(env, a)
	for x := range a.W {
		if x == now && t.inWindow(env, a) {
			continue
		}
		v, role := use[x], theme.Bar
		if x > now {
			role = theme.Muted
		}
		switch {
		case slices.Contains(a.Gaps(), x):
		case v == 0:
			lanes.Put(x, y, theme.Faint, theme.Dot)
		default:
			full := v / float64(e.Slots)
			if full >= 0.995 {
				role = theme.Late
			}
			lanes.Put(x, y, role, theme.Spark[min(int(full*8), 7)])
		}
	}
	if l.side > 0 && t.inWindow(env, a) {
		c.Text(c.W-l.side, 1+y, l.side-1, theme.Faint, "forecast right of now")
	}
}

// slotUse is how many runs were at work on average in each column, and how many are to be expected, if each takes its pipe's p50.
func (t *Timeline) slotUse(env Env, a part.Axis) []float64 {
	out := make([]float64, a.W)
	add := func(from, to time.Time) {
		x, y, ok := a.Span(from, to)
		if !ok {
			return
		}
		for i := x; i <= y; i++ {
			begin, end := a.Time(i), a.Time(i+1)
			over := min(end.Sub(begin), to.Sub(begin), end.Sub(from), to.Sub(from))
			if cell := end.Sub(begin); cell > 0 {
				out[i] += min(max(float64(over)/float64(cell), 0), 1)
			}
		}
	}
	for i := range env.Data.Runners { // those that a filter hides take slots too
		r := &env.Data.Runners[i]
		id := r.ID
		for _, run := range t.runsOf(env, id) {
			switch {
			case run.StartedAt.IsZero():
			case !run.EndedAt.IsZero():
				add(run.StartedAt, run.EndedAt)
			case run.State == orchestrator.Running || run.State == orchestrator.Cancelling:
				add(run.StartedAt, env.Now)
			}
		}
		if r.P50 <= 0 {
			continue
		}
		if cur := r.Current; cur != nil && cur.State == orchestrator.Running {
			add(env.Now, later(cur.StartedAt.Add(r.P50), env.Now.Add(time.Second)))
		}
		for _, at := range t.lanes[id].planned {
			if at.After(env.Now) {
				add(at, at.Add(r.P50))
			}
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// drawPanel says how the pipe under the cursor stands, or its picked run: why, who holds what it waits for, what is expected.
func (t *Timeline) drawPanel(env Env, c part.Canvas, r *orchestrator.Runner) {
	m := RunnerMark(r, env.Now)
	title := r.ID + theme.Sep + m.Word
	run := t.picked(env)
	if run != nil {
		title = r.ID + theme.Sep + "run " + ShortID(run.ID) + theme.Sep + StateMark(run.State).Word
	}
	c.Rule(0, title, "")
	lines := standingLines(r, env.Now)
	if run != nil {
		lines = []string{runSentence(run, env.Now), noteWord(run, env.Now), env.Key("item.open", "enter") + " opens the run" + theme.Sep +
			env.Key("timeline.older", "[") + " " + env.Key("timeline.newer", "]") + " older and newer"}
	}
	legend := c.H >= 5
	room := c.H - 1
	if legend {
		room--
		drawLegend(c, c.H-1)
	}
	y := 1
	for i, s := range lines {
		if y > room {
			break
		}
		role := theme.Muted
		if i == 0 {
			role = theme.Plain
		}
		c.Text(1, y, c.W-2, role, s)
		y++
	}
	runs := t.runsOf(env, r.ID)
	for i := range runs {
		if y++; y > room || c.H < 8 {
			return
		}
		m := runMark(&runs[i])
		x := c.Put(1, y, m.Role, m.Glyph+" ")
		x = c.Text(x, y, runIDCols, theme.Plain, ShortID(runs[i].ID))
		c.Text(x, y, c.W-x-1, theme.Muted, runSentence(&runs[i], env.Now)+theme.Sep+noteWord(&runs[i], env.Now))
		if runs[i].ID == t.pick {
			c.Attr(1, y, c.W-2, theme.Selected)
		}
	}
}

// drawLegend says what the glyphs of a lane mean.
func drawLegend(c part.Canvas, y int) {
	x := 1
	for _, p := range []struct {
		role  theme.Role
		glyph string
		word  string
	}{
		{theme.OK, theme.BarOK, "ok"},
		{theme.Failed, theme.BarFailed + theme.GlyphFailed, "failed"},
		{theme.Retry, theme.BarWait, "backoff"},
		{theme.Late, theme.BarQueued, "queued"},
		{theme.Running, theme.GlyphRunning, "running"},
		{theme.Muted, theme.GlyphQueued, "planned"},
		{theme.Paused, theme.HLine, "paused"},
		{theme.Muted, theme.GlyphSkipped, "not run"},
	} {
		if x+len(p.word)+4 > c.W {
			return
		}
		x = c.Put(x, y, p.role, p.glyph)
		x = c.Put(x+1, y, theme.Faint, p.word) + 2
	}
}

// runSentence says when a run began, how long it waited and took, in a few words.
func runSentence(r *orchestrator.Run, now time.Time) string {
	s := "due " + startedWord(r, now) + "Z"
	if !r.StartedAt.IsZero() {
		s = "started " + clockToday(r.StartedAt, now) + "Z"
		if wait := r.StartedAt.Sub(r.DueAt); !r.DueAt.IsZero() && wait >= time.Second {
			s += " after " + text.Duration(wait) + " of waiting"
		}
		took := r.Duration(now)
		if r.EndedAt.IsZero() {
			return s + theme.Sep + "so far " + text.Duration(took.Truncate(time.Second))
		}
		s += theme.Sep + "took " + text.Duration(took)
	}
	return s
}

// standingLines say why a runner is as it is, who holds what it waits for, and what is to be expected.
func standingLines(r *orchestrator.Runner, now time.Time) []string {
	cur := r.Current
	if w := r.Wait; w != nil && heldWord(r, now) == "" {
		why := r.Reason
		if d := dueOf(r); !d.IsZero() && d.Before(now) {
			why = "expected " + clockToday(d, now) + "Z" + theme.Sep + why
		}
		out := []string{why}
		if holders := holderLines(w, now); len(holders) > 0 {
			out = append(out, "holders  "+strings.Join(holders, theme.Sep))
		}
		if at := waitWord(w); at != "" {
			out = append(out, at)
		}
		return append(out, lastError(r))
	}
	out := []string{whyLine(r, now)}
	if e := lastError(r); e != "" {
		out = append(out, e)
	}
	if cur != nil && cur.State == orchestrator.Running && r.Runs > 0 {
		return append(out, endWord(r, cur, now))
	}
	return append(out, nextLine(r, now))
}

// waitsWithoutRun says that a tick is due that has no run yet.
func waitsWithoutRun(r *orchestrator.Runner) bool {
	return r.Current == nil && (r.State == orchestrator.Late || r.State == orchestrator.Pending)
}

// endWord says when a running run is to be expected to end.
func endWord(r *orchestrator.Runner, cur *orchestrator.Run, now time.Time) string {
	p50, p95 := cur.StartedAt.Add(r.P50), cur.StartedAt.Add(r.P95)
	switch {
	case p50.After(now):
		return "would end about " + clockMinute(p50) + " at its p50 of " + text.Duration(r.P50)
	case p95.After(now):
		return "longer than its p50 of " + text.Duration(r.P50) + ", would end by " + clockMinute(p95) + " at its p95"
	default:
		return "longer than its p95 of " + text.Duration(r.P95)
	}
}

func clockMinute(t time.Time) string { return t.UTC().Format("15:04") }
