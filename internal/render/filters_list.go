package render

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// listFilter gives the filters that work on lists.
func listFilter(name string) filterImpl {
	switch name {
	case "join":
		return filterJoin
	case "first":
		return noArgs(func(r *run, in any) (any, error) { return edge(r, in, "first", 0) })
	case "last":
		return noArgs(func(r *run, in any) (any, error) { return edge(r, in, "last", -1) })
	case "map":
		return filterMap
	case "select", "reject":
		return func(r *run, in any, a *args) (any, error) { return filterSelect(r, in, a, name == "select", false) }
	case "selectattr", "rejectattr":
		return func(r *run, in any, a *args) (any, error) { return filterSelect(r, in, a, name == "selectattr", true) }
	case "sort":
		return filterSort
	case "unique":
		return filterUnique
	case "reverse":
		return noArgs(filterReverse)
	case "sum":
		return filterSum
	case "min":
		return func(r *run, in any, a *args) (any, error) { return extreme(r, in, a, "min", -1) }
	case "max":
		return func(r *run, in any, a *args) (any, error) { return extreme(r, in, a, "max", 1) }
	case "groupby":
		return filterGroupBy
	case "batch":
		return filterBatch
	case "slice":
		return filterSlice
	}
	return nil
}

// path gives a function that reads a.b.0 from an item; an attribute may be a number.
func (r *run) path(attribute any) (func(any) (any, error), error) {
	if i, ok := attribute.(int64); ok {
		return func(item any) (any, error) { return r.subscript(norm(item), i) }, nil
	}
	name, err := textArg(attribute, "the attribute")
	if err != nil {
		return nil, err
	}
	keys := []any{}
	for _, part := range strings.Split(name, ".") {
		if n, err := strconv.ParseInt(part, 10, 64); err == nil && isWhole(part) {
			keys = append(keys, n)
			continue
		}
		keys = append(keys, part)
	}
	return func(item any) (any, error) {
		item = norm(item)
		for _, k := range keys {
			var err error
			if item, err = r.subscript(item, k); err != nil {
				return nil, err
			}
			if err := r.step(1); err != nil {
				return nil, err
			}
		}
		return item, nil
	}, nil
}

func filterJoin(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "d", "attribute")
	if err != nil {
		return nil, err
	}
	glue := ""
	if given(v[0]) {
		if glue, err = r.str(v[0]); err != nil {
			return nil, err
		}
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	if given(v[1]) && v[1] != nil {
		get, err := r.path(v[1])
		if err != nil {
			return nil, err
		}
		if items, err = r.mapped(items, get); err != nil {
			return nil, err
		}
	}
	return r.joined(items, glue, false)
}

// joined writes items with glue between them; strict takes texts only, as Python's str.join does.
func (r *run) joined(items []any, glue string, strict bool) (any, error) {
	var b strings.Builder
	for i, item := range items {
		item = norm(item)
		if strict && !isText(item) {
			return nil, fmt.Errorf("join() needs texts, got %s", typeName(item))
		}
		s, err := r.str(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteString(glue)
		}
		b.WriteString(s)
		if b.Len() > maxOutput {
			return nil, errTooLong
		}
	}
	return b.String(), r.step(len(items))
}

func (r *run) mapped(items []any, fn func(any) (any, error)) ([]any, error) {
	if err := r.items(len(items)); err != nil {
		return nil, err
	}
	out := make([]any, len(items))
	for i, item := range items {
		var err error
		if out[i], err = fn(norm(item)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func edge(r *run, in any, which string, at int64) (any, error) {
	if s, ok := in.(string); ok {
		c, size := utf8.DecodeRuneInString(s)
		if at < 0 {
			c, size = utf8.DecodeLastRuneInString(s)
		}
		if size > 0 {
			return string(c), nil
		}
		return undefined{"there is no " + which + " item, the text is empty"}, nil
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return undefined{"there is no " + which + " item, the list is empty"}, nil
	}
	return r.subscript(items, at)
}

// someItems is iterate for map and select: nothing false has items, None neither.
func (r *run) someItems(v any) ([]any, error) {
	if !truth(v) {
		return nil, nil
	}
	return r.iterate(v)
}

// filterMap is map(attribute='a.b', default=x) or map('filter', arguments).
func filterMap(r *run, in any, a *args) (any, error) {
	items, err := r.someItems(in)
	if err != nil {
		return nil, err
	}
	if len(a.pos) == 0 {
		v, err := a.take(0, "attribute", "default")
		if err != nil {
			return nil, err
		}
		if !given(v[0]) {
			return nil, errors.New("map needs the name of a filter, or attribute=")
		}
		get, err := r.path(v[0])
		if err != nil {
			return nil, err
		}
		return r.mapped(items, func(item any) (any, error) {
			got, err := get(item)
			if _, none := got.(undefined); none && given(v[1]) {
				return v[1], nil
			}
			return got, err
		})
	}
	name, err := textArg(a.pos[0], "map's filter")
	if err != nil {
		return nil, err
	}
	rest := &args{of: "the filter " + name, pos: a.pos[1:], named: a.named}
	return r.mapped(items, func(item any) (any, error) { return r.nested(name, item, rest) })
}

// nested calls a filter by its name from inside another one. map('map', ...) may not go on for ever.
func (r *run) nested(name string, item any, a *args) (any, error) {
	if r.depth++; r.depth > maxNodes {
		return nil, errTooDeep
	}
	defer func() { r.depth-- }()
	return r.filter(name, item, a)
}

// filterSelect keeps the items for which a test holds (keep) or does not. With attr the first argument names what of an
// item is tested. Without a test an item's truth counts.
func filterSelect(r *run, in any, a *args, keep, attr bool) (any, error) {
	if len(a.named) > 0 {
		return nil, errors.New(a.of + " takes no named arguments")
	}
	items, err := r.someItems(in)
	if err != nil {
		return nil, err
	}
	get := func(item any) (any, error) { return norm(item), nil }
	rest := a.pos
	if attr {
		if len(rest) == 0 {
			return nil, errors.New(a.of + " needs an attribute")
		}
		if get, err = r.path(rest[0]); err != nil {
			return nil, err
		}
		rest = rest[1:]
	}
	holds := func(v any) (bool, error) { return truth(v), nil }
	if len(rest) > 0 {
		name, err := textArg(rest[0], "the test")
		if err != nil {
			return nil, err
		}
		holds = func(v any) (bool, error) { return r.check(name, v, rest[1:]) }
	}
	out := []any{}
	for _, item := range items {
		v, err := get(item)
		if err != nil {
			return nil, err
		}
		ok, err := holds(v)
		if err != nil {
			return nil, err
		}
		if ok == keep {
			out = append(out, norm(item))
		}
	}
	return out, r.items(len(items))
}
