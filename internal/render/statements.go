package render

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/nikolalohinski/gonja/v2/nodes"
)

func (r *run) ifTag(n *ifNode) error {
	for i, cond := range n.conds {
		v, err := r.eval(cond)
		if err != nil {
			return err
		}
		if truth(v) {
			return r.nodes(n.bodies[i].Nodes)
		}
	}
	if len(n.bodies) > len(n.conds) {
		return r.nodes(n.bodies[len(n.conds)].Nodes)
	}
	return nil
}

// inFrame runs fn with a scope of its own.
func (r *run) inFrame(vars map[string]any, fn func() error) error {
	r.frames = append(r.frames, vars)
	defer func() { r.frames = r.frames[:len(r.frames)-1] }()
	return fn()
}

func (r *run) forTag(n *forNode) error {
	over, err := r.eval(n.in)
	if err != nil {
		return err
	}
	items, err := r.iterate(over)
	if err != nil {
		return r.at(n.Position(), err)
	}
	if n.cond != nil {
		if items, err = r.filterItems(n, items); err != nil {
			return err
		}
	}
	if len(items) == 0 && n.empty != nil {
		return r.nodes(n.empty.Nodes)
	}
	l := &loop{items: items}
	if outer, ok := r.find("loop"); ok {
		l.outer, _ = outer.(*loop)
	}
	for i, item := range items {
		l.at = i
		vars := map[string]any{"loop": l}
		if err := r.assign(vars, n.names, norm(item)); err != nil {
			return r.at(n.Position(), err)
		}
		if err := r.inFrame(vars, func() error { return r.nodes(n.body.Nodes) }); err != nil {
			return err
		}
	}
	return nil
}

// filterItems is the `if` of a for.
func (r *run) filterItems(n *forNode, items []any) ([]any, error) {
	kept := []any{}
	for _, item := range items {
		vars := map[string]any{}
		if err := r.assign(vars, n.names, norm(item)); err != nil {
			return nil, r.at(n.Position(), err)
		}
		err := r.inFrame(vars, func() error {
			ok, err := r.eval(n.cond)
			if err == nil && truth(ok) {
				kept = append(kept, item)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// assign sets one name to v, or several to v's items.
func (r *run) assign(vars map[string]any, names []string, v any) error {
	if len(names) == 1 {
		vars[names[0]] = v
		return r.step(1)
	}
	items, err := r.iterate(v)
	if err != nil {
		return err
	}
	if len(items) != len(names) {
		return fmt.Errorf("%d names cannot be set from %d values", len(names), len(items))
	}
	for i, name := range names {
		vars[name] = norm(items[i])
	}
	return r.step(len(names))
}

func (r *run) setTag(n *setNode) (err error) {
	var v any
	if n.body == nil {
		v, err = r.eval(n.value)
	} else {
		v, err = r.block(n.body, n.filters)
	}
	if err != nil {
		return err
	}
	if n.attr == "" {
		return r.at(n.Position(), r.assign(r.frames[len(r.frames)-1], n.names, v))
	}
	target, _ := r.find(n.names[0])
	s, ok := target.(space)
	if !ok {
		return r.at(n.Position(), errors.New("only attributes of a namespace() can be set"))
	}
	return r.at(n.Position(), s.set(n.attr, v))
}

// block renders a body to a native value and sends it through filters.
func (r *run) block(body *nodes.Wrapper, filters []*nodes.FilterCall) (any, error) {
	out, err := r.capture(func() error {
		return r.inFrame(map[string]any{}, func() error { return r.nodes(body.Nodes) })
	})
	if err != nil {
		return nil, err
	}
	v, err := r.native(out)
	if err != nil {
		return nil, err
	}
	return r.filtered(v, filters)
}

func (r *run) filterTag(n *filterNode) error {
	v, err := r.block(n.body, n.filters)
	if err != nil {
		return err
	}
	return r.print(v)
}

func (r *run) withTag(n *withNode) error {
	vars := map[string]any{}
	for i, name := range n.names {
		v, err := r.eval(n.values[i])
		if err != nil {
			return err
		}
		vars[name] = v
	}
	return r.inFrame(vars, func() error { return r.nodes(n.body.Nodes) })
}

// iterate gives the items of a list, the keys of a dict or the characters of a text.
func (r *run) iterate(v any) ([]any, error) {
	if list, ok := asList(v); ok {
		return list, r.step(len(list))
	}
	if m, ok := asMapping(v); ok {
		return m.order(), r.step(m.size())
	}
	switch x := v.(type) {
	case undefined:
		return nil, nil
	case string:
		if err := r.items(utf8.RuneCountInString(x)); err != nil {
			return nil, err
		}
		out := make([]any, 0, len(x))
		for _, c := range x {
			out = append(out, string(c))
		}
		return out, nil
	}
	return nil, fmt.Errorf("a value of type %s has no items", typeName(v))
}
