package render

import (
	"errors"
	"fmt"
	"html"
	"math/rand/v2"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

type filterImpl func(r *run, in any, a *args) (any, error)

// filterNamed gives a filter, nil when there is none. Filters of texts, lists and numbers stand in files of their own.
func filterNamed(name string) filterImpl {
	switch name {
	case "default", "d":
		return filterDefault
	case "length", "count":
		return filterLength
	case "list":
		return filterList
	case "string":
		return noArgs(func(r *run, in any) (any, error) { return r.str(in) })
	case "int":
		return filterInt
	case "float":
		return filterFloat
	case "abs":
		return noArgs(filterAbs)
	case "round":
		return filterRound
	case "tojson":
		return filterJSON
	case "at_path":
		return nestAt
	case "items":
		return noArgs(filterItems)
	case "dictsort":
		return filterDictSort
	case "attr":
		return filterAttr
	case "random":
		return noArgs(filterRandom)
	}
	if f := listFilter(name); f != nil {
		return f
	}
	return textFilter(name)
}

func noArgs(fn func(r *run, in any) (any, error)) filterImpl {
	return func(r *run, in any, a *args) (any, error) {
		if _, err := a.take(0); err != nil {
			return nil, err
		}
		return fn(r, in)
	}
}

func given(v any) bool { return v != missing{} }

func filterDefault(_ *run, in any, a *args) (any, error) {
	v, err := a.take(0, "default_value", "boolean")
	if err != nil {
		return nil, err
	}
	_, none := in.(undefined)
	if !none && (!given(v[1]) || !truth(v[1]) || truth(in)) {
		return in, nil
	}
	if given(v[0]) {
		return v[0], nil
	}
	return "", nil
}

func filterLength(_ *run, in any, a *args) (any, error) {
	if _, err := a.take(0); err != nil {
		return nil, err
	}
	switch x := in.(type) {
	case undefined:
		return int64(0), nil
	case string:
		return int64(utf8.RuneCountInString(x)), nil
	}
	if list, ok := asList(in); ok {
		return int64(len(list)), nil
	}
	if m, ok := asMapping(in); ok {
		return int64(m.size()), nil
	}
	return nil, fmt.Errorf("a value of type %s has no length", typeName(in))
}

func filterList(r *run, in any, a *args) (any, error) {
	if _, err := a.take(0); err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	return append([]any{}, items...), err
}

func filterItems(r *run, in any) (any, error) {
	if _, none := in.(undefined); none {
		return []any{}, nil
	}
	m, ok := asMapping(in)
	if !ok {
		return nil, fmt.Errorf("items needs a dict, got %s", typeName(in))
	}
	out := make([]any, 0, m.size())
	for _, k := range m.order() {
		v, _ := m.get(k)
		out = append(out, tuple{k, norm(v)})
	}
	return out, r.items(len(out))
}

func filterDictSort(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "case_sensitive", "by", "reverse")
	if err != nil {
		return nil, err
	}
	if u, none := in.(undefined); none {
		return nil, errors.New(u.why)
	}
	pairs, err := filterItems(r, in)
	if err != nil {
		return nil, err
	}
	by := int64(0)
	switch v[1] {
	case missing{}, "key":
	case "value":
		by = 1
	default:
		return nil, errors.New("dictsort's by must be 'key' or 'value'")
	}
	list, _ := pairs.([]any)
	key := func(item any) (any, error) {
		k, err := r.subscript(item, by)
		return foldCase(k, given(v[0]) && truth(v[0])), err
	}
	return r.sorted(list, key, given(v[2]) && truth(v[2]))
}

func filterAttr(_ *run, in any, a *args) (any, error) {
	v, err := a.take(1, "name")
	if err != nil {
		return nil, err
	}
	if u, ok := in.(undefined); ok {
		return nil, errors.New(u.why)
	}
	name, err := textArg(v[0], "the attribute's name")
	return undefined{"'" + typeName(in) + "' has no attribute '" + name + "'"}, err
}

func filterRandom(r *run, in any) (any, error) {
	items, err := r.iterate(in)
	if err != nil || len(items) == 0 {
		return undefined{"there is no item, the list is empty"}, err
	}
	return norm(items[rand.IntN(len(items))]), nil
}

// textFilter gives the filters that work on texts.
func textFilter(name string) filterImpl {
	switch name {
	case "lower", "upper", "capitalize", "title":
		return onText(func(s string) string { return changeCase(name, s) })
	case "trim":
		return filterTrim
	case "replace":
		return filterReplace
	case "truncate":
		return filterTruncate
	case "wordwrap":
		return filterWordwrap
	case "center":
		return filterCenter
	case "indent":
		return filterIndent
	case "format":
		return filterFormat
	case "escape", "e", "forceescape":
		return onText(html5Escape)
	case "safe":
		return onText(func(s string) string { return s })
	case "striptags":
		return onText(stripTags)
	case "urlencode":
		return noArgs(filterURLEncode)
	case "wordcount":
		return noArgs(func(r *run, in any) (any, error) {
			s, err := r.str(in)
			inWord := func(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsNumber(c) }
			return int64(len(strings.FieldsFunc(s, func(c rune) bool { return !inWord(c) }))), err
		})
	}
	return nil
}

// onText makes a filter of a plain function: the value becomes text first.
func onText(fn func(string) string) filterImpl {
	return noArgs(func(r *run, in any) (any, error) {
		s, err := r.str(in)
		if err != nil {
			return nil, err
		}
		if err := r.grow(len(s)); err != nil {
			return nil, err
		}
		return fn(s), nil
	})
}

func html5Escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "'", "&#39;", `"`, "&#34;").Replace(s)
}

func stripTags(s string) string {
	var b strings.Builder
	for s != "" {
		open := strings.IndexByte(s, '<')
		if open < 0 {
			break
		}
		end := strings.IndexByte(s[open:], '>')
		if strings.HasPrefix(s[open:], "<!--") {
			if end = strings.Index(s[open:], "-->"); end >= 0 {
				end += 2
			}
		}
		if end < 0 {
			break
		}
		b.WriteString(s[:open])
		s = s[open+end+1:]
	}
	b.WriteString(s)
	return html.UnescapeString(strings.Join(strings.Fields(b.String()), " "))
}

func filterURLEncode(r *run, in any) (any, error) {
	m, ok := asMapping(in)
	if !ok {
		s, err := r.str(in)
		return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), "%2F", "/"), err
	}
	parts := []string{}
	for _, k := range m.order() {
		v, _ := m.get(k)
		name, err := r.str(k)
		if err != nil {
			return nil, err
		}
		value, err := r.str(norm(v))
		if err != nil {
			return nil, err
		}
		parts = append(parts, url.QueryEscape(name)+"="+url.QueryEscape(value))
	}
	return strings.Join(parts, "&"), nil
}
