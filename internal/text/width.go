package text

import (
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// RuneWidth is the number of terminal columns of one rune: 0 for combining marks, 1, or 2 for wide characters.
func RuneWidth(r rune) int {
	if r < 0x7f {
		if r < 0x20 {
			return 0
		}
		return 1
	}
	if one(r) {
		return 1
	}
	var buf [utf8.UTFMax]byte
	n := utf8.EncodeRune(buf[:], r)
	return ansi.StringWidthWc(string(buf[:n]))
}

// one says quickly that a rune is one of the narrow letters, lines, blocks and marks that screens are made of.
func one(r rune) bool {
	return r >= 0xae && r < 0x300 || r >= 0x2500 && r <= 0x25fc || r >= 0x2010 && r <= 0x2027 || r == '✓' || r == '✗' || r == '↻' || r == '→'
}

// Width is the number of terminal columns of a line that Line has made safe.
func Width(s string) int {
	if plain(s) {
		return len(s)
	}
	w := 0
	for _, r := range s {
		w += RuneWidth(r)
	}
	return w
}

// Truncate cuts s to at most width columns; cut text ends with ellipsis ("" = none).
func Truncate(s string, width int, ellipsis string) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	if width <= 0 {
		return ""
	}
	room := width - Width(ellipsis)
	if room < 0 {
		ellipsis, room = "", width
	}
	return head(s, room) + ellipsis
}

// TruncateMiddle cuts the middle of s out, so that a name keeps its beginning and its end.
func TruncateMiddle(s string, width int, ellipsis string) string {
	if len(s) <= width || Width(s) <= width {
		return s
	}
	room := width - Width(ellipsis)
	if room < 2 {
		return Truncate(s, width, ellipsis)
	}
	front := head(s, room-room/2)
	return front + ellipsis + tail(s, room-Width(front))
}

// head is the longest beginning of s that fits in width columns.
func head(s string, width int) string {
	w := 0
	for i, r := range s {
		if w += RuneWidth(r); w > width {
			return s[:i]
		}
	}
	return s
}

// tail is the longest end of s that fits in width columns and does not begin with a combining mark.
func tail(s string, width int) string {
	w, from := 0, len(s)
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		i -= n
		rw := RuneWidth(r)
		if w += rw; w > width {
			break
		}
		if rw > 0 {
			from = i
		}
	}
	return s[from:]
}
