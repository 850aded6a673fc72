package render

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a template's source. They keep every later recursion shallow.
const (
	maxSource   = 64 << 10 // bytes
	maxBrackets = 64       // nested brackets and ternaries in one expression
	maxBlocks   = 32       // nested if, for, ... blocks
)

type partKind int

const (
	partData  partKind = iota // literal text
	partPrint                 // {{ ... }}
	partTag                   // {% ... %}
)

// part is one piece of a template: text, or a tag's tokens. pos is its byte offset in the source, end that of the mark
// that closes the tag.
type part struct {
	kind partKind
	text string
	toks []token
	pos  int
	end  int
}

// scanner cuts a source into parts and applies Jinja's blank rules: trim_blocks and lstrip_blocks are on, one final
// newline goes, '-' eats blanks and '+' keeps them.
type scanner struct {
	src       string
	pos       int
	lineStart bool // the last tag ended with a newline, so that text from here starts a line
	parts     []part
}

func cleanSource(src string) string {
	src = strings.ReplaceAll(src, "\r\n", "\n")
	src = strings.ReplaceAll(src, "\r", "\n")
	return strings.TrimSuffix(src, "\n")
}

func scan(src string) ([]part, error) {
	s := &scanner{src: src, lineStart: true}
	for s.pos < len(src) {
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	return s.parts, nil
}

// next takes the text up to the next tag, and that tag.
func (s *scanner) next() error {
	start := s.pos
	at := tagStart(s.src[start:])
	if at < 0 {
		s.data(s.src[start:], start)
		s.pos = len(s.src)
		return nil
	}
	open := start + at
	kind := s.src[open+1]
	s.pos = open + 2
	sign := s.sign()
	s.dataBefore(s.src[start:open], start, sign, kind)
	switch kind {
	case '#':
		return s.comment(open)
	case '{':
		return s.tag(open, partPrint)
	default:
		return s.tag(open, partTag)
	}
}

func tagStart(text string) int {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '{')
		if i < 0 || from+i+1 >= len(text) {
			return -1
		}
		switch from += i; text[from+1] {
		case '{', '%', '#':
			return from
		}
		from++
	}
}

// sign takes an optional '-' or '+' right after a tag's opening.
func (s *scanner) sign() byte {
	if s.pos < len(s.src) && (s.src[s.pos] == '-' || s.src[s.pos] == '+') {
		s.pos++
		return s.src[s.pos-1]
	}
	return 0
}

func (s *scanner) data(text string, pos int) {
	if text != "" {
		s.parts = append(s.parts, part{kind: partData, text: text, pos: pos})
	}
}

// dataBefore adds the text in front of a tag, stripped as its sign and kind ask.
func (s *scanner) dataBefore(text string, pos int, sign, kind byte) {
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, unicode.IsSpace)
	case sign == 0 && kind != '{':
		line := strings.LastIndexByte(text, '\n') + 1
		if (line > 0 || s.lineStart) && strings.TrimSpace(text[line:]) == "" {
			text = text[:line]
		}
	}
	s.data(text, pos)
}

func (s *scanner) comment(open int) error {
	end := strings.Index(s.src[s.pos:], "#}")
	if end < 0 {
		return errAt(open, "this comment is never closed; add #}")
	}
	sign := byte(0)
	if end > 0 {
		sign = s.src[s.pos+end-1]
	}
	s.pos += end + 2
	s.afterBlock(sign)
	return nil
}

// afterBlock applies the blank rules behind a closed block or comment.
func (s *scanner) afterBlock(sign byte) {
	before := s.pos
	switch {
	case sign == '-':
		s.pos = len(s.src) - len(strings.TrimLeftFunc(s.src[s.pos:], unicode.IsSpace))
	case sign != '+' && strings.HasPrefix(s.src[s.pos:], "\n"):
		s.pos++
	}
	s.lineStart = s.pos > before && s.src[s.pos-1] == '\n'
}

// tag reads the tokens of {{ }} or {% %}.
func (s *scanner) tag(open int, kind partKind) error {
	closing := "}}"
	if kind == partTag {
		closing = "%}"
	}
	l := &lexer{src: s.src, pos: s.pos}
	sign, err := l.until(closing, open)
	if err != nil {
		return err
	}
	s.pos = l.pos
	if kind == partTag && len(l.toks) == 1 && l.toks[0].is("raw") {
		if sign == '-' {
			s.afterBlock('-')
		}
		return s.raw(open)
	}
	s.parts = append(s.parts, part{kind: kind, toks: l.toks, pos: open, end: l.end})
	switch {
	case kind == partTag:
		s.afterBlock(sign)
	case sign == '-':
		s.afterBlock('-')
	default:
		s.lineStart = false
	}
	return nil
}

// raw takes the text up to endraw as it is.
func (s *scanner) raw(open int) error {
	start := s.pos
	for from := start; ; {
		i := strings.Index(s.src[from:], "{%")
		if i < 0 {
			return errAt(open, "'raw' is never closed; add {%% endraw %%}")
		}
		at := from + i
		s.pos = at + 2
		sign := s.sign()
		rest := strings.TrimLeftFunc(s.src[s.pos:], unicode.IsSpace)
		if after, ok := strings.CutPrefix(rest, "endraw"); ok {
			rest = strings.TrimLeftFunc(after, unicode.IsSpace)
			var endSign byte
			if rest != "" && (rest[0] == '-' || rest[0] == '+') {
				endSign, rest = rest[0], rest[1:]
			}
			if strings.HasPrefix(rest, "%}") {
				s.lineStart = false
				s.dataBefore(s.src[start:at], start, sign, '%')
				s.pos = len(s.src) - len(rest) + 2
				s.afterBlock(endSign)
				return nil
			}
		}
		from = at + 2
	}
}

// position gives the line and column (in characters) of a byte offset, both from 1.
func position(src string, offset int) (line, col int) {
	offset = min(offset, len(src))
	before := src[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}
