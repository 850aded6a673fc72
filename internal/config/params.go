package config

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// paramsOf checks given parameters against the fields a type declares and gives them as raw data. Texts with templates
// are kept as they are and compiled; what they give is only known when they run. what names the owner in messages.
func (c *checker) paramsOf(t *templates, fields []pipe.Field, given []field, what string, place *value) map[string]any {
	out := make(map[string]any, len(given))
	first := map[string]*value{}
	for _, g := range given {
		f, ok := pipe.LookupField(fields, g.key.text)
		if !ok {
			names := fieldNames(fields)
			expected := "one of " + listing(names)
			if len(names) == 0 {
				expected = "no parameters"
			}
			c.at(g.key).expect("%s", expected).near(g.key.text, names).errorf("unknown parameter %q of %s", g.key.text, what)
			continue
		}
		if f.Name != "" && !f.Rest && !strings.Contains(g.key.text, ".") {
			if other := first[f.Name]; other != nil {
				c.at(g.key).expect("one of them").errorf("parameter %q means the same as %q in line %d", g.key.text, other.text, other.line)
			}
			first[f.Name] = g.key
		}
		if f.Rest {
			f = elem(f)
		}
		out[g.key.text] = c.paramValue(t, f, g.val)
	}
	for _, f := range fields {
		if f.Required && !f.Rest && !isGiven(f, given) {
			c.at(place).expect("%s: %s", f.Name, kindWords(f)).errorf("parameter %q of %s is missing", f.Name, what)
		}
	}
	return out
}

func isGiven(f pipe.Field, given []field) bool {
	for _, g := range given {
		head, _, _ := strings.Cut(g.key.text, ".")
		if g.val.kind != kindNull && (f.Name == g.key.text || f.Name == head || slices.Contains(f.Aliases, g.key.text)) {
			return true
		}
	}
	return false
}

func fieldNames(fields []pipe.Field) []string {
	var out []string
	for _, f := range fields {
		if !f.Rest {
			out = append(out, f.Name)
		}
	}
	return out
}

// paramValue checks one value against its field and gives it as raw data, as close to what was written as possible: a
// text field keeps "1.10" even when YAML reads a number.
func (c *checker) paramValue(t *templates, f pipe.Field, v *value) any {
	v.hidden = v.hidden || f.Secret
	switch {
	case v.kind == kindNull:
		return nil
	case f.Raw:
		return v.plainData()
	case v.kind == kindText && pipe.HasTemplate(v.text):
		t.check(v)
		return v.text
	}
	ok := true
	switch f.Kind {
	case pipe.FieldString:
		if v.scalar() {
			return v.text
		}
		ok = false
	case pipe.FieldInt:
		ok = isWhole(v)
	case pipe.FieldFloat:
		ok = isNumber(v)
	case pipe.FieldBool:
		ok = isBool(v)
	case pipe.FieldDuration:
		ok = isDuration(v)
	case pipe.FieldList, pipe.FieldMap, pipe.FieldObject:
		return c.structured(t, f, v)
	default:
		c.checkInside(t, v)
	}
	if !ok {
		c.wrongKind(f, v)
	}
	return v.plainData()
}

func (c *checker) structured(t *templates, f pipe.Field, v *value) any {
	switch {
	case f.Kind == pipe.FieldObject && v.kind == kindMap:
		return c.paramsOf(t, f.Fields, v.fields, lastKey(v.path), v)
	case f.Kind == pipe.FieldObject && v.scalar() && f.Short != "":
		if short, ok := pipe.LookupField(f.Fields, f.Short); ok {
			return c.paramValue(t, short, v)
		}
		return v.plainData()
	case f.Kind == pipe.FieldMap && v.kind == kindMap:
		out := make(map[string]any, len(v.fields))
		for _, entry := range v.fields {
			out[entry.key.text] = c.paramValue(t, elem(f), entry.val)
		}
		return out
	case f.Kind == pipe.FieldList && v.kind == kindList:
		out := make([]any, len(v.items))
		for i, item := range v.items {
			out[i] = c.paramValue(t, elem(f), item)
		}
		return out
	case f.Kind == pipe.FieldList && (v.scalar() || elem(f).Kind == pipe.FieldObject):
		return c.paramValue(t, elem(f), v)
	}
	c.wrongKind(f, v)
	return v.plainData()
}

func elem(f pipe.Field) pipe.Field {
	if f.Elem == nil {
		return pipe.Field{Kind: pipe.FieldAny}
	}
	e := *f.Elem
	e.Secret = e.Secret || f.Secret
	return e
}

// checkInside compiles every template in a free structure. Pipes held as data are rendered elsewhere.
func (c *checker) checkInside(t *templates, v *value) {
	switch v.kind {
	case kindText:
		if pipe.HasTemplate(v.text) {
			t.check(v)
		}
	case kindList:
		for _, item := range v.items {
			c.checkInside(t, item)
		}
	case kindMap:
		for _, f := range v.fields {
			f.val.hidden = f.val.hidden || v.hidden
			c.checkInside(t, f.val)
		}
	}
}

// The checks below are as lax as pipe.Params.Bind.

func isWhole(v *value) bool {
	switch n := v.native.(type) {
	case int64:
		return true
	case float64:
		return n == math.Trunc(n) && math.Abs(n) < 1<<63
	case string:
		_, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		whole, zeros, _ := strings.Cut(strings.TrimSpace(n), ".")
		_, werr := strconv.ParseInt(whole, 10, 64)
		return v.scalar() && err == nil && werr == nil && strings.Trim(zeros, "0") == ""
	default:
		return false
	}
}

func isNumber(v *value) bool {
	switch n := v.native.(type) {
	case int64:
		return true
	case float64:
		return !math.IsNaN(n) && !math.IsInf(n, 0)
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(n), 64)
		return v.scalar() && err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	default:
		return false
	}
}

func isBool(v *value) bool {
	switch n := v.native.(type) {
	case bool:
		return true
	case int64:
		return n == 0 || n == 1
	case string:
		return slices.Contains([]string{"true", "t", "yes", "y", "on", "1", "false", "f", "no", "n", "off", "0"},
			strings.ToLower(strings.TrimSpace(n)))
	default:
		return false
	}
}

func isDuration(v *value) bool {
	switch n := v.native.(type) {
	case int64:
		return n >= 0 && n <= int64(math.MaxInt64/time.Second)
	case float64:
		return n >= 0 && n <= math.MaxInt64/float64(time.Second)
	case string:
		d, err := parseDuration(n)
		return v.scalar() && err == nil && d >= 0
	default:
		return false
	}
}

func (c *checker) wrongKind(f pipe.Field, v *value) {
	words := kindWords(f)
	if f.Kind == pipe.FieldDuration {
		words = "a duration"
	}
	c.at(v).expect("%s", kindWords(f)).errorf("parameter %q has to be %s, got %s", lastKey(v.path), words, v.quoted())
}

func kindWords(f pipe.Field) string {
	switch f.Kind {
	case pipe.FieldString:
		return "a text"
	case pipe.FieldInt:
		return "a whole number"
	case pipe.FieldFloat:
		return "a number"
	case pipe.FieldBool:
		return "true or false"
	case pipe.FieldDuration:
		return durationForms
	case pipe.FieldList:
		return "a list"
	case pipe.FieldMap:
		return "a map"
	case pipe.FieldObject:
		return "a map with the keys " + listing(fieldNames(f.Fields))
	default:
		return "any value"
	}
}
