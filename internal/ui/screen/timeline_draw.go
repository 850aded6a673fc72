package screen

import (
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// timelineLayout is where things are.
type timelineLayout struct {
	rows  int // lanes
	name  int // columns of the names
	axis  int // columns of the time
	side  int // columns of the states at the right; 0 = none
	slots bool
	panel int // rows of the panel below, with its rule; 0 = none
}

const sideCols = 22

func (t *Timeline) layout(w, h int) timelineLayout {
	l := timelineLayout{name: min(max(w/5, 9), 24), slots: h >= 10}
	if w >= 120 {
		l.side = sideCols
	}
	l.axis = max(w-markCols-l.name-1-l.side-1, 0)
	switch {
	case h >= 32:
		l.panel = 11
	case h >= 17:
		l.panel = 5
	case h >= 11:
		l.panel = 3
	case h >= 7:
		l.panel = 2
	}
	l.rows = h - 2 - l.panel
	if l.slots {
		l.rows--
	}
	l.rows = max(l.rows, 0)
	return l
}

// Draw draws the timeline.
func (t *Timeline) Draw(env Env, c part.Canvas) {
	l := t.layout(c.W, c.H)
	a := t.axis(env, l.axis)
	t.drawRule(env, c)
	if drawUnread(c, 2, 4, "the timeline", t.err, env.Data.Loaded) {
		return
	}
	switch {
	case len(t.order) == 0:
		s := "no pipes"
		if len(env.Data.Runners) > 0 {
			s = "no pipe passes the filter (esc clears it)"
		}
		c.Text(1, 2, c.W-2, theme.Muted, s)
		return
	}
	left := markCols + l.name + 1
	lanes := c.Sub(left, 1, l.axis, l.rows+2)
	t.drawLabels(env, lanes, a)
	top := part.Window(t.top, max(t.at(), 0), len(t.order), l.rows)
	for i := range min(l.rows, len(t.order)-top) {
		t.drawLane(env, c, lanes, l, a, 1+i, t.order[top+i])
	}
	if l.slots {
		t.drawSlots(env, c, lanes, a, 1+l.rows)
	}
	if r := env.Data.Runner(t.cursor); l.panel > 0 && r != nil {
		t.drawPanel(env, c.Sub(0, c.H-l.panel, c.W, l.panel), r)
	}
}

func (t *Timeline) drawRule(env Env, c part.Canvas) {
	from, to := t.window(env.Now, t.layout(c.W, c.H).axis)
	title := "timeline" + theme.Sep + text.Moment(from, env.Now) + theme.Arrow + text.Moment(to, env.Now) + "Z" + theme.Sep +
		text.Duration(scales()[t.scale])
	if t.shift != 0 {
		title += theme.Sep + "moved (" + env.Key("timeline.now", ".") + ")"
	}
	if t.fold {
		title += theme.Sep + "gaps folded"
	}
	if t.filter.query != "" {
		title += theme.Sep + "/" + t.filter.query
	}
	if t.more {
		title += theme.Sep + "the oldest runs are left out"
	}
	l, note := t.layout(c.W, c.H), ""
	if n := len(t.order); n > 0 && l.rows > 0 {
		top := part.Window(t.top, max(t.at(), 0), n, l.rows)
		note = fmt.Sprintf("%d-%d/%d", top+1, min(top+l.rows, n), n)
	}
	c.Rule(0, title, note)
}

// drawLabels draws the times over the lanes, and the line of now through them.
func (t *Timeline) drawLabels(env Env, c part.Canvas, a part.Axis) {
	for _, g := range a.Gaps() {
		for y := 1; y < c.H; y++ {
			c.Put(g, y, theme.Faint, theme.Ellipsis)
		}
	}
	now := a.Column(env.Now)
	shown := now >= 0 && now < a.W && t.inWindow(env, a)
	for _, l := range a.Labels() {
		if !shown || l.X > now+3 || l.X+len(l.Text) < now {
			c.Put(l.X, 0, theme.Faint, l.Text)
		}
	}
	if !shown {
		return
	}
	c.Put(min(now, max(a.W-3, 0)), 0, theme.Accent, "now")
	for y := 1; y < c.H; y++ {
		c.Put(now, y, theme.Faint, theme.VLine)
	}
}

func (t *Timeline) inWindow(env Env, a part.Axis) bool {
	return !env.Now.Before(a.From) && env.Now.Before(a.To)
}

// drawLane draws one pipe's row: its mark and name, what it did, and how it stands where there is room. y counts from the labels.
func (t *Timeline) drawLane(env Env, c, lanes part.Canvas, l timelineLayout, a part.Axis, y int, id string) {
	r := env.Data.Runner(id)
	if r == nil {
		return
	}
	m := RunnerMark(r, env.Now)
	current := id == t.cursor
	if current {
		c.Attr(0, 1+y, markCols+l.name, theme.Selected)
		c.Put(0, 1+y, theme.Accent, theme.Cursor)
	}
	c.Put(2, 1+y, m.Role, m.Glyph)
	pipeName(c, markCols, 1+y, l.name, theme.Plain, r)
	row := laneRow{c: lanes, y: y, a: a, now: env.Now}
	pauses := pausesOf(t.lanes[id].pauses, r)
	row.pauses(pauses)
	row.taken = make([]bool, a.W)
	runs := t.runsOf(env, id)
	row.runs(runs, t.lanes[id].tries)
	if waitsWithoutRun(r) && r.NextAt.Before(env.Now) && !r.NextAt.IsZero() {
		row.fill(r.NextAt, env.Now, theme.Late, theme.BarQueued, "")
	}
	if r.State != orchestrator.Disabled {
		row.planned(t.lanes[id].planned)
	}
	row.pauseWords(pauses)
	if current && t.pick != "" {
		for i := range runs {
			if runs[i].ID == t.pick {
				row.mark(&runs[i])
			}
		}
	}
	if l.side > 0 {
		x := c.W - l.side
		c.Text(x, 1+y, 12, m.Role, m.Word)
		c.Right(x+12, 1+y, l.side-13, theme.Muted, NextWord(r, env.Now))
	}
}

// laneRow draws what happened to one pipe; what comes later lies over what came before.
type laneRow struct {
	c   part.Canvas
	y   int
	a   part.Axis
	now time.Time
	// taken are the columns in which something ran; nil = not noted yet.
	taken []bool
}

// fill draws a stretch of time with a glyph, and another one at its end ("" = the same). It gives its columns.
func (l *laneRow) fill(from, to time.Time, role theme.Role, glyph, end string) {
	x, y, ok := l.a.Span(from, to)
	if !ok {
		return
	}
	l.c.Repeat(x, l.y, y-x+1, role, glyph)
	for i := x; i <= y && i < len(l.taken); i++ {
		l.taken[i] = true
	}
	if end != "" && to.Before(l.a.To) {
		l.c.Put(y, l.y, role, end)
	}
}

// pausesOf gives the stretches in which a runner was held: those that were read, its pause of now, and that of what it belongs to.
func pausesOf(known []orchestrator.PauseSpan, r *orchestrator.Runner) []orchestrator.PauseSpan {
	spans := slices.Clip(known)
	add := func(p *orchestrator.Pause) {
		if p != nil && !p.At.IsZero() {
			spans = append(spans, orchestrator.PauseSpan{From: p.At, By: p.By})
		}
	}
	if r.Hold != nil && !r.Hold.Drain {
		add(&r.Hold.Pause)
	}
	if n := len(known); n == 0 || !known[n-1].To.IsZero() {
		add(r.Pause)
	}
	return spans
}

// pauseCols gives the columns of a pause.
func (l *laneRow) pauseCols(p orchestrator.PauseSpan) (int, int, bool) {
	to := p.To
	if to.IsZero() || to.After(l.now) {
		to = l.now
	}
	return l.a.Span(p.From, to)
}

func (l *laneRow) pauses(spans []orchestrator.PauseSpan) {
	for _, p := range spans {
		if x, y, ok := l.pauseCols(p); ok {
			l.c.Repeat(x, l.y, y-x+1, theme.Paused, theme.HLine)
		}
	}
}

// pauseWords says who paused, in the first part of the stretch where nothing ran and that has the room.
func (l *laneRow) pauseWords(spans []orchestrator.PauseSpan) {
	for _, p := range spans {
		x, y, ok := l.pauseCols(p)
		if !ok {
			continue
		}
		when := " paused " + text.Moment(p.From, l.now) + " "
		words := []string{when, " paused "}
		if p.By != "" {
			words = append([]string{when + "by " + part.Clean(p.By) + " "}, words...)
		}
		for _, word := range words {
			if at := l.free(x+1, y, text.Width(word)); at >= 0 {
				l.c.Put(at, l.y, theme.Paused, word)
				break
			}
		}
	}
}

// free gives the first column of n in [x, y] in which nothing ran; -1 = there is none.
func (l *laneRow) free(x, y, n int) int {
	free := 0
	for i := x; i <= y; i++ {
		if free++; l.taken[i] {
			free = 0
		}
		if free == n {
			return i - n + 1
		}
	}
	return -1
}

// runs draws runs, oldest first; those that failed over those that did not, and the live ones over all.
func (l *laneRow) runs(newestFirst []orchestrator.Run, tries map[string][]orchestrator.TryAt) {
	for pass := range 3 {
		for i := len(newestFirst) - 1; i >= 0; i-- {
			r := &newestFirst[i]
			p := 0
			switch {
			case r.EndedAt.IsZero():
				p = 2
			case failed(r.State):
				p = 1
			}
			if p == pass {
				l.run(r, tries)
			}
		}
	}
}

// runStretch is the time that a run takes on the axis.
func runStretch(r *orchestrator.Run, now time.Time) (from, to time.Time, ok bool) {
	from, to = r.DueAt, r.EndedAt
	if from.IsZero() || !r.StartedAt.IsZero() && r.StartedAt.Before(from) {
		from = r.StartedAt
	}
	if r.Count > 1 && !r.FirstAt.IsZero() {
		from = r.FirstAt
	}
	if from.IsZero() {
		from = r.CreatedAt
	}
	if to.IsZero() {
		to = now
	}
	if to.Before(from) {
		to = from
	}
	return from, to, !from.IsZero()
}

// run draws one run: its wait, its attempts with what lies between them, and how it ended.
func (l *laneRow) run(r *orchestrator.Run, tries map[string][]orchestrator.TryAt) {
	from, to, ok := runStretch(r, l.now)
	m := StateMark(r.State)
	switch {
	case !ok:
		return
	case r.StartedAt.IsZero() && r.EndedAt.IsZero(): // it waits
		role := m.Role
		if to.Sub(from) >= lateFrom {
			role = theme.Late
		}
		l.fill(from, to, role, theme.BarQueued, "")
		return
	case r.StartedAt.IsZero(), r.Count > 1: // ticks that were not run
		l.fill(from, to, m.Role, theme.GlyphSkipped, "")
		return
	}
	if x, y := l.a.Column(from), l.a.Column(r.StartedAt); y > x {
		l.fill(from, r.StartedAt, theme.Late, theme.BarQueued, "")
	}
	l.body(r, to)
	l.tries(r, tries[r.ID], to)
	l.end(r, to)
}

// lateFrom is the wait from which a run is shown as late, the engine's figure.
const lateFrom = 15 * time.Second

// body draws the time in which a run was at work.
func (l *laneRow) body(r *orchestrator.Run, to time.Time) {
	switch r.State {
	case orchestrator.Completed:
		l.fill(r.StartedAt, to, theme.OK, theme.BarOK, "")
	case orchestrator.Failed, orchestrator.Crashed:
		l.fill(r.StartedAt, to, theme.Failed, theme.BarFailed, "")
	case orchestrator.AwaitingRetry:
		l.fill(r.StartedAt, to, theme.Retry, theme.BarWait, "")
	case orchestrator.Paused:
		l.fill(r.StartedAt, to, theme.Late, theme.GlyphAsk, "")
	case orchestrator.Running, orchestrator.Cancelling:
		l.fill(r.StartedAt, to, theme.Running, theme.GlyphRunning, "")
	default:
		m := StateMark(r.State)
		l.fill(r.StartedAt, to, m.Role, theme.GlyphSkipped, "")
	}
}

// tries draws the attempts of a run that needed several: failed ones, and the waits behind them.
func (l *laneRow) tries(r *orchestrator.Run, all []orchestrator.TryAt, to time.Time) {
	var last time.Time // end of the failed attempt before
	for _, try := range all {
		if !last.IsZero() && try.StartedAt.After(last) {
			l.fill(last, try.StartedAt, theme.Retry, theme.BarWait, "")
		}
		if try.Failed {
			l.fill(try.StartedAt, try.EndedAt, theme.Failed, theme.BarFailed, theme.GlyphFailed)
			last = try.EndedAt
		} else {
			l.fill(try.StartedAt, try.EndedAt, theme.OK, theme.BarOK, "")
			last = time.Time{}
		}
	}
	if last.IsZero() || !last.Before(to) || r.State == orchestrator.Failed {
		return
	}
	if x, y, ok := l.a.Span(last, to); ok && y > x+1 { // what comes after the last wait is not known to begin
		l.c.Repeat(x+1, l.y, y-x-1, theme.Retry, theme.BarWait)
	}
}

// end draws how a run ended, or where it is now, and when its next attempt comes.
func (l *laneRow) end(r *orchestrator.Run, to time.Time) {
	_, x, ok := l.a.Span(r.StartedAt, to)
	if !to.Before(l.a.To) {
		ok = false
	}
	switch {
	case failed(r.State) && ok:
		l.c.Put(x, l.y, theme.Failed, theme.GlyphFailed)
	case r.EndedAt.IsZero() && ok:
		m := runMark(r)
		l.c.Put(x, l.y, m.Role, m.Glyph)
	}
	if r.State == orchestrator.AwaitingRetry && r.NextAt.After(l.now) {
		if x, _, ok := l.a.Span(r.NextAt, r.NextAt); ok {
			l.c.Put(x, l.y, theme.Retry, theme.GlyphRetry)
		}
	}
}

// planned draws ticks to come.
func (l *laneRow) planned(ticks []time.Time) {
	now := l.a.Column(l.now)
	for _, at := range ticks {
		if x := l.a.Column(at); x > now && x < l.a.W {
			l.c.Put(x, l.y, theme.Muted, theme.GlyphQueued)
		}
	}
}

// mark shows which run is picked.
func (l *laneRow) mark(r *orchestrator.Run) {
	if from, to, ok := runStretch(r, l.now); ok {
		if x, y, in := l.a.Span(from, to); in {
			l.c.Attr(x, l.y, y-x+1, theme.Selected)
		}
	}
}
