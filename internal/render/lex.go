package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	tokenName tokenKind = iota
	tokenLiteral
	tokenOp
)

// token is one word of a tag. Literals carry their value: int64, float64 or string.
type token struct {
	kind tokenKind
	text string
	val  any
	pos  int
}

func (t token) is(text string) bool { return t.kind != tokenLiteral && t.text == text }

func (t token) isString() bool {
	_, ok := t.val.(string)
	return t.kind == tokenLiteral && ok
}

// placed is an error with a byte offset in the source; the compiler turns it into an Error with line and column.
type placed struct {
	pos int
	msg string
}

func (e *placed) Error() string { return e.msg }

func errAt(pos int, format string, args ...any) error {
	return &placed{pos: pos, msg: fmt.Sprintf(format, args...)}
}

type lexer struct {
	src  string
	pos  int
	toks []token
	open []byte // expected closing brackets
	end  int    // offset of the closing mark
}

// until reads tokens up to the closing mark and gives the sign in front of it.
func (l *lexer) until(closing string, start int) (byte, error) {
	for {
		l.pos = len(l.src) - len(strings.TrimLeftFunc(l.src[l.pos:], unicode.IsSpace))
		rest := l.src[l.pos:]
		l.end = l.pos
		if rest == "" {
			return 0, errAt(start, "this tag is never closed; add %s", closing)
		}
		if len(l.open) == 0 {
			if strings.HasPrefix(rest, closing) {
				l.pos += 2
				return 0, nil
			}
			plus := rest[0] == '+' && closing == "%}"
			if (rest[0] == '-' || plus) && strings.HasPrefix(rest[1:], closing) {
				l.pos += 3
				return rest[0], nil
			}
		}
		if err := l.token(); err != nil {
			return 0, err
		}
	}
}

func (l *lexer) token() error {
	r, size := utf8.DecodeRuneInString(l.src[l.pos:])
	switch {
	case r == '"' || r == '\'':
		return l.str(byte(r))
	case r >= '0' && r <= '9':
		return l.number()
	case r == '_' || unicode.IsLetter(r):
		end := l.pos + size
		for end < len(l.src) {
			r, size = utf8.DecodeRuneInString(l.src[end:])
			if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				break
			}
			end += size
		}
		l.add(tokenName, l.src[l.pos:end], nil, end)
		return nil
	default:
		return l.op(r)
	}
}

func (l *lexer) add(kind tokenKind, text string, val any, end int) {
	l.toks = append(l.toks, token{kind: kind, text: text, val: val, pos: l.pos})
	l.pos = end
}

func (l *lexer) op(r rune) error {
	rest := l.src[l.pos:]
	if len(rest) > 1 {
		switch two := rest[:2]; two {
		case "==", "!=", ">=", "<=", "//", "**":
			l.add(tokenOp, two, nil, l.pos+2)
			return nil
		}
	}
	if !strings.ContainsRune("+-*/%~()[]{},:.|=<>", r) {
		return errAt(l.pos, "unexpected character %q", r)
	}
	switch r {
	case '(', '[', '{':
		if len(l.open) >= maxBrackets {
			return errAt(l.pos, "brackets are nested too deeply (more than %d)", maxBrackets)
		}
		l.open = append(l.open, map[rune]byte{'(': ')', '[': ']', '{': '}'}[r])
	case ')', ']', '}':
		if len(l.open) == 0 {
			return errAt(l.pos, "unexpected '%c'", r)
		}
		if want := l.open[len(l.open)-1]; want != byte(r) {
			return errAt(l.pos, "unexpected '%c', expected '%c'", r, want)
		}
		l.open = l.open[:len(l.open)-1]
	}
	l.add(tokenOp, string(r), nil, l.pos+1)
	return nil
}

func (l *lexer) str(quote byte) error {
	for i := l.pos + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			i++
		case quote:
			val, err := unescape(l.src[l.pos+1 : i])
			if err != nil {
				return errAt(l.pos, "bad string: %v", err)
			}
			l.add(tokenLiteral, "a string", val, i+1)
			return nil
		}
	}
	return errAt(l.pos, "this string is never closed")
}

func (l *lexer) number() error {
	if n := len(l.toks); n > 0 && l.toks[n-1].is(".") { // list.0
		end := l.pos
		for end < len(l.src) && isDigit(l.src[end]) {
			end++
		}
		l.add(tokenName, l.src[l.pos:end], nil, end)
		return nil
	}
	val, n := scanNumber(l.src[l.pos:])
	switch {
	case n == 0:
		return errAt(l.pos, "bad number")
	case val == nil:
		return errAt(l.pos, "this number is too large")
	}
	if r, _ := utf8.DecodeRuneInString(l.src[l.pos+n:]); r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
		return errAt(l.pos, "bad number")
	}
	l.add(tokenLiteral, l.src[l.pos:l.pos+n], val, l.pos+n)
	return nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// scanNumber reads a number without sign at the start of s: int64 or float64, nil when it does not fit. It gives the
// count of bytes read, 0 when there is no number.
func scanNumber(s string) (any, int) {
	if len(s) > 2 && s[0] == '0' && strings.IndexByte("xXoObB", s[1]) >= 0 {
		base := map[byte]int{'x': 16, 'o': 8, 'b': 2}[s[1]|0x20]
		n := 2
		for n < len(s) && (s[n] == '_' || isHex(s[n])) {
			n++
		}
		digits, ok := joinDigits(strings.TrimPrefix(s[2:n], "_"))
		if !ok {
			return nil, 0
		}
		v, err := strconv.ParseInt(digits, base, 64)
		return intOrRange(v, err, n)
	}
	n := digitRun(s, 0)
	if n == 0 && (s == "" || s[0] != '.') {
		return nil, 0
	}
	isFloat := false
	if n < len(s) && s[n] == '.' {
		if frac := digitRun(s, n+1); frac > n+1 {
			n, isFloat = frac, true
		}
	}
	if n > 0 && n < len(s) && s[n]|0x20 == 'e' {
		e := n + 1
		if e < len(s) && (s[e] == '+' || s[e] == '-') {
			e++
		}
		if end := digitRun(s, e); end > e {
			n, isFloat = end, true
		}
	}
	digits, ok := joinDigits(s[:n])
	if !ok || n == 0 {
		return nil, 0
	}
	if isFloat {
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil {
			return nil, n
		}
		return f, n
	}
	if digits[0] == '0' && strings.Trim(digits, "0") != "" {
		return nil, 0 // 01234 is no number in Python
	}
	v, err := strconv.ParseInt(digits, 10, 64)
	return intOrRange(v, err, n)
}

func isHex(c byte) bool { return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'f') }

func intOrRange(v int64, err error, n int) (any, int) {
	switch {
	case err == nil:
		return v, n
	case strings.Contains(err.Error(), strconv.ErrRange.Error()):
		return nil, n
	default:
		return nil, 0
	}
}

// digitRun gives the end of the digits and underscores that start at from with a digit.
func digitRun(s string, from int) int {
	end := from
	for end < len(s) && (isDigit(s[end]) || (s[end] == '_' && end > from)) {
		end++
	}
	return end
}

// joinDigits takes the underscores out; they must stand between digits.
func joinDigits(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	if strings.IndexByte(s, '_') < 0 {
		return s, true
	}
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isHex(s[i-1]) || !isHex(s[i+1])) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}
