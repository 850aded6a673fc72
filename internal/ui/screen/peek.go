package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// peek is what the wide preview knows of the runner under the cursor beyond the shared data.
type peek struct {
	runner  string
	run     string // whose steps these are
	stamp   string // the runner's state when they were read
	at      time.Time
	steps   []orchestrator.Step
	ticks   []time.Time
	ticksAt time.Time // NextAt the ticks belong to
}

// shownRun is the run a preview shows: the live one, else the last.
func shownRun(r *orchestrator.Runner) *orchestrator.Run {
	if r.Current != nil {
		return r.Current
	}
	return r.Last
}

// stamp changes when the steps of the shown run may have changed.
func stamp(r *orchestrator.Runner) string {
	run := shownRun(r)
	if run == nil {
		return ""
	}
	return fmt.Sprint(run.ID, run.State, run.Attempts, run.Handlers, r.StepsDone, r.StepsAll, run.EndedAt.Unix())
}

// Wants asks for the steps and next ticks of the runner under the cursor, when there is room to show them. Steps of a
// live run are read at most once a second.
func (p *Pipes) Wants(env Env) []Want {
	r := env.Data.Runner(p.cursor)
	if r == nil || p.layout(p.w, p.h).side == 0 {
		return nil
	}
	var out []Want
	if run := shownRun(r); run != nil {
		s := stamp(r)
		if p.peek.run != run.ID || p.peek.stamp != s && env.Now.Sub(p.peek.at) >= time.Second {
			out = append(out, Want{Key: "peek:" + s, Kind: WantDetail, Run: run.ID, Runner: r.ID})
		}
	}
	if !r.NextAt.IsZero() && (p.peek.runner != r.ID || !p.peek.ticksAt.Equal(r.NextAt)) {
		out = append(out, Want{Key: fmt.Sprint("ticks:", r.ID, r.NextAt.Unix()), Kind: WantTicks, Runner: r.ID, N: 4})
	}
	return out
}

// Receive takes steps and ticks; answers for a runner the cursor has left are dropped.
func (p *Pipes) Receive(env Env, a Answer) {
	r := env.Data.Runner(a.Runner)
	if r == nil || a.Runner != p.cursor {
		return
	}
	if p.peek.runner != a.Runner {
		p.peek = peek{runner: a.Runner}
	}
	switch a.Kind {
	case WantDetail:
		d := safeDetail(a.Detail)
		p.peek.run, p.peek.stamp, p.peek.at, p.peek.steps = a.Run, strings.TrimPrefix(a.Key, "peek:"), env.Now, d.Steps
	case WantTicks:
		p.peek.ticks, p.peek.ticksAt = a.Ticks, r.NextAt
	}
}

// drawPreview draws the preview under the list: a rule, then why, the last error, and what comes next.
func (p *Pipes) drawPreview(env Env, c part.Canvas, r *orchestrator.Runner) {
	title := r.ID
	if run := shownRun(r); run != nil {
		title += theme.Sep + "run " + ShortID(run.ID)
	}
	note := ""
	if r.FailedInRow > 1 {
		note = fmt.Sprintf("%d failed in a row", r.FailedInRow)
	}
	c.Rule(0, title, note)
	room := c.H - 2 // the last line says what comes next
	var lines []footLine
	add := func(role theme.Role, s string, most int) {
		for _, l := range part.Wrap(s, c.W-2, min(most, room-len(lines))) {
			lines = append(lines, footLine{role: role, s: l})
		}
	}
	if e := lastError(r); e != "" && r.Wait == nil {
		if room > 1 {
			add(theme.Plain, whyLine(r, env.Now), 1)
		}
		add(theme.Failed, e, 1)
	} else {
		add(theme.Plain, whyLine(r, env.Now), room)
		add(theme.Muted, r.Description, 1)
	}
	lines = append(lines, footLine{role: theme.Muted, s: nextLine(r, env.Now)})
	for i, l := range lines {
		c.Text(1, 1+i, c.W-2, l.role, l.s)
	}
}

// tickWords prints ticks as short as they stay apart: with seconds when two of them fall into the same minute.
func tickWords(ticks []time.Time, now time.Time) []string {
	seconds := false
	for i := 1; i < len(ticks); i++ {
		seconds = seconds || ticks[i].Sub(ticks[i-1]) < time.Minute
	}
	out := make([]string, 0, len(ticks))
	for _, t := range ticks {
		if s := text.Moment(t, now); seconds && len(s) == len("15:04") {
			out = append(out, text.Clock(t))
		} else {
			out = append(out, s)
		}
	}
	return out
}

// lastError is the error of the run shown: of the live one when it is retrying, else of the last.
func lastError(r *orchestrator.Runner) string {
	run := shownRun(r)
	if run != nil && run.Error == "" && run == r.Current && r.Last != nil && failed(r.Last.State) {
		run = r.Last
	}
	if run == nil || run.Error == "" {
		return ""
	}
	if run.FailedStep != "" {
		return leaf(run.FailedStep) + ": " + run.Error
	}
	return run.Error
}

// leaf is the last part of a step's path.
func leaf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// nextLine says when it was fine, when it comes next and by which rules.
func nextLine(r *orchestrator.Runner, now time.Time) string {
	parts := []string{lastOKWord(r, now)}
	if !r.NextAt.IsZero() {
		parts = append(parts, "next "+text.Clock(r.NextAt)+"Z")
	}
	for _, s := range []string{r.Schedule, r.Policy} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, theme.Sep)
}

func lastOKWord(r *orchestrator.Runner, now time.Time) string {
	if r.LastOK.IsZero() {
		return "never ok yet"
	}
	return fmt.Sprintf("last ok %s (%s ago)", text.Moment(r.LastOK, now), text.CalmAge(now.Sub(r.LastOK)))
}

// drawPeek draws the preview at the right: why, the error, steps, durations, next runs and rules.
func (p *Pipes) drawPeek(env Env, c part.Canvas, r *orchestrator.Runner) {
	m := RunnerMark(r, env.Now)
	x := c.Put(0, 1, m.Role, m.Glyph+" "+m.Word)
	if run := shownRun(r); run != nil {
		x = c.Put(x+2, 1, theme.Muted, "run "+ShortID(run.ID))
	}
	if r.FailedInRow > 1 {
		c.Put(x+2, 1, theme.Failed, fmt.Sprintf("%d failed in a row", r.FailedInRow))
	}
	y := 2
	for _, l := range part.Wrap(whyLine(r, env.Now), c.W, 4) {
		y = line(c, y, theme.Plain, l)
	}
	for _, l := range holderLines(r.Wait, env.Now) {
		y = line(c, y, theme.Muted, "  "+l)
	}
	for _, l := range part.Wrap(lastError(r), c.W, 4) {
		y = line(c, y, theme.Failed, l)
	}
	foot := p.peekFoot(env, r, c.W)
	room := c.H - y - len(foot) - 3
	if run := shownRun(r); run != nil && run.ID == p.peek.run && room > 1 {
		drawSteps(c.Sub(0, y+1, c.W, min(room+1, len(p.peek.steps)+1)), p.peek.steps, env.Now)
		y += 2 + min(room, len(p.peek.steps))
	} else if room > 1 {
		y++
	}
	y++
	for _, l := range foot {
		if l.strip {
			drawStrip(c, 0, y, c.W, r)
			y++
			continue
		}
		y = line(c, y, l.role, l.s)
	}
}

type footLine struct {
	role  theme.Role
	s     string
	strip bool
}

func (p *Pipes) peekFoot(env Env, r *orchestrator.Runner, w int) []footLine {
	var out []footLine
	add := func(role theme.Role, s string) { out = append(out, footLine{role: role, s: s}) }
	if r.Runs > 0 {
		add(theme.Faint, fmt.Sprintf("DURATION  p50 %s  p95 %s  ok %s%%  of %d", text.Duration(r.P50), text.Duration(r.P95), OKWord(r), r.Runs))
		out = append(out, footLine{strip: true})
		add(theme.Plain, "")
	}
	if p.peek.runner == r.ID && len(p.peek.ticks) > 0 && r.State != orchestrator.Disabled {
		add(theme.Faint, "NEXT  "+strings.Join(tickWords(p.peek.ticks, env.Now), "  "))
	}
	add(theme.Muted, r.Schedule)
	for _, l := range part.Wrap(r.Policy, w, 2) {
		add(theme.Muted, l)
	}
	add(theme.Muted, lastOKWord(r, env.Now))
	if len(r.Tags) > 0 {
		add(theme.Muted, "tags "+strings.Join(r.Tags, ", "))
	}
	return out
}

func line(c part.Canvas, y int, role theme.Role, s string) int {
	c.Text(0, y, c.W, role, s)
	return y + 1
}

// drawSteps draws a small table of steps with their heads.
func drawSteps(c part.Canvas, steps []orchestrator.Step, now time.Time) {
	nameW := max(c.W-15, 8)
	c.Text(0, 0, nameW, theme.Faint, "STEPS")
	c.Right(nameW, 0, 8, theme.Faint, "DUR")
	c.Text(nameW+10, 0, 5, theme.Faint, "ATT")
	for i, s := range steps {
		if s.Kind != "" {
			s.ID = s.Kind + " " + s.ID
		}
		if i+1 >= c.H {
			return
		}
		m := stepMark(&s)
		in := min(s.Depth, 4)
		c.Put(in, i+1, m.Role, m.Glyph)
		c.Name(in+2, i+1, nameW-in-2, theme.Plain, s.ID)
		c.Right(nameW, i+1, 8, theme.Muted, stepDuration(&s, now))
		c.Text(nameW+10, i+1, 5, theme.Muted, tries(&s))
	}
}

// stepDuration is how long a step took, or its state when it has no time.
func stepDuration(s *orchestrator.Step, now time.Time) string {
	switch {
	case s.StartedAt.IsZero():
		return StateMark(s.State).Word
	case s.EndedAt.IsZero():
		return text.Duration(now.Sub(s.StartedAt).Truncate(time.Second))
	default:
		return text.Duration(s.EndedAt.Sub(s.StartedAt))
	}
}

// tries is "3/5" when a step was or may be tried more than once.
func tries(s *orchestrator.Step) string {
	switch {
	case s.Attempt == 0:
		return "-"
	case s.MaxAttempts > 1:
		return fmt.Sprintf("%d/%d", s.Attempt, s.MaxAttempts)
	default:
		return fmt.Sprint(s.Attempt)
	}
}
