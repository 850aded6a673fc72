package render

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// method calls value.name(...): Python's methods that change nothing.
func (r *run) method(on any, name string, a *args) (any, error) {
	switch x := on.(type) {
	case undefined:
		return nil, errors.New(x.why)
	case string:
		return r.textMethod(x, name, a)
	case *loop:
		return x.method(r, name, a)
	case float64:
		if name == "is_integer" {
			return x == math.Trunc(x), nil
		}
	case bool:
		i, _, _, _ := number(x)
		return r.method(i, name, a)
	case int64:
		if name == "bit_length" {
			return int64(bits.Len64(uint64(max(x, -x)))), nil
		}
	case envValue:
		if name == "get" {
			return r.envGet(x, a)
		}
	}
	if list, ok := asList(on); ok {
		return r.listMethod(list, name, a)
	}
	if m, ok := asMapping(on); ok {
		return r.dictMethod(on, m, name, a)
	}
	return nil, noMethod(on, name)
}

func noMethod(on any, name string) error {
	switch name {
	case "append", "extend", "insert", "remove", "pop", "clear", "update", "setdefault", "popitem", "sort", "reverse":
		return fmt.Errorf("%s() would change a value; templates cannot do that", name)
	}
	return fmt.Errorf("'%s' has no method '%s'", typeName(on), name)
}

// textMethod calls a method of a text; those with arguments stand below.
func (r *run) textMethod(s, name string, a *args) (any, error) {
	switch name {
	case "upper", "lower", "capitalize", "title", "swapcase", "casefold":
		if _, err := a.take(0); err != nil {
			return nil, err
		}
		out := changeCase(name, s)
		if name == "title" {
			out = pythonTitle(s)
		}
		return r.text(out)
	case "strip", "lstrip", "rstrip":
		return r.strip(s, name, a)
	case "split", "rsplit":
		return r.split(s, name, a)
	case "splitlines":
		return r.splitLines(s, a)
	case "replace":
		return filterReplace(r, s, a)
	case "startswith", "endswith":
		return affix(s, name, a)
	case "removeprefix", "removesuffix", "find", "rfind", "index", "rindex", "count", "partition", "rpartition":
		v, err := a.take(1, "value")
		if err != nil {
			return nil, err
		}
		part, err := textArg(v[0], name+"()'s argument")
		if err != nil {
			return nil, err
		}
		return r.search(s, name, part)
	case "isdigit", "isdecimal", "isnumeric", "isalpha", "isalnum", "isspace", "isupper", "islower":
		if _, err := a.take(0); err != nil {
			return nil, err
		}
		return textIs(s, name), r.grow(len(s))
	case "ljust", "rjust", "center", "zfill":
		return r.adjust(s, name, a)
	case "join":
		v, err := a.take(1, "items")
		if err != nil {
			return nil, err
		}
		items, err := r.iterate(v[0])
		if err != nil {
			return nil, err
		}
		return r.joined(items, s, true)
	case "format":
		return r.braces(s, a)
	}
	return nil, noMethod(s, name)
}

// pythonTitle starts a word after anything that is no letter, an apostrophe too.
func pythonTitle(s string) string {
	start := true
	return strings.Map(func(c rune) rune {
		was := start
		start = !unicode.IsLetter(c)
		if was {
			return unicode.ToTitle(c)
		}
		return unicode.ToLower(c)
	}, s)
}

func (r *run) strip(s, name string, a *args) (any, error) {
	v, err := a.take(0, "chars")
	if err != nil {
		return nil, err
	}
	cut := unicode.IsSpace
	if given(v[0]) && v[0] != nil {
		chars, err := textArg(v[0], name+"()'s argument")
		if err != nil {
			return nil, err
		}
		cut = func(c rune) bool { return strings.ContainsRune(chars, c) }
		if err := r.step(len(chars) >> 6); err != nil {
			return nil, err
		}
	}
	if name != "rstrip" {
		s = strings.TrimLeftFunc(s, cut)
	}
	if name != "lstrip" {
		s = strings.TrimRightFunc(s, cut)
	}
	return s, nil
}

func (r *run) split(s, name string, a *args) (any, error) {
	v, err := a.take(0, "sep", "maxsplit")
	if err != nil {
		return nil, err
	}
	limit, err := optionalInt(v[1], "maxsplit", -1)
	if err != nil {
		return nil, err
	}
	if limit < 0 {
		limit = maxOutput
	}
	var parts []string
	switch {
	case !given(v[0]) || v[0] == nil:
		parts = splitBlanks(s, limit, name == "rsplit")
	default:
		sep, err := textArg(v[0], "the separator")
		if err != nil {
			return nil, err
		}
		if sep == "" {
			return nil, errors.New("the separator is empty")
		}
		if strings.Count(s, sep) > maxItems {
			return nil, fmt.Errorf("a list may have at most %d items", maxItems)
		}
		if name == "split" {
			parts = strings.SplitN(s, sep, limit+1)
		} else if parts = strings.Split(s, sep); len(parts) > limit+1 {
			first := len(parts) - limit
			parts = append([]string{strings.Join(parts[:first], sep)}, parts[first:]...)
		}
	}
	return r.texts(parts)
}

func splitBlanks(s string, limit int, fromRight bool) []string {
	var parts []string
	for s = strings.TrimSpace(s); s != ""; {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if fromRight {
			i = strings.LastIndexFunc(s, unicode.IsSpace)
		}
		if i < 0 || len(parts) == limit {
			parts = append(parts, s)
			break
		}
		if fromRight {
			_, size := utf8.DecodeRuneInString(s[i:])
			parts = append(parts, s[i+size:])
			s = strings.TrimRightFunc(s[:i], unicode.IsSpace)
			continue
		}
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], unicode.IsSpace)
	}
	if fromRight {
		slices.Reverse(parts)
	}
	return parts
}

func (r *run) texts(parts []string) (any, error) {
	if err := r.items(len(parts)); err != nil {
		return nil, err
	}
	out := make([]any, len(parts))
	for i, p := range parts {
		out[i] = p
	}
	return out, nil
}

func (r *run) splitLines(s string, a *args) (any, error) {
	v, err := a.take(0, "keepends")
	if err != nil {
		return nil, err
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	lines := strings.SplitAfter(s, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if !given(v[0]) || !truth(v[0]) {
		for i := range lines {
			lines[i] = strings.TrimSuffix(lines[i], "\n")
		}
	}
	return r.texts(lines)
}

func affix(s, name string, a *args) (any, error) {
	v, err := a.take(1, "value")
	if err != nil {
		return nil, err
	}
	options, ok := v[0].(tuple)
	if !ok {
		options = tuple{v[0]}
	}
	for _, o := range options {
		part, err := textArg(o, name+"()'s argument")
		if err != nil {
			return nil, err
		}
		if (name == "startswith" && strings.HasPrefix(s, part)) || (name == "endswith" && strings.HasSuffix(s, part)) {
			return true, nil
		}
	}
	return false, nil
}

func (r *run) search(s, name, part string) (any, error) {
	switch name {
	case "removeprefix":
		return strings.TrimPrefix(s, part), nil
	case "removesuffix":
		return strings.TrimSuffix(s, part), nil
	case "count":
		return int64(strings.Count(s, part)), r.grow(len(s))
	}
	if (name == "partition" || name == "rpartition") && part == "" {
		return nil, errors.New("the separator is empty")
	}
	i := strings.Index(s, part)
	if name[0] == 'r' {
		i = strings.LastIndex(s, part)
	}
	if err := r.grow(len(s)); err != nil {
		return nil, err
	}
	switch name {
	case "partition", "rpartition":
		switch {
		case i >= 0:
			return tuple{s[:i], part, s[i+len(part):]}, nil
		case name == "partition":
			return tuple{s, "", ""}, nil
		default:
			return tuple{"", "", s}, nil
		}
	}
	if i < 0 {
		if name == "find" || name == "rfind" {
			return int64(-1), nil
		}
		return nil, fmt.Errorf("%s(): the text is not there", name)
	}
	return int64(utf8.RuneCountInString(s[:i])), nil
}

func textIs(s, name string) bool {
	if name == "isupper" || name == "islower" {
		return isCase(s, name[2:])
	}
	is := map[string]func(rune) bool{
		"isdigit": unicode.IsDigit, "isdecimal": unicode.IsDigit, "isnumeric": unicode.IsNumber,
		"isalpha": unicode.IsLetter, "isspace": unicode.IsSpace,
		"isalnum": func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) },
	}[name]
	for _, c := range s {
		if !is(c) {
			return false
		}
	}
	return s != ""
}

func (r *run) adjust(s, name string, a *args) (any, error) {
	v, err := a.take(1, "width", "fillchar")
	if err != nil {
		return nil, err
	}
	width, err := optionalInt(v[0], name+"()'s width", 0)
	if err != nil {
		return nil, err
	}
	fill, err := optionalText(v[1], name+"()'s fill", " ")
	if err != nil {
		return nil, err
	}
	switch name {
	case "ljust":
		return r.pad(s, width, fill, '<')
	case "rjust":
		return r.pad(s, width, fill, '>')
	case "center":
		return r.pad(s, width, fill, '^')
	}
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	out, err := r.pad(s, width-len(sign), "0", '>')
	if err != nil {
		return nil, err
	}
	return r.binary("+", sign, out)
}
