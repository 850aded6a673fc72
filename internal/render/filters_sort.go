package render

import (
	"fmt"
	"slices"
	"strings"
)

func foldCase(v any, caseSensitive bool) any {
	if s, ok := v.(string); ok && !caseSensitive {
		return strings.ToLower(s)
	}
	return v
}

// sorted sorts a copy of items by their keys; equal ones keep their order.
func (r *run) sorted(items []any, key func(any) (any, error), reverse bool) ([]any, error) {
	type pair struct{ key, item any }
	pairs := make([]pair, len(items))
	for i, item := range items {
		k, err := key(norm(item))
		if err != nil {
			return nil, err
		}
		pairs[i] = pair{k, norm(item)}
	}
	var failed error
	slices.SortStableFunc(pairs, func(a, b pair) int {
		if failed != nil {
			return 0
		}
		c, err := r.compare("<", a.key, b.key)
		failed = err
		if reverse {
			return -c
		}
		return c
	})
	out := make([]any, len(pairs))
	for i, p := range pairs {
		out[i] = p.item
	}
	return out, failed
}

// keys gives the sort key for an attribute, or several with commas between them, or the item itself.
func (r *run) keys(attribute any, caseSensitive bool) (func(any) (any, error), error) {
	fold := func(get func(any) (any, error)) func(any) (any, error) {
		return func(item any) (any, error) {
			v, err := get(item)
			return foldCase(v, caseSensitive), err
		}
	}
	if !given(attribute) || attribute == nil {
		return fold(func(item any) (any, error) { return item, nil }), nil
	}
	text, ok := attribute.(string)
	if !ok {
		get, err := r.path(attribute)
		return fold(get), err
	}
	var gets []func(any) (any, error)
	for _, part := range strings.Split(text, ",") {
		get, err := r.path(part)
		if err != nil {
			return nil, err
		}
		gets = append(gets, fold(get))
	}
	return func(item any) (any, error) {
		out := make(tuple, len(gets))
		for i, get := range gets {
			var err error
			if out[i], err = get(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	}, nil
}

func filterSort(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "reverse", "case_sensitive", "attribute")
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	key, err := r.keys(v[2], given(v[1]) && truth(v[1]))
	if err != nil {
		return nil, err
	}
	return r.sorted(items, key, given(v[0]) && truth(v[0]))
}

func filterUnique(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "case_sensitive", "attribute")
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	key, err := r.keys(v[1], given(v[0]) && truth(v[0]))
	if err != nil {
		return nil, err
	}
	seen, out := newDict(), []any{}
	for _, item := range items {
		k, err := key(norm(item))
		if err != nil {
			return nil, err
		}
		if _, old := seen.get(k); old {
			continue
		}
		if err := seen.set(k, true); err != nil {
			return nil, err
		}
		out = append(out, norm(item))
	}
	return out, r.items(len(items))
}

func filterReverse(r *run, in any) (any, error) {
	if s, ok := in.(string); ok {
		runes := []rune(s)
		slices.Reverse(runes)
		return r.text(string(runes))
	}
	items, err := r.iterate(in)
	out := append([]any{}, items...)
	slices.Reverse(out)
	return out, err
}

func filterSum(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "attribute", "start")
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	if given(v[0]) && v[0] != nil {
		get, err := r.path(v[0])
		if err != nil {
			return nil, err
		}
		if items, err = r.mapped(items, get); err != nil {
			return nil, err
		}
	}
	total := any(int64(0))
	if given(v[1]) {
		total = v[1]
	}
	for _, item := range items {
		if total, err = r.binary("+", total, norm(item)); err != nil {
			return nil, err
		}
	}
	return total, nil
}

func extreme(r *run, in any, a *args, name string, sign int) (any, error) {
	v, err := a.take(0, "case_sensitive", "attribute")
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	key, err := r.keys(v[1], given(v[0]) && truth(v[0]))
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return undefined{"there is no " + name + ", the list is empty"}, nil
	}
	best := norm(items[0])
	bestKey, err := key(best)
	if err != nil {
		return nil, err
	}
	for _, item := range items[1:] {
		k, err := key(norm(item))
		if err != nil {
			return nil, err
		}
		c, err := r.compare("<", k, bestKey)
		if err != nil {
			return nil, err
		}
		if c*sign > 0 {
			best, bestKey = norm(item), k
		}
	}
	return best, nil
}

// filterGroupBy gives (value, items) pairs, sorted by the value.
func filterGroupBy(r *run, in any, a *args) (any, error) {
	v, err := a.take(1, "attribute", "default", "case_sensitive")
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	get, err := r.path(v[0])
	if err != nil {
		return nil, err
	}
	value := func(item any) (any, error) {
		k, err := get(item)
		if _, none := k.(undefined); none && given(v[1]) {
			k = v[1]
		}
		return k, err
	}
	sensitive := given(v[2]) && truth(v[2])
	key := func(item any) (any, error) {
		k, err := value(item)
		return foldCase(k, sensitive), err
	}
	if items, err = r.sorted(items, key, false); err != nil {
		return nil, err
	}
	out := []any{}
	var last any
	for _, item := range items {
		k, err := key(item)
		if err != nil {
			return nil, err
		}
		if same, err := r.equal(k, last, 0); err != nil {
			return nil, err
		} else if n := len(out); n > 0 && same {
			group, _ := out[n-1].(tuple)
			list, _ := group[1].([]any)
			group[1] = append(list, item)
			continue
		}
		last = k
		first, err := value(item)
		if err != nil {
			return nil, err
		}
		out = append(out, tuple{first, []any{item}})
	}
	return out, nil
}

func filterBatch(r *run, in any, a *args) (any, error) {
	v, err := a.take(1, "linecount", "fill_with")
	if err != nil {
		return nil, err
	}
	size, err := optionalInt(v[0], "batch's size", 1)
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	if size < 1 || size > maxItems {
		return nil, fmt.Errorf("batch's size must be between 1 and %d", maxItems)
	}
	out := []any{}
	for part := range slices.Chunk(items, size) {
		row := append([]any{}, part...)
		for given(v[1]) && v[1] != nil && len(row) < size {
			row = append(row, v[1])
		}
		out = append(out, row)
	}
	return out, r.items(len(items) + size)
}

// filterSlice deals the items out to a number of columns.
func filterSlice(r *run, in any, a *args) (any, error) {
	v, err := a.take(1, "slices", "fill_with")
	if err != nil {
		return nil, err
	}
	n, err := optionalInt(v[0], "slice's count", 1)
	if err != nil {
		return nil, err
	}
	items, err := r.iterate(in)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > maxItems {
		return nil, fmt.Errorf("slice's count must be between 1 and %d", maxItems)
	}
	if err := r.items(len(items) + n); err != nil {
		return nil, err
	}
	out, at := make([]any, n), 0
	for i := range out {
		size := len(items) / n
		if i < len(items)%n {
			size++
		}
		row := append([]any{}, items[at:at+size]...)
		at += size
		if given(v[1]) && v[1] != nil && i >= len(items)%n && len(items)%n > 0 {
			row = append(row, v[1])
		}
		out[i] = row
	}
	return out, nil
}
