package pipe

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/render"
)

// object binds raw to the struct dst. done says that the values come out of a template already.
func (b *binder) object(path string, raw map[string]any, dst reflect.Value, done bool) {
	t := dst.Type()
	raw = b.expand(path, raw, structFields(t))
	used := make(map[string]bool, len(raw))
	var rest reflect.Value
	restNative := false
	for i := range t.NumField() {
		tag := parseTag(t.Field(i))
		switch {
		case !tag.ok:
			continue
		case tag.rest:
			rest, restNative = dst.Field(i), tag.native
			continue
		}
		key, value, given := b.given(path, raw, tag, used)
		o := option{done: done, native: tag.native, secret: tag.secret, raw: tag.raw}
		before := len(b.errs)
		set := given && value != nil && b.value(join(path, key), value, dst.Field(i), o)
		switch {
		case set || len(b.errs) > before:
		case tag.required:
			b.failf(join(path, tag.name), "is required")
		default:
			b.fallback(join(path, tag.name), t.Field(i), dst.Field(i))
		}
	}
	b.leftover(path, raw, used, rest, option{done: done, native: restNative}, structFields(t))
}

// given finds the value of a parameter under its name or one of its aliases.
func (b *binder) given(path string, raw map[string]any, tag tagInfo, used map[string]bool) (string, any, bool) {
	found, key := false, tag.name
	var value any
	for _, k := range append([]string{tag.name}, tag.aliases...) {
		v, ok := raw[k]
		if !ok {
			continue
		}
		used[k] = true
		if found {
			b.failf(join(path, k), "means the same as %s; give one of them", key)
			continue
		}
		found, key, value = true, k, v
	}
	return key, value, found
}

// fallback applies the default tag.
func (b *binder) fallback(path string, sf reflect.StructField, dst reflect.Value) {
	if text, ok := sf.Tag.Lookup("default"); ok && dst.IsZero() {
		b.value(path, text, dst, option{done: true})
	}
}

// leftover puts unknown keys into the rest field, or reports them.
func (b *binder) leftover(path string, raw map[string]any, used map[string]bool, rest reflect.Value, o option, fields []Field) {
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		switch {
		case used[k]:
		case !rest.IsValid():
			b.failf(join(path, k), "there is no such key; known are %s", keyList(fields))
		default:
			if rest.IsNil() {
				rest.Set(reflect.MakeMap(rest.Type()))
			}
			item := reflect.New(rest.Type().Elem()).Elem()
			if heldPipe(k) {
				o.raw = true
			}
			b.value(join(path, k), raw[k], item, o)
			o.raw = false
			rest.SetMapIndex(reflect.ValueOf(k).Convert(rest.Type().Key()), item)
		}
	}
}

func keyList(fields []Field) string {
	names := make([]string, 0, len(fields))
	for _, f := range fields {
		names = append(names, f.Name)
	}
	return strings.Join(names, ", ")
}

// expand turns dotted keys ("queue.name") into nested maps where the head is a parameter. raw itself is never changed.
func (b *binder) expand(path string, raw map[string]any, fields []Field) map[string]any {
	var out map[string]any
	for _, k := range slices.Sorted(maps.Keys(raw)) {
		head, tail, dotted := strings.Cut(k, ".")
		if !dotted || tail == "" || !isNested(fields, head, k) {
			continue
		}
		if out == nil {
			out = maps.Clone(raw)
		}
		delete(out, k)
		switch inner := out[head].(type) {
		case nil:
			out[head] = map[string]any{tail: raw[k]}
		case map[string]any:
			inner = maps.Clone(inner)
			inner[tail] = raw[k]
			out[head] = inner
		default:
			b.failf(join(path, k), "%s is given as a whole already", head)
		}
	}
	if out == nil {
		return raw
	}
	return out
}

func isNested(fields []Field, head, whole string) bool {
	for _, f := range fields {
		if f.takes(whole) {
			return false
		}
		if f.takes(head) && (f.Kind == FieldObject || f.Kind == FieldMap) {
			return true
		}
	}
	return false
}

// option says how one value is bound.
type option struct{ done, native, secret, raw bool }

// value binds raw to dst. It gives false when nothing was set: an error, or a template that gave nothing.
func (b *binder) value(path string, raw any, dst reflect.Value, o option) bool {
	if raw == nil {
		return false
	}
	if dst.Kind() == reflect.Pointer {
		inner := reflect.New(dst.Type().Elem())
		if !b.value(path, raw, inner.Elem(), o) {
			return false
		}
		dst.Set(inner)
		return true
	}
	if dst.Kind() == reflect.Interface {
		return b.anyValue(path, raw, dst, o)
	}
	s, isString := raw.(string)
	if !isString || o.done || o.raw || !HasTemplate(s) {
		return b.plain(path, raw, dst, o)
	}
	v, ok := b.template(path, s)
	if !ok || v.Native == nil {
		return false
	}
	o.done = true
	_, failed := v.Native.(render.Fail)
	_, structured := v.Native.(map[string]any)
	if !failed && (dst.Kind() == reflect.String || (!structured && dst.Kind() == reflect.Struct && shortKey(dst.Type()) != "")) {
		return b.plain(path, v.Text, dst, o)
	}
	return b.plain(path, v.Native, dst, o)
}

func (b *binder) anyValue(path string, raw any, dst reflect.Value, o option) bool {
	v := raw
	if !o.done && !o.raw {
		v = b.native(path, raw, o.native)
	}
	if v == nil {
		return false
	}
	dst.Set(reflect.ValueOf(v))
	return true
}

// plain binds a value that needs no rendering itself; its parts may.
func (b *binder) plain(path string, raw any, dst reflect.Value, o option) bool {
	t := dst.Type()
	switch {
	case t == durationType || t == timeType:
		return b.scalar(path, raw, dst, o)
	case t.Kind() == reflect.Struct:
		return b.structValue(path, raw, dst, o)
	case t.Kind() == reflect.Slice:
		return b.list(path, raw, dst, o)
	case t.Kind() == reflect.Map:
		return b.mapValue(path, raw, dst, o)
	default:
		return b.scalar(path, raw, dst, o)
	}
}

func (b *binder) structValue(path string, raw any, dst reflect.Value, o option) bool {
	before := len(b.errs)
	if m, ok := asMap(raw); ok {
		b.object(path, m, dst, o.done)
		return len(b.errs) == before
	}
	short := shortKey(dst.Type())
	if short == "" || !isScalar(raw) {
		b.fail(path, "a map with the keys "+keyList(structFields(dst.Type())), raw, o.secret)
		return false
	}
	b.object(path, map[string]any{short: raw}, dst, o.done)
	return len(b.errs) == before
}

func (b *binder) list(path string, raw any, dst reflect.Value, o option) bool {
	rv := reflect.ValueOf(raw)
	if rv.Kind() != reflect.Slice {
		elem := typeField(dst.Type().Elem())
		if !isScalar(raw) && elem.Kind != FieldObject {
			b.fail(path, "a list of "+string(elem.Kind), raw, o.secret)
			return false
		}
		rv = reflect.ValueOf([]any{raw})
	}
	before := len(b.errs)
	out := reflect.MakeSlice(dst.Type(), rv.Len(), rv.Len())
	for i := range rv.Len() {
		b.value(fmt.Sprintf("%s[%d]", path, i), rv.Index(i).Interface(), out.Index(i), o)
	}
	dst.Set(out)
	return len(b.errs) == before
}

func (b *binder) mapValue(path string, raw any, dst reflect.Value, o option) bool {
	m, ok := asMap(raw)
	if !ok || dst.Type().Key().Kind() != reflect.String {
		b.fail(path, "a map", raw, o.secret)
		return false
	}
	before := len(b.errs)
	out := reflect.MakeMapWithSize(dst.Type(), len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		item := reflect.New(dst.Type().Elem()).Elem()
		b.value(join(path, k), m[k], item, o)
		out.SetMapIndex(reflect.ValueOf(k).Convert(dst.Type().Key()), item)
	}
	dst.Set(out)
	return len(b.errs) == before
}

// asMap takes map[string]any and other maps with string keys, as definitions built in code have them.
func asMap(v any) (map[string]any, bool) {
	if m, ok := v.(map[string]any); ok {
		return m, true
	}
	rv := reflect.ValueOf(v)
	if rv.Kind() != reflect.Map || rv.Type().Key().Kind() != reflect.String {
		return nil, false
	}
	out := make(map[string]any, rv.Len())
	for _, k := range rv.MapKeys() {
		out[k.String()] = rv.MapIndex(k).Interface()
	}
	return out, true
}

func isScalar(v any) bool {
	switch v.(type) {
	case nil, render.Fail:
		return false
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return true
	default:
		return false
	}
}
