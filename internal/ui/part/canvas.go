// Package part holds the pieces screens are made of. They draw into a Canvas and know nothing of the terminal.
package part

import (
	"strings"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// cell is one column of one row. A wide character has its text in the first cell and width 0 in the second.
type cell struct {
	s     string // "" = blank
	width int8
	role  theme.Role
	attr  theme.Attr
}

type buffer struct {
	w, h  int
	ascii bool
	cells []cell
}

// Canvas is a rectangle of a cell buffer; what is drawn outside is cut. Control characters never reach a cell.
type Canvas struct {
	b    *buffer
	x, y int // of the rectangle in the buffer
	W, H int
}

// NewCanvas makes an empty canvas of w by h cells. With ascii, everything that is drawn becomes ASCII.
func NewCanvas(w, h int, ascii bool) Canvas {
	w, h = max(w, 0), max(h, 0)
	return Canvas{b: &buffer{w: w, h: h, ascii: ascii, cells: make([]cell, w*h)}, W: w, H: h}
}

// Sub is the part of the canvas at x, y with at most w by h cells.
func (c Canvas) Sub(x, y, w, h int) Canvas {
	x, y = min(max(x, 0), c.W), min(max(y, 0), c.H)
	return Canvas{b: c.b, x: c.x + x, y: c.y + y, W: min(max(w, 0), c.W-x), H: min(max(h, 0), c.H-y)}
}

// ASCII says that the canvas draws ASCII only.
func (c Canvas) ASCII() bool { return c.b.ascii }

// Put draws s at x, y and gives the column after it. Text outside the canvas is cut.
func (c Canvas) Put(x, y int, role theme.Role, s string) int {
	s = Clean(s)
	for i, r := range s {
		x = c.set(x, y, role, r, s[i:i+utf8.RuneLen(r)])
	}
	return x
}

func (c Canvas) set(x, y int, role theme.Role, r rune, s string) int {
	if c.b.ascii && r > 0x7e {
		r = theme.ASCII(r)
		s = asciiText[r : r+1]
	}
	w := text.RuneWidth(r)
	if y < 0 || y >= c.H {
		return x + w
	}
	row := c.b.cells[(c.y+y)*c.b.w:]
	if w == 0 {
		if at := c.x + x - 1; x > 0 && x <= c.W && row[at].s != "" {
			row[at].s += s // a combining mark joins the character before it
		}
		return x
	}
	if x < 0 || x >= c.W {
		return x + w
	}
	at := c.x + x
	c.unsplit(row, at)
	if x+w > c.W { // half of a wide character would stick out
		row[at] = cell{s: " ", width: 1, role: role, attr: row[at].attr}
		return x + w
	}
	row[at] = cell{s: s, width: int8(w), role: role, attr: row[at].attr}
	if w == 2 {
		c.unsplit(row, at+1)
		row[at+1] = cell{role: role, attr: row[at].attr, s: "", width: -1}
	}
	return x + w
}

// unsplit blanks the other half of a wide character that is about to be overwritten.
func (c Canvas) unsplit(row []cell, at int) {
	if row[at].width == -1 && at > 0 {
		row[at-1].s, row[at-1].width = " ", 1
	}
	if row[at].width == 2 && at+1 < c.b.w {
		row[at+1].s, row[at+1].width = " ", 1
	}
}

// asciiText has every ASCII character at its own index, so that a cell can point into it.
var asciiText = func() string {
	b := make([]byte, 128)
	for i := range b {
		b[i] = byte(i)
	}
	return string(b)
}()

// Text draws s in exactly w columns: cut with an ellipsis at the end, or followed by blanks. It gives x+w.
func (c Canvas) Text(x, y, w int, role theme.Role, s string) int {
	if w > 0 {
		c.Put(x, y, role, text.Truncate(Clean(s), w, theme.Ellipsis))
	}
	return x + w
}

// Name is Text with the cut in the middle, for names.
func (c Canvas) Name(x, y, w int, role theme.Role, s string) int {
	if w > 0 {
		c.Put(x, y, role, text.TruncateMiddle(Clean(s), w, theme.Ellipsis))
	}
	return x + w
}

// Right draws s so that it ends before column x+w; it is cut when it is wider than w.
func (c Canvas) Right(x, y, w int, role theme.Role, s string) int {
	s = text.Truncate(Clean(s), w, theme.Ellipsis)
	c.Put(x+w-text.Width(s), y, role, s)
	return x + w
}

// Clean makes foreign text safe; safe text is given back as it is.
func Clean(s string) string {
	if text.InColumns(s) {
		return s
	}
	return text.Column(s)
}

// Repeat draws s (one column) n times.
func (c Canvas) Repeat(x, y, n int, role theme.Role, s string) int {
	for range min(n, c.W-x) {
		x = c.Put(x, y, role, s)
	}
	return x
}

// Rule draws a horizontal line over the whole width with a title at the left and a note at the right.
func (c Canvas) Rule(y int, title, note string) {
	c.Repeat(0, y, c.W, theme.Faint, theme.HLine)
	x := 1
	if title != "" {
		x = c.Put(1, y, theme.Muted, " "+text.Truncate(Clean(title), max(c.W-4, 0), theme.Ellipsis)+" ")
	}
	if note != "" {
		if w := text.Width(note) + 2; x+w+1 <= c.W {
			c.Put(c.W-1-w, y, theme.Muted, " "+Clean(note)+" ")
		}
	}
}

// Attr puts an attribute on w cells from x, y.
func (c Canvas) Attr(x, y, w int, a theme.Attr) {
	if y < 0 || y >= c.H {
		return
	}
	for i := max(x, 0); i < min(x+w, c.W); i++ {
		c.b.cells[(c.y+y)*c.b.w+c.x+i].attr |= a
	}
}

// Clear blanks the canvas, for what lies on top of something else.
func (c Canvas) Clear() {
	for y := range c.H {
		row := c.b.cells[(c.y+y)*c.b.w:]
		for x := range c.W {
			c.unsplit(row, c.x+x)
			row[c.x+x] = cell{}
		}
	}
}

// Lines gives the rows as plain text, each exactly as wide as the canvas.
func (c Canvas) Lines() []string {
	out := make([]string, c.H)
	for y := range out {
		var b strings.Builder
		for x := range c.W {
			switch l := c.at(x, y); {
			case l.width == -1:
			case l.s == "":
				b.WriteByte(' ')
			default:
				b.WriteString(l.s)
			}
		}
		out[y] = b.String()
	}
	return out
}

// Roles gives one letter per cell: the role, in upper case on the current row, or "*" for a search hit.
func (c Canvas) Roles() []string {
	out := make([]string, c.H)
	for y := range out {
		b := make([]byte, c.W)
		for x := range c.W {
			l := c.at(x, y)
			b[x] = l.role.Letter()
			switch {
			case l.attr&(theme.Match|theme.Current) != 0:
				b[x] = '*'
			case l.attr&theme.Selected != 0 && b[x] == ' ':
				b[x] = '_'
			case l.attr&theme.Selected != 0:
				b[x] -= 'a' - 'A'
			case l.s == "" || l.s == " ":
				b[x] = ' '
			}
		}
		out[y] = string(b)
	}
	return out
}

func (c Canvas) at(x, y int) cell { return c.b.cells[(c.y+y)*c.b.w+c.x+x] }
