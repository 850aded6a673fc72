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

// pipeLayout is where things are on the detail screen of a pipe.
type pipeLayout struct {
	side    int // columns of the facts at the right; 0 = they are below the steps
	heads   bool
	steps   int // rows
	facts   int // rows of the facts below the steps
	bottom  int // row of the rule of the last runs
	chart   int // rows
	inspect bool
	err     int // rows of the error
}

func (p *Pipe) layout(w, h int) pipeLayout {
	l := pipeLayout{heads: h >= 12, inspect: h >= 12}
	switch {
	case h >= 28:
		l.chart, l.err = 5, 4
	case h >= 16:
		l.chart, l.err = 3, 2
	default:
		l.chart, l.err = 1, 1
	}
	switch {
	case w >= 70:
		l.side = min(max(w*2/5, 32), 80)
	case h >= 12:
		l.facts = 3
	default:
		l.facts = 1
	}
	l.bottom = max(h-1-l.chart-l.err, 1)
	l.steps = l.bottom - 1 - l.facts
	if l.inspect {
		l.bottom--
		l.steps--
	}
	if l.heads {
		l.steps--
	}
	l.steps = max(l.steps, 0)
	return l
}

// Draw draws the pipe.
func (p *Pipe) Draw(env Env, c part.Canvas) {
	r := env.Data.Runner(p.id)
	if r == nil {
		c.Rule(0, p.id, "")
		c.Text(1, 2, c.W-2, theme.Muted, "the configuration has no such pipe any more")
		return
	}
	l := p.layout(c.W, c.H)
	run := p.run(r)
	left := c.Sub(0, 0, c.W, l.bottom)
	if l.side > 0 {
		left = c.Sub(0, 0, c.W-l.side-1, l.bottom)
	}
	p.drawSteps(env, left, run, l)
	if run != nil && p.of == run.ID && p.readErr == "" {
		p.drawGraph(left, 2+len(p.rows))
	}
	p.drawLast(env, c.Sub(0, l.bottom, c.W, c.H-l.bottom), r, run, l)
	if l.side == 0 {
		for i, s := range p.shortFacts(env, r, l.facts) {
			c.Text(1, l.bottom-l.facts+i, c.W-2, theme.Muted, s)
		}
		return
	}
	x := c.W - l.side
	side := c.Sub(x, 0, l.side, l.bottom)
	side.Rule(0, "health", "")
	c.Put(x-1, 0, theme.Faint, theme.TeeDown)
	for y := 1; y < l.bottom; y++ {
		c.Put(x-1, y, theme.Faint, theme.VLine)
	}
	c.Put(x-1, l.bottom, theme.Faint, theme.TeeUp)
	y := 1
	for _, f := range p.facts(env, r, side.W-2, l.bottom-1, l.bottom > 16) {
		side.Text(1, y, side.W-2, f.role, f.s)
		y++
	}
}

func (p *Pipe) drawSteps(env Env, c part.Canvas, run *orchestrator.Run, l pipeLayout) {
	title := "steps"
	if run != nil {
		title = "steps of run " + ShortID(run.ID) + theme.Sep + runMark(run).Word + handlersWord(run)
	}
	c.Rule(0, title, "")
	if l.side > 0 {
		c = c.Sub(0, 0, c.W-1, c.H) // a blank before the line
	}
	y := 1
	switch {
	case run == nil:
		c.Text(1, y, c.W-2, theme.Muted, "no run yet; "+env.Key("pipe.fire", "t")+" fires the pipe")
		return
	case p.readErr != "" && p.of == run.ID:
		for i, s := range part.Wrap("the run cannot be read: "+p.readErr, c.W-2, 3) {
			c.Put(1, y+i, theme.Failed, s)
		}
		return
	case p.of != run.ID:
		c.Text(1, y, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
		return
	case len(p.rows) == 0:
		c.Text(1, y, c.W-2, theme.Muted, StateMark(run.State).Word+", no step has begun")
		return
	}
	began := c.W >= 60
	nameW := max(c.W-markCols-stepDurCols-stepAttCols, 8)
	if began {
		nameW -= 10
	}
	if l.heads {
		c.Text(markCols, y, nameW, theme.Faint, "STEP")
		if began {
			c.Text(markCols+nameW+1, y, 9, theme.Faint, "STARTED")
		}
		c.Right(c.W-stepAttCols-stepDurCols, y, stepDurCols, theme.Faint, "DUR")
		c.Text(c.W-stepAttCols+1, y, stepAttCols-1, theme.Faint, "TRIES")
		y++
	}
	top := part.Window(p.top, p.cursor, len(p.rows), l.steps)
	for i := range l.steps {
		if top+i >= len(p.rows) {
			break
		}
		if top+i == p.cursor {
			c.Attr(0, y+i, c.W, theme.Selected)
			c.Put(0, y+i, theme.Accent, theme.Cursor)
		}
		row := p.rows[top+i]
		at := row.draw(env.Now, c, y+i, nameW)
		if began && row.head == "" {
			c.Text(markCols+nameW+1, y+i, 9, theme.Muted, text.Clock(at))
		}
	}
}

// draw draws a step, or an attempt below its step, and gives when it began.
func (row pipeRow) draw(now time.Time, c part.Canvas, y, nameW int) time.Time {
	s, in := row.step, min(row.step.Depth, 5)
	if row.head != "" {
		c.Text(2, y, c.W-3, theme.Faint, row.head)
		return time.Time{}
	}
	if a := row.attempt; a != nil {
		m := StateMark(a.State)
		in += 2
		x := c.Put(2+in, y, m.Role, fmt.Sprintf("%s %d ", m.Glyph, a.N))
		word := a.Error
		if word == "" {
			word = m.Word
		}
		c.Text(x, y, markCols+nameW-x, theme.Muted, word)
		end := a.EndedAt
		if end.IsZero() {
			end = now
		}
		c.Right(c.W-stepAttCols-stepDurCols, y, stepDurCols, theme.Muted, text.Duration(end.Sub(a.StartedAt)))
		return a.StartedAt
	}
	m := stepMark(s)
	c.Put(2+in, y, m.Role, m.Glyph)
	if asks(s) {
		x := c.Put(markCols+in, y, theme.Plain, text.TruncateMiddle(part.Clean(s.ID), max(nameW-in-10, 8), theme.Ellipsis))
		c.Text(x+1, y, markCols+nameW-x-1, m.Role, m.Word)
	} else {
		c.Name(markCols+in, y, nameW-in, theme.Plain, s.ID)
	}
	c.Right(c.W-stepAttCols-stepDurCols, y, stepDurCols, theme.Muted, stepDuration(s, now))
	c.Text(c.W-stepAttCols+1, y, stepAttCols-1, theme.Muted, tries(s))
	return s.StartedAt
}

// figures are the health figures in short.
func figures(r *orchestrator.Runner) (ok, durations string) {
	if r.Runs == 0 {
		return "no ended run yet", ""
	}
	ok = fmt.Sprintf("ok %s%% of %s", OKWord(r), count(r.Runs, "run", "runs"))
	if r.FailedInRow > 1 {
		ok += fmt.Sprintf("%s%d failed in a row", theme.Sep, r.FailedInRow)
	}
	var longest time.Duration
	for _, o := range r.Strip {
		longest = max(longest, o.Duration)
	}
	return ok, fmt.Sprintf("p50 %s  p95 %s  max %s", text.Duration(r.P50), text.Duration(r.P95), text.Duration(longest))
}

// next says when the pipe comes next, and then.
func (p *Pipe) next(env Env, r *orchestrator.Runner) (next, then string) {
	switch {
	case r.State == orchestrator.Disabled:
		return "disabled in the configuration", ""
	case r.NextAt.IsZero():
		return "no next tick", ""
	}
	next = "next " + text.Clock(r.NextAt) + "Z"
	if d := r.NextAt.Sub(env.Now); d >= time.Second {
		next += " in " + text.Countdown(d)
	}
	if p.peek.ticksAt.Equal(r.NextAt) && len(p.peek.ticks) > 1 {
		then = "then " + strings.Join(tickWords(p.peek.ticks, env.Now)[1:], theme.Sep)
	}
	return next, then
}

// facts are health, coming ticks and rules for the side; roomy puts headings and what the pipe is into them.
func (p *Pipe) facts(env Env, r *orchestrator.Runner, w, h int, roomy bool) []footLine {
	var out []footLine
	add := func(role theme.Role, s string, lines int) {
		for _, l := range part.Wrap(s, w, lines) {
			out = append(out, footLine{role: role, s: l})
		}
	}
	gap := func(head string) {
		out = append(out, footLine{})
		if roomy {
			out = append(out, footLine{role: theme.Faint, s: head})
		}
	}
	ok, durations := figures(r)
	okRole := theme.Plain
	if r.FailedInRow > 0 {
		okRole = theme.Failed
	}
	why := 2
	if roomy {
		why = 4
	}
	add(theme.Plain, whyLine(r, env.Now), why)
	for _, s := range holderLines(r.Wait, env.Now) {
		if roomy {
			add(theme.Muted, "  "+s, 1)
		}
	}
	for _, l := range limitsOf(env.Data, r) {
		if role := limitRole(&l); roomy || role != theme.Muted { // what holds the pipe up is worth a line everywhere
			add(role, limitLine(&l), 2)
		}
	}
	rates := p.health.rateWord()
	if rates != "" && !roomy { // they say more than the last runs do
		ok = ""
		if r.FailedInRow > 1 {
			ok = fmt.Sprintf("%d failed in a row", r.FailedInRow)
		}
	}
	add(okRole, ok, 2)
	add(theme.Plain, rates, 1)
	add(theme.Plain, durations, 1)
	add(theme.Muted, lastOKWord(r, env.Now), 1)
	gap("NEXT")
	next, then := p.next(env, r)
	add(theme.Plain, next, 1)
	add(theme.Muted, then, 1)
	if roomy {
		gap("SCHEDULE AND POLICY")
	}
	add(theme.Muted, r.Schedule, 1)
	add(theme.Muted, r.Policy, 3)
	add(theme.Muted, rulesLine(r), 2)
	if roomy {
		gap("PIPE")
		add(theme.Muted, r.Description, 3)
		add(theme.Muted, r.Use, 1)
		if len(r.Tags) > 0 {
			add(theme.Muted, "tags "+strings.Join(r.Tags, ", "), 2)
		}
	}
	if f := p.health.fitting(h - len(out) - 1); roomy && f != nil {
		out = append(append(out, footLine{}), f...)
	}
	return out
}

// shortFacts are the facts in n lines.
func (p *Pipe) shortFacts(env Env, r *orchestrator.Runner, n int) []string {
	ok, durations := figures(r)
	next, then := p.next(env, r)
	if n == 1 {
		return []string{next + theme.Sep + ok}
	}
	if durations != "" {
		ok += theme.Sep + durations
	}
	if then != "" {
		next += theme.Sep + then
	}
	return []string{ok, next, r.Schedule + theme.Sep + r.Policy}
}
