package engine

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// typedParam reads a command's value as the pipe declares the parameter: by the type's own description, else by the kind of value
// that the configuration gives it. So a wrong one is refused before there is a run.
func (e *Engine) typedParam(d *pipe.Definition, name, value string) (any, error) {
	field, ok := pipe.Field{}, false
	if spec, known := e.o.Pipes.Lookup(d.Use); known && spec.Params != nil {
		field, ok = pipe.LookupField(pipe.Fields(spec.Params), name)
	}
	if !ok {
		field = fieldLike(d.Params[name])
	}
	v, err := readParam(&field, value)
	if err != nil {
		shown := strconv.Quote(value)
		if field.Secret {
			shown = "a secret"
		}
		return nil, fault.Permanentf("parameter %s: expected %s, got %s", name, err, shown)
	}
	return v, nil
}

// fieldLike describes a parameter of a composite by the value it has: a template may become anything.
func fieldLike(v any) pipe.Field {
	switch v := v.(type) {
	case bool:
		return pipe.Field{Kind: pipe.FieldBool}
	case int, int64:
		return pipe.Field{Kind: pipe.FieldFloat} // 5 may become 5.5
	case float64:
		return pipe.Field{Kind: pipe.FieldFloat}
	case []any:
		elem := pipe.Field{Kind: pipe.FieldAny}
		if len(v) > 0 {
			elem = fieldLike(v[0])
		}
		return pipe.Field{Kind: pipe.FieldList, Elem: &elem}
	case map[string]any:
		return pipe.Field{Kind: pipe.FieldMap, Elem: &pipe.Field{Kind: pipe.FieldAny}}
	default:
		return pipe.Field{Kind: pipe.FieldAny}
	}
}

// wanted is what a value should have been.
type wanted string

func (w wanted) Error() string { return string(w) }

// readParam reads one value. Its error says what was expected.
func readParam(f *pipe.Field, s string) (any, error) {
	if f.Rest { // one of the free keys of a map: what describes the map says nothing of its values
		if f.Elem == nil {
			return scalar(s), nil
		}
		f = f.Elem
	}
	switch f.Kind {
	case pipe.FieldString:
		return s, nil
	case pipe.FieldInt:
		if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
			return n, nil
		}
		return nil, wanted("a whole number")
	case pipe.FieldFloat:
		switch v := scalar(strings.TrimSpace(s)).(type) {
		case int64, float64:
			return v, nil
		}
		return nil, wanted("a number")
	case pipe.FieldBool:
		switch v := scalar(strings.TrimSpace(s)).(type) {
		case bool:
			return v, nil
		}
		return nil, wanted("true or false")
	case pipe.FieldDuration:
		return readDuration(s)
	case pipe.FieldList:
		return readList(f, s)
	case pipe.FieldMap, pipe.FieldObject:
		return readObject(f, s)
	default:
		return scalar(s), nil
	}
}

func readDuration(s string) (any, error) {
	s = strings.TrimSpace(s)
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return s, nil
	}
	if _, err := schedule.ParseDuration(s); err == nil {
		return s, nil
	}
	return nil, wanted(`a duration such as 90, "1m30s" or "PT90S"`)
}

// readList reads a JSON list, or values with commas between them; an empty text is the empty list.
func readList(f *pipe.Field, s string) (any, error) {
	s = strings.TrimSpace(s)
	var items []any
	switch {
	case strings.HasPrefix(s, "["):
		if err := decodeJSON(s, &items); err != nil {
			return nil, wanted("a list such as a,b or [\"a\", \"b\"]")
		}
	case s != "":
		for part := range strings.SplitSeq(s, ",") {
			items = append(items, strings.TrimSpace(part))
		}
	}
	out := make([]any, len(items))
	for i, item := range items {
		text, isText := item.(string)
		if !isText {
			text = fmt.Sprint(item)
			if f.Elem.Kind == pipe.FieldAny || f.Elem.Kind == pipe.FieldMap || f.Elem.Kind == pipe.FieldObject {
				out[i] = item
				continue
			}
		}
		v, err := readParam(f.Elem, text)
		if err != nil {
			return nil, wanted(fmt.Sprintf("a list of which each item is %s (item %d is not)", err, i+1))
		}
		out[i] = v
	}
	return out, nil
}

// readObject reads a JSON object, or the scalar that stands for one.
func readObject(f *pipe.Field, s string) (any, error) {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "{") {
		var m map[string]any
		if err := decodeJSON(s, &m); err == nil {
			return m, nil
		}
	} else if f.Short != "" {
		return scalar(s), nil
	}
	return nil, wanted(`an object such as {"name": "value"}`)
}

// decodeJSON reads all of a text; whole numbers stay whole.
func decodeJSON(s string, to any) error {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(to); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	if dec.More() {
		return fmt.Errorf("read JSON: something follows the value")
	}
	switch v := to.(type) {
	case *[]any:
		for i := range *v {
			(*v)[i] = numbers((*v)[i])
		}
	case *map[string]any:
		for k := range *v {
			(*v)[k] = numbers((*v)[k])
		}
	}
	return nil
}
