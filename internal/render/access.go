package render

import (
	"errors"
	"fmt"

	"github.com/nikolalohinski/gonja/v2/nodes"
)

func (r *run) attribute(n *nodes.GetAttribute) (any, error) {
	v, err := r.eval(n.Node)
	if err != nil {
		return nil, err
	}
	if n.Attribute == "" {
		v, err = r.subscript(v, int64(n.Index))
	} else {
		v, err = r.getattr(v, n.Attribute)
	}
	return v, r.at(n.Location, err)
}

// getattr is value.name: a key of a dict. An unknown name is undefined.
func (r *run) getattr(v any, name string) (any, error) {
	switch x := v.(type) {
	case undefined:
		return nil, errors.New(x.why)
	case envValue:
		if s, ok := x.lookup(name); ok {
			return s, nil
		}
		return undefined{"the environment variable '" + name + "' is not set"}, nil
	case *loop:
		if got, ok := x.attr(name); ok {
			return got, nil
		}
	}
	if m, ok := asMapping(v); ok {
		if got, ok := m.get(name); ok {
			return norm(got), nil
		}
	}
	return undefined{"'" + typeName(v) + "' has no attribute '" + name + "'"}, nil
}

func (r *run) item(n *nodes.GetItem) (any, error) {
	v, err := r.eval(n.Node)
	if err != nil {
		return nil, err
	}
	k, err := r.eval(n.Arg)
	if err != nil {
		return nil, err
	}
	v, err = r.subscript(v, k)
	return v, r.at(n.Location, err)
}

// subscript is value[key]. A missing key or index is undefined.
func (r *run) subscript(v, k any) (any, error) {
	if name, ok := k.(string); ok {
		return r.getattr(v, name)
	}
	if u, ok := v.(undefined); ok {
		return nil, errors.New(u.why)
	}
	if m, ok := asMapping(v); ok {
		if got, ok := m.get(k); ok {
			return norm(got), nil
		}
		return undefined{"the dict has no such key"}, nil
	}
	i, _, isInt, ok := number(k)
	if !ok || !isInt {
		return undefined{"'" + typeName(v) + "' has no such item"}, nil
	}
	if s, ok := v.(string); ok {
		if err := r.grow(len(s)); err != nil {
			return nil, err
		}
		if c, ok := at([]rune(s), i); ok {
			return string(c), nil
		}
	}
	if list, ok := asList(v); ok {
		if got, ok := at(list, i); ok {
			return norm(got), nil
		}
	}
	return undefined{fmt.Sprintf("'%s' has no item %d", typeName(v), i)}, nil
}

func at[T any](list []T, i int64) (v T, ok bool) {
	if i < 0 {
		i += int64(len(list))
	}
	if i < 0 || i >= int64(len(list)) {
		return v, false
	}
	return list[i], true
}

func (r *run) slice(n *nodes.GetSlice) (any, error) {
	v, err := r.eval(n.Node)
	if err != nil {
		return nil, err
	}
	bounds := [3]*int64{}
	for i, part := range []nodes.Node{n.Start, n.End, n.Step} {
		if part == nil {
			continue
		}
		b, err := r.eval(part)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		at, _, isInt, ok := number(b)
		if !ok || !isInt {
			return nil, r.at(n.Location, errors.New("a slice needs whole numbers"))
		}
		bounds[i] = &at
	}
	v, err = r.sliced(v, bounds)
	return v, r.at(n.Location, err)
}

func (r *run) sliced(v any, bounds [3]*int64) (any, error) {
	switch x := v.(type) {
	case undefined:
		return nil, errors.New(x.why)
	case string:
		if err := r.grow(len(x)); err != nil {
			return nil, err
		}
		out, err := cut([]rune(x), bounds)
		return string(out), err
	}
	list, ok := asList(v)
	if !ok {
		return nil, fmt.Errorf("a value of type %s cannot be sliced", typeName(v))
	}
	if err := r.step(len(list)); err != nil {
		return nil, err
	}
	out, err := cut(list, bounds)
	if _, ok := v.(tuple); ok {
		return tuple(out), err
	}
	return out, err
}

// cut is Python's list[start:end:step].
func cut[T any](list []T, bounds [3]*int64) ([]T, error) {
	n, step := int64(len(list)), int64(1)
	if bounds[2] != nil {
		if step = *bounds[2]; step == 0 {
			return nil, errors.New("a slice's step cannot be 0")
		}
	}
	low, high := int64(0), n
	if step < 0 {
		low, high = -1, n-1
	}
	bound := func(b *int64, none int64) int64 {
		switch {
		case b == nil:
			return none
		case *b < 0:
			return max(*b+n, low)
		default:
			return min(*b, high)
		}
	}
	out := []T{}
	if step > 0 {
		for i := bound(bounds[0], low); i < bound(bounds[1], high); {
			out = append(out, list[i])
			if step >= n-i {
				break
			}
			i += step
		}
		return out, nil
	}
	for i := bound(bounds[0], high); i > bound(bounds[1], low); {
		out = append(out, list[i])
		if step <= -1-i {
			break
		}
		i += step
	}
	return out, nil
}
