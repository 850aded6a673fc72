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

// Logs is the log of all pipes, of some, or of one run: live at its end, and read page by page before that.
type Logs struct {
	of    orchestrator.LogFilter // as it was asked for: Run, or Runner
	scope orchestrator.LogScope  // the lines of this log
	title string
	view  *LogView
	err   string

	loaded bool // the newest lines were read
	asking int  // counts the windows shown; answers for an earlier one come too late
	around *around
	lastN  map[string]int64       // newest Seq seen of each run, to tell history and live lines apart
	recent []orchestrator.LogLine // the newest live lines, which a page may not have yet
	hist   history
	resume orchestrator.LogPlace // where the next older page begins, after one without lines
	length int                   // of a page
	seek   int                   // the next (1) or previous (-1) error beyond the window is looked for
}

// around is a place to go to whose lines are still to be read.
type around struct {
	from   orchestrator.LogPlace // the window begins behind it
	center bool                  // the older lines on their way are to be seen above it
	read   bool
}

// NewLogs makes a log view. Of the filter, Run and Runner count.
func NewLogs(of orchestrator.LogFilter, title string) *Logs {
	sc := orchestrator.LogScope{Run: of.Run}
	if of.Runner != "" && of.Run == "" {
		sc.Runners = []string{of.Runner}
	}
	return newLogs(of, sc, title)
}

// NewMergedLogs shows the lines of several runners in the order of time.
func NewMergedLogs(runners []string, title string) *Logs {
	return newLogs(orchestrator.LogFilter{Runner: strings.Join(runners, " ")}, orchestrator.LogScope{Runners: slices.Clone(runners)}, title)
}

func newLogs(of orchestrator.LogFilter, sc orchestrator.LogScope, title string) *Logs {
	v := NewLogView(sc.Run == "" && len(sc.Runners) != 1)
	v.byRun, v.whole, v.atStart = sc.Run != "", false, false
	return &Logs{of: of, scope: sc, title: title, view: v, lastN: map[string]int64{}, length: tailLines}
}

// Scopes are the action scopes of a log.
func (l *Logs) Scopes() []string { return []string{"longlog", "logs", "list"} }

// Crumb names the screen.
func (l *Logs) Crumb(Env) string { return l.title + " log" }

// LogView is the view the log keys work on.
func (l *Logs) LogView() *LogView { return l.view }

// Scope says which lines belong to this log.
func (l *Logs) Scope() orchestrator.LogScope { return l.scope }

// Title names the log.
func (l *Logs) Title() string { return l.title }

// Resize takes the body's size.
func (l *Logs) Resize(w, h int) { l.view.Resize(w, h-2) }

// Refresh has nothing to follow; lines come through AppendLogs.
func (l *Logs) Refresh(Env) {}

// Bounds of what is remembered of live lines: runs whose newest line is known, and lines that may not be on the disk yet.
const (
	maxRuns   = 500
	maxRecent = 2000
)

// mine says that a live line belongs to this log.
func (l *Logs) mine(x *orchestrator.LogLine) bool {
	return (l.scope.Run == "" || x.Run == l.scope.Run) && (len(l.scope.Runners) == 0 || slices.Contains(l.scope.Runners, x.Runner))
}

// AppendLogs takes live lines; those that are not of this log, and those the history already had, are left out. While what comes
// before them is still to be read they wait among the recent ones.
func (l *Logs) AppendLogs(lines []orchestrator.LogLine, gap int) {
	var out []orchestrator.LogLine
	for i := range lines {
		if l.mine(&lines[i]) {
			out = append(out, lines[i])
		}
	}
	if gap > 0 && len(out) > 0 {
		out[0].Gap += gap
	}
	l.recent = append(l.recent, out...)
	if over := len(l.recent) - maxRecent; over > maxRecent {
		l.recent = slices.Clone(l.recent[over:])
	}
	if !l.loaded || l.view.cutOff {
		l.view.count(out, 1)
		_, newest := l.view.ends()
		if slices.ContainsFunc(out, func(x orchestrator.LogLine) bool { return orchestrator.PlaceOf(&x).Compare(newest) < 0 }) {
			l.attach()
		}
		return
	}
	l.view.Append(l.fresh(out))
}

// fresh leaves out the lines that are there already.
func (l *Logs) fresh(lines []orchestrator.LogLine) []orchestrator.LogLine {
	if len(l.lastN) > maxRuns {
		clear(l.lastN)
	}
	var out []orchestrator.LogLine
	for _, x := range lines {
		if x.Seq > 0 && x.Seq <= l.lastN[x.Run] {
			continue
		}
		l.lastN[x.Run] = max(l.lastN[x.Run], x.Seq)
		out = append(out, x)
	}
	return out
}

// attach puts live lines where they belong among those that were read: they were not on the disk yet, or came meanwhile. What is
// behind the end of a window that has newer lines beyond it stays there.
func (l *Logs) attach() {
	v := l.view
	if v.cutOff && (len(v.lines) == 0 || len(l.recent) == 0) {
		return
	}
	have := make(map[ruler]bool, len(v.lines))
	for i := range v.lines {
		have[ruler{v.lines[i].Run, v.lines[i].Seq}] = true
	}
	var more []orchestrator.LogLine
	for i := range l.recent {
		x := &l.recent[i]
		n := len(v.lines)
		inside := n == 0 || v.compare(x, &v.lines[0]) > 0 && (!v.cutOff || v.compare(x, &v.lines[n-1]) < 0)
		if inside && !have[ruler{x.Run, x.Seq}] {
			more = append(more, *x)
		}
	}
	l.know(more)
	v.count(more, -1)
	v.add(more)
	v.trim()
	v.keepTop()
}

// Move moves the cursor.
func (l *Logs) Move(e Env, n int) { l.view.Move(e, n) }

// Page moves by half pages.
func (l *Logs) Page(e Env, n int) { l.view.Page(e, n) }

// Home goes to the oldest line of the whole log.
func (l *Logs) Home(e Env) {
	if !l.view.atStart && l.loaded {
		l.goTo(around{})
		return
	}
	l.view.Home(e)
}

// End follows the newest line.
func (l *Logs) End(Env) { l.Follow() }

// Follow follows the newest line; when the window is elsewhere it is read anew.
func (l *Logs) Follow() {
	l.around = nil
	if l.view.cutOff {
		l.loaded, l.resume = false, orchestrator.LogPlace{}
		l.asking++
	}
	l.view.Follow()
}

// ToggleHold holds, or follows.
func (l *Logs) ToggleHold() {
	if l.view.Held() {
		l.Follow()
		return
	}
	l.view.hold()
}

// JumpTime goes to the first line of a moment or behind it.
func (l *Logs) JumpTime(t time.Time) {
	oldest, newest := l.view.ends()
	if len(l.view.lines) > 0 && (oldest.At.Before(t) || l.view.atStart) && (!newest.At.Before(t) || !l.view.cutOff) {
		for _, n := range l.view.shown {
			if !l.view.line(n).At.Before(t) {
				l.view.hold()
				l.view.goTo(n)
				return
			}
		}
	}
	l.goTo(around{from: orchestrator.LogPlace{At: t}, center: true})
}

// JumpLine goes to a line of a run's log by its number.
func (l *Logs) JumpLine(n int64) { l.goPlace(orchestrator.LogPlace{Seq: max(n, 1)}) }

// goPlace goes to a line.
func (l *Logs) goPlace(p orchestrator.LogPlace) {
	if n, on := l.view.find(p); on {
		l.view.hold()
		l.view.goTo(n)
		return
	}
	p.Seq--
	l.goTo(around{from: p, center: true})
}

func (l *Logs) goTo(a around) {
	l.around, l.resume = &a, orchestrator.LogPlace{}
	l.asking++
}

// Draw draws the log.
func (l *Logs) Draw(e Env, c part.Canvas) {
	title := l.title + theme.Sep + l.view.note()
	if day := l.view.day(e.Now); day != "" {
		title = l.title + theme.Sep + day + theme.Sep + l.view.note()
	}
	c.Rule(0, title, l.size())
	body := c.Sub(0, 1, c.W, c.H-2)
	switch {
	case l.err != "" && len(l.view.lines) == 0:
		for i, s := range part.Wrap("the log cannot be read: "+l.err, c.W-2, 4) {
			body.Put(1, i, theme.Failed, s)
		}
	case !l.loaded && len(l.view.lines) == 0:
		body.Text(1, 0, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
	default:
		l.view.Draw(body, true, e.Now)
	}
	l.drawState(c)
}

// size says how much of the log is on hand.
func (l *Logs) size() string {
	s := about(len(l.view.shown))
	if !l.view.atStart {
		s += " loaded"
	}
	return s
}

// drawState draws the row below the lines: what is followed or held, and what is searched for.
func (l *Logs) drawState(c part.Canvas) {
	role, s := theme.Muted, l.view.state()
	switch {
	case l.err != "":
		role, s = theme.Failed, "the log cannot be read: "+l.err
	case l.around != nil || !l.loaded || l.seek != 0:
		s = "reading" + theme.Ellipsis
	case l.view.held:
		role = theme.Paused
		if l.view.below() > 0 {
			s += theme.Sep + "F or G follows"
		}
	}
	f := l.found()
	w := c.W - 2
	if f != "" {
		w = max(w-text.Width(f)-2, min(text.Width(s), w/2))
	}
	c.Text(1, c.H-1, w, role, s)
	if f != "" {
		c.Right(1+w+2, c.H-1, max(c.W-w-4, 0), theme.Accent, f)
	}
}

// about counts lines: to the hundred, and from 10,000 on to the thousand, so that not each new line costs a change of the number too.
func about(n int) string {
	switch {
	case n < 100:
		return count(n, "line", "lines")
	case n < 10_000:
		return fmt.Sprintf("%d+ lines", n/100*100)
	default:
		return fmt.Sprintf("%dk+ lines", n/1000)
	}
}
