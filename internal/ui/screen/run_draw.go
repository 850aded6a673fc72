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

// Draw draws the run.
func (r *Run) Draw(env Env, c part.Canvas) {
	l := r.layout(c.W, c.H)
	r.drawTitle(env, c, l)
	if drawUnread(c, 1, 3, "the run", r.err, r.loaded) {
		return
	}
	if len(r.steps) == 0 {
		c.Text(1, 1, c.W-l.side-2, theme.Muted, r.noSteps())
	} else {
		r.drawGantt(env, c.Sub(0, 1, c.W-l.side, l.logY-1), l)
	}
	if l.side > 0 {
		r.drawSide(c, l)
	}
	if l.logH > 0 || l.rows == 0 {
		r.drawPane(env, c, l)
	}
	r.drawFoot(env, c, l)
}

// drawTitle draws the rule over the steps: which run, why it is as it is, and what the time axis shows.
func (r *Run) drawTitle(env Env, c part.Canvas, l runLayout) {
	title := "steps of run " + ShortID(r.id) + handlersWord(&r.run)
	if s := runWhy(&r.run, env.Now); s != "" && (r.run.State.Terminal() || l.info == 0 && l.side == 0) {
		title += theme.Sep + s // of a run that goes on it is below, where it has more room
	}
	var notes []string
	switch {
	case r.zoom > 0:
		notes = append(notes, fmt.Sprintf("time %d%s", 1<<r.zoom, theme.Times))
	case r.fold:
		notes = append(notes, "gaps folded")
	}
	if !r.onLog {
		notes = append(notes, "tab "+paneNames[r.pane])
	}
	c.Rule(0, title, strings.Join(notes, theme.Sep))
	if l.side > 0 {
		c.Put(c.W-l.side, 0, theme.Faint, theme.TeeDown)
	}
}

// legend says what the bars of the time line mean.
const legend = theme.BarOK + " ok  " + theme.BarFailed + " failed attempt  " + theme.BarWait + " backoff  " + theme.BarQueued + " queued  " +
	theme.GlyphRunning + " running  " + theme.FoldMark + " folded"

// drawFoot says where the run came from.
func (r *Run) drawFoot(env Env, c part.Canvas, l runLayout) {
	for i, line := range r.foot(env.Now, c.W, l.info) {
		c.Text(1, c.H-l.info+i, c.W-2, line.role, line.s)
	}
}

// foot says why a run that goes on is as it is, and where it came from, in at most n lines.
func (r *Run) foot(now time.Time, w, n int) []footLine {
	var out []footLine
	if !r.run.State.Terminal() {
		for _, s := range part.Wrap(runWhy(&r.run, now), w-2, max(n-1, 1)) {
			out = append(out, footLine{role: theme.Plain, s: s})
		}
	}
	for _, s := range part.Wrap(r.origin(), w-2, n-len(out)) {
		out = append(out, footLine{role: theme.Muted, s: s})
	}
	return out
}

func (r *Run) noSteps() string {
	if m := StateMark(r.run.State); r.run.State.Terminal() {
		return m.Word + ", it has no steps"
	}
	return "no step has begun yet"
}

// ganttCols are the columns of the step rows.
type ganttCols struct{ name, bar int }

const (
	stepDurCols = 8
	stepAttCols = 6
)

func stepColumns(w int) ganttCols {
	name := min(max(w/4, 16), 34)
	if w < 50 {
		name = w - markCols - stepDurCols - stepAttCols
	}
	return ganttCols{name: name, bar: max(w-markCols-name-1-stepDurCols-stepAttCols-1, 0)}
}

func (r *Run) drawGantt(env Env, c part.Canvas, l runLayout) {
	cols := stepColumns(c.W)
	scale := r.scale(env.Now, cols.bar)
	c.Text(markCols, 0, cols.name, theme.Faint, "STEP")
	scale.Axis(c.Sub(markCols+cols.name+1, 0, cols.bar, 1), 0, r.zero())
	c.Right(c.W-stepAttCols-stepDurCols, 0, stepDurCols, theme.Faint, "DUR")
	c.Text(c.W-stepAttCols+1, 0, stepAttCols-1, theme.Faint, "TRIES")
	top := part.Window(r.top, r.line(), len(r.lines), l.rows)
	for y := range l.rows {
		if top+y >= len(r.lines) {
			break
		}
		at := r.lines[top+y]
		s := &r.steps[at.i]
		if at.head != "" {
			c.Text(2, 1+y, c.W-3, theme.Faint, at.head)
			continue
		}
		m := stepMark(s)
		if at.i == r.at() {
			c.Put(0, 1+y, theme.Accent, theme.Cursor)
			if !r.onLog {
				c.Attr(0, 1+y, c.W, theme.Selected)
			}
		}
		in := min(s.Depth, 5)
		c.Put(2+in, 1+y, m.Role, m.Glyph)
		c.Name(markCols+in, 1+y, cols.name-in, theme.Plain, s.ID)
		bar := c.Sub(markCols+cols.name+1, 1+y, cols.bar, 1)
		if at.i == 0 {
			scale.Row(bar, 0, r.runSpans(s, env.Now))
		} else {
			scale.Row(bar, 0, spans(s, env.Now))
		}
		if asks(s) {
			bar.Text(0, 0, bar.W, m.Role, m.Word+theme.Sep+env.Key("answer.give", "A")+" answers")
		}
		c.Right(c.W-stepAttCols-stepDurCols, 1+y, stepDurCols, theme.Muted, stepDuration(s, env.Now))
		c.Text(c.W-stepAttCols+1, 1+y, stepAttCols-1, theme.Muted, tries(s))
	}
	if l.legend > 0 {
		c.Text(1, c.H-1, c.W-2, theme.Faint, legend)
		if d := r.queued(); d > 0 && c.W > text.Width(legend)+14 {
			c.Right(c.W-14, c.H-1, 13, theme.Muted, "wait "+text.Duration(d))
		}
	}
}

// handlersWord says that the handlers have yet to run, or that one of them failed.
func handlersWord(r *orchestrator.Run) string {
	switch r.Handlers {
	case "failed":
		return theme.Sep + "a handler failed"
	case "pending":
		return theme.Sep + "handlers have yet to run"
	}
	return ""
}

// drawLog draws the rule of the log with the step's attempts, and its lines.
func (r *Run) drawLog(env Env, c part.Canvas, l runLayout) {
	title := "log of the run"
	if i := r.at(); len(r.steps) > 0 && i > 0 {
		s := &r.steps[i]
		title = s.ID
		if s.Attempt > 0 {
			title += theme.Sep + "attempt " + tries(s)
		}
		switch {
		case s.State == orchestrator.AwaitingRetry && !s.NextAt.IsZero():
			title += theme.Sep + "next in " + text.Countdown(s.NextAt.Sub(env.Now))
		case asks(s):
			title = s.ID + theme.Sep + r.question(env.Data, s)
		case s.Message != "":
			title += theme.Sep + s.Message
		case s.Reason != "":
			title += theme.Sep + s.Reason
		}
	}
	note := r.log.state()
	if f := r.log.found(); f != "" {
		note = f + theme.Sep + note
	}
	if r.onLog {
		note += theme.Sep + "tab steps"
	}
	if s := r.log.changed(); s != "" { // first: what is not shown has to be seen
		title = s + theme.Sep + title
	}
	r.rule(c, l, text.Truncate(title, max(c.W-text.Width(note)-7, 8), theme.Ellipsis), note)
	body := c.Sub(0, l.logY+1, c.W, l.logH)
	if a := r.asked(env.Data); a != nil && len(r.log.shown) == 0 { // there is no log yet, but something to decide
		y := 0
		for _, s := range subjectLines(a, body.W-2) {
			y = line(body.Sub(1, 0, body.W-2, body.H), y, theme.Plain, s)
		}
	} else if r.logErr != "" {
		body.Text(1, 0, c.W-2, theme.Failed, "the log cannot be read: "+r.logErr)
	} else {
		r.log.Draw(body, r.onLog || r.log.held, env.Now)
	}
}

// rule draws the rule between the steps and the pane below them.
func (r *Run) rule(c part.Canvas, l runLayout, title, note string) {
	c.Rule(l.logY, title, note)
	if l.side > 0 && l.logY > 0 {
		c.Put(c.W-l.side, l.logY, theme.Faint, theme.TeeUp)
	}
}

// asked is what the step under the cursor waits for; nil = for nothing.
func (r *Run) asked(d *Data) *orchestrator.Approval {
	if s := r.StepAt(); s != nil && asks(s) {
		return d.Approval(r.id, s.Path)
	}
	return nil
}

// question is what a step asks; what it waits for when that is not read yet.
func (r *Run) question(d *Data, s *orchestrator.Step) string {
	if a := d.Approval(r.id, s.Path); a != nil {
		return a.Question
	}
	return stepMark(s).Word
}

// shortHash is as much of a hash as a person compares.
func shortHash(h string) string { return h[:min(len(h), 8)] }
