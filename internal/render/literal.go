package render

import (
	"strings"
	"unicode/utf8"
)

const maxLiteralDepth = 64

// literal reads text as one Python literal: None, True, False, numbers, strings, lists, tuples and dicts. Anything
// else, a leading blank, a number that does not fit, bytes, sets and complex numbers are no literal here: ok is false.
func literal(text string) (v any, ok bool) {
	text = skipBlankLines(text)
	if text == "" || len(text) > maxOutput || !mayBeLiteral(text) || endsInBlanks(text) {
		return nil, false
	}
	p := &literalParser{s: text}
	v, ok = p.tupleOrValue()
	if !ok {
		return nil, false
	}
	p.depth = 1 // newlines behind the literal are blanks
	p.blank()
	return v, p.pos == len(p.s)
}

// skipBlankLines drops leading lines without anything: Python allows them, but no blank before the literal itself.
func skipBlankLines(s string) string {
	start := 0
	for i := range len(s) {
		switch s[i] {
		case '\n':
			start = i + 1
		case ' ', '\t', '\r':
		default:
			return s[start:]
		}
	}
	return s[start:]
}

// endsInBlanks says that the last of several lines holds blanks only: Python takes that for a broken indentation.
func endsInBlanks(s string) bool {
	line := s[strings.LastIndexByte(s, '\n')+1:]
	return len(line) < len(s) && line != "" && strings.TrimLeft(line, " \t") == ""
}

// mayBeLiteral turns most prose away at its first character.
func mayBeLiteral(s string) bool {
	c := s[0]
	return isDigit(c) || strings.IndexByte(`([{'"+-.TFNrRuU`, c) >= 0
}

type literalParser struct {
	s     string
	pos   int
	depth int // of brackets; newlines are blanks inside them
}

func (p *literalParser) blank() {
	for p.pos < len(p.s) {
		switch c := p.s[p.pos]; {
		case c == ' ' || c == '\t' || c == '\f' || (p.depth > 0 && (c == '\n' || c == '\r')):
			p.pos++
		case c == '\\' && strings.HasPrefix(p.s[p.pos+1:], "\n"):
			p.pos += 2
		case c == '#':
			end := strings.IndexByte(p.s[p.pos:], '\n')
			if end < 0 {
				p.pos = len(p.s)
				return
			}
			p.pos += end
			if p.depth == 0 {
				return
			}
		default:
			return
		}
	}
}

func (p *literalParser) take(c byte) bool {
	p.blank()
	if p.pos < len(p.s) && p.s[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

func (p *literalParser) peek() byte {
	p.blank()
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

// tupleOrValue reads 1 or 1,2 or 1, as Python does at the top.
func (p *literalParser) tupleOrValue() (any, bool) {
	v, ok := p.value()
	if !ok || p.peek() != ',' {
		return v, ok
	}
	items := tuple{v}
	for p.take(',') {
		if c := p.peek(); c == 0 || c == '\n' {
			break
		}
		if v, ok = p.value(); !ok {
			return nil, false
		}
		items = append(items, v)
	}
	return items, true
}

func (p *literalParser) value() (any, bool) {
	switch c := p.peek(); {
	case c == '[' || c == '(' || c == '{':
		return p.bracket(c)
	case c == '\'' || c == '"' || (strings.IndexByte("rRuU", c) >= 0 && c != 0):
		return p.strings()
	case c == '+' || c == '-':
		return p.signed()
	case isDigit(c) || c == '.':
		return p.number()
	}
	for word, v := range map[string]any{"None": nil, "True": true, "False": false} {
		if rest, ok := strings.CutPrefix(p.s[p.pos:], word); ok && !startsWord(rest) {
			p.pos += len(word)
			return v, true
		}
	}
	return nil, false
}

func startsWord(s string) bool {
	return s != "" && (s[0] == '_' || isDigit(s[0]) || s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z' || s[0] >= utf8.RuneSelf)
}

func (p *literalParser) signed() (any, bool) {
	negative := false
	for c := p.peek(); c == '+' || c == '-'; c = p.peek() {
		p.pos++
		negative = negative != (c == '-')
	}
	if c := p.peek(); !isDigit(c) && c != '.' {
		return nil, false
	}
	v, ok := p.number()
	if !ok || !negative {
		return v, ok
	}
	if n, isInt := v.(int64); isInt {
		return -n, true
	}
	f, _ := v.(float64)
	return -f, true
}

func (p *literalParser) number() (any, bool) {
	v, n := scanNumber(p.s[p.pos:])
	if n == 0 || v == nil {
		return nil, false
	}
	p.pos += n
	if p.pos < len(p.s) && p.s[p.pos] == '.' { // 1. is a float in Python
		i, isInt := v.(int64)
		if !isInt {
			return nil, false
		}
		v = float64(i)
		p.pos++
	}
	return v, !startsWord(p.s[p.pos:])
}

// strings reads adjacent string literals as one.
func (p *literalParser) strings() (any, bool) {
	var b strings.Builder
	for {
		s, ok := p.oneString()
		if !ok {
			return nil, false
		}
		b.WriteString(s)
		if c := p.peek(); c != '\'' && c != '"' {
			return b.String(), true
		}
	}
}

func (p *literalParser) oneString() (string, bool) {
	raw := false
	if c := p.s[p.pos]; c != '\'' && c != '"' {
		raw = c|0x20 == 'r'
		p.pos++
	}
	if p.pos == len(p.s) || (p.s[p.pos] != '\'' && p.s[p.pos] != '"') {
		return "", false
	}
	quote := p.s[p.pos : p.pos+1]
	if strings.HasPrefix(p.s[p.pos:], quote+quote+quote) {
		quote += quote + quote
	}
	start := p.pos + len(quote)
	for i := start; i < len(p.s); i++ {
		switch {
		case p.s[i] == '\\':
			i++
		case p.s[i] == '\n' && len(quote) == 1:
			return "", false
		case strings.HasPrefix(p.s[i:], quote):
			p.pos = i + len(quote)
			if raw {
				return p.s[start:i], true
			}
			s, err := unescape(p.s[start:i])
			return s, err == nil
		}
	}
	return "", false
}

func (p *literalParser) bracket(open byte) (any, bool) {
	if p.depth >= maxLiteralDepth {
		return nil, false
	}
	p.depth++
	defer func() { p.depth-- }()
	p.pos++
	switch open {
	case '[':
		items, _, ok := p.items(']')
		return items, ok
	case '(':
		items, comma, ok := p.items(')')
		if ok && len(items) == 1 && !comma {
			return items[0], true
		}
		return tuple(items), ok
	default:
		return p.dict()
	}
}

// items reads up to the closing bracket; comma says that there was one.
func (p *literalParser) items(end byte) (items []any, comma, ok bool) {
	items = []any{}
	for !p.take(end) {
		if len(items) > 0 && !comma {
			return nil, false, false
		}
		v, ok := p.value()
		if !ok {
			return nil, false, false
		}
		items = append(items, v)
		if comma = p.take(','); !comma && p.peek() != end {
			return nil, false, false
		}
	}
	return items, comma, true
}

func (p *literalParser) dict() (any, bool) {
	d := newDict()
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return nil, false
		}
		if !first && p.take('}') {
			return d, true
		}
		k, ok := p.value()
		if !ok || !p.take(':') {
			return nil, false
		}
		v, ok := p.value()
		if !ok || d.set(k, v) != nil {
			return nil, false
		}
	}
	return d, true
}
