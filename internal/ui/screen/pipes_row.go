package screen

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// columns are the columns of the dashboard at one width. Name, state and next are always there.
type columns struct {
	name  int
	strip int // 0 = none
	ok    bool
	p95   bool
	last  bool
}

// The widths of the columns with the gap before or after them.
const (
	markCols  = 4 // cursor, blank, glyph, blank
	stateCols = 12
	okCols    = 6
	p95Cols   = 7
	nextCols  = 11
	lastCols  = 5
	minName   = 18
	maxName   = 32
)

// pipeColumns leaves out what is hidden, then drops columns until the names have room: P95, OK%, then the strip's older half, then LAST.
func pipeColumns(w int, hide ...string) columns {
	tries := []columns{
		{strip: 24, ok: true, p95: true, last: true},
		{strip: 12, ok: true, p95: true, last: true},
		{strip: 12, ok: true, last: true},
		{strip: 12, last: true},
		{strip: 6, last: true},
		{last: true},
		{},
	}
	for i, c := range tries {
		c = c.without(hide)
		c.name = w - c.width()
		if c.name < minName && i < len(tries)-1 {
			continue
		}
		if extra := c.name - maxName; extra > 0 && c.strip == 24 {
			grow := min(extra, orchestrator.StripLen-c.strip)
			c.strip, c.name = c.strip+grow, c.name-grow
		}
		c.name = min(max(c.name, 4), maxName)
		return c
	}
	return columns{}
}

// without leaves columns out.
func (c columns) without(hide []string) columns {
	for _, h := range hide {
		switch h {
		case "runs":
			c.strip = 0
		case "ok":
			c.ok = false
		case "p95":
			c.p95 = false
		case "last":
			c.last = false
		}
	}
	return c
}

func (c columns) width() int {
	w := markCols + stateCols + nextCols + c.strip
	if c.ok {
		w += okCols
	}
	if c.p95 {
		w += p95Cols
	}
	if c.last {
		w += lastCols
	}
	return w
}

func (c columns) heads(cv part.Canvas, y int) {
	x := cv.Text(markCols, y, c.name, theme.Faint, "PIPE")
	x = cv.Text(x, y, stateCols, theme.Faint, " STATE")
	if c.strip > 0 {
		head := "LAST RUNS"
		if c.strip < 9 {
			head = "RUNS"
		}
		x = cv.Text(x, y, c.strip, theme.Faint, head)
	}
	if c.ok {
		x = cv.Right(x, y, okCols, theme.Faint, "OK%")
	}
	if c.p95 {
		x = cv.Right(x, y, p95Cols, theme.Faint, "P95")
	}
	x = cv.Text(x+2, y, nextCols-2, theme.Faint, "NEXT")
	if c.last {
		cv.Right(x, y, lastCols-1, theme.Faint, "LAST")
	}
}

// pipeName draws the name of a pipe; one that is held dry says so at its right: it must not be taken for one that works.
func pipeName(c part.Canvas, x, y, w int, role theme.Role, r *orchestrator.Runner) int {
	if !r.DryRun || w < 8 {
		return c.Name(x, y, w, role, r.ID)
	}
	c.Name(x, y, w-4, role, r.ID)
	return c.Text(x+w-3, y, 3, theme.Late, "dry")
}

func (c columns) row(cv part.Canvas, y int, r *orchestrator.Runner, now time.Time, current bool) {
	m := RunnerMark(r, now)
	if current {
		cv.Attr(0, y, cv.W, theme.Selected)
		cv.Put(0, y, theme.Accent, theme.Cursor)
	}
	cv.Put(2, y, m.Role, m.Glyph)
	name := theme.Plain
	if r.State == orchestrator.Disabled {
		name = theme.Muted
	}
	x := pipeName(cv, markCols, y, c.name, name, r)
	word := m.Role
	if m.Role == theme.OK {
		word = theme.Muted
	}
	cv.Text(x+1, y, stateCols-1, word, m.Word)
	x += stateCols
	if c.strip > 0 {
		drawStrip(cv, x, y, c.strip, r)
		x += c.strip
	}
	if c.ok {
		x = cv.Right(x, y, okCols, theme.Plain, OKWord(r))
	}
	if c.p95 {
		s := "-"
		if r.P95 > 0 {
			s = text.Duration(r.P95)
		}
		x = cv.Right(x, y, p95Cols, theme.Muted, s)
	}
	next := theme.Plain
	if r.State == orchestrator.Late {
		next = theme.Late
	}
	x = cv.Text(x+2, y, nextCols-2, next, NextWord(r, now))
	if c.last {
		cv.Right(x, y, lastCols-1, theme.Muted, LastWord(r, now))
	}
}
