package render

import (
	"errors"
)

func (r *run) envGet(e envValue, a *args) (any, error) {
	v, err := a.take(1, "key", "default")
	if err != nil {
		return nil, err
	}
	if s, ok := e.lookup(v[0]); ok {
		return s, nil
	}
	if given(v[1]) {
		return v[1], nil
	}
	return nil, nil
}

func (r *run) dictMethod(on any, m mapping, name string, a *args) (any, error) {
	switch name {
	case "get":
		v, err := a.take(1, "key", "default")
		if err != nil {
			return nil, err
		}
		if _, err := hashKey(v[0]); err != nil {
			return nil, err
		}
		if got, ok := m.get(v[0]); ok {
			return norm(got), nil
		}
		if given(v[1]) {
			return v[1], nil
		}
		return nil, nil
	case "keys":
		return append([]any{}, m.order()...), r.items(m.size())
	case "items":
		return filterItems(r, on)
	case "values":
		out := []any{}
		for _, k := range m.order() {
			v, _ := m.get(k)
			out = append(out, norm(v))
		}
		return out, r.items(len(out))
	case "copy":
		return on, nil // nothing can change either of them
	}
	if v, ok := m.get(name); ok {
		return nil, notCallable(norm(v))
	}
	return nil, noMethod(on, name)
}

func (r *run) listMethod(list []any, name string, a *args) (any, error) {
	switch name {
	case "copy":
		return append([]any{}, list...), r.items(len(list))
	case "index", "count":
	default:
		return nil, noMethod(list, name)
	}
	v, err := a.take(1, "value")
	if err != nil {
		return nil, err
	}
	n := int64(0)
	for i, item := range list {
		same, err := r.equal(item, v[0], 0)
		if err != nil {
			return nil, err
		}
		if same && name == "index" {
			return int64(i), nil
		}
		if same {
			n++
		}
	}
	if name == "index" {
		return nil, errors.New("index(): the list has no such item")
	}
	return n, nil
}
