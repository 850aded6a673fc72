package zammad

import (
	"crypto/sha256"
	"encoding/hex"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of text.
const (
	maxTitle = 191       // characters
	maxHTML  = 1 << 20   // bytes
	maxBody  = 256 << 10 // bytes of one text that are kept
)

// marker is the line that tells a note from its repeats.
func marker(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "[otai:" + hex.EncodeToString(sum[:12]) + "]"
}

func withoutMarker(s string) string {
	i := strings.LastIndex(s, "[otai:")
	if i < 0 || len(strings.TrimSpace(s[i:])) != len("[otai:]")+24 {
		return s
	}
	return strings.TrimRightFunc(s[:i], unicode.IsSpace)
}

// clean makes valid UTF-8 without control characters but tabs and line ends.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// cutBytes cuts a text that is too long, at a character's border.
func cutBytes(s string) string {
	if len(s) <= maxBody {
		return s
	}
	n := maxBody
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// title makes one line that fits.
func title(s string) string {
	r := []rune(strings.Join(strings.Fields(clean(s)), " "))
	if len(r) > maxTitle {
		r = append(r[:maxTitle-1], '…')
	}
	return string(r)
}

// plainText gives the text of an article's HTML: lines where the layout has them, without quoted mail, signatures,
// scripts and pictures. When nothing is left, the quoted parts are the text: a forwarded mail is one.
func plainText(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxHTML)], "")
	if out := flatten(s, true); out != "" {
		return out
	}
	return flatten(s, false)
}

func flatten(s string, dropQuotes bool) string {
	var b strings.Builder
	quotes := 0
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		if quotes == 0 {
			b.WriteString(spaces.ReplaceAllString(html.UnescapeString(s[:i]), " "))
		}
		s = s[i:]
		if s == "" {
			break
		}
		var tag string
		tag, s = cutTag(s)
		name, closing := tagName(tag)
		switch {
		case name == "" && tag == "<": // a lone < is text
			if quotes == 0 {
				b.WriteByte('<')
			}
		case dropQuotes && strings.Contains(tag, "js-signatureMarker"):
			return tidy(b.String())
		case dropQuotes && name == "blockquote" && closing:
			if quotes = max(quotes-1, 0); quotes == 0 {
				b.WriteByte('\n')
			}
		case dropQuotes && name == "blockquote":
			quotes++
		case !closing && (name == "script" || name == "style" || name == "head"):
			s = after(s, "</"+name)
		case name == "li" && !closing && quotes == 0:
			b.WriteString("\n- ")
		case quotes == 0:
			b.WriteString(lineEnd(name))
		}
	}
	return tidy(b.String())
}

var (
	spaces = regexp.MustCompile(`[\s\x{a0}]+`)
	blanks = regexp.MustCompile(`[ \t]*\n[ \t]*`)
	runs   = regexp.MustCompile(`[ \t]{2,}`)
	gaps   = regexp.MustCompile(`\n{3,}`)
)

func tidy(s string) string {
	s = blanks.ReplaceAllString(runs.ReplaceAllString(clean(s), " "), "\n")
	return strings.TrimSpace(gaps.ReplaceAllString(s, "\n\n"))
}

// cutTag takes a tag or comment off the front of s, which begins with "<"; a lone "<" when it is no tag.
func cutTag(s string) (tag, rest string) {
	if body, ok := strings.CutPrefix(s, "<!--"); ok {
		_, rest, _ = strings.Cut(body, "-->")
		return "<!>", rest
	}
	if len(s) < 2 || !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/!?", rune(s[1])) {
		return "<", s[1:]
	}
	i := strings.IndexByte(s, '>')
	if i < 0 {
		return s, ""
	}
	return s[:i+1], s[i+1:]
}

func tagName(tag string) (name string, closing bool) {
	name, closing = strings.CutPrefix(strings.TrimPrefix(tag, "<"), "/")
	if i := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }); i >= 0 {
		name = name[:i]
	}
	return strings.ToLower(name), closing
}

// after gives what follows the first end tag, "" without one.
func after(s, end string) string {
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			return ""
		}
		if s = s[i:]; len(s) >= len(end) && strings.EqualFold(s[:len(end)], end) {
			_, rest := cutTag(s)
			return rest
		}
		s = s[1:]
	}
}

func lineEnd(tag string) string {
	switch tag {
	case "br", "div", "tr", "ul", "ol", "table", "section", "header", "footer":
		return "\n"
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "hr":
		return "\n\n"
	case "td", "th":
		return " "
	default:
		return ""
	}
}
