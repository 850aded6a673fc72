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

// Draw draws the timeline.
func (t *Timeline) Draw(env Env, c part.Canvas) {
	s := t.window(env.Now)
	t.drawRule(env, c, s)
	switch {
	case !env.Data.Loaded:
		c.Text(1, 1, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
		return
	case t.err != "":
		for i, l := range part.Wrap("the timeline cannot be read: "+t.err, c.W-2, 3) {
			c.Put(1, 1+i, theme.Failed, l)
		}
		return
	case len(t.list.order) == 0:
		t.list.drawNothing(env, c)
		return
	}
	name := t.nameW()
	axis := c.Sub(name, 1, s.W, c.H)
	t.drawAxis(env, axis, s)
	rows, foot := t.rowsOf(c.H)
	now := t.nowColumn(env, s)
	for y := range rows {
		if t.list.top+y >= len(t.list.order) {
			break
		}
		r := env.Data.Runner(t.list.order[t.list.top+y])
		if r == nil {
			continue
		}
		t.drawRow(env, c.Sub(0, 3+y, c.W, 1), r, s, now)
	}
	t.drawSlots(env, c.Sub(0, 3+rows, c.W, 1), s, now)
	if foot > 0 {
		t.drawFoot(env, c.Sub(0, 4+rows, c.W, foot))
	}
}

func (t *Timeline) drawRule(env Env, c part.Canvas, s part.Scale) {
	to := s.From.Add(s.Len)
	title := "timeline" + theme.Sep + axisMoment(s.From, env.Now) + " " + theme.Arrow + " " + axisMoment(to, env.Now)
	if q := t.list.Filter(); q != "" {
		title += theme.Sep + "/" + q
	}
	note := text.Duration(s.Len) + theme.Sep + "+ - scale" + theme.Sep + "< > move"
	if !t.end.IsZero() {
		note += theme.Sep + ". now"
	}
	if t.got.More {
		note = "the oldest runs are left out" + theme.Sep + note
	}
	c.Rule(0, title, note)
}

// axisMoment is a time of day, with its date when it is not today's.
func axisMoment(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.YearDay() == now.YearDay() && at.Year() == now.Year() {
		return at.Format("15:04")
	}
	return at.Format("2 Jan 15:04")
}

// ticksOf are the lengths between two labels of the axis.
var ticksOf = [...]time.Duration{
	time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

func (t *Timeline) drawAxis(env Env, c part.Canvas, s part.Scale) {
	const labelW = 9
	step := ticksOf[len(ticksOf)-1]
	for _, d := range ticksOf {
		if int(float64(d)/float64(s.Len)*float64(s.W)) >= labelW {
			step = d
			break
		}
	}
	layout := "15:04"
	if step >= 12*time.Hour {
		layout = "2 Jan"
	}
	next := 0
	for at := s.From.Truncate(step); at.Before(s.From.Add(s.Len)); at = at.Add(step) {
		if at.Before(s.From) {
			continue
		}
		x := s.Column(at)
		c.Put(x, 1, theme.Faint, theme.VLine)
		if label := at.UTC().Format(layout); x >= next && x+text.Width(label) <= s.W {
			next = c.Put(x, 0, theme.Muted, label) + 1
		}
	}
	if x := t.nowColumn(env, s); x >= 0 {
		c.Put(x, 1, theme.Accent, theme.VLine)
		if word := "now"; x+1 < s.W-len(word) && x+1 >= next {
			c.Put(x, 0, theme.Accent, word)
		}
	}
}

// nowColumn is the column of now; -1 = it is not in the window.
func (t *Timeline) nowColumn(env Env, s part.Scale) int {
	if env.Now.Before(s.From) || !env.Now.Before(s.From.Add(s.Len)) {
		return -1
	}
	return s.Column(env.Now)
}

func (t *Timeline) drawRow(env Env, c part.Canvas, r *orchestrator.Runner, s part.Scale, now int) {
	m := RunnerMark(r, env.Now)
	current := r.ID == t.list.cursor
	name := t.nameW()
	if current {
		c.Attr(0, 0, name-1, theme.Selected)
		c.Put(0, 0, theme.Accent, theme.Cursor)
	}
	c.Put(1, 0, m.Role, m.Glyph)
	pipeName(c, 3, 0, name-4, theme.Plain, r)
	row := c.Sub(name, 0, s.W, 1)
	t.drawPause(env, row, r, s, now)
	if now >= 0 {
		row.Put(now, 0, theme.Faint, theme.VLine)
	}
	spans := make([]part.Span, 0, 2*len(t.bars[r.ID]))
	to := s.From.Add(s.Len)
	for i := range t.bars[r.ID] {
		spans = append(spans, runSpans(&t.bars[r.ID][i], env.Now, s.From, to)...)
	}
	for _, at := range t.got.Ticks[r.ID] {
		if at.After(env.Now) && at.Before(to) && !Held(r) {
			spans = append(spans, part.Span{From: at, To: at, Glyph: theme.GlyphQueued, Role: theme.Muted})
		}
	}
	s.Row(row, 0, spans)
}

// runSpans is a run on the time line: its wait in the queue, its work, and what it came to.
func runSpans(r *orchestrator.Run, now, from, to time.Time) []part.Span {
	var out []part.Span
	clip := func(a, b time.Time, glyph string, role theme.Role, end string) {
		if !b.After(from) || !a.Before(to) || b.Before(a) {
			return
		}
		if b.After(to) {
			b, end = to.Add(-1), ""
		}
		if a.Before(from) {
			a = from
		}
		out = append(out, part.Span{From: a, To: b, Glyph: glyph, Role: role, End: end})
	}
	end := r.EndedAt
	if end.IsZero() {
		end = now
	}
	start := r.StartedAt
	if start.IsZero() {
		start = end
	}
	if due := began(r); start.Sub(due) > 0 {
		clip(due, start, theme.BarQueued, theme.Late, "")
	}
	if r.StartedAt.IsZero() {
		return out
	}
	switch {
	case r.State == orchestrator.AwaitingRetry:
		clip(start, end, theme.BarFailed, theme.Retry, theme.GlyphRetry)
		clip(now, r.NextAt, theme.BarWait, theme.Retry, "")
	case !r.State.Terminal():
		clip(start, end, theme.GlyphRunning, theme.Running, "")
	case failed(r.State):
		clip(start, end, theme.BarFailed, theme.Failed, theme.GlyphFailed)
	case r.State == orchestrator.Completed:
		clip(start, end, theme.BarOK, theme.OK, "")
	default:
		clip(start, end, theme.BarFailed, theme.Muted, "")
	}
	return out
}

// drawPause draws since when the runner is held, and by whom where there is room.
func (t *Timeline) drawPause(env Env, row part.Canvas, r *orchestrator.Runner, s part.Scale, now int) {
	if r.Pause == nil || now < 0 {
		return
	}
	x := s.Column(r.Pause.At)
	if r.Pause.At.Before(s.From) {
		x = 0
	}
	row.Repeat(x, 0, now-x, theme.Paused, theme.HLine)
	words := " paused " + axisMoment(r.Pause.At, env.Now)
	if r.Pause.By != "" {
		words += " by " + r.Pause.By
	}
	if text.Width(words)+2 < now-x {
		row.Put(x+1, 0, theme.Paused, words+" ")
	}
}

// drawSlots draws how many slots were taken over the window, and how many the plan would take.
func (t *Timeline) drawSlots(env Env, c part.Canvas, s part.Scale, now int) {
	e := &env.Data.Engine
	if e.Slots <= 0 {
		return
	}
	c.Text(3, 0, t.nameW()-4, theme.Muted, fmt.Sprintf("slots %d/%d", e.Busy, e.Slots))
	row := c.Sub(t.nameW(), 0, s.W, 1)
	for x, n := range t.slotUse(env, s) {
		role := theme.Bar
		switch {
		case now >= 0 && x > now:
			role = theme.Faint
		case n >= float64(e.Slots):
			role = theme.Late
		}
		if n > 0 {
			row.Put(x, 0, role, theme.Spark[min(int(n/float64(e.Slots)*8), 7)])
		}
	}
	if now >= 0 {
		row.Put(now, 0, theme.Faint, theme.VLine)
	}
}

// slotUse is the mean number of slots taken in each column: of the past by what ran, of the time to come by the plan, where
// each run takes the median of its runner.
func (t *Timeline) slotUse(env Env, s part.Scale) []float64 {
	use := make([]float64, s.W)
	step := s.Len / time.Duration(s.W)
	if step <= 0 {
		return use
	}
	add := func(a, b time.Time) {
		for x := s.Column(a); x <= s.Column(b); x++ {
			lo, hi := s.From.Add(time.Duration(x)*step), s.From.Add(time.Duration(x+1)*step)
			if a.After(lo) {
				lo = a
			}
			if b.Before(hi) {
				hi = b
			}
			if d := hi.Sub(lo); d > 0 {
				use[x] += float64(d) / float64(step)
			}
		}
	}
	for i := range t.got.Runs {
		r := &t.got.Runs[i]
		if end := r.EndedAt; !r.StartedAt.IsZero() {
			if end.IsZero() {
				end = env.Now
			}
			add(r.StartedAt, end)
		}
	}
	for id, ticks := range t.got.Ticks {
		if r := env.Data.Runner(id); r != nil && !Held(r) {
			for _, at := range ticks {
				if at.After(env.Now) {
					add(at, at.Add(max(r.P50, time.Second)))
				}
			}
		}
	}
	return use
}

// drawFoot says why the chosen pipe is where it is, and what the signs mean.
func (t *Timeline) drawFoot(env Env, c part.Canvas) {
	r := env.Data.Runner(t.list.cursor)
	if r == nil {
		return
	}
	m := RunnerMark(r, env.Now)
	c.Rule(0, r.ID+theme.Sep+m.Word, "")
	lines := part.Wrap(r.Reason, c.W-2, max(c.H-3, 1))
	y := 1
	for _, l := range lines {
		if y < c.H {
			c.Text(1, y, c.W-2, theme.Plain, l)
			y++
		}
	}
	if next := NextWord(r, env.Now); y < c.H-1 && !r.NextAt.IsZero() {
		c.Text(1, y, c.W-2, theme.Muted, "next "+next+" at "+axisMoment(r.NextAt, env.Now)+"Z"+theme.Sep+r.Schedule)
	}
	if c.H >= 4 {
		legend := []string{
			theme.BarOK + " ok", theme.BarFailed + theme.GlyphFailed + " failed", theme.BarWait + " backoff", theme.BarQueued + " queued",
			theme.GlyphRunning + " running", theme.GlyphQueued + " planned", theme.HLine + " paused",
		}
		c.Text(1, c.H-1, c.W-2, theme.Muted, strings.Join(legend, "  "))
	}
}
