package render

import (
	"fmt"
	"strings"
	"unicode"
)

// testImpl is a test of `x is name` with its number of arguments.
type testImpl struct {
	args int
	fn   func(r *run, v any, a []any) (bool, error)
}

func plainTest(fn func(v any) bool) *testImpl {
	return &testImpl{0, func(_ *run, v any, _ []any) (bool, error) { return fn(v), nil }}
}

func relationTest(op string) *testImpl {
	return &testImpl{1, func(r *run, v any, a []any) (bool, error) { return r.relation(op, v, a[0]) }}
}

// testNamed gives a test, nil when there is none.
func testNamed(name string) *testImpl {
	switch name {
	case "==", "eq", "equalto":
		return relationTest("==")
	case "!=", "ne":
		return relationTest("!=")
	case "<", "lt", "lessthan":
		return relationTest("<")
	case "<=", "le":
		return relationTest("<=")
	case ">", "gt", "greaterthan":
		return relationTest(">")
	case ">=", "ge":
		return relationTest(">=")
	case "in":
		return &testImpl{1, func(r *run, v any, a []any) (bool, error) { return r.contains(a[0], v) }}
	case "divisibleby":
		return &testImpl{1, divisibleBy}
	case "sameas":
		return &testImpl{1, sameAs}
	case "filter":
		return plainTest(func(v any) bool { s, ok := v.(string); return ok && filterNamed(s) != nil })
	case "test":
		return plainTest(func(v any) bool { s, ok := v.(string); return ok && testNamed(s) != nil })
	case "odd":
		return &testImpl{0, func(_ *run, v any, _ []any) (bool, error) { return remainderIs(v, 2, 1) }}
	case "even":
		return &testImpl{0, func(_ *run, v any, _ []any) (bool, error) { return remainderIs(v, 2, 0) }}
	case "upper", "lower":
		return &testImpl{0, func(r *run, v any, _ []any) (bool, error) {
			s, err := r.str(v)
			return isCase(s, name), err
		}}
	}
	return typeTest(name)
}

func typeTest(name string) *testImpl {
	switch name {
	case "defined":
		return plainTest(func(v any) bool { return !isUndefined(v) })
	case "undefined":
		return plainTest(isUndefined)
	case "none":
		return plainTest(func(v any) bool { return v == nil })
	case "boolean":
		return plainTest(func(v any) bool { _, ok := v.(bool); return ok })
	case "true", "True":
		return plainTest(func(v any) bool { return v == true })
	case "false", "False":
		return plainTest(func(v any) bool { return v == false })
	case "integer":
		return plainTest(func(v any) bool { _, ok := v.(int64); return ok })
	case "float":
		return plainTest(func(v any) bool { _, ok := v.(float64); return ok })
	case "number":
		return plainTest(func(v any) bool { _, _, _, ok := number(v); return ok })
	case "string":
		return plainTest(isText)
	case "mapping":
		return plainTest(func(v any) bool { _, ok := asMapping(v); return ok })
	case "sequence", "iterable":
		return plainTest(func(v any) bool {
			_, list := asList(v)
			_, dict := asMapping(v)
			return list || dict || isText(v) || isUndefined(v)
		})
	case "callable":
		return plainTest(func(v any) bool { _, ok := v.(function); return ok })
	case "escaped":
		return plainTest(func(any) bool { return false })
	}
	return nil
}

func isUndefined(v any) bool { _, ok := v.(undefined); return ok }

func divisibleBy(_ *run, v any, a []any) (bool, error) {
	by, _, isInt, ok := number(a[0])
	if !ok || !isInt {
		return false, fmt.Errorf("divisibleby needs a whole number, got %s", typeName(a[0]))
	}
	if by == 0 {
		return false, errZero
	}
	return remainderIs(v, by, 0)
}

func remainderIs(v any, by, want int64) (bool, error) {
	i, f, isInt, ok := number(v)
	if !ok {
		return false, notNumber("this test", v)
	}
	var got any
	var err error
	if isInt {
		got, err = intOp("%", i, by)
	} else {
		got, err = floatOp("%", f, float64(by))
	}
	_, rest, _, _ := number(got)
	return rest == float64(want), err
}

// sameAs is identity for None, True and False, and equality with the same type for the rest.
func sameAs(r *run, v any, a []any) (bool, error) {
	if typeName(v) != typeName(a[0]) {
		return false, nil
	}
	return r.equal(v, a[0], 0)
}

// isCase is Python's isupper and islower: at least one letter with a case, and none of the other.
func isCase(s, which string) bool {
	found := false
	for _, c := range s {
		switch {
		case unicode.IsUpper(c) || unicode.IsTitle(c):
			if which == "lower" {
				return false
			}
			found = true
		case unicode.IsLower(c):
			if which == "upper" {
				return false
			}
			found = true
		}
	}
	return found && strings.TrimSpace(s) != ""
}
