package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ellipsis marks text that was cut.
const Ellipsis = "…"

// maxMarks is how many combining marks one base character keeps; more is noise that terminals misdraw.
const maxMarks = 2

// Line makes one safe line of foreign text, at most maxBytes bytes long (0 or less = no limit). Terminal sequences, C0
// and C1 controls, bidirectional controls, zero-width and unassigned characters are removed, tabs and line ends become
// single spaces, invalid UTF-8 becomes U+FFFD. Cut text ends with Ellipsis when that fits. Text that is already safe
// and short enough is returned as it is, without a copy.
func Line(s string, maxBytes int) string {
	if maxBytes <= 0 {
		maxBytes = len(s)*3 + 1
	}
	if len(s) <= maxBytes && plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(min(len(s), maxBytes) + len(Ellipsis))
	sc := scanner{s: s}
	for {
		r, ok := sc.next()
		if !ok {
			return b.String()
		}
		if b.Len()+utf8.RuneLen(r) > maxBytes {
			return cut(b.String(), maxBytes)
		}
		b.WriteRune(r)
	}
}

// cut makes room for the ellipsis at the end of s, at a rune boundary.
func cut(s string, maxBytes int) string {
	if maxBytes < len(Ellipsis) {
		return s
	}
	for len(s)+len(Ellipsis) > maxBytes {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s + Ellipsis
}

// plain says that s is printable ASCII only.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// scanner gives the safe runes of s one by one.
type scanner struct {
	s     string
	i     int
	marks int // combining marks since the last base character
	any   bool
	space bool // the last rune given was a space made of a line end
}

func (sc *scanner) next() (rune, bool) {
	for sc.i < len(sc.s) {
		r, n := utf8.DecodeRuneInString(sc.s[sc.i:])
		switch {
		case r == utf8.RuneError && n == 1:
			sc.i++
			return sc.base(utf8.RuneError), true
		case r == 0x1b:
			sc.i += escape(sc.s[sc.i:])
			continue
		case r >= 0x80 && r <= 0x9f:
			sc.i += control(sc.s[sc.i:], r, n)
			continue
		}
		sc.i += n
		switch {
		case r == '\n' || r == '\r' || r == 0x2028 || r == 0x2029:
			if sc.space {
				continue
			}
			sc.base(' ')
			sc.space = true
			return ' ', true
		case r == '\t':
			return sc.base(' '), true
		case unicode.In(r, unicode.Mn, unicode.Me):
			if !sc.any || sc.marks >= maxMarks || variation(r) {
				continue
			}
			sc.marks++
			return r, true
		case r != ' ' && (!unicode.IsPrint(r) || modifier(r)):
			if unicode.Is(unicode.Zs, r) {
				return sc.base(' '), true
			}
			continue
		}
		return sc.base(r), true
	}
	return 0, false
}

func (sc *scanner) base(r rune) rune {
	sc.marks, sc.any, sc.space = 0, true, false
	return r
}

// variation selectors turn a narrow character into a wide picture on some terminals only.
func variation(r rune) bool { return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef }

// modifier says that a character joins its neighbours, so that terminals disagree about the width: skin tones, and
// conjoining jamo after the first.
func modifier(r rune) bool {
	return r >= 0x1f3fb && r <= 0x1f3ff || r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff
}

// escape gives the length of the terminal sequence that s begins with (s[0] is ESC). A string sequence without an end
// loses its introducer only, so that text after it stays visible.
func escape(s string) int {
	if len(s) == 1 {
		return 1
	}
	switch c := s[1]; {
	case c == '[':
		return 2 + csi(s[2:])
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		return 2 + stringSequence(s[2:])
	case c >= 0x20 && c <= 0x2f: // intermediates, then one final byte
		i := 1
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2f {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7e {
			i++
		}
		return i
	case c >= 0x30 && c <= 0x7e:
		return 2
	default:
		return 1
	}
}

// control gives the length of what a C1 control (n bytes long) introduces.
func control(s string, r rune, n int) int {
	switch r {
	case 0x9b:
		return n + csi(s[n:])
	case 0x90, 0x98, 0x9d, 0x9e, 0x9f:
		return n + stringSequence(s[n:])
	default:
		return n
	}
}

// csi gives the length of the parameters, intermediates and final byte after a CSI.
func csi(s string) int {
	i := 0
	for i < len(s) && s[i] >= 0x20 && s[i] <= 0x3f {
		i++
	}
	if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7e {
		i++
	}
	return i
}

// stringSequence gives the length of an OSC, DCS, SOS, PM or APC body with its end; 0 when there is no end.
func stringSequence(s string) int {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case 0x07:
			return i + 1
		case 0x1b:
			if i+1 < len(s) && s[i+1] == '\\' {
				return i + 2
			}
			return i // another sequence ends this one
		case 0xc2:
			if i+1 < len(s) && s[i+1] >= 0x80 && s[i+1] <= 0x9f {
				if s[i+1] == 0x9c {
					return i + 2
				}
				return i
			}
		}
	}
	return 0
}
