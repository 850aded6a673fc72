package render

import (
	"errors"
	"fmt"
	"strings"
)

type functionImpl func(r *run, a *args) (any, error)

// functionNamed gives a function that templates may call, nil when there is none.
func functionNamed(name string) functionImpl {
	switch name {
	case "at_path":
		return atPath
	case "get_pipe_result", "pipe_result":
		return getPipeResult
	case "has_failed":
		return hasFailed
	case "has_succeeded":
		return hasSucceeded
	case "get_env":
		return getEnv
	case "get_parent_param":
		return getParentParam
	case "fail":
		return failNow
	case "range":
		return rangeOf
	case "dict":
		return dictOf
	case "namespace":
		return namespaceOf
	}
	return nil
}

// looksAtPipe says that a function's first argument is a pipe's id.
func looksAtPipe(name string) bool {
	switch name {
	case "get_pipe_result", "pipe_result", "has_failed", "has_succeeded":
		return true
	}
	return false
}

func failNow(_ *run, a *args) (any, error) {
	_, err := a.take(0)
	return Fail{}, err
}

// textArg takes a text; what names it in an error.
func textArg(v any, what string) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	if u, ok := v.(undefined); ok {
		return "", errors.New(u.why)
	}
	return "", fmt.Errorf("%s must be a text, got %s", what, typeName(v))
}

func (r *run) pipeResult(v any) (string, Result, error) {
	id, err := textArg(v, "the pipe's id")
	if err != nil {
		return "", Result{}, err
	}
	result, ok := r.scope.PipeResults[id]
	if !ok {
		return id, Result{}, fmt.Errorf("there is no result of a pipe '%s' here; name a pipe that has run before", id)
	}
	return id, result, nil
}

func getPipeResult(r *run, a *args) (any, error) {
	v, err := a.take(1, "pipe_id", "data_key")
	if err != nil {
		return nil, err
	}
	key := "value"
	if v[1] != (missing{}) {
		if key, err = textArg(v[1], "the data key"); err != nil {
			return nil, err
		}
	}
	id, result, err := r.pipeResult(v[0])
	if err != nil {
		return nil, err
	}
	got := norm(result.Data[key])
	if got == nil {
		return nil, fmt.Errorf("the pipe '%s' has no '%s' in its result", id, key)
	}
	return got, nil
}

func hasFailed(r *run, a *args) (any, error) {
	v, err := a.take(1, "pipe_id")
	if err != nil {
		return nil, err
	}
	_, result, err := r.pipeResult(v[0])
	return !result.Succeeded && !result.WasSkipped, err
}

func hasSucceeded(r *run, a *args) (any, error) {
	v, err := a.take(1, "pipe_id")
	if err != nil {
		return nil, err
	}
	_, result, err := r.pipeResult(v[0])
	return result.Succeeded, err
}

func getEnv(r *run, a *args) (any, error) {
	v, err := a.take(1, "env_name")
	if err != nil {
		return nil, err
	}
	name, err := textArg(v[0], "the variable's name")
	if err != nil {
		return nil, err
	}
	if s, ok := (envValue{r.scope.Env}).lookup(name); ok {
		return s, nil
	}
	return nil, fmt.Errorf("the environment variable '%s' is not set", name)
}

func (e envValue) lookup(k any) (any, bool) {
	name, ok := k.(string)
	if !ok || e.get == nil {
		return nil, false
	}
	return e.get(name)
}

func getParentParam(r *run, a *args) (any, error) {
	v, err := a.take(1, "param_key")
	if err != nil {
		return nil, err
	}
	key, err := textArg(v[0], "the parameter's name")
	if err != nil {
		return nil, err
	}
	if r.scope.ParentParams == nil {
		return nil, errors.New("there is no parent pipe here")
	}
	got, ok := r.scope.ParentParams[key]
	if !ok {
		return nil, fmt.Errorf("the parent pipe has no parameter '%s'", key)
	}
	return norm(got), nil
}

// atPath reads a.b.c from nested dicts.
func atPath(r *run, a *args) (any, error) {
	v, err := a.take(2, "value", "path")
	if err != nil {
		return nil, err
	}
	path, err := textArg(v[1], "the path")
	if err != nil {
		return nil, err
	}
	head, tail, _ := strings.Cut(path, ".")
	if head == "" || tail == "" {
		return nil, errors.New("a path must have the form 'a.b'")
	}
	got := v[0]
	for _, key := range strings.Split(path, ".") {
		next, err := r.getattr(got, key)
		if err != nil {
			return nil, err
		}
		if _, none := next.(undefined); none {
			return nil, fmt.Errorf("there is no '%s' on the path '%s'", key, path)
		}
		got = next
	}
	return got, nil
}

// nestAt is the filter of Open Ticket AI 0.x: value | at_path("queue.name") gives {"queue": {"name": value}}.
func nestAt(r *run, in any, a *args) (any, error) {
	v, err := a.take(1, "path")
	if err != nil {
		return nil, err
	}
	path, err := textArg(v[0], "the path")
	if err != nil {
		return nil, err
	}
	keys := strings.Split(path, ".")
	if len(keys) > maxBrackets {
		return nil, errTooDeep
	}
	out := in
	for i := len(keys) - 1; i >= 0; i-- {
		if keys[i] == "" {
			return nil, errors.New("a path must have the form 'a' or 'a.b'")
		}
		d := newDict()
		if err := d.set(keys[i], out); err != nil {
			return nil, err
		}
		out = d
	}
	return out, r.step(len(keys))
}

func rangeOf(r *run, a *args) (any, error) {
	v, err := a.take(1, "start", "stop", "step")
	if err != nil {
		return nil, err
	}
	n := [3]int64{0, 0, 1}
	for i, x := range v {
		if x == (missing{}) {
			continue
		}
		got, _, isInt, ok := number(x)
		if !ok || !isInt {
			return nil, errors.New("range() needs whole numbers")
		}
		n[i] = got
	}
	if v[1] == (missing{}) {
		n[0], n[1] = 0, n[0]
	}
	start, stop, step := n[0], n[1], n[2]
	if step == 0 {
		return nil, errors.New("range()'s step cannot be 0")
	}
	out := []any{}
	for i := start; (step > 0 && i < stop) || (step < 0 && i > stop); i += step {
		if len(out) >= maxItems {
			return nil, fmt.Errorf("range() may have at most %d items", maxItems)
		}
		out = append(out, i)
		if next := i + step; (next > i) != (step > 0) {
			break
		}
	}
	return out, r.items(len(out))
}

// dictOf is dict(a=1): a copy of a dict, or of a list of pairs, with names added.
func dictOf(r *run, a *args) (any, error) {
	d := newDict()
	if len(a.pos) > 1 {
		return nil, errors.New("dict() takes one value and names")
	}
	for _, v := range a.pos {
		if m, ok := asMapping(v); ok {
			for _, k := range m.order() {
				item, _ := m.get(k)
				if err := d.set(k, item); err != nil {
					return nil, err
				}
			}
			continue
		}
		pairs, err := r.iterate(v)
		if err != nil {
			return nil, err
		}
		for _, p := range pairs {
			kv, ok := asList(norm(p))
			if !ok || len(kv) != 2 {
				return nil, errors.New("dict() needs a dict or a list of pairs")
			}
			if err := d.set(norm(kv[0]), norm(kv[1])); err != nil {
				return nil, err
			}
		}
	}
	for _, k := range goMap(a.named).order() {
		v, _ := goMap(a.named).get(k)
		if err := d.set(k, v); err != nil {
			return nil, err
		}
	}
	return d, r.items(len(d.keys))
}

func namespaceOf(r *run, a *args) (any, error) {
	v, err := dictOf(r, a)
	d, ok := v.(*dict)
	if err != nil || !ok {
		return nil, err
	}
	return space{d}, nil
}

// loop is the name loop inside a for.
type loop struct {
	items []any
	at    int
	outer *loop
	last  []any // of changed()
}

func (l *loop) attr(name string) (any, bool) {
	n := len(l.items)
	switch name {
	case "index":
		return int64(l.at + 1), true
	case "index0":
		return int64(l.at), true
	case "revindex":
		return int64(n - l.at), true
	case "revindex0":
		return int64(n - l.at - 1), true
	case "first":
		return l.at == 0, true
	case "last":
		return l.at == n-1, true
	case "length":
		return int64(n), true
	case "depth", "depth0":
		depth := int64(0)
		if name == "depth" {
			depth = 1
		}
		for o := l.outer; o != nil; o = o.outer {
			depth++
		}
		return depth, true
	case "previtem":
		if l.at == 0 {
			return undefined{"there is no previous item"}, true
		}
		return norm(l.items[l.at-1]), true
	case "nextitem":
		if l.at == n-1 {
			return undefined{"there is no next item"}, true
		}
		return norm(l.items[l.at+1]), true
	}
	return nil, false
}

func (l *loop) method(r *run, name string, a *args) (any, error) {
	switch name {
	case "cycle":
		if len(a.pos) == 0 {
			return nil, errors.New("loop.cycle() needs values")
		}
		return a.pos[l.at%len(a.pos)], nil
	case "changed":
		same, err := r.equal(a.pos, l.last, 0)
		first := l.last == nil
		l.last = append([]any{}, a.pos...)
		return first || !same, err
	}
	return nil, fmt.Errorf("loop has no method '%s'", name)
}
