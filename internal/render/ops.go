package render

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

var (
	errTooLarge  = errors.New("the number is too large")
	errZero      = errors.New("division by zero")
	errLongValue = errors.New("the value becomes too long")
)

// maxItems bounds every list a template makes.
const maxItems = 100_000

// binary is one arithmetic operator.
func (r *run) binary(op string, a, b any) (any, error) {
	if op == "~" {
		return r.concat(a, b)
	}
	for _, v := range []any{a, b} {
		if u, ok := v.(undefined); ok && (op != "%" || !isText(a)) {
			return nil, errors.New(u.why)
		}
	}
	ai, af, aInt, aNum := number(a)
	bi, bf, bInt, bNum := number(b)
	switch {
	case aNum && bNum && aInt && bInt && op != "/":
		return intOp(op, ai, bi)
	case aNum && bNum:
		return floatOp(op, af, bf)
	case op == "+":
		return r.add(a, b)
	case op == "*" && bNum && bInt:
		return r.repeat(a, bi)
	case op == "*" && aNum && aInt:
		return r.repeat(b, ai)
	case op == "%" && isText(a):
		format, _ := a.(string)
		args, ok := b.(tuple)
		if !ok {
			args = tuple{b}
		}
		return r.percent(format, args, b)
	}
	return nil, badOperands(op, a, b)
}

func isText(v any) bool { _, ok := v.(string); return ok }

func badOperands(op string, a, b any) error {
	return fmt.Errorf("'%s' cannot be applied to %s and %s", op, typeName(a), typeName(b))
}

func (r *run) concat(a, b any) (any, error) {
	left, err := r.str(a)
	if err != nil {
		return nil, err
	}
	right, err := r.str(b)
	if err != nil {
		return nil, err
	}
	if err := r.grow(len(left) + len(right)); err != nil {
		return nil, err
	}
	return left + right, nil
}

func (r *run) add(a, b any) (any, error) {
	if x, ok := a.(string); ok && isText(b) {
		return r.concat(x, b)
	}
	x, okX := asList(a)
	y, okY := asList(b)
	_, tupleX := a.(tuple)
	_, tupleY := b.(tuple)
	if !okX || !okY || tupleX != tupleY {
		return nil, badOperands("+", a, b)
	}
	if err := r.items(len(x) + len(y)); err != nil {
		return nil, err
	}
	out := append(append(make([]any, 0, len(x)+len(y)), x...), y...)
	if tupleX {
		return tuple(out), nil
	}
	return out, nil
}

// items charges for a new list of n items.
func (r *run) items(n int) error {
	if n > maxItems {
		return fmt.Errorf("a list may have at most %d items", maxItems)
	}
	return r.step(n)
}

func (r *run) repeat(v any, times int64) (any, error) {
	times = max(times, 0)
	if s, ok := v.(string); ok {
		if times > 0 && int64(len(s)) > maxOutput/times {
			return nil, errLongValue
		}
		if err := r.grow(len(s) * int(times)); err != nil {
			return nil, err
		}
		return strings.Repeat(s, int(times)), nil
	}
	list, ok := asList(v)
	if !ok {
		return nil, badOperands("*", v, times)
	}
	if times > maxItems || len(list)*int(times) > maxItems {
		return nil, fmt.Errorf("a list may have at most %d items", maxItems)
	}
	if err := r.items(len(list) * int(times)); err != nil {
		return nil, err
	}
	out := make([]any, 0, len(list)*int(times))
	for range times {
		out = append(out, list...)
	}
	if _, ok := v.(tuple); ok {
		return tuple(out), nil
	}
	return out, nil
}

func intOp(op string, a, b int64) (any, error) {
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c, nil
		}
		return nil, errTooLarge
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c, nil
		}
		return nil, errTooLarge
	case "*":
		return multiply(a, b)
	case "//", "%":
		if b == 0 {
			return nil, errZero
		}
		if a == math.MinInt64 && b == -1 {
			return nil, errTooLarge
		}
		q, m := a/b, a%b
		if m != 0 && (m < 0) != (b < 0) {
			q, m = q-1, m+b
		}
		if op == "%" {
			return m, nil
		}
		return q, nil
	default: // **
		return power(a, b)
	}
}

func multiply(a, b int64) (any, error) {
	if a == 0 || b == 0 {
		return int64(0), nil
	}
	c := a * b
	if c/b != a || (a == -1 && b == math.MinInt64) || (b == -1 && a == math.MinInt64) {
		return nil, errTooLarge
	}
	return c, nil
}

func power(a, b int64) (any, error) {
	if b < 0 {
		return floatOp("**", float64(a), float64(b))
	}
	result := any(int64(1))
	if a == 0 || a == 1 || a == -1 {
		b = min(b, 2+b%2)
	}
	for range b {
		n, _ := result.(int64)
		var err error
		if result, err = multiply(n, a); err != nil {
			return nil, err
		}
	}
	return result, nil
}

func floatOp(op string, a, b float64) (any, error) {
	var f float64
	switch op {
	case "+":
		f = a + b
	case "-":
		f = a - b
	case "*":
		f = a * b
	case "/":
		if b == 0 {
			return nil, errZero
		}
		f = a / b
	case "//", "%":
		if b == 0 {
			return nil, errZero
		}
		m := math.Mod(a, b)
		if m != 0 && (m < 0) != (b < 0) {
			m += b
		}
		if f = m; op == "//" {
			f = math.Round((a - m) / b)
		}
	default: // **
		if a == 0 && b < 0 {
			return nil, errZero
		}
		if f = math.Pow(a, b); math.IsNaN(f) && !math.IsNaN(a) && !math.IsNaN(b) {
			return nil, errors.New("a root of a negative number is no number here")
		}
	}
	if math.IsInf(f, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errTooLarge
	}
	return f, nil
}

// equal is Python's ==.
func (r *run) equal(a, b any, depth int) (bool, error) {
	if err := errors.Join(r.step(1), r.touch(a)); err != nil {
		return false, err
	}
	if depth > maxValueDepth {
		return false, errTooDeep
	}
	a, b = norm(a), norm(b)
	if ai, af, aInt, ok := number(a); ok {
		bi, bf, bInt, ok := number(b)
		return ok && (aInt && bInt && ai == bi || !(aInt && bInt) && af == bf), nil
	}
	if x, ok := asList(a); ok {
		y, ok := asList(b)
		_, tupleX := a.(tuple)
		_, tupleY := b.(tuple)
		if !ok || tupleX != tupleY || len(x) != len(y) {
			return false, nil
		}
		for i := range x {
			if same, err := r.equal(x[i], y[i], depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	}
	if x, ok := asMapping(a); ok {
		y, ok := asMapping(b)
		if !ok || x.size() != y.size() {
			return false, nil
		}
		for _, k := range x.order() {
			v, _ := x.get(k)
			other, ok := y.get(k)
			if !ok {
				return false, nil
			}
			if same, err := r.equal(v, other, depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	}
	return r.equalSimple(a, b), nil
}

func (r *run) equalSimple(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case undefined:
		_, ok := b.(undefined)
		return ok
	case string:
		y, ok := b.(string)
		return ok && x == y
	case Fail:
		return b == Fail{}
	case function:
		return b == x
	case *loop:
		return b == x
	default:
		return false
	}
}

// compare orders two values, as Python's < does.
func (r *run) compare(op string, a, b any) (int, error) {
	if err := errors.Join(r.step(1), r.touch(a)); err != nil {
		return 0, err
	}
	for _, v := range []any{a, b} {
		if u, ok := v.(undefined); ok {
			return 0, errors.New(u.why)
		}
	}
	if ai, af, aInt, ok := number(a); ok {
		if bi, bf, bInt, ok := number(b); ok {
			if aInt && bInt {
				return order(ai, bi), nil
			}
			return order(af, bf), nil
		}
	}
	if x, ok := a.(string); ok && isText(b) {
		y, _ := b.(string)
		return strings.Compare(x, y), nil
	}
	x, okX := asList(a)
	y, okY := asList(b)
	if !okX || !okY || typeName(a) != typeName(b) {
		return 0, badOperands(op, a, b)
	}
	for i := range min(len(x), len(y)) {
		same, err := r.equal(x[i], y[i], 0)
		if err != nil {
			return 0, err
		}
		if !same {
			return r.compare(op, norm(x[i]), norm(y[i]))
		}
	}
	return order(int64(len(x)), int64(len(y))), nil
}

func order[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// relation is one comparison operator.
func (r *run) relation(op string, a, b any) (bool, error) {
	switch op {
	case "==":
		return r.equal(a, b, 0)
	case "!=":
		same, err := r.equal(a, b, 0)
		return !same, err
	}
	c, err := r.compare(op, a, b)
	switch op {
	case "<":
		return c < 0, err
	case "<=":
		return c <= 0, err
	case ">":
		return c > 0, err
	default:
		return c >= 0, err
	}
}

// contains is `item in box`.
func (r *run) contains(box, item any) (bool, error) {
	if err := r.touch(box); err != nil {
		return false, err
	}
	switch b := box.(type) {
	case undefined:
		return false, nil
	case string:
		s, ok := item.(string)
		if !ok {
			return false, fmt.Errorf("'in' a text needs a text on the left, not %s", typeName(item))
		}
		return strings.Contains(b, s), nil
	case envValue:
		_, ok := b.lookup(item)
		return ok, nil
	}
	if m, ok := asMapping(box); ok {
		if _, err := hashKey(item); err != nil {
			return false, err
		}
		_, found := m.get(item)
		return found, nil
	}
	list, ok := asList(box)
	if !ok {
		return false, fmt.Errorf("'in' needs a list, a dict or a text on the right, not %s", typeName(box))
	}
	for _, v := range list {
		if same, err := r.equal(v, item, 0); err != nil || same {
			return same, err
		}
	}
	return false, nil
}
