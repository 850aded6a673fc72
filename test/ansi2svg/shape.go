package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// arms says in which directions a box-drawing character reaches from the middle of its cell.
type arms struct{ left, right, up, down, heavy, round bool }

var boxes = map[rune]arms{
	'─': {left: true, right: true}, '━': {left: true, right: true, heavy: true},
	'│': {up: true, down: true}, '┃': {up: true, down: true, heavy: true},
	'┌': {right: true, down: true}, '┐': {left: true, down: true},
	'└': {right: true, up: true}, '┘': {left: true, up: true},
	'╭': {right: true, down: true, round: true}, '╮': {left: true, down: true, round: true},
	'╰': {right: true, up: true, round: true}, '╯': {left: true, up: true, round: true},
	'├': {right: true, up: true, down: true}, '┤': {left: true, up: true, down: true},
	'┬': {left: true, right: true, down: true}, '┴': {left: true, right: true, up: true},
	'┼': {left: true, right: true, up: true, down: true},
}

// drawShape draws block elements and lines, which fonts place differently; false means that c is text.
func drawShape(b *strings.Builder, c cell, x, y float64, fg string) bool {
	r, n := utf8.DecodeRuneInString(c.s)
	if n != len(c.s) {
		return false
	}
	opacity := 1.0
	if c.style.faint {
		opacity = 0.65
	}
	switch {
	case r == '▀':
		rect(b, x, y, cellW, cellH/2, fg, opacity)
	case r >= '▁' && r <= '█': // lower eighths
		h := cellH * float64(r-'▁'+1) / 8
		rect(b, x, y+cellH-h, cellW, h, fg, opacity)
	case r >= '▉' && r <= '▏': // left eighths, from seven down to one
		rect(b, x, y, cellW*float64('▏'-r+1)/8, cellH, fg, opacity)
	case r == '▐':
		rect(b, x+cellW/2, y, cellW/2, cellH, fg, opacity)
	case r >= '░' && r <= '▓':
		rect(b, x, y, cellW, cellH, fg, opacity*float64(r-'░'+1)/4)
	default:
		box, ok := boxes[r]
		if ok {
			drawBox(b, box, x, y, fg, opacity)
		}
		return ok
	}
	return true
}

func drawBox(b *strings.Builder, a arms, x, y float64, fg string, opacity float64) {
	mx, my := x+cellW/2, y+cellH/2
	var path strings.Builder
	if a.round {
		ex, ey := x, y
		if a.right {
			ex = x + cellW
		}
		if a.down {
			ey = y + cellH
		}
		fmt.Fprintf(&path, "M%s %sQ%s %s %s %s", num(ex), num(my), num(mx), num(my), num(mx), num(ey))
	} else {
		for _, arm := range []struct {
			is     bool
			ex, ey float64
		}{{a.left, x, my}, {a.right, x + cellW, my}, {a.up, mx, y}, {a.down, mx, y + cellH}} {
			if arm.is {
				fmt.Fprintf(&path, "M%s %sL%s %s", num(mx), num(my), num(arm.ex), num(arm.ey))
			}
		}
	}
	width := "1"
	if a.heavy {
		width = "2"
	}
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="%s" opacity="%s"/>`+"\n",
		path.String(), fg, width, num(opacity))
}
