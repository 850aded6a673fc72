package screen

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// clockForm is how times are shown.
type clockForm int

const (
	clockUTC   clockForm = iota
	clockLocal           // of the machine the console runs on
	clockAge             // how long ago
	clockDelta           // since the line before on show
	clockOff
	clockForms
)

// maxWrap is how many rows one line takes at most.
const maxWrap = 50

// note says what the view shows, for its rule.
func (v *LogView) note() string {
	parts := []string{"≥" + levels[v.level]}
	switch v.clock {
	case clockLocal:
		parts = append(parts, "local"+v.offset())
	case clockAge:
		parts = append(parts, "ago")
	case clockDelta:
		parts = append(parts, "since line before")
	case clockOff:
		parts = append(parts, "no time")
	}
	if v.wrap {
		parts = append(parts, "wrap")
	}
	if !v.source && v.attempts() > 1 {
		parts = append(parts, v.strip())
	}
	if k := v.keep.String(); k != "" {
		s := "keep " + strconv.Quote(k)
		if v.around > 0 {
			s += " ctx " + strconv.Itoa(v.around)
		}
		parts = append(parts, s)
	}
	if h := v.hide.String(); h != "" {
		parts = append(parts, "hide "+strconv.Quote(h))
	}
	return strings.Join(parts, theme.Sep)
}

// offset is how far local time is from UTC at the current line: "+02:00".
func (v *LogView) offset() string {
	if l := v.current(); l != nil {
		return l.At.In(v.zone).Format("-07:00")
	}
	return ""
}

// changed is note without a level that shows everything; "" = every line is shown as it is.
func (v *LogView) changed() string {
	s := v.note()
	if v.level == 0 {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "≥"+levels[0]), theme.Sep)
	}
	return s
}

// day is that of the current line, "" when it is today.
func (v *LogView) day(now time.Time) string {
	l := v.current()
	if l == nil || l.At.IsZero() {
		return ""
	}
	zone := time.UTC
	if v.clock == clockLocal {
		zone = v.zone
	}
	switch at, today := l.At.In(zone), now.In(zone); {
	case at.Format(time.DateOnly) == today.Format(time.DateOnly):
		return ""
	case at.Year() == today.Year():
		return at.Format("2 Jan")
	default:
		return at.Format("2 Jan 2006")
	}
}

// strip is "attempts 1 2 [3]", or "attempts [all] 1 2 3"; of many, those around the chosen one.
func (v *LogView) strip() string {
	n, words := v.attempts(), []string{"all"}
	from := max(min(v.attempt-3, n-6), 1)
	for i := from; i <= min(n, from+6); i++ {
		words = append(words, strconv.Itoa(i))
	}
	at := 0
	if v.attempt > 0 {
		at = v.attempt - from + 1
	}
	words[at] = "[" + words[at] + "]"
	return "attempts " + strings.Join(words, " ")
}

// state says whether the view follows or holds.
func (v *LogView) state() string {
	switch {
	case !v.held:
		return "following"
	case v.below() > 0:
		return fmt.Sprintf("%s held +%d below", theme.GlyphPaused, v.below())
	default:
		return theme.GlyphPaused + " held"
	}
}

// found says which match the cursor is on: "3 of 7".
func (v *LogView) found() string {
	switch {
	case v.wrong != "":
		return v.wrong
	case v.query.Empty():
		return ""
	}
	i, on := slices.BinarySearch(v.matches, v.cursor)
	if on && v.held {
		return fmt.Sprintf("%s  %d of %d", v.sought(), i+1, len(v.matches))
	}
	return fmt.Sprintf("%s  %s", v.sought(), count(len(v.matches), "match", "matches"))
}

// sought is what is searched for, with the slash that began it.
func (v *LogView) sought() string {
	if q := v.query.String(); strings.HasPrefix(q, "/") {
		return q
	}
	return "/" + v.query.String()
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Draw draws the lines into the canvas, with the map at its right and the fields of the current line below.
func (v *LogView) Draw(c part.Canvas, cursor bool, now time.Time) {
	if len(v.shown) == 0 {
		c.Text(1, 0, c.W-2, theme.Muted, v.nothing())
		return
	}
	rows := max(c.H-v.foldRows(c.H), 0)
	body := c.Sub(0, 0, v.lineWidth(c.W), rows)
	from, to := v.drawLines(body, cursor, now)
	if v.held && v.hasMap(c.W) { // not while lines scroll: what stands still beside them would have to be drawn anew with each one
		v.drawMap(c.Sub(c.W-1, 0, 1, rows), from, to)
	}
	if rows < c.H {
		v.drawFold(c.Sub(0, rows, c.W, c.H-rows))
	}
}

func (v *LogView) nothing() string {
	switch {
	case len(v.lines) == 0:
		return "no lines yet"
	case !v.keep.Empty() || !v.hide.Empty():
		return "no line passes the filters; esc ends them"
	case v.attempt > 0:
		return "no line of this attempt at this level"
	}
	return "no line at this level; - shows lower levels"
}

// drawLines draws the lines and gives which of the shown ones are in view.
func (v *LogView) drawLines(c part.Canvas, cursor bool, now time.Time) (from, to int) {
	if v.held {
		from = v.place(v.top)
		i := from
		for y := 0; y < c.H && i < len(v.shown); i++ {
			y += v.drawLine(c, y, i, cursor, now)
		}
		return from, i
	}
	i, rows := len(v.shown), 0
	for i > 0 && rows < c.H {
		i--
		rows += v.height(v.w, v.shown[i])
	}
	from = i
	for y := min(c.H-rows, 0); y < c.H && i < len(v.shown); i++ {
		y += v.drawLine(c, y, i, false, now)
	}
	return from, len(v.shown)
}

// hasMap says that there is room for the map at the right.
func (v *LogView) hasMap(w int) bool { return w >= 58 }

func (v *LogView) lineWidth(w int) int {
	if v.hasMap(w) {
		return w - 2
	}
	return w
}

// prefix is the width of what stands before the message.
func (v *LogView) prefix(w int) (clock, name, all int) {
	switch {
	case v.clock == clockOff:
		clock = 0
	case v.clock == clockAge:
		clock = 4
	case v.clock == clockDelta:
		clock = 7
	case w < 58:
		clock = 8
	default:
		clock = 12
	}
	name = min(max(w/6, 8), 22)
	if w < 50 || v.plain {
		name = 0
	}
	all = 1 + clock + 2
	if clock > 0 {
		all++
	}
	if name > 0 {
		all += name + 1
	}
	return clock, name, all
}

// height is how many rows a line takes on a canvas of a width.
func (v *LogView) height(w, n int) int {
	l, h := v.line(n), 1
	if l.Gap > 0 {
		h++
		if !v.fits(l) && !v.allowed(l) {
			h--
		}
	}
	if _, on := v.rulers[ruler{l.Run, l.Seq}]; on {
		h++
	}
	if v.wrap && v.allowed(l) {
		w = v.lineWidth(w)
		_, _, p := v.prefix(w)
		if len(l.Msg) > w-p {
			h += max(len(part.Wrap(l.Msg, max(w-p, 1), v.wrapRows()))-1, 0)
		}
	}
	return h
}

// wrapRows is how many rows one line takes at most: the window, so that each line can be seen whole or not at all.
func (v *LogView) wrapRows() int { return max(min(maxWrap, v.rows()-2), 1) }

// drawLine draws the shown line i and gives the rows it took.
func (v *LogView) drawLine(c part.Canvas, y, i int, cursor bool, now time.Time) int {
	n := v.shown[i]
	l, from := v.line(n), y
	if l.Gap > 0 {
		c.Text(1, y, c.W-2, theme.Late, fmt.Sprintf("~~ %s not kept here ~~", count(l.Gap, "line", "lines")))
		y++
	}
	if v.allowed(l) {
		if cursor && n == v.cursor {
			c.Attr(0, y, c.W, theme.Selected)
			c.Put(0, y, theme.Accent, theme.Cursor)
		}
		y += v.drawText(c, y, i, now)
	} else if cursor && n == v.cursor {
		c.Attr(0, y-1, c.W, theme.Selected)
		c.Put(0, y-1, theme.Accent, theme.Cursor)
	}
	if at, on := v.rulers[ruler{l.Run, l.Seq}]; on {
		c.Repeat(1, y, c.W-1, theme.Paused, theme.HLine)
		c.Put(3, y, theme.Paused, " mark "+text.Clock(at)+"Z ")
		y++
	}
	return y - from
}

// drawText draws what a line says and gives the rows it took.
func (v *LogView) drawText(c part.Canvas, y, i int, now time.Time) int {
	l := v.line(v.shown[i])
	clock, name, x := v.prefix(c.W)
	role := levelRole(l.Level)
	if !v.fits(l) { // it is there for a line beside it
		role = theme.Faint
	}
	at := 1
	if clock > 0 {
		v.drawClock(c, y, clock, i, now)
		at += clock + 1
	}
	letter := role
	if letter == theme.Plain {
		letter = theme.Muted
	}
	c.Text(at, y, 1, letter, strings.ToUpper(levels[levelOf(l.Level)][:1]))
	if name > 0 {
		from, r := leaf(l.Step), theme.Muted
		if v.source {
			from, r = l.Runner, sourceRole(l.Runner)
		}
		c.Name(at+2, y, name, r, from)
	}
	msgs := []string{l.Msg}
	if v.wrap {
		msgs = part.Wrap(l.Msg, max(c.W-x, 1), v.wrapRows())
	}
	for j, m := range msgs {
		c.Text(x, y+j, c.W-x, role, m)
		v.highlight(c.Sub(x, y+j, c.W-x, 1), m, v.shown[i] == v.cursor && v.held)
	}
	return max(len(msgs), 1)
}

func (v *LogView) drawClock(c part.Canvas, y, w, i int, now time.Time) {
	l := v.line(v.shown[i])
	switch v.clock {
	case clockLocal, clockUTC:
		at := l.At.UTC()
		if v.clock == clockLocal {
			at = l.At.In(v.zone)
		}
		layout := "15:04:05.000"
		if w == 8 {
			layout = time.TimeOnly
		}
		c.Text(1, y, w, theme.Muted, at.Format(layout))
	case clockAge:
		c.Right(1, y, w, theme.Muted, text.Age(now.Sub(l.At)))
	case clockDelta:
		s := "-"
		if i > 0 {
			s = "+" + text.Duration(l.At.Sub(v.line(v.shown[i-1]).At))
		}
		c.Right(1, y, w, theme.Muted, s)
	}
}

// sourceRole gives the lines of one pipe the same colour; none of those that mean something good or bad.
func sourceRole(name string) theme.Role {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return [...]theme.Role{theme.Muted, theme.Accent, theme.Title, theme.Plain}[h.Sum32()%4]
}

func levelRole(level string) theme.Role {
	switch levelOf(level) {
	case 0:
		return theme.Faint
	case 2:
		return theme.Retry
	case 3:
		return theme.Failed
	default:
		return theme.Plain
	}
}

// highlight marks the matches in one drawn row.
func (v *LogView) highlight(c part.Canvas, s string, current bool) {
	a := theme.Match
	if current {
		a = theme.Current
	}
	for _, m := range v.query.Find(s, c.W) {
		c.Attr(text.Width(s[:m[0]]), 0, text.Width(s[m[0]:m[1]]), a)
	}
}

// drawMap draws the window at a glance: one row stands for several lines, with the worst of them, a match, and where the view is.
// A view that only follows has none: with each line it would cost more bytes than the line.
func (v *LogView) drawMap(c part.Canvas, from, to int) {
	if c.H == 0 || len(v.shown) <= to-from || !v.held && v.Query() == "" {
		return
	}
	type mark struct{ err, warn, match bool }
	rows := make([]mark, c.H)
	row := func(i int) int { return i * c.H / len(v.shown) }
	for i, n := range v.shown {
		switch levelOf(v.line(n).Level) {
		case 3:
			rows[row(i)].err = true
		case 2:
			rows[row(i)].warn = true
		}
	}
	for _, n := range v.matches {
		rows[row(v.place(n))].match = true
	}
	for y := range rows {
		switch r := &rows[y]; {
		case r.match:
			c.Put(0, y, theme.Accent, "*")
		case r.err:
			c.Put(0, y, theme.Failed, theme.GlyphFailed)
		case y >= row(from) && y <= row(max(to-1, 0)):
			c.Put(0, y, theme.Muted, theme.BarOK)
		case r.warn:
			c.Put(0, y, theme.Retry, theme.GlyphLate)
		default:
			c.Put(0, y, theme.Faint, theme.VLine)
		}
	}
}
