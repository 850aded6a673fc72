package main

import (
	"fmt"
	"strings"
)

// The grid, in SVG units. A monospace character is 0.6 em wide.
const (
	fontSize = 14.0
	cellW    = 8.4
	cellH    = 18.0
	baseline = 13.5
	margin   = 12.0
)

const fonts = "ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,Liberation Mono,monospace"

// svg draws rows. Text is placed by column, so that a viewer's font cannot move it; blocks and lines are drawn as shapes,
// so that they meet. cols and rows are the least size.
func svg(screen [][]cell, t theme, title string, cols, rows int) string {
	rows = max(rows, len(screen))
	for _, row := range screen {
		w := 0
		for _, c := range row {
			w += c.width
		}
		cols = max(cols, w)
	}
	w, h := float64(cols)*cellW+2*margin, float64(rows)*cellH+2*margin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="%s" height="%s" viewBox="0 0 %s %s">`+"\n",
		num(w), num(h), num(w), num(h))
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(title))
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", t.bg)
	fmt.Fprintf(&b, `<g font-family="%s" font-size="%s" xml:space="preserve">`+"\n", fonts, num(fontSize))
	for y, row := range screen {
		drawRow(&b, row, margin+float64(y)*cellH, t)
	}
	b.WriteString("</g>\n</svg>\n")
	return b.String()
}

// drawRow draws runs of equal style: first their background, then their characters.
func drawRow(b *strings.Builder, row []cell, y float64, t theme) {
	col := 0
	for i := 0; i < len(row); {
		j, width := i, 0
		for j < len(row) && row[j].style == row[i].style {
			width += row[j].width
			j++
		}
		fg, bg := row[i].style.paint(t)
		x := margin + float64(col)*cellW
		if bg != "" {
			rect(b, x, y, float64(width)*cellW, cellH, bg, 1)
		}
		drawRun(b, row[i:j], x, y, fg)
		drawLines(b, row[i].style, x, y, float64(width)*cellW, fg)
		i, col = j, col+width
	}
}

// drawRun draws characters of one style. ASCII words go out as one text each, anything else one by one.
func drawRun(b *strings.Builder, run []cell, x, y float64, fg string) {
	attrs := textAttrs(run[0].style, fg)
	for i := 0; i < len(run); {
		c := run[i]
		switch {
		case c.s == " ":
			x += cellW
			i++
		case ascii(c):
			j := i
			for j < len(run) && ascii(run[j]) && (run[j].s != " " || j+1 < len(run) && ascii(run[j+1]) && run[j+1].s != " ") {
				j++
			}
			word(b, run[i:j], x, y, float64(j-i)*cellW, attrs)
			x += float64(j-i) * cellW
			i = j
		default:
			if !drawShape(b, c, x, y, fg) {
				word(b, run[i:i+1], x, y, float64(c.width)*cellW, attrs)
			}
			x += float64(c.width) * cellW
			i++
		}
	}
}

func ascii(c cell) bool { return len(c.s) == 1 }

func word(b *strings.Builder, cells []cell, x, y, width float64, attrs string) {
	var s strings.Builder
	for _, c := range cells {
		s.WriteString(c.s)
	}
	fmt.Fprintf(b, `<text x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs"%s>%s</text>`+"\n",
		num(x), num(y+baseline), num(width), attrs, escape(s.String()))
}

func textAttrs(st style, fg string) string {
	s := fmt.Sprintf(` fill="%s"`, fg)
	if st.bold {
		s += ` font-weight="bold"`
	}
	if st.italic {
		s += ` font-style="italic"`
	}
	if st.faint {
		s += ` opacity="0.65"`
	}
	return s
}

func drawLines(b *strings.Builder, st style, x, y, width float64, fg string) {
	if st.underline {
		rect(b, x, y+baseline+2, width, 1, fg, 1)
	}
	if st.strike {
		rect(b, x, y+cellH/2, width, 1, fg, 1)
	}
}

func rect(b *strings.Builder, x, y, w, h float64, fill string, opacity float64) {
	extra := ""
	if opacity < 1 {
		extra = fmt.Sprintf(` opacity="%s"`, num(opacity))
	}
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"%s/>`+"\n", num(x), num(y), num(w), num(h), fill, extra)
}

// num prints a coordinate with at most two decimals.
func num(f float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)
}
