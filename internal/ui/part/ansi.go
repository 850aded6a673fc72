package part

import (
	"strings"

	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// bridge is how many blanks between two styled pieces keep the style of the first, in columns: leaving it for them and coming back costs
// more bytes than they do. More than these a terminal is told to skip.
const bridge = 4

// ANSI gives the whole canvas as styled lines joined by line feeds. Blanks at the end of a line are left out.
func (c Canvas) ANSI(t theme.Theme) string {
	var b strings.Builder
	b.Grow(c.W * c.H * 2)
	for y := range c.H {
		if y > 0 {
			b.WriteByte('\n')
		}
		c.styledRow(&b, y, t)
	}
	return b.String()
}

func (c Canvas) styledRow(b *strings.Builder, y int, t theme.Theme) {
	end := c.W
	for end > 0 {
		if l := c.at(end-1, y); l.attr != 0 || !l.blank() || l.width == -1 {
			break
		}
		end--
	}
	style := ""
	for x := 0; x < end; x++ {
		l := c.at(x, y)
		if l.width == -1 {
			continue
		}
		s, want := l.s, ""
		switch {
		case !l.blank():
			want = t.SGR(l.role, l.attr)
		case l.attr != 0:
			s, want = " ", t.SGR(theme.Plain, l.attr)
		default:
			n := c.blanks(x, y, end)
			if style != "" && n <= bridge && c.plainAt(x-1, y) && c.plainAt(x+n, y) && t.SGR(c.at(x+n, y).role, 0) != "" {
				want = style
			}
			setStyle(b, &style, want)
			for range n {
				b.WriteByte(' ')
			}
			x += n - 1
			continue
		}
		setStyle(b, &style, want)
		b.WriteString(s)
	}
	setStyle(b, &style, "")
}

// setStyle changes the style from *now to want, when they differ.
func setStyle(b *strings.Builder, now *string, want string) {
	if want == *now {
		return
	}
	b.WriteString("\x1b[m")
	if want != "" {
		b.WriteString("\x1b[")
		b.WriteString(want)
		b.WriteByte('m')
	}
	*now = want
}

// blank says that nothing is seen in the cell, apart from its attributes.
func (l cell) blank() bool { return l.width != -1 && (l.s == "" || l.s == " ") }

// blanks counts the blank cells without attributes from x on, up to end.
func (c Canvas) blanks(x, y, end int) int {
	n := 0
	for x+n < end {
		if l := c.at(x+n, y); l.attr != 0 || !l.blank() {
			break
		}
		n++
	}
	return n
}

// plainAt says that a cell of the row has no attributes.
func (c Canvas) plainAt(x, y int) bool { return x >= 0 && x < c.W && c.at(x, y).attr == 0 }
