package screen

import (
	"fmt"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// tailLines is how many lines of history a log begins with.
const tailLines = 1000

// Logs is the live log of all pipes, of one, or of one run.
type Logs struct {
	of     orchestrator.LogFilter
	title  string
	view   *LogView
	loaded bool
	err    string
	lastN  map[string]int64 // newest Seq seen of each run, to tell history and live lines apart
	early  []orchestrator.LogLine
}

// NewLogs makes a log view. Of the filter, Run and Runner count.
func NewLogs(of orchestrator.LogFilter, title string) *Logs {
	return &Logs{of: of, title: title, view: NewLogView(of.Run == "" && of.Runner == ""), lastN: map[string]int64{}}
}

// Scopes are the action scopes of a log.
func (l *Logs) Scopes() []string { return []string{"logs", "list"} }

// Crumb names the screen.
func (l *Logs) Crumb(Env) string { return l.title + " log" }

// LogView is the view the log keys work on.
func (l *Logs) LogView() *LogView { return l.view }

// Resize takes the body's size.
func (l *Logs) Resize(w, h int) { l.view.Resize(w, h-2) }

// Refresh has nothing to follow; lines come through AppendLogs.
func (l *Logs) Refresh(Env) {}

// Wants asks for the newest lines once.
func (l *Logs) Wants(Env) []Want {
	if l.loaded {
		return nil
	}
	f := orchestrator.LogFilter{Run: l.of.Run, Runner: l.of.Runner, Tail: tailLines}
	return []Want{{Key: fmt.Sprintf("logs:%s:%s:%p", f.Run, f.Runner, l), Kind: WantLogs, Logs: f}}
}

// Receive takes the history, and after it the live lines that came meanwhile.
func (l *Logs) Receive(_ Env, a Answer) {
	l.loaded = true
	if a.Err != nil {
		l.err = text.Line(a.Err.Error(), maxText)
	}
	lines := make([]orchestrator.LogLine, 0, len(a.Lines))
	for _, x := range a.Lines {
		l.lastN[x.Run] = max(l.lastN[x.Run], x.Seq)
		lines = append(lines, SafeLog(x))
	}
	l.view.Set(lines)
	early := l.early
	l.early = nil
	l.AppendLogs(early, 0)
}

// maxRuns bounds the runs whose newest line is remembered.
const maxRuns = 500

// AppendLogs takes live lines; those that are not of this log, and those the history already had, are left out.
func (l *Logs) AppendLogs(lines []orchestrator.LogLine, gap int) {
	if len(l.lastN) > maxRuns {
		clear(l.lastN)
	}
	var out []orchestrator.LogLine
	for _, x := range lines {
		if l.of.Run != "" && x.Run != l.of.Run || l.of.Runner != "" && x.Runner != l.of.Runner {
			continue
		}
		if !l.loaded {
			l.early = append(l.early, x)
			continue
		}
		if x.Seq > 0 && x.Seq <= l.lastN[x.Run] {
			continue
		}
		l.lastN[x.Run] = max(l.lastN[x.Run], x.Seq)
		out = append(out, x)
	}
	if over := len(l.early) - maxLines; over > 0 {
		l.early = l.early[over:]
	}
	if gap > 0 && len(out) > 0 {
		out[0].Gap += gap
	}
	l.view.Append(out)
}

// Move moves the cursor.
func (l *Logs) Move(e Env, n int) { l.view.Move(e, n) }

// Page moves by half pages.
func (l *Logs) Page(e Env, n int) { l.view.Page(e, n) }

// Home goes to the oldest line.
func (l *Logs) Home(e Env) { l.view.Home(e) }

// End follows the newest line.
func (l *Logs) End(e Env) { l.view.End(e) }

// Draw draws the log.
func (l *Logs) Draw(_ Env, c part.Canvas) {
	c.Rule(0, l.title+theme.Sep+l.view.note(), about(len(l.view.shown)))
	body := c.Sub(0, 1, c.W, c.H-2)
	switch {
	case l.err != "":
		for i, s := range part.Wrap("the log cannot be read: "+l.err, c.W-2, 4) {
			body.Put(1, i, theme.Failed, s)
		}
	case !l.loaded:
		body.Text(1, 0, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
	default:
		l.view.Draw(body, true)
	}
	role := theme.Muted
	s := l.view.state()
	if l.view.held {
		role = theme.Paused
		if l.view.below() > 0 {
			s += theme.Sep + "F or G follows"
		}
	}
	c.Text(1, c.H-1, c.W-2, role, s)
	if f := l.view.found(); f != "" {
		c.Right(c.W/2, c.H-1, c.W-c.W/2-1, theme.Accent, f)
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
