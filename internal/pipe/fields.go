package pipe

import (
	"reflect"
	"strings"
	"time"
)

// FieldKind is the kind of value a parameter takes.
type FieldKind string

// The kinds.
const (
	FieldString   FieldKind = "string"
	FieldInt      FieldKind = "int"
	FieldFloat    FieldKind = "float"
	FieldBool     FieldKind = "bool"
	FieldDuration FieldKind = "duration" // ISO 8601, "1h30m", "0:01:00" or a number of seconds
	FieldMap      FieldKind = "map"      // free keys; Elem describes the values
	FieldList     FieldKind = "list"     // Elem describes the items; one scalar stands for a list of one
	FieldObject   FieldKind = "object"   // Fields describes the keys
	FieldAny      FieldKind = "any"
)

// Field describes one parameter, read from a struct by Fields.
type Field struct {
	Name, Doc, Default string
	Required, Rest     bool
	Kind               FieldKind
	Elem               *Field  // of a list or map: its items, without a name
	Fields             []Field // of an object: its keys

	Aliases []string // other accepted keys, such as the names of Open Ticket AI 0.x
	Short   string   // object: the key that a plain scalar stands for ("Incoming" is {name: Incoming}); "" = none
	Secret  bool     // never shown: passwords and tokens
	Raw     bool     // never rendered: steps and other pipes held as parameters
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
)

// Fields describes the parameters of a struct (or pointer to one) by its tags; nil gives none.
//
//	param:"name"           the key; a field without the tag is not a parameter
//	param:"name,required"  must be given
//	param:",rest"          a map[string]any that takes all other keys
//	param:"name,short"     in a nested struct: a plain scalar stands for this key
//	param:"name,native"    even strings without a template are read as literals, as upstream does ("5" is 5)
//	param:"name,secret"    never shown in messages
//	param:"name,raw"       never rendered
//	alias:"a,b"            other accepted keys
//	doc:"…" default:"…"    for documentation; the default is also applied by Bind
func Fields(params any) []Field {
	if params == nil {
		return nil
	}
	t := reflect.TypeOf(params)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	return structFields(t)
}

// LookupField finds the field that takes key: by name, by alias, by the head of a dotted key ("queue.name" is inside
// "queue"), else the rest field. For a dotted key the innermost field is given.
func LookupField(fields []Field, key string) (Field, bool) {
	for _, f := range fields {
		if f.takes(key) {
			return f, true
		}
	}
	if head, tail, dotted := strings.Cut(key, "."); dotted {
		for _, f := range fields {
			if f.takes(head) && f.Kind == FieldObject {
				return LookupField(f.Fields, tail)
			}
			if f.takes(head) && f.Kind == FieldMap {
				return *f.Elem, true
			}
		}
	}
	for _, f := range fields {
		if f.Rest {
			return f, true
		}
	}
	return Field{}, false
}

func (f Field) takes(key string) bool {
	if f.Rest {
		return false
	}
	if f.Name == key {
		return true
	}
	for _, a := range f.Aliases {
		if a == key {
			return true
		}
	}
	return false
}

func structFields(t reflect.Type) []Field {
	var out []Field
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := parseTag(sf)
		if !tag.ok {
			continue
		}
		f := typeField(sf.Type)
		f.Name, f.Required, f.Rest = tag.name, tag.required, tag.rest
		f.Secret, f.Raw = tag.secret, tag.raw
		f.Doc, f.Default, f.Aliases = sf.Tag.Get("doc"), sf.Tag.Get("default"), tag.aliases
		out = append(out, f)
	}
	return out
}

func typeField(t reflect.Type) Field {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == durationType:
		return Field{Kind: FieldDuration}
	case t == timeType:
		return Field{Kind: FieldString}
	}
	switch t.Kind() {
	case reflect.String:
		return Field{Kind: FieldString}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Field{Kind: FieldInt}
	case reflect.Float32, reflect.Float64:
		return Field{Kind: FieldFloat}
	case reflect.Bool:
		return Field{Kind: FieldBool}
	case reflect.Slice:
		elem := typeField(t.Elem())
		return Field{Kind: FieldList, Elem: &elem}
	case reflect.Map:
		elem := typeField(t.Elem())
		return Field{Kind: FieldMap, Elem: &elem}
	case reflect.Struct:
		return Field{Kind: FieldObject, Fields: structFields(t), Short: shortKey(t)}
	default:
		return Field{Kind: FieldAny}
	}
}

// tagInfo is one field's `param` and `alias` tags, taken apart.
type tagInfo struct {
	ok, required, rest, short, native, secret, raw bool
	name                                           string
	aliases                                        []string
}

func parseTag(sf reflect.StructField) tagInfo {
	tag, ok := sf.Tag.Lookup("param")
	if !ok || tag == "-" || !sf.IsExported() {
		return tagInfo{}
	}
	parts := strings.Split(tag, ",")
	info := tagInfo{ok: true, name: parts[0]}
	for _, opt := range parts[1:] {
		switch opt {
		case "required":
			info.required = true
		case "rest":
			info.rest = true
		case "short":
			info.short = true
		case "native":
			info.native = true
		case "secret":
			info.secret = true
		case "raw":
			info.raw = true
		}
	}
	if a := sf.Tag.Get("alias"); a != "" {
		info.aliases = strings.Split(a, ",")
	}
	return info
}

func shortKey(t reflect.Type) string {
	for i := range t.NumField() {
		if tag := parseTag(t.Field(i)); tag.short {
			return tag.name
		}
	}
	return ""
}
