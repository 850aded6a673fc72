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

// drawLast draws the last runs with the one on show marked, what is known of that one, and its error.
func (p *Pipe) drawLast(env Env, c part.Canvas, r *orchestrator.Runner, run *orchestrator.Run, l pipeLayout) {
	title := fmt.Sprintf("last %s%sheight = duration", count(len(r.Strip), "run", "runs"), theme.Sep)
	if len(r.Strip) == 0 {
		title = "no run has ended yet"
	}
	note := ""
	if len(r.Strip) > 1 {
		note = "← → inspect"
	}
	c.Rule(0, title, note)
	if l.side > 0 {
		c.Put(c.W-l.side-1, 0, theme.Faint, theme.TeeUp)
	}
	rows := l.chart
	if timed(r.Strip) && rows >= 3 {
		rows-- // the axis
	}
	if x := p.drawChart(c.Sub(0, 1, c.W, rows), r); x >= 0 {
		c.Put(x, 0, theme.Accent, theme.Down)
	}
	if rows < l.chart {
		drawChartAxis(c.Sub(0, 1+rows, c.W, 1), r.Strip, env.Now)
	}
	y := 1 + l.chart
	if run == nil {
		return
	}
	if l.inspect {
		m := runMark(run)
		x := c.Put(1, y, m.Role, m.Glyph+" ")
		c.Text(x, y, c.W-x-1, theme.Plain, runWords(run, env.Now))
		y++
	}
	s, role := run.Reason, theme.Muted
	switch {
	case run.Error != "" && run.FailedStep != "":
		s, role = leaf(run.FailedStep)+": "+run.Error, theme.Failed
	case run.Error != "":
		s, role = run.Error, theme.Failed
	case p.chosen == "" && lastError(r) != "":
		s, role = "last error  "+lastError(r), theme.Failed
	}
	if seen := p.health.seenWord(r, errorOf(r, run)); seen != "" && role == theme.Failed {
		s += theme.Sep + seen
	}
	for i, line := range part.Wrap(s, c.W-2, l.err) {
		c.Put(1, y+i, role, line)
	}
}

// errorOf is the error shown of a run, or of the pipe's last one.
func errorOf(r *orchestrator.Runner, run *orchestrator.Run) string {
	if run.Error == "" && r.Last != nil {
		return r.Last.Error
	}
	return run.Error
}

// runWords is a run in one line.
func runWords(run *orchestrator.Run, now time.Time) string {
	parts := []string{"run " + ShortID(run.ID), runMark(run).Word}
	if !run.StartedAt.IsZero() {
		parts = append(parts, "started "+text.Moment(run.StartedAt, now), lengthWord(run, now))
	}
	if run.Trigger != "" {
		parts = append(parts, triggerWord(run))
	}
	if run.Attempts > 1 {
		parts = append(parts, fmt.Sprintf("%d attempts", run.Attempts))
	}
	return strings.Join(parts, theme.Sep)
}

// chartLabel is the room for the scale of a chart.
const chartLabel = 8

// drawChart draws the last runs as bars over the rows of the canvas: full height is the longest of them. It gives the
// column of the chosen run; -1 = none.
func (p *Pipe) drawChart(c part.Canvas, r *orchestrator.Runner) int {
	chosen := -1
	strip, x := r.Strip, 1
	var longest time.Duration
	for _, o := range strip {
		longest = max(longest, o.Duration)
	}
	if c.H > 1 && len(strip) > 0 {
		c.Right(0, 0, chartLabel-2, theme.Faint, text.Duration(longest))
		c.Right(0, c.H-1, chartLabel-2, theme.Faint, "0")
		for y := range c.H {
			c.Put(chartLabel-1, y, theme.Faint, theme.VLine)
		}
		x = chartLabel + 1
	}
	strip, step := chartStrip(strip, c.W, x)
	for _, o := range strip {
		drawBar(c, x, o, longest)
		if o.Run == p.chosen {
			chosen = x
		}
		x += step
	}
	if r.Current != nil && r.Current.State.Live() {
		m := runMark(r.Current)
		c.Put(x, c.H-1, m.Role, m.Glyph)
	}
	return chosen
}

// chartStrip is the part of the last runs that has room from column x on, and how far apart they are.
func chartStrip(strip []orchestrator.Outcome, w, x int) ([]orchestrator.Outcome, int) {
	step := 1
	if w-x-2 >= 2*orchestrator.StripLen {
		step = 2
	}
	room := max((w-x-2)/step, 0)
	return strip[max(len(strip)-room, 0):], step
}

// timed says that it is known when the runs were.
func timed(strip []orchestrator.Outcome) bool { return len(strip) > 1 && !strip[0].At.IsZero() }

// drawChartAxis says when the runs of the chart above were. Runs lie side by side however far apart they were, so each label is the
// time of the run above its first column.
func drawChartAxis(c part.Canvas, strip []orchestrator.Outcome, now time.Time) {
	x := chartLabel + 1
	strip, step := chartStrip(strip, c.W, x)
	next := x
	for i, o := range strip {
		at := x + i*step
		label := text.Moment(o.At, now)
		last := x + (len(strip)-1)*step
		if at >= next && at+text.Width(label) <= max(last-8, x+text.Width(label)) {
			next = c.Put(at, 0, theme.Faint, label) + 8
		}
	}
	ago := text.CalmAge(now.Sub(strip[len(strip)-1].At)) + " ago"
	if at := x + (len(strip)-1)*step + 1 - text.Width(ago); at >= next-7 {
		c.Put(at, 0, theme.Faint, ago)
	}
}

// drawBar draws one run: its duration as a bar; a run that did not complete has its glyph at the foot of it.
func drawBar(c part.Canvas, x int, o orchestrator.Outcome, longest time.Duration) {
	m := StateMark(o.State)
	role, full := theme.Bar, theme.BarOK
	if o.State != orchestrator.Completed {
		role, full = m.Role, theme.BarFailed
	}
	eighths := 1
	if longest > 0 {
		eighths = max(int(float64(8*c.H)*float64(o.Duration)/float64(longest)+.5), 1)
	}
	for y := range c.H {
		switch left := eighths - 8*(c.H-1-y); {
		case left >= 8:
			c.Put(x, y, role, full)
		case left > 0:
			c.Put(x, y, role, theme.Spark[left-1])
		}
	}
	if o.State != orchestrator.Completed {
		c.Put(x, c.H-1, m.Role, m.Glyph)
	}
}
