package text

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// Pattern is what somebody looks for in lines. The zero value matches nothing. Small letters find both cases, a capital letter makes
// the case count ("smart case"). A text between slashes, such as "/dead(lock)?/", is a regular expression of RE2.
type Pattern struct {
	text string         // as it was typed
	lit  string         // what is looked for, in small letters when fold; "" = re is
	fold bool           // both cases
	re   *regexp.Regexp // nil = lit is
}

// maxPattern bounds a pattern, in bytes, so that no expression takes long to build.
const maxPattern = 512

// ParsePattern reads a pattern. Spaces at the ends count.
func ParsePattern(s string) (Pattern, error) {
	if len(s) > maxPattern {
		return Pattern{}, fmt.Errorf("what is looked for is longer than %d bytes", maxPattern)
	}
	p := Pattern{text: s, lit: s, fold: !strings.ContainsFunc(s, unicode.IsUpper)}
	if len(s) < 3 || s[0] != '/' || s[len(s)-1] != '/' {
		return p, nil
	}
	body, prefix := s[1:len(s)-1], ""
	if p.fold = !capital(body); p.fold {
		prefix = "(?i)"
	}
	re, err := regexp.Compile(prefix + body)
	if err != nil {
		return Pattern{}, fmt.Errorf("the expression is not complete: %w", err)
	}
	p.lit, p.re = "", re
	return p, nil
}

// capital says that an expression has a capital letter that stands for itself: those of \S, \W and the like do not.
func capital(re string) bool {
	escaped := false
	for _, r := range re {
		if unicode.IsUpper(r) && !escaped {
			return true
		}
		escaped = r == '\\' && !escaped
	}
	return false
}

// String is the pattern as it was typed.
func (p *Pattern) String() string { return p.text }

// Empty says that nothing is looked for.
func (p *Pattern) Empty() bool { return p.lit == "" && p.re == nil }

// Literal is what is looked for when it is no expression, in small letters when both cases count.
func (p *Pattern) Literal() (lit string, fold, ok bool) {
	return p.lit, p.fold, p.re == nil && p.lit != ""
}

// Match says that a line has what is looked for.
func (p *Pattern) Match(s string) bool {
	switch {
	case p.re != nil:
		return p.re.MatchString(s)
	case p.lit == "":
		return false
	case p.fold:
		return strings.Contains(strings.ToLower(s), p.lit)
	}
	return strings.Contains(s, p.lit)
}

// Find gives the places of the matches in a line, at most so many, as byte offsets; matches of nothing are left out.
func (p *Pattern) Find(s string, most int) [][2]int {
	var out [][2]int
	if p.re != nil {
		for _, m := range p.re.FindAllStringIndex(s, most) {
			if m[1] > m[0] {
				out = append(out, [2]int{m[0], m[1]})
			}
		}
		return out
	}
	hay := s
	if p.fold {
		hay = strings.ToLower(s)
	}
	if p.lit == "" || len(hay) != len(s) { // where small letters have another length, places do not carry over
		return nil
	}
	for from := 0; len(out) < most; {
		i := strings.Index(hay[from:], p.lit)
		if i < 0 {
			break
		}
		out = append(out, [2]int{from + i, from + i + len(p.lit)})
		from += i + len(p.lit)
	}
	return out
}
