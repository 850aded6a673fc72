package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Values inside a template are nil, bool, int64, float64, string, []any, tuple, *dict, map[string]any, Fail and the
// types below. norm turns anything else into one of them.
type (
	tuple     []any
	function  string                // one of the functions, unapplied
	undefined struct{ why string }  // "'x' is undefined"
	missing   struct{}              // an argument that was not given
	space     struct{ *dict }       // namespace(): the one thing a template may change
	envValue  struct{ get envFunc } // the name env
	envFunc   func(string) (string, bool)
)

// dict is a Python dict: it keeps its order and takes any hashable key.
type dict struct {
	keys []any
	vals map[any]any
}

func newDict() *dict { return &dict{vals: map[any]any{}} }

var errUnhashable = errors.New("a list or a dict cannot be a key")

// hashKey makes equal keys the same Go value: 1, 1.0 and True are one key.
func hashKey(v any) (any, error) { return hashNested(v, 0) }

func hashNested(v any, depth int) (any, error) {
	switch x := v.(type) {
	case bool:
		if x {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if i := int64(x); float64(i) == x {
			return i, nil
		}
		return x, nil
	case int64, string, nil, Fail, undefined, function:
		return x, nil
	case tuple:
		if len(x) > 16 || depth > 2 { // a key is hashed often: it stays small
			return nil, errors.New("this tuple is too large for a key")
		}
		text := "tuple"
		for _, item := range x {
			k, err := hashNested(item, depth+1)
			if err != nil {
				return nil, err
			}
			part := fmt.Sprintf("%T:%v", k, k)
			text += strconv.Itoa(len(part)) + part
		}
		return [1]string{text}, nil
	}
	return nil, errUnhashable
}

func (d *dict) set(k, v any) error {
	h, err := hashKey(k)
	if err != nil {
		return err
	}
	if _, ok := d.vals[h]; !ok {
		d.keys = append(d.keys, k)
	}
	d.vals[h] = v
	return nil
}

func (d *dict) get(k any) (any, bool) {
	h, err := hashKey(k)
	if err != nil {
		return nil, false
	}
	v, ok := d.vals[h]
	return v, ok
}

// mapping is what both kinds of maps can do.
type mapping interface {
	get(k any) (any, bool)
	order() []any
	size() int
}

func (d *dict) order() []any { return d.keys }
func (d *dict) size() int    { return len(d.keys) }

type goMap map[string]any

func (m goMap) get(k any) (any, bool) {
	s, ok := k.(string)
	if !ok {
		return nil, false
	}
	v, ok := m[s]
	return norm(v), ok
}

// order is by name: a Go map has no order of its own.
func (m goMap) order() []any {
	keys := make([]any, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		keys = append(keys, k)
	}
	return keys
}

func (m goMap) size() int { return len(m) }

func asMapping(v any) (mapping, bool) {
	switch x := v.(type) {
	case map[string]any:
		return goMap(x), true
	case *dict:
		return x, true
	case space:
		return x.dict, true
	}
	return nil, false
}

func asList(v any) ([]any, bool) {
	switch x := v.(type) {
	case []any:
		return x, true
	case tuple:
		return x, true
	}
	return nil, false
}

// norm turns a value from outside into one of a template's own. The usual ones pass unchanged.
func norm(v any) any {
	switch x := v.(type) {
	case nil, bool, int64, float64, string, []any, map[string]any, tuple, *dict, Fail, undefined, function, space, envValue, *loop:
		return v
	case int:
		return int64(x)
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return n
		}
		if f, err := x.Float64(); err == nil && !isWhole(string(x)) {
			return f
		}
		return string(x)
	case time.Time:
		return x.Format(time.RFC3339Nano)
	case time.Duration:
		return x.Seconds()
	case Result:
		return resultValue(x)
	case error:
		return x.Error()
	}
	return normReflect(reflect.ValueOf(v))
}

// isWhole says that a number is written without fraction and exponent; too large ones keep all digits as text.
func isWhole(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) && s[i] != '-' {
			return false
		}
	}
	return true
}

func normReflect(rv reflect.Value) any {
	switch rv.Kind() {
	case reflect.Bool:
		return rv.Bool()
	case reflect.String:
		return rv.String()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return rv.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if u := rv.Uint(); u>>63 != 0 {
			return strconv.FormatUint(u, 10)
		}
		return int64(rv.Uint())
	case reflect.Float32, reflect.Float64:
		return rv.Float()
	case reflect.Pointer, reflect.Interface:
		if rv.IsNil() {
			return nil
		}
		return norm(rv.Elem().Interface())
	case reflect.Slice, reflect.Array:
		if b, ok := rv.Interface().([]byte); ok {
			return string(b)
		}
		out := make([]any, rv.Len())
		for i := range out {
			out[i] = norm(rv.Index(i).Interface())
		}
		return out
	case reflect.Map:
		if rv.Type().Key().Kind() == reflect.String {
			out := make(map[string]any, rv.Len())
			for it := rv.MapRange(); it.Next(); {
				out[it.Key().String()] = it.Value().Interface()
			}
			return out
		}
		return fmt.Sprint(rv.Interface())
	case reflect.Struct:
		return normStruct(rv.Interface())
	default:
		return nil
	}
}

// normStruct shows a struct as JSON does.
func normStruct(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if err := json.Unmarshal(data, &out); err != nil {
		return nil
	}
	return out
}

func resultValue(r Result) any {
	data := r.Data
	if data == nil {
		data = map[string]any{}
	}
	return map[string]any{"succeeded": r.Succeeded, "was_skipped": r.WasSkipped, "message": r.Message, "data": data}
}

// typeName is the type's name in messages, as Python says it.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any:
		return "list"
	case tuple:
		return "tuple"
	case map[string]any, *dict, envValue:
		return "dict"
	case undefined:
		return "undefined"
	case Fail:
		return "fail()"
	case function:
		return "function"
	case space:
		return "namespace"
	default:
		return "loop"
	}
}

// truth is Python's.
func truth(v any) bool {
	switch x := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	}
	if list, ok := asList(v); ok {
		return len(list) > 0
	}
	if _, ok := v.(space); ok {
		return true
	}
	if m, ok := asMapping(v); ok {
		return m.size() > 0
	}
	return true
}

// number gives a bool, int or float as a number: isInt says which of the two holds it.
func number(v any) (i int64, f float64, isInt, ok bool) {
	switch x := v.(type) {
	case bool:
		if x {
			return 1, 1, true, true
		}
		return 0, 0, true, true
	case int64:
		return x, float64(x), true, true
	case float64:
		return 0, x, false, true
	}
	return 0, 0, false, false
}
