package part

import (
	"strings"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Wrap breaks safe text into at most maxLines lines of at most w columns, at spaces where it can. The last line ends
// with an ellipsis when text is left over. No text gives no lines.
func Wrap(s string, w, maxLines int) []string {
	var out []string
	s = strings.TrimSpace(s)
	for s != "" && w > 0 && len(out) < maxLines {
		if text.Width(s) <= w {
			return append(out, s)
		}
		if len(out) == maxLines-1 {
			return append(out, text.Truncate(s, w, theme.Ellipsis))
		}
		head := strings.TrimRight(text.Truncate(s, w, ""), " ")
		rest := s[len(head):]
		if !strings.HasPrefix(rest, " ") {
			if i := strings.LastIndexByte(head, ' '); i > len(head)/2 {
				head, rest = head[:i], s[i:]
			}
		}
		if head == "" { // one wide character in a one-column line
			return out
		}
		out, s = append(out, head), strings.TrimLeft(rest, " ")
	}
	return out
}
