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

// runCols are the columns of a history at one width.
type runCols struct {
	pipe, bar, wait, att, trigger, step, note int
	warn                                      bool
}

const (
	runIDCols   = 7
	startedCols = 13
	durCols     = 8
)

func runColumns(cv int, all bool) runCols {
	var c runCols
	w := cv
	if all {
		c.pipe = min(max(w/5, 10), 26)
	}
	c.warn = w >= 70
	if all {
		w -= 30 // the names take that much from what could be left out
	}
	if w >= 70 {
		c.trigger = 10
	}
	if w >= 76 {
		c.bar = min(w/10, 20)
	}
	w = cv
	if w >= 120 {
		c.wait, c.att, c.step = 7, 6, min(max(w/9, 12), 20)
		if w < 160 { // what went wrong needs the room more
			c.pipe, c.bar = min(c.pipe, 20), min(c.bar, 8)
		}
	}
	used := c.wait + c.att + c.step + markCols + runIDCols + c.pipe + startedCols + durCols + c.trigger + 4
	if c.bar > 0 {
		used += c.bar + 1
	}
	if c.pipe > 0 {
		used++
	}
	if c.warn {
		used += 5
	}
	c.note = max(w-used, 0)
	return c
}

func (c runCols) heads(cv part.Canvas, y int) {
	x := cv.Text(markCols, y, runIDCols, theme.Faint, "RUN")
	if c.pipe > 0 {
		x = cv.Text(x, y, c.pipe, theme.Faint, "PIPE") + 1
	}
	x = cv.Text(x, y, startedCols, theme.Faint, "STARTED")
	x = cv.Right(x, y, durCols, theme.Faint, "DURATION") + 1
	if c.bar > 0 {
		x += c.bar + 1
	}
	if c.wait > 0 {
		x = cv.Text(x, y, c.wait, theme.Faint, "WAIT")
		x = cv.Text(x, y, c.att, theme.Faint, "ATT")
	}
	if c.trigger > 0 {
		x = cv.Text(x, y, c.trigger, theme.Faint, "TRIGGER")
	}
	note := "NOTE"
	if c.step > 0 {
		cv.Text(x+1, y, c.step-1, theme.Faint, "FAILED STEP")
		x, note = x+c.step, "ERROR OR NOTE"
	}
	cv.Text(x+1, y, c.note, theme.Faint, note)
	if c.warn {
		cv.Right(cv.W-5, y, 4, theme.Faint, "WARN")
	}
}

func (c runCols) row(cv part.Canvas, y int, r *orchestrator.Run, now time.Time, longest time.Duration, current bool) {
	m := runMark(r)
	if r.Idle {
		m = Mark{theme.GlyphSkipped, "nothing to do", theme.Muted}
	}
	if current {
		cv.Attr(0, y, cv.W, theme.Selected)
		cv.Put(0, y, theme.Accent, theme.Cursor)
	}
	cv.Put(2, y, m.Role, m.Glyph)
	x := cv.Text(markCols, y, runIDCols, theme.Plain, ShortID(r.ID))
	if c.pipe > 0 {
		x = cv.Name(x, y, c.pipe, theme.Plain, r.Runner) + 1
	}
	x = cv.Text(x, y, startedCols, theme.Muted, startedWord(r, now))
	if r.Count > 1 { // many ticks in one row have no duration of their own
		cv.Text(x+2, y, cv.W-x-3, theme.Muted, noteWord(r, now))
		return
	}
	d := r.Duration(now)
	if d > 0 && r.EndedAt.IsZero() {
		d = d.Truncate(time.Second)
	}
	dur := "-"
	if !r.StartedAt.IsZero() {
		dur = text.Duration(d)
	}
	x = cv.Right(x, y, durCols, theme.Plain, dur) + 1
	if c.bar > 0 {
		n := 0
		if longest > 0 {
			n = int(float64(c.bar)*float64(d)/float64(longest) + 0.5)
		}
		glyph := theme.BarOK
		if failed(r.State) {
			glyph = theme.BarFailed
		}
		if n == 0 && d > 0 {
			n, glyph = 1, theme.Spark[1]
		}
		cv.Repeat(x, y, min(n, c.bar), m.Role, glyph)
		x += c.bar + 1
	}
	x = c.waits(cv, x, y, r, now)
	if c.trigger > 0 {
		x = cv.Text(x, y, c.trigger, theme.Muted, triggerWord(r))
	}
	note := noteWord(r, now)
	if c.step > 0 {
		if r.FailedStep != "" {
			cv.Name(x+1, y, c.step-1, theme.Plain, leaf(r.FailedStep))
			note = strings.Replace(note, leaf(r.FailedStep)+triesOf(r)+": ", "", 1)
		}
		x += c.step
	}
	cv.Text(x+1, y, c.note, noteRole(r), note)
	if c.warn && r.Warnings > 0 {
		cv.Right(cv.W-5, y, 4, theme.Retry, fmt.Sprint(r.Warnings))
	}
}

// waits draws how long the run waited for its start, and its attempts.
func (c runCols) waits(cv part.Canvas, x, y int, r *orchestrator.Run, now time.Time) int {
	if c.wait == 0 {
		return x
	}
	began := r.StartedAt
	if began.IsZero() && r.EndedAt.IsZero() {
		began = now
	}
	word, role := "-", theme.Muted
	if d := began.Sub(r.DueAt); !began.IsZero() && !r.DueAt.IsZero() {
		if word = text.Duration(max(d, 0)); r.StartedAt.IsZero() {
			word = text.Duration(d.Truncate(time.Second))
		}
		if d >= lateFrom {
			role = theme.Late
		}
	}
	cv.Text(x, y, c.wait-1, role, word)
	att := ""
	switch {
	case r.MaxAttempts > 1 && r.Attempts > 0:
		att = fmt.Sprintf("%d/%d", r.Attempts, r.MaxAttempts)
	case r.Attempts > 0:
		att = fmt.Sprint(r.Attempts)
	}
	cv.Text(x+c.wait, y, c.att-1, theme.Muted, att)
	return x + c.wait + c.att
}

// triggerWord is what made the run: its trigger, or who fired it by hand. Who cancelled a scheduled run is not meant.
func triggerWord(r *orchestrator.Run) string {
	if r.Nominal.IsZero() && r.Trigger == "manual" && r.By != "" {
		return r.By
	}
	if r.Backfill != "" {
		return "backfill"
	}
	return r.Trigger
}

// startedWord is when the run began; rows that stand for more than one tick say when the first was.
func startedWord(r *orchestrator.Run, now time.Time) string {
	at := r.StartedAt
	if at.IsZero() {
		at = r.DueAt
	}
	if at.IsZero() {
		at = r.CreatedAt
	}
	if r.Count > 1 && !r.FirstAt.IsZero() {
		at = r.FirstAt
	}
	return clockToday(at, now)
}

// clockToday is the time of day to the second today, the moment before.
func clockToday(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return text.Clock(at)
	}
	return text.Moment(at, now)
}

// noteWord says in a few words what became of the run.
func noteWord(r *orchestrator.Run, now time.Time) string {
	if r.Count > 1 {
		s := r.Reason
		if s == "" {
			s = StateMark(r.State).Word
		}
		if r.Idle {
			s = "nothing to do"
		}
		return fmt.Sprintf("%s%d to %s%s%s", theme.Times, r.Count, clockToday(r.LastAt, now), theme.Sep, s)
	}
	if r.DryRun && !strings.HasPrefix(r.Reason, "dry run") && !r.Idle {
		live := *r
		live.DryRun = false
		return "dry run" + theme.Sep + noteWord(&live, now)
	}
	switch {
	case r.Idle:
		return "nothing to do"
	case r.Handlers == "failed" && r.State == orchestrator.Completed:
		return "ok, but a handler failed"
	case r.Error != "" && r.FailedStep != "":
		return leaf(r.FailedStep) + triesOf(r) + ": " + r.Error
	case r.Error != "":
		return r.Error
	case r.State == orchestrator.Completed && r.Attempts > 1:
		return fmt.Sprintf("%s %d attempts", theme.GlyphRetry, r.Attempts)
	case r.State == orchestrator.Completed:
		return r.Reason
	case r.Reason != "":
		return runMark(r).Word + ": " + r.Reason
	default:
		return runMark(r).Word
	}
}

func triesOf(r *orchestrator.Run) string {
	if r.MaxAttempts > 1 && r.Attempts > 0 {
		return fmt.Sprintf(" %d/%d", r.Attempts, r.MaxAttempts)
	}
	return ""
}

func noteRole(r *orchestrator.Run) theme.Role {
	switch {
	case failed(r.State):
		return theme.Failed
	case r.State == orchestrator.AwaitingRetry:
		return theme.Retry
	case r.State == orchestrator.Completed && !r.Idle, r.State == orchestrator.Running:
		return theme.Plain
	default:
		return theme.Muted
	}
}
