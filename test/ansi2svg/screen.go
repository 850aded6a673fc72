package main

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/openticketai/otai-tui/internal/text"
)

// style is how a cell is drawn.
type style struct {
	fg, bg                                          colour
	bold, faint, italic, underline, reverse, strike bool
}

// cell is one character with its marks. Width is 1 or 2 columns.
type cell struct {
	s     string
	width int
	style style
}

// parse reads lines of text with SGR sequences. Other sequences are left out. Attributes last over line ends, as tmux
// writes them.
func parse(in string) [][]cell {
	var (
		rows [][]cell
		row  []cell
		st   style
	)
	in = strings.TrimRight(in, "\n")
	for i := 0; i < len(in); {
		r, n := utf8.DecodeRuneInString(in[i:])
		switch {
		case r == '\n':
			rows, row = append(rows, row), nil
		case r == 0x1b:
			var params string
			params, n = sequence(in[i:])
			if params != "" {
				st.apply(params)
			}
		case r == utf8.RuneError || r < 0x20 || r == 0x7f:
		case text.RuneWidth(r) == 0:
			if len(row) > 0 && xmlChar(r) {
				row[len(row)-1].s += string(r)
			}
		case xmlChar(r):
			row = append(row, cell{s: string(r), width: text.RuneWidth(r), style: st})
		}
		i += n
	}
	return append(rows, row)
}

// sequence reads the escape sequence at the start of s: its length, and the parameters with the final byte when it is an
// SGR ("1;31m").
func sequence(s string) (sgr string, n int) {
	if len(s) < 2 {
		return "", len(s)
	}
	switch s[1] {
	case '[':
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				if s[i] == 'm' {
					return s[2 : i+1], i + 1
				}
				return "", i + 1
			}
		}
		return "", len(s)
	case ']', 'P', '_', '^':
		for i := 2; i < len(s); i++ {
			if s[i] == 0x07 {
				return "", i + 1
			}
			if s[i] == 0x1b && i+1 < len(s) && s[i+1] == '\\' {
				return "", i + 2
			}
		}
		return "", len(s)
	case '(', ')':
		return "", min(3, len(s))
	default:
		return "", 2
	}
}

// apply changes the style by the parameters of one SGR sequence, final m included.
func (st *style) apply(sgr string) {
	params := strings.Split(strings.TrimSuffix(sgr, "m"), ";")
	for i := 0; i < len(params); i++ {
		sub := strings.Split(params[i], ":")
		n := number(sub[0])
		if n != 38 && n != 48 {
			st.attribute(n, sub)
			continue
		}
		var c colour
		if len(sub) > 1 { // 38:5:n, 38:2:r:g:b or 38:2:space:r:g:b
			if sub[1] == "2" && len(sub) > 5 {
				sub = append(sub[:2:2], sub[3:]...)
			}
			c, _ = extended(sub[1:])
		} else {
			var used int
			c, used = extended(params[i+1:])
			i += used
		}
		if n == 38 {
			st.fg = c
		} else {
			st.bg = c
		}
	}
}

// extended reads the words after 38 or 48, and says how many it took.
func extended(words []string) (c colour, used int) {
	switch {
	case len(words) >= 2 && words[0] == "5":
		return indexed(number(words[1])), 2
	case len(words) >= 4 && words[0] == "2":
		return rgb(number(words[1]), number(words[2]), number(words[3])), 4
	default:
		return colour{}, len(words)
	}
}

func (st *style) attribute(n int, sub []string) {
	switch {
	case n == 0:
		*st = style{}
	case n == 1:
		st.bold = true
	case n == 2:
		st.faint = true
	case n == 3:
		st.italic = true
	case n == 4:
		st.underline = len(sub) < 2 || sub[1] != "0"
	case n == 7:
		st.reverse = true
	case n == 9:
		st.strike = true
	case n == 22:
		st.bold, st.faint = false, false
	case n == 23:
		st.italic = false
	case n == 24:
		st.underline = false
	case n == 27:
		st.reverse = false
	case n == 29:
		st.strike = false
	case n >= 30 && n <= 37:
		st.fg = indexed(n - 30)
	case n == 39:
		st.fg = colour{}
	case n >= 40 && n <= 47:
		st.bg = indexed(n - 40)
	case n == 49:
		st.bg = colour{}
	case n >= 90 && n <= 97:
		st.fg = indexed(n - 90 + 8)
	case n >= 100 && n <= 107:
		st.bg = indexed(n - 100 + 8)
	}
}

// number reads a parameter; anything else is 0, as terminals do.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return min(n, 255)
}

// xmlChar says whether XML 1.0 allows r.
func xmlChar(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 && r <= 0x10ffff
}
