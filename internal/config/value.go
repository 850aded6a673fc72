package config

import (
	"strconv"
	"strings"
)

// kind is what a value of the file is.
type kind int

const (
	kindNull kind = iota
	kindBool
	kindNumber
	kindText
	kindList
	kindMap
)

func (k kind) String() string {
	return [...]string{"nothing", "true or false", "a number", "a text", "a list", "a map"}[k]
}

// value is one node of the file with aliases and merges already resolved, or a value from the environment. Values are
// built once and only read afterwards, except for the overrides that env.go puts in before anything is checked.
type value struct {
	kind      kind
	line, col int
	env       string // name of the environment variable it comes from; "" = the file
	path      string
	text      string // of a scalar: what it says, without quotes
	plain     bool   // a scalar without quotes
	made      bool   // text was put together from several values: places inside it are not in the file
	hidden    bool   // a secret parameter: never shown
	native    any    // of a scalar: nil, bool, int64, float64 or string
	items     []*value
	fields    []field
}

type field struct{ key, val *value }

// get finds a key of a map.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	for _, f := range v.fields {
		if f.key.text == key {
			return f.val
		}
	}
	return nil
}

// keyOf finds the key itself, for messages that point at it.
func (v *value) keyOf(key string) *value {
	for _, f := range v.fields {
		if f.key.text == key {
			return f.key
		}
	}
	return v
}

func (v *value) scalar() bool { return v.kind != kindList && v.kind != kindMap }

// quoted names the value in a message; what comes from the environment is never shown.
func (v *value) quoted() string {
	switch {
	case v.env != "" || v.hidden:
		return "the value"
	case !v.scalar():
		return v.kind.String()
	case v.kind == kindNull:
		return "nothing"
	}
	text := []rune(v.text)
	if len(text) > 60 {
		text = append(text[:60], '…')
	}
	return strconv.Quote(string(text))
}

// plainData gives the value as Go data: what pipes get as raw parameters.
func (v *value) plainData() any {
	switch v.kind {
	case kindList:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = item.plainData()
		}
		return out
	case kindMap:
		out := make(map[string]any, len(v.fields))
		for _, f := range v.fields {
			out[f.key.text] = f.val.plainData()
		}
		return out
	default:
		return v.native
	}
}

// setPath names the place of v and everything in it, once the tree is complete.
func (v *value) setPath(path string) {
	v.path = path
	for i, item := range v.items {
		item.setPath(path + "[" + strconv.Itoa(i) + "]")
	}
	for _, f := range v.fields {
		f.key.path = joinPath(path, f.key.text)
		f.val.setPath(f.key.path)
	}
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// yesNo reads a bool the way YAML 1.1 and PyYAML do.
func yesNo(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	default:
		return false, false
	}
}
