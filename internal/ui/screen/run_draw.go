package screen

import (
	"fmt"
	"maps"
	"slices"
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
	title := "steps of run " + ShortID(r.id) + handlersWord(&r.run)
	if s := r.run.Reason; s != "" {
		title += theme.Sep + s
	}
	note := ""
	if !r.onLog {
		note = "tab log"
	}
	c.Rule(0, title, note)
	switch {
	case r.err != "":
		for i, s := range part.Wrap("the run cannot be read: "+r.err, c.W-2, 3) {
			c.Put(1, 1+i, theme.Failed, s)
		}
		return
	case !r.loaded:
		c.Text(1, 1, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
		return
	case len(r.steps) == 0:
		c.Text(1, 1, c.W-2, theme.Muted, r.noSteps())
	default:
		r.drawGantt(env, c.Sub(0, 1, c.W, 1+l.rows), l)
	}
	r.drawLog(env, c, l)
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
	scale.Axis(c.Sub(markCols+cols.name+1, 0, cols.bar, 1), 0)
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
		scale.Row(bar, 0, spans(s, env.Now))
		if asks(s) {
			bar.Text(0, 0, bar.W, m.Role, m.Word+theme.Sep+env.Key("answer.give", "A")+" answers")
		}
		c.Right(c.W-stepAttCols-stepDurCols, 1+y, stepDurCols, theme.Muted, stepDuration(s, env.Now))
		c.Text(c.W-stepAttCols+1, 1+y, stepAttCols-1, theme.Muted, tries(s))
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

// scale is the time line: the run's own length once it ended, a rounded one while it is live.
func (r *Run) scale(now time.Time, w int) part.Scale {
	from := r.run.StartedAt
	for _, s := range r.steps { // a rerun keeps steps that are older than its start
		if !s.StartedAt.IsZero() && (from.IsZero() || s.StartedAt.Before(from)) {
			from = s.StartedAt
		}
	}
	to := r.run.EndedAt
	if to.IsZero() {
		return part.Scale{From: from, Len: part.NiceLen(now.Sub(from)), W: w}
	}
	return part.Scale{From: from, Len: max(to.Sub(from), time.Millisecond), W: w}
}

// spans are a step's attempts and the waits between them.
func spans(s *orchestrator.Step, now time.Time) []part.Span {
	if s.StartedAt.IsZero() {
		return nil
	}
	end := s.EndedAt
	if end.IsZero() {
		end = now
	}
	if s.Composite {
		return []part.Span{{From: s.StartedAt, To: end, Glyph: theme.HLine, Role: theme.Muted}}
	}
	attempts := s.Attempts
	if len(attempts) == 0 {
		attempts = []orchestrator.Attempt{{State: s.State, StartedAt: s.StartedAt, EndedAt: s.EndedAt}}
	}
	var out []part.Span
	for i, a := range attempts {
		p := part.Span{From: a.StartedAt, To: a.EndedAt}
		if p.To.IsZero() {
			p.To = now
		}
		m := StateMark(a.State)
		p.Role, p.Glyph = m.Role, theme.BarOK
		switch {
		case failed(a.State):
			p.Glyph, p.End = theme.BarFailed, theme.GlyphFailed
		case a.State == orchestrator.Running:
			p.Glyph = theme.GlyphRunning
		case a.State != orchestrator.Completed:
			p.Glyph = theme.BarFailed
		}
		out = append(out, p)
		wait := part.Span{From: p.To, Glyph: theme.BarWait, Role: theme.Retry}
		switch {
		case i+1 < len(attempts):
			wait.To = attempts[i+1].StartedAt
		case s.State == orchestrator.AwaitingRetry:
			wait.To = now
		}
		if wait.To.After(wait.From) {
			out = append(out, wait)
		}
	}
	// Waits first, so that a short attempt beside a long wait stays visible.
	slices.SortStableFunc(out, func(a, b part.Span) int { return rankSpan(a) - rankSpan(b) })
	return out
}

func rankSpan(p part.Span) int {
	if p.Glyph == theme.BarWait {
		return 0
	}
	return 1
}

// drawLog draws the rule of the log with the step's attempts, its lines, and where the run came from.
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
	if r.onLog {
		note += theme.Sep + "tab steps"
	}
	c.Rule(l.logY, title, note)
	body := c.Sub(0, l.logY+1, c.W, l.logH)
	if a := r.asked(env.Data); a != nil && len(r.log.shown) == 0 { // there is no log yet, but something to decide
		y := 0
		for _, s := range subjectLines(a, body.W-2) {
			y = line(body.Sub(1, 0, body.W-2, body.H), y, theme.Plain, s)
		}
	} else if r.logErr != "" {
		body.Text(1, 0, c.W-2, theme.Failed, "the log cannot be read: "+r.logErr)
	} else {
		r.log.Draw(body, r.onLog || r.log.held)
	}
	for i, line := range part.Wrap(r.origin(), c.W-2, l.info) {
		c.Text(1, c.H-l.info+i, c.W-2, theme.Muted, line)
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

// origin says how the run came to be.
func (r *Run) origin() string {
	parts := []string{"trigger " + r.run.Trigger}
	if r.run.Parent != "" {
		parts = append(parts, "after run "+ShortID(r.run.Parent))
	}
	if r.run.Backfill != "" {
		parts = append(parts, "backfill "+r.run.Backfill)
	}
	if r.run.By != "" {
		parts = append(parts, "by "+r.run.By)
	}
	if !r.run.StartedAt.IsZero() {
		parts = append(parts, "started "+text.Clock(r.run.StartedAt)+"Z")
	}
	if !r.run.DueAt.IsZero() && r.run.StartedAt.After(r.run.DueAt) {
		parts = append(parts, "waited "+text.Duration(r.run.StartedAt.Sub(r.run.DueAt)))
	}
	if r.run.Attempt > 1 {
		parts = append(parts, fmt.Sprintf("run attempt %d", r.run.Attempt))
	}
	if r.run.Warnings > 0 {
		parts = append(parts, count(r.run.Warnings, "warning", "warnings"))
	}
	if p := r.run.Priority; p != 0 && p != normalPriority {
		parts = append(parts, fmt.Sprintf("priority %d", p))
	}
	if r.run.Overlap != "" {
		parts = append(parts, "overlap "+r.run.Overlap)
	}
	for _, k := range slices.Sorted(maps.Keys(r.run.Params)) {
		parts = append(parts, k+"="+r.run.Params[k])
	}
	if h := r.run.Definition; h != "" {
		parts = append(parts, "definition "+shortHash(h))
	}
	return strings.Join(parts, theme.Sep)
}

// shortHash is as much of a hash as a person compares.
func shortHash(h string) string { return h[:min(len(h), 8)] }
