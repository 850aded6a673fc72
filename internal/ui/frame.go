package ui

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// frame is where the parts around a screen are.
type frame struct {
	mini          bool // below 40x10: counts and the worst pipe only
	tabs          bool
	bodyY, bodyH  int
	status, rule  int // rows; on short screens both are the same row
	foot          int
	wide, verbose bool
}

func (a *App) frame(w, h int) frame {
	f := frame{wide: w >= 110, verbose: w >= 70}
	switch {
	case w < 40 || h < 10:
		f.mini = true
	case h < 20:
		f.bodyY, f.bodyH, f.status, f.rule, f.foot = 1, h-3, h-2, h-2, h-1
	default:
		f.tabs = true
		f.bodyY, f.bodyH, f.status, f.rule, f.foot = 2, h-5, h-3, h-2, h-1
	}
	return f
}

// Draw draws the whole console at a size. It changes nothing.
func (a *App) Draw(w, h int) part.Canvas {
	c := part.NewCanvas(w, h, a.ascii)
	f := a.frame(w, h)
	if f.mini {
		a.drawMini(c)
		return c
	}
	a.drawHeader(c.Sub(0, 0, w, 1), f)
	if f.tabs {
		a.drawTabs(c.Sub(0, 1, w, 1))
	}
	a.top().Draw(a.env(), c.Sub(0, f.bodyY, w, f.bodyH))
	c.Repeat(0, f.rule, w, theme.Faint, theme.HLine)
	a.drawStatus(c, f)
	a.drawFooter(c.Sub(0, f.foot, w, 1))
	if a.form != nil {
		a.drawForm(c, f)
	}
	if a.menu != nil {
		a.drawMenu(c, f)
	}
	if a.help != nil {
		a.drawHelp(c, f)
	}
	if a.palette != nil {
		a.drawPalette(c, f)
	}
	return c
}

// counts are the runners by what they need, in the order of the header.
type count struct {
	glyph, word string
	role        theme.Role
	n           int
}

func (a *App) counts() []count {
	cs := []count{
		{theme.GlyphRunning, "running", theme.Running, 0},
		{theme.GlyphRetry, "retrying", theme.Retry, 0},
		{theme.GlyphFailed, "failed", theme.Failed, 0},
		{theme.GlyphLate, "late", theme.Late, 0},
		{theme.GlyphPaused, "paused", theme.Paused, 0},
	}
	for i := range a.data.Runners {
		m := screen.RunnerLook(&a.data.Runners[i])
		for j := range cs {
			if cs[j].glyph == m.Glyph {
				cs[j].n++
			}
		}
	}
	return cs
}

func (a *App) drawHeader(c part.Canvas, f frame) {
	right := a.health(f) + text.Clock(a.now) + "Z "
	rightW := text.Width(right)
	gap, words := 3, c.W >= 130
	if !f.verbose {
		gap = 1
	}
	cs := a.counts()
	texts, countsW := make([]string, len(cs)), 0
	for i, k := range cs {
		texts[i] = a.countText(k, f, words)
		countsW += len(texts[i]) - (len(k.glyph) - 1) + gap // the glyph is one column
	}
	name := a.headName(f)
	x := c.Put(1, 0, theme.Title, "otai")
	room := c.W - rightW - countsW - x - 3
	c.Text(x+2, 0, min(text.Width(name), max(room, 0)), theme.Plain, name)
	if env := a.settings.Env; env != "" && room > 0 {
		role := theme.Title
		if a.settings.Danger {
			role = theme.Danger
		}
		c.Text(x+2, 0, min(text.Width(env), room), role, env)
	}
	x = max(min(c.W-rightW-countsW, max(21, x+2+text.Width(name)+gap)), x+2)
	if words {
		x = max(c.W-rightW-countsW-3, x)
	}
	for i, k := range cs {
		role := k.role
		if k.n == 0 {
			role = theme.Faint
		}
		x = c.Put(x, 0, role, texts[i]) + gap
	}
	if rightW < c.W {
		c.Put(c.W-rightW, 0, a.healthRole(), a.health(f))
		role := theme.Muted
		if a.opts.OverSSH { // it is most of what an idle console sends, and a colour a quarter of that
			role = theme.Plain
		}
		c.Put(c.W-10, 0, role, text.Clock(a.now)+"Z")
	}
}

func (a *App) countText(k count, f frame, words bool) string {
	switch {
	case words:
		return k.glyph + " " + strconv.Itoa(k.n) + " " + k.word
	case f.verbose:
		return k.glyph + " " + strconv.Itoa(k.n)
	default:
		return k.glyph + strconv.Itoa(k.n)
	}
}

func (a *App) headName(f frame) string {
	e := &a.data.Engine
	name := e.Name
	if a.settings.Env != "" {
		name = a.settings.Env + theme.Sep + name
	}
	if f.wide {
		if e.Version != "" {
			name += theme.Sep + e.Version
		}
		if !e.StartedAt.IsZero() {
			name += theme.Sep + "up " + text.CalmAge(a.now.Sub(e.StartedAt))
		}
	}
	return name
}

// drawStatus draws the line above the footer: a question, the input line, a message, or a notice, and at its right what
// waits for a re-sort.
func (a *App) drawStatus(c part.Canvas, f frame) {
	if a.confirm != nil {
		a.drawConfirm(c, f)
		return
	}
	if a.input != nil {
		row := c.Sub(0, f.status, c.W, 1)
		row.Clear()
		x := row.Put(1, 0, theme.Accent, a.input.prompt)
		row.Text(x, 0, c.W-x-1, theme.Plain, tailOf(a.input.edit.Value(), c.W-x-3))
		return
	}
	s, role := a.statusText(f)
	right := ""
	if r, ok := a.top().(interface{ Pending() int }); ok && r.Pending() > 0 {
		right = fmt.Sprintf("order held%s%s (%s)", theme.Sep, plural(r.Pending(), "move"), a.keyOf("pipes.resort"))
	}
	if s == "" && right == "" {
		return
	}
	w := c.W - 2
	lines := []string{s}
	if right != "" {
		w -= text.Width(right) + 2
	}
	if text.Width(s) > w && s != "" && a.notes.text != "" {
		// A message that is cut does not help: it takes the place it needs, for a while.
		right, w = "", c.W-2
		lines = part.Wrap(s, w, min(3, max(f.status-f.bodyY, 1)))
	} else {
		lines[0] = text.Truncate(s, w, theme.Ellipsis)
	}
	y := f.status - len(lines) + 1
	c.Sub(0, y, c.W, len(lines)).Clear()
	for i, l := range lines {
		c.Put(1, y+i, role, l)
	}
	if right != "" {
		c.Right(1, f.status, c.W-2, theme.Muted, right)
	}
}

func (a *App) statusText(f frame) (string, theme.Role) {
	n := &a.notes
	standing, role := a.standing()
	switch {
	case n.text != "":
		s := n.text
		if n.undo != nil && s == n.taken {
			s += fmt.Sprintf(" (%s undo %s)", a.keyOf("app.undo"), text.Countdown(n.undo.until.Sub(a.now)+time.Second-1))
		}
		return s, n.role
	case !f.tabs && standing != "":
		return standing, role
	case n.calm != "":
		return n.calm, theme.Muted
	}
	return "", theme.Plain
}

// tailOf is the end of what was typed, when it is wider than the line.
func tailOf(s string, w int) string {
	for text.Width(s) > max(w, 1) {
		_, s, _ = strings.Cut(s, string([]rune(s)[0]))
	}
	return s
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// drawFooter draws as many keys as fit, the most useful first in their usual order, and help always.
func (a *App) drawFooter(c part.Canvas) {
	helpKey := a.keyOf("app.help")
	helpText := helpKey + " help"
	room := c.W - 2 - text.Width(helpText)
	chosen := a.footActions(room)
	x := 1
	for _, act := range chosen {
		x = a.putKey(c, x, act.Keys[0], a.label(act), a.whyNot(act) != "") + 2
	}
	a.putKey(c, c.W-1-text.Width(helpText), helpKey, "help", false)
}

func (a *App) footActions(room int) []*action.Action[*App] {
	all := a.reg.In(a.scopes())
	take := map[string]bool{}
	for want := 9; want > 0; want-- {
		for _, act := range all {
			if act.Foot != want || act.Short == "" || len(act.Keys) == 0 || act.Rare && act.Why(a) != "" {
				continue
			}
			if w := text.Width(action.KeyName(act.Keys[0])) + 1 + text.Width(a.label(act)) + 2; w <= room {
				room -= w
				take[act.ID] = true
			}
		}
	}
	out := all[:0:0]
	for _, act := range all {
		if take[act.ID] {
			out = append(out, act)
		}
	}
	return out
}

func (a *App) label(act *action.Action[*App]) string {
	if act.Label != nil {
		return act.Label(a)
	}
	return act.Short
}

func (a *App) putKey(c part.Canvas, x int, key, label string, off bool) int {
	role, lrole := theme.Accent, theme.Muted
	if off {
		role, lrole = theme.Faint, theme.Faint
	}
	x = c.Put(x, 0, role, action.KeyName(key))
	return c.Put(x+1, 0, lrole, label)
}

// drawMini draws what fits below 40x10: the counts and the pipe that needs most attention.
func (a *App) drawMini(c part.Canvas) {
	x := 0
	for _, k := range a.counts() {
		if k.n > 0 {
			x = c.Put(x, 0, k.role, fmt.Sprintf("%s%d", k.glyph, k.n)) + 1
		}
	}
	if x == 0 {
		c.Text(0, 0, c.W, theme.OK, fmt.Sprintf("%s %d pipes ok", theme.GlyphOK, len(a.data.Runners)))
	}
	if r := a.worst(); r != nil {
		m := screen.RunnerMark(r, a.now)
		c.Text(0, 1, c.W, m.Role, m.Glyph+" "+r.ID+" "+m.Word)
	}
	if c.H > 3 {
		for i, l := range part.Wrap("too small: at least 40x10 to act", c.W, c.H-3) {
			c.Put(0, 3+i, theme.Muted, l)
		}
	}
}
