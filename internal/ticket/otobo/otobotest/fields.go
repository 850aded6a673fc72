package otobotest

import (
	"slices"
	"strings"
)

// dynamicFields reads the DynamicField part: an object or a list of them. Unknown names and null are refused, an empty text clears.
func (s *Server) dynamicFields(op string, part any) (map[string]any, *reply) {
	refuse := func(kind, text string) (map[string]any, *reply) {
		r := failure(op, kind, text)
		return nil, &r
	}
	var items []any
	switch x := part.(type) {
	case nil:
		return nil, nil
	case []any:
		items = x
	case map[string]any:
		items = []any{x}
	}
	if len(items) == 0 {
		return refuse("MissingParameter", "DynamicField parameter is missing or not valid!")
	}
	out := map[string]any{}
	for _, item := range items {
		field, ok := item.(map[string]any)
		if !ok {
			r := faultObject("Op: " + op + ": " + op + "->DynamicField parameter is invalid!")
			return nil, &r
		}
		name := str(field["Name"])
		switch {
		case !slices.Contains(s.o.Fields, name):
			return refuse("InvalidParameter", "DynamicField->Name parameter is invalid!")
		case field["Value"] == nil:
			return refuse("MissingParameter", "DynamicField->Value parameter is missing!")
		}
		if list, ok := field["Value"].([]any); ok {
			out[name] = list
			continue
		}
		out[name] = nil
		if text := str(field["Value"]); text != "" {
			out[name] = text
		}
	}
	return out, nil
}

// wireFields gives every field, null where it is not set.
func (s *Server) wireFields(r *record) []any {
	out := make([]any, len(s.o.Fields))
	for i, name := range s.o.Fields {
		out[i] = map[string]any{"Name": name, "Value": r.fields[name]}
	}
	return out
}

// fieldFilters are the conditions on dynamic fields. One on a field that does not exist is left out without a word.
func (s *Server) fieldFilters(p map[string]any) []func(*record) bool {
	var out []func(*record) bool
	for _, name := range s.o.Fields {
		c, ok := p["DynamicField_"+name].(map[string]any)
		if !ok {
			continue
		}
		has := func(r *record) []string { return strs(r.fields[name]) }
		if want, ok := c["Equals"]; ok {
			out = append(out, func(r *record) bool {
				return slices.ContainsFunc(has(r), func(v string) bool { return strings.EqualFold(v, str(want)) })
			})
		}
		if str(c["Empty"]) == "1" {
			out = append(out, func(r *record) bool { return len(has(r)) == 0 })
		}
	}
	return out
}
