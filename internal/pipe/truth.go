package pipe

import (
	"reflect"

	"github.com/openticketai/otai-tui/internal/render"
)

// EvalBool is Python's truth of a native value, for `if`: nothing, false, zero and empty are false; so is fail().
// The text "false" is true, as in Python.
func EvalBool(v any) bool {
	switch x := v.(type) {
	case nil, render.Fail:
		return false
	case bool:
		return x
	case string:
		return x != ""
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array:
		return rv.Len() > 0
	case reflect.Pointer, reflect.Interface:
		return !rv.IsNil() && EvalBool(rv.Elem().Interface())
	case reflect.Struct:
		return true
	default:
		return !rv.IsZero()
	}
}
