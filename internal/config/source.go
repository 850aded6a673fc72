package config

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// source is the text of one file, for excerpts and for places inside scalars. It is used by one goroutine.
type source struct {
	file  string
	lines []string
	runes map[int][]rune // lines taken apart, when first asked for
	safe  map[int]string // lines as they may be printed
}

// maxExcerptLine is the longest line, in bytes, that is shown; generated files may stand on a single one.
const maxExcerptLine = 64 << 10

func newSource(file string, data []byte) *source {
	text := strings.ToValidUTF8(string(data), "\ufffd")
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return &source{
		file: file, lines: strings.Split(strings.ReplaceAll(text, "\r", "\n"), "\n"),
		runes: map[int][]rune{}, safe: map[int]string{},
	}
}

// line gives line n, counted from 1; "" outside the file.
func (s *source) line(n int) string {
	if n < 1 || n > len(s.lines) {
		return ""
	}
	return s.lines[n-1]
}

var secretPattern = regexp.MustCompile(
	`(?i)((?:password|passwd|secret|token|api[_-]?key|authorization)["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,}{#][^,}#]*)`)

// shown is line n as it may be printed: what stands behind a key that names a secret is starred out, templates stay.
func (s *source) shown(n int) string {
	out, done := s.safe[n]
	if !done && len(s.line(n)) <= maxExcerptLine {
		out = s.mask(n)
		s.safe[n] = out
	}
	return out
}

func (s *source) mask(n int) string {
	return secretPattern.ReplaceAllStringFunc(s.line(n), func(match string) string {
		parts := secretPattern.FindStringSubmatch(match)
		if strings.Contains(parts[2], "{{") {
			return match
		}
		return parts[1] + strings.Repeat("*", utf8.RuneCountInString(parts[2]))
	})
}

// clamp moves a place into the file, so that no message ever points outside it.
func (s *source) clamp(line, col int) (int, int) {
	line = min(max(line, 1), max(len(s.lines), 1))
	return line, min(max(col, 1), len(s.lineRunes(line))+1)
}

// tail gives the runes of line n from column col on.
func (s *source) tail(n, col int) []rune {
	runes := s.lineRunes(n)
	return runes[min(max(col-1, 0), len(runes)):]
}

func (s *source) lineRunes(n int) []rune {
	runes, done := s.runes[n]
	if !done {
		runes = []rune(s.line(n))
		s.runes[n] = runes
	}
	return runes
}

// span is how many characters the scalar or key at a place covers on its first line.
func (s *source) span(v *value) int {
	rest := s.tail(v.line, v.col)
	if len(rest) == 0 {
		return 1
	}
	switch rest[0] {
	case '[', '{', '|', '>', '&', '!', '*':
		return 1
	case '"', '\'':
		return quotedSpan(rest)
	}
	if v.kind == kindList || v.kind == kindMap {
		return wordSpan(rest)
	}
	first, _, _ := strings.Cut(v.text, "\n")
	if n := utf8.RuneCountInString(first); n > 0 && n <= len(rest) && string(rest[:n]) == first {
		return n
	}
	return wordSpan(rest)
}

func quotedSpan(rest []rune) int {
	quote := rest[0]
	for i := 1; i < len(rest); i++ {
		switch {
		case quote == '"' && rest[i] == '\\':
			i++
		case rest[i] == quote:
			return i + 1
		}
	}
	return len(rest)
}

func wordSpan(rest []rune) int {
	for i, r := range rest {
		if strings.ContainsRune(" \t:,]}#", r) && i > 0 {
			return i
		}
	}
	return max(1, len(rest))
}

// inside gives the place of offset (in bytes) of a scalar's text in the file. Blanks and line breaks are folded and
// indented by YAML, so what is counted is the other characters. ok is false when escapes make it uncertain.
func (s *source) inside(v *value, offset int) (line, col int, ok bool) {
	if v.env != "" || v.made || offset < 0 || offset > len(v.text) {
		return 0, 0, false
	}
	count := 0
	for _, r := range v.text[:offset] {
		if !blank(r) {
			count++
		}
	}
	line, col = v.line, v.col
	rest := s.tail(line, col)
	quote := rune(0)
	switch {
	case len(rest) == 0:
		return 0, 0, false
	case rest[0] == '|' || rest[0] == '>':
		line, col, rest = line+1, 1, s.tail(line+1, 1)
	case rest[0] == '"' || rest[0] == '\'':
		quote, rest, col = rest[0], rest[1:], col+1
	}
	for line <= len(s.lines) {
		for i := 0; i < len(rest); i++ {
			if blank(rest[i]) {
				continue
			}
			if quote == '"' && rest[i] == '\\' {
				return 0, 0, false
			}
			if count == 0 {
				return line, col + i, true
			}
			count--
			if quote == '\'' && rest[i] == '\'' {
				i++
			}
		}
		line, col = line+1, 1
		rest = s.tail(line, col)
	}
	return 0, 0, false
}

func blank(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' }
