package render

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// changeCase is Python's lower, upper, capitalize, title (each word) and swapcase.
func changeCase(how, s string) string {
	switch how {
	case "lower":
		return strings.ToLower(s)
	case "upper":
		return strings.ToUpper(strings.ReplaceAll(s, "ß", "SS"))
	case "casefold":
		return strings.ToLower(strings.ReplaceAll(s, "ß", "ss"))
	case "swapcase":
		return strings.Map(func(c rune) rune {
			if unicode.IsUpper(c) {
				return unicode.ToLower(c)
			}
			return unicode.ToUpper(c)
		}, s)
	}
	start := true
	return strings.Map(func(c rune) rune {
		was := start
		if how == "title" {
			start = unicode.IsSpace(c) || strings.ContainsRune("-({[<", c)
		} else {
			start = false
		}
		if was {
			return unicode.ToTitle(c)
		}
		return unicode.ToLower(c)
	}, s)
}

func optionalText(v any, what, otherwise string) (string, error) {
	if !given(v) {
		return otherwise, nil
	}
	return textArg(v, what)
}

func optionalInt(v any, what string, otherwise int) (int, error) {
	if !given(v) {
		return otherwise, nil
	}
	i, _, isInt, ok := number(v)
	if !ok || !isInt {
		return 0, fmt.Errorf("%s must be a whole number, got %s", what, typeName(v))
	}
	return int(max(min(i, maxOutput+1), -maxOutput)), nil // beyond that only refusing is left
}

func filterTrim(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "chars")
	if err != nil {
		return nil, err
	}
	s, err := r.str(in)
	if err != nil {
		return nil, err
	}
	if !given(v[0]) || v[0] == nil {
		return strings.TrimFunc(s, unicode.IsSpace), nil
	}
	chars, err := textArg(v[0], "trim's chars")
	return strings.Trim(s, chars), err
}

func filterReplace(r *run, in any, a *args) (any, error) {
	v, err := a.take(2, "old", "new", "count")
	if err != nil {
		return nil, err
	}
	s, err := r.str(in)
	if err != nil {
		return nil, err
	}
	from, err := r.str(v[0])
	if err != nil {
		return nil, err
	}
	to, err := r.str(v[1])
	if err != nil {
		return nil, err
	}
	count := -1
	if v[2] != nil {
		if count, err = optionalInt(v[2], "replace's count", -1); err != nil {
			return nil, err
		}
	}
	return r.replaced(s, from, to, count)
}

func (r *run) replaced(s, from, to string, count int) (any, error) {
	times := strings.Count(s, from)
	if count >= 0 {
		times = min(times, count)
	}
	if more := len(to) - len(from); more > 0 && times > maxOutput/more {
		return nil, errLongValue
	}
	if err := r.grow(max(len(s)+times*(len(to)-len(from)), 0)); err != nil {
		return nil, err
	}
	return strings.Replace(s, from, to, count), nil
}

func filterTruncate(_ *run, in any, a *args) (any, error) {
	v, err := a.take(0, "length", "killwords", "end", "leeway")
	if err != nil {
		return nil, err
	}
	if isUndefined(in) {
		in = ""
	}
	s, err := textArg(in, "what truncate shortens")
	if err != nil {
		return nil, err
	}
	length, err := optionalInt(v[0], "truncate's length", 255)
	if err != nil {
		return nil, err
	}
	end, err := optionalText(v[2], "truncate's end", "...")
	if err != nil {
		return nil, err
	}
	leeway := 5
	if v[3] != nil {
		if leeway, err = optionalInt(v[3], "truncate's leeway", 5); err != nil {
			return nil, err
		}
	}
	keep := length - utf8.RuneCountInString(end)
	if keep < 0 {
		return nil, errors.New("truncate's length is shorter than its end")
	}
	if utf8.RuneCountInString(s) <= length+leeway {
		return s, nil
	}
	cut := string([]rune(s)[:keep])
	if given(v[1]) && truth(v[1]) {
		return cut + end, nil
	}
	if i := strings.LastIndexByte(cut, ' '); i >= 0 {
		cut = cut[:i]
	}
	return cut + end, nil
}

// filterWordwrap breaks lines at width, long words too.
func filterWordwrap(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "width", "break_long_words")
	if err != nil {
		return nil, err
	}
	s, err := textArg(in, "what wordwrap breaks")
	if err != nil {
		return nil, err
	}
	width, err := optionalInt(v[0], "wordwrap's width", 79)
	if err != nil {
		return nil, err
	}
	if width < 1 {
		return nil, errors.New("wordwrap's width must be at least 1")
	}
	long := !given(v[1]) || truth(v[1])
	var out []string
	for _, line := range strings.Split(s, "\n") {
		out = append(out, wrap(line, width, long)...)
	}
	return strings.Join(out, "\n"), r.step(len(out))
}

func wrap(line string, width int, breakLong bool) []string {
	var out []string
	now := []rune{}
	for _, word := range strings.Fields(line) {
		w := []rune(word)
		if len(now) > 0 && len(now)+1+len(w) <= width {
			now = append(append(now, ' '), w...)
			continue
		}
		if len(now) > 0 {
			out = append(out, string(now))
		}
		for breakLong && len(w) > width {
			out, w = append(out, string(w[:width])), w[width:]
		}
		now = append([]rune{}, w...)
	}
	return append(out, string(now))
}

// pad fills s with fill up to width characters; share of the blanks on the left is all, none or half.
func (r *run) pad(s string, width int, fill string, side byte) (any, error) {
	n := width - utf8.RuneCountInString(s)
	if n <= 0 {
		return s, nil
	}
	if utf8.RuneCountInString(fill) != 1 {
		return nil, errors.New("the fill must be one character")
	}
	if err := r.grow(len(s) + n*len(fill)); err != nil {
		return nil, err
	}
	left := 0
	switch side {
	case '>':
		left = n
	case '^': // as str.center does
		left = n/2 + (n & width & 1)
	}
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left), nil
}

func filterCenter(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "width")
	if err != nil {
		return nil, err
	}
	s, err := r.str(in)
	if err != nil {
		return nil, err
	}
	width, err := optionalInt(v[0], "center's width", 80)
	if err != nil {
		return nil, err
	}
	return r.pad(s, width, " ", '^')
}

func filterIndent(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "width", "first", "blank")
	if err != nil {
		return nil, err
	}
	s, err := textArg(in, "what indent indents")
	if err != nil {
		return nil, err
	}
	by, ok := v[0].(string)
	if !ok {
		width, err := optionalInt(v[0], "indent's width", 4)
		if err != nil {
			return nil, err
		}
		by = strings.Repeat(" ", min(max(width, 0), 1000))
	}
	lines := strings.Split(s, "\n")
	if err := r.grow(len(s) + len(lines)*len(by)); err != nil {
		return nil, err
	}
	for i, line := range lines {
		if (i == 0 && !(given(v[1]) && truth(v[1]))) || (line == "" && i > 0 && !(given(v[2]) && truth(v[2]))) {
			continue
		}
		lines[i] = by + line
	}
	return strings.Join(lines, "\n"), nil
}

func filterFormat(r *run, in any, a *args) (any, error) {
	s, err := r.str(in)
	if err != nil {
		return nil, err
	}
	if len(a.pos) > 0 && len(a.named) > 0 {
		return nil, errors.New("format takes values or names, not both")
	}
	if len(a.named) > 0 {
		return r.percent(s, nil, a.named)
	}
	return r.percent(s, a.pos, nil)
}
