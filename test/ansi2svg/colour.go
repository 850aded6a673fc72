package main

import "fmt"

// colour is the terminal's default (the zero value), one of the 16 of the theme, or fixed.
type colour struct {
	kind    colourKind
	index   int
	r, g, b int
}

type colourKind int

const (
	byDefault colourKind = iota
	byIndex
	fixed
)

// theme is what a terminal makes of the colours that a program leaves to it.
type theme struct {
	fg, bg string
	ansi   [16]string
}

var (
	dark = theme{fg: "#d7dce2", bg: "#16181d", ansi: [16]string{
		"#16181d", "#ff7b72", "#7bc47f", "#e3b341", "#6c9eff", "#d2a8ff", "#76d0dd", "#c9d1d9",
		"#7d8590", "#ffa198", "#9ae0a0", "#f2cc60", "#a5c8ff", "#e2c5ff", "#a5e8f0", "#ffffff",
	}}
	lightTheme = theme{fg: "#24292f", bg: "#ffffff", ansi: [16]string{
		"#24292f", "#cf222e", "#1a7f37", "#8a5a00", "#0550ae", "#8250df", "#0b7285", "#57606a",
		"#6e7781", "#a40e26", "#116329", "#6f4700", "#0969da", "#6639ba", "#095d6b", "#8c959f",
	}}
)

func rgb(r, g, b int) colour { return colour{kind: fixed, r: r, g: g, b: b} }

// indexed gives one of 256: 16 of the theme, a 6x6x6 cube, 24 greys.
func indexed(n int) colour {
	switch {
	case n < 16:
		return colour{kind: byIndex, index: n}
	case n < 232:
		level := func(v int) int {
			if v == 0 {
				return 0
			}
			return 55 + 40*v
		}
		n -= 16
		return rgb(level(n/36), level(n/6%6), level(n%6))
	default:
		grey := 8 + 10*(n-232)
		return rgb(grey, grey, grey)
	}
}

// css gives the colour for SVG; otherwise is what the terminal's default is here.
func (c colour) css(t theme, otherwise string) string {
	switch c.kind {
	case byIndex:
		return t.ansi[c.index]
	case fixed:
		return fmt.Sprintf("#%02x%02x%02x", c.r, c.g, c.b)
	default:
		return otherwise
	}
}

// paint gives what a style is drawn with: reverse is resolved, bg "" means the terminal's own.
func (st style) paint(t theme) (fg, bg string) {
	fg, bg = st.fg.css(t, t.fg), st.bg.css(t, "")
	if st.reverse {
		if bg == "" {
			bg = t.bg
		}
		return bg, fg
	}
	return fg, bg
}
