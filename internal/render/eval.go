package render

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// eval evaluates one of gonja's expression nodes.
func (r *run) eval(n nodes.Node) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	if r.depth++; r.depth > maxNodes {
		return nil, errors.New("the expression is too long; split it with {% set %}")
	}
	defer func() { r.depth-- }()
	switch x := n.(type) {
	case *nodes.String:
		return r.literalAt(x.Val)
	case *nodes.Name:
		return r.name(x.Name.Val), nil
	case *nodes.List:
		return r.all(x.Val)
	case *nodes.Tuple:
		items, err := r.all(x.Val)
		return tuple(items), err
	case *nodes.Dict:
		return r.dict(x)
	case *nodes.Call:
		return r.call(x)
	case *nodes.GetAttribute:
		return r.attribute(x)
	case *nodes.GetItem:
		return r.item(x)
	case *nodes.GetSlice:
		return r.slice(x)
	case *nodes.Negation:
		v, err := r.eval(x.Term)
		return !truth(v), err
	case *nodes.UnaryExpression:
		v, err := r.eval(x.Term)
		if err != nil {
			return nil, err
		}
		v, err = r.signed(v, x.Negative)
		return v, r.at(x.Operator, err)
	case *nodes.BinaryExpression:
		return r.operator(x)
	case *nodes.FilteredExpression:
		v, err := r.eval(x.Expression)
		if err != nil {
			return nil, err
		}
		return r.filtered(v, x.Filters)
	case *nodes.TestExpression:
		return r.test(x)
	default:
		return nil, errors.New("this expression is not supported")
	}
}

func (r *run) literalAt(index string) (any, error) {
	i, err := strconv.Atoi(index)
	if err != nil || i >= len(r.tpl.literals) {
		return nil, errors.New("the template is damaged")
	}
	return r.tpl.literals[i], nil
}

// find looks a name up among those the template has set.
func (r *run) find(name string) (any, bool) {
	for _, frame := range slices.Backward(r.frames) {
		if v, ok := frame[name]; ok {
			return v, true
		}
	}
	return nil, false
}

func (r *run) name(name string) any {
	if v, ok := r.find(name); ok {
		return v
	}
	if v, ok := r.scope.Vars[name]; ok {
		return norm(v)
	}
	switch name {
	case "pipe_results":
		all := make(map[string]any, len(r.scope.PipeResults))
		for id, result := range r.scope.PipeResults {
			all[id] = result
		}
		return all
	case "params", "parent_params":
		if r.scope.ParentParams == nil {
			return nil
		}
		return r.scope.ParentParams
	case "env":
		return envValue{r.scope.Env}
	}
	if functionNamed(name) != nil {
		return function(name)
	}
	return undefined{"'" + name + "' is undefined"}
}

func (r *run) all(list []nodes.Expression) ([]any, error) {
	out := make([]any, len(list))
	for i, n := range list {
		var err error
		if out[i], err = r.eval(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *run) dict(n *nodes.Dict) (any, error) {
	d := newDict()
	for _, pair := range n.Pairs {
		k, err := r.eval(pair.Key)
		if err != nil {
			return nil, err
		}
		v, err := r.eval(pair.Value)
		if err != nil {
			return nil, err
		}
		if err := d.set(k, v); err != nil {
			return nil, r.at(n.Token, err)
		}
	}
	return d, nil
}

func (r *run) signed(v any, negative bool) (any, error) {
	if u, ok := v.(undefined); ok {
		return nil, errors.New(u.why)
	}
	i, f, isInt, ok := number(v)
	switch {
	case !ok:
		return nil, fmt.Errorf("a sign cannot be put before a value of type %s", typeName(v))
	case isInt && negative:
		return intOp("-", 0, i)
	case isInt:
		return i, nil
	case negative:
		return -f, nil
	default:
		return f, nil
	}
}

func isRelation(op string) bool {
	switch op {
	case "==", "!=", "<", "<=", ">", ">=":
		return true
	}
	return false
}

func (r *run) operator(n *nodes.BinaryExpression) (any, error) {
	op := n.Operator.Token.Val
	if isRelation(op) {
		v, _, err := r.relations(n)
		return v, err
	}
	a, err := r.eval(n.Left)
	if err != nil {
		return nil, err
	}
	switch op {
	case "and":
		if !truth(a) {
			return a, nil
		}
		return r.eval(n.Right)
	case "or":
		if truth(a) {
			return a, nil
		}
		return r.eval(n.Right)
	}
	b, err := r.eval(n.Right)
	if err != nil {
		return nil, err
	}
	v, err := r.binary(op, a, b)
	return v, r.at(n.Operator.Token, err)
}

// relations evaluates a < b < c as Python does. It gives the outcome and the last operand.
func (r *run) relations(n *nodes.BinaryExpression) (holds bool, last any, err error) {
	holds = true
	var left any
	if chain, ok := n.Left.(*nodes.BinaryExpression); ok && isRelation(chain.Operator.Token.Val) {
		holds, left, err = r.relations(chain)
	} else {
		left, err = r.eval(n.Left)
	}
	if err != nil || !holds {
		return false, nil, err
	}
	if last, err = r.eval(n.Right); err != nil {
		return false, nil, err
	}
	holds, err = r.relation(n.Operator.Token.Val, left, last)
	return holds, last, r.at(n.Operator.Token, err)
}

// args are a call's evaluated arguments.
type args struct {
	of    string // the function's name, for messages
	pos   []any
	named map[string]any
}

func (r *run) args(of string, pos []nodes.Expression, named map[string]nodes.Expression) (*args, error) {
	list, err := r.all(pos)
	if err != nil {
		return nil, err
	}
	a := &args{of: of, pos: list}
	if len(named) > 0 {
		a.named = make(map[string]any, len(named))
		for _, k := range slices.Sorted(maps.Keys(named)) {
			if a.named[k], err = r.eval(named[k]); err != nil {
				return nil, err
			}
		}
	}
	return a, nil
}

// take puts the arguments in the order of names; at least the first need must be there, others become missing.
func (a *args) take(need int, names ...string) ([]any, error) {
	if len(a.pos) > len(names) {
		return nil, fmt.Errorf("%s takes at most %d arguments, got %d", a.of, len(names), len(a.pos))
	}
	out := make([]any, len(names))
	for i := range out {
		out[i] = missing{}
		if i < len(a.pos) {
			out[i] = a.pos[i]
		}
	}
	for _, k := range slices.Sorted(maps.Keys(a.named)) {
		i := slices.Index(names, k)
		if i < 0 {
			return nil, fmt.Errorf("%s has no argument '%s'", a.of, k)
		}
		if i < len(a.pos) {
			return nil, fmt.Errorf("%s got the argument '%s' twice", a.of, k)
		}
		out[i] = a.named[k]
	}
	for i := range need {
		if out[i] == (missing{}) {
			return nil, fmt.Errorf("%s needs the argument '%s'", a.of, names[i])
		}
	}
	return out, nil
}

func (r *run) call(n *nodes.Call) (any, error) {
	switch target := n.Func.(type) {
	case *nodes.Name:
		if target.Name.Val == condName {
			return r.ternary(n.Args)
		}
		return r.callName(target.Name, n)
	case *nodes.GetAttribute:
		return r.callMethod(target, n)
	}
	v, err := r.eval(n.Func)
	if err != nil {
		return nil, err
	}
	return nil, r.at(n.Location, notCallable(v))
}

func notCallable(v any) error {
	if u, ok := v.(undefined); ok {
		return errors.New(u.why)
	}
	return fmt.Errorf("a value of type %s cannot be called", typeName(v))
}

// ternary is value if condition else other: gonja sees it as a call with the condition first.
func (r *run) ternary(args []nodes.Expression) (any, error) {
	cond, err := r.eval(args[0])
	switch {
	case err != nil:
		return nil, err
	case truth(cond):
		return r.eval(args[1])
	case len(args) > 2:
		return r.eval(args[2])
	default:
		return undefined{"the condition is false and there is no else"}, nil
	}
}

func (r *run) callName(name *tokens.Token, n *nodes.Call) (any, error) {
	v := r.name(name.Val)
	fn, ok := v.(function)
	if !ok {
		return nil, r.at(name, notCallable(v))
	}
	a, err := r.args(string(fn)+"()", n.Args, n.Kwargs)
	if err != nil {
		return nil, err
	}
	v, err = functionNamed(string(fn))(r, a)
	return v, r.at(name, err)
}

func (r *run) callMethod(target *nodes.GetAttribute, n *nodes.Call) (any, error) {
	on, err := r.eval(target.Node)
	if err != nil {
		return nil, err
	}
	a, err := r.args(target.Attribute+"()", n.Args, n.Kwargs)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(r.touch(on), r.touch(a.pos...)); err != nil {
		return nil, err
	}
	v, err := r.method(on, target.Attribute, a)
	return v, r.at(target.Location, err)
}

func (r *run) filtered(v any, filters []*nodes.FilterCall) (any, error) {
	for _, f := range filters {
		a, err := r.args("the filter "+f.Name, f.Args, f.Kwargs)
		if err != nil {
			return nil, err
		}
		if v, err = r.filter(f.Name, v, a); err != nil {
			return nil, r.at(f.Token, err)
		}
	}
	return v, nil
}

func (r *run) filter(name string, v any, a *args) (any, error) {
	if err := errors.Join(r.step(1), r.touch(v), r.touch(a.pos...)); err != nil {
		return nil, err
	}
	fn := filterNamed(name)
	if fn == nil {
		return nil, fmt.Errorf("there is no filter named '%s'", name)
	}
	out, err := fn(r, v, a)
	if s, ok := out.(string); ok && err == nil {
		err = r.grow(len(s))
	}
	return out, err
}

func (r *run) test(n *nodes.TestExpression) (any, error) {
	v, err := r.eval(n.Expression)
	if err != nil {
		return nil, err
	}
	list, err := r.all(n.Test.Args)
	if err != nil {
		return nil, err
	}
	if len(list) == 1 {
		if t, ok := list[0].(tuple); ok && n.Test.Name != "in" {
			list = t // is test(a, b)
		}
	}
	ok, err := r.check(n.Test.Name, v, list)
	return ok, r.at(n.Test.Token, err)
}

func (r *run) check(name string, v any, list []any) (bool, error) {
	t := testNamed(name)
	if t == nil {
		return false, fmt.Errorf("there is no test named '%s'", name)
	}
	if len(list) != t.args {
		return false, fmt.Errorf("the test '%s' needs %d arguments, got %d", name, t.args, len(list))
	}
	if err := errors.Join(r.step(1), r.touch(v), r.touch(list...)); err != nil {
		return false, err
	}
	return t.fn(r, v, list)
}
