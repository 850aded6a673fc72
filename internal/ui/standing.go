package ui

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

func (a *App) degraded() bool {
	return a.lastErr != "" || a.data.Engine.Health != "" && a.data.Engine.Health != "ok" && !a.stopped()
}

// stopped says that no engine runs: what is shown is its history.
func (a *App) stopped() bool { return a.data.Engine.Health == "stopped" }

// engineHold is the pause of the engine as a whole; nil = there is none.
func (a *App) engineHold() *orchestrator.Hold { return a.hold(theEngine()) }

// stopping says that the engine is on its way out. A drain that somebody asked for ends with a resume, so it is none.
func (a *App) stopping() bool {
	h := a.engineHold()
	return a.data.Engine.Draining && (h == nil || !h.Drain)
}

// health is the word for the engine's condition with two blanks after it; nothing on narrow screens while it is fine.
func (a *App) health(f frame) string {
	e := &a.data.Engine
	switch h := a.engineHold(); {
	case a.lastErr != "":
		return "no answer  "
	case !a.data.Loaded:
		return ""
	case a.degraded():
		return "degraded  "
	case a.stopped() && !f.verbose:
		return "stopped  "
	case a.stopped():
		return "not running  "
	case a.stopping():
		return "stopping  "
	case h != nil && h.Drain:
		return "draining  "
	case h != nil:
		return "paused  "
	case e.ConfigError != "":
		return "config error  "
	case !f.verbose:
		return ""
	case e.WriteDelay > 0:
		return "ok " + text.Duration(e.WriteDelay) + "  "
	default:
		return "ok  "
	}
}

func (a *App) healthRole() theme.Role {
	switch {
	case a.degraded():
		return theme.Failed
	case a.engineHold() != nil, a.stopped():
		return theme.Paused
	case a.data.Engine.ConfigError != "":
		return theme.Late
	}
	return theme.Muted
}

// problem is why the engine is not fine, in one line.
func (a *App) problem() string {
	if a.lastErr != "" {
		return a.lastErr
	}
	if a.degraded() {
		return strings.Join(a.data.Engine.Problems, theme.Sep)
	}
	return ""
}

// standing is what everybody who looks should know, the gravest of it, in one line; "" = nothing.
func (a *App) standing() (string, theme.Role) {
	e := &a.data.Engine
	switch h := a.engineHold(); {
	case a.problem() != "":
		return theme.GlyphLate + " " + a.short(a.problem()), theme.Failed
	case h != nil:
		return theme.GlyphPaused + " engine " + screen.HoldWords(h, a.env()), theme.Paused
	case e.ConfigError != "":
		return theme.GlyphLate + " config refused: " + a.short(e.ConfigError), theme.Late
	case len(e.Stuck) > 0:
		return theme.GlyphLate + " stuck: " + e.Stuck[0], theme.Late
	case e.Approvals > 0 && len(a.stack) > 0:
		return fmt.Sprintf("%s %d to answer (%d)", theme.GlyphAsk, e.Approvals, tabApprovals+1), theme.Late
	}
	if n := a.dryPipes(); n > 0 {
		return theme.GlyphQueued + " dry run: " + plural(n, "pipe"), theme.Late
	}
	return "", theme.Plain
}

// short names the configuration's files without the folder they are in: on a line the place in the file counts more.
func (a *App) short(s string) string {
	dir := filepath.Dir(a.data.Engine.Config)
	if dir == "." || dir == string(filepath.Separator) {
		return s
	}
	return strings.ReplaceAll(s, dir+string(filepath.Separator), "")
}

// tabLabel is a tab's number and title, or its short one; what waits for a person is counted.
func (a *App) tabLabel(i int, tight bool) string {
	s := a.labels[i][0]
	if tight {
		s = a.labels[i][1]
	}
	if n := a.data.Engine.Approvals; i == tabApprovals && n > 0 {
		s += " " + strconv.Itoa(n)
	}
	return s
}

// makeLabels writes the tabs' numbers and titles, long and short, once: every frame shows them.
func (a *App) makeLabels() {
	for i, t := range a.tabs {
		n := strconv.Itoa(i+1) + " "
		a.labels = append(a.labels, [2]string{n + t.title, n + t.short})
	}
}

// drawTabs draws the tabs or the way to the open screen, and at the right what everybody should know.
func (a *App) drawTabs(c part.Canvas) {
	note, role := a.standing()
	x := a.drawPlace(c, note != "")
	if note != "" {
		if r := a.role(); r < action.Admin {
			note = r.Name() + theme.Sep + note
		}
		if room := c.W - x - 4; room > 10 {
			c.Right(x+3, 0, room, role, note)
		}
		return
	}
	if who := a.who(); c.W-x > text.Width(who)+4 {
		c.Right(x, 0, c.W-x-1, theme.Faint, who)
	}
}

// who is the one at this console; what a role may do is said where it is not everything.
func (a *App) who() string {
	who := a.opts.Actor.Name + theme.Sep + a.opts.Actor.Via
	if r := a.role(); r < action.Admin {
		who += theme.Sep + r.Name()
	}
	if a.opts.Detached {
		who += theme.Sep + "attached"
	}
	return who
}

// drawPlace draws where the user is, and gives the column after it. Tabs are numbers only where there is no room for their
// names, or where a note needs it.
func (a *App) drawPlace(c part.Canvas, noted bool) int {
	x := 1
	if len(a.stack) > 0 {
		x = c.Put(x, 0, theme.Muted, a.tabs[a.tab].title)
		for i, s := range a.stack {
			x = c.Put(x, 0, theme.Faint, theme.Crumb)
			role := theme.Muted
			if i == len(a.stack)-1 {
				role = theme.Title
			}
			x = c.Put(x, 0, role, s.Crumb(a.env()))
		}
		return x
	}
	all := 1
	for i := range a.tabs {
		all += len(a.tabs[i].title) + 5 // with its number, and three columns around it; a count makes it a little more
	}
	room := c.W
	if noted {
		room -= 40
	}
	if a.role() < action.Admin { // what a role may not do has to be seen
		room -= text.Width(a.who()) + 4
	}
	if all += 3; all > room && a.tightWidth() <= room {
		return a.drawTightTabs(c, x)
	}
	short := all > room
	for i := range a.tabs {
		label, role := a.tabLabel(i, false), theme.Muted
		if i == tabApprovals && a.data.Engine.Approvals > 0 {
			role = theme.Late
		}
		switch {
		case i == a.tab:
			c.Put(x-1, 0, theme.Accent, " ["+label+"]")
			x += len(label) + 3
		case short && role == theme.Muted:
			c.Put(x+1, 0, role, label[:1])
			x += 2
		case short:
			label = label[:1] + " to answer " + label[strings.LastIndexByte(label, ' ')+1:]
			c.Put(x+1, 0, role, label)
			x += len(label) + 3
		default:
			c.Put(x+1, 0, role, label)
			x += len(label) + 3
		}
	}
	return x
}

// tightWidth is what drawTightTabs takes.
func (a *App) tightWidth() int {
	n := 3
	for i := range a.tabs {
		n += len(a.tabLabel(i, true)) + 1
	}
	return n
}

// drawTightTabs draws the tabs with their short titles, one column apart.
func (a *App) drawTightTabs(c part.Canvas, x int) int {
	for i := range a.tabs {
		label, role := a.tabLabel(i, true), theme.Muted
		if i == tabApprovals && a.data.Engine.Approvals > 0 {
			role = theme.Late
		}
		if i == a.tab {
			x = c.Put(x, 0, theme.Accent, "["+label+"]") + 1
			continue
		}
		x = c.Put(x, 0, role, label) + 1
	}
	return x
}
