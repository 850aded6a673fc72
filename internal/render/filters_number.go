package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
)

// filterInt reads a whole number; what is none gives the default.
func filterInt(_ *run, in any, a *args) (any, error) {
	v, err := a.take(0, "default", "base")
	if err != nil {
		return nil, err
	}
	otherwise := any(int64(0))
	if given(v[0]) {
		otherwise = v[0]
	}
	base, err := optionalInt(v[1], "int's base", 10)
	if err != nil {
		return nil, err
	}
	switch x := in.(type) {
	case undefined:
		return nil, errors.New(x.why)
	case string:
		s := strings.TrimSpace(x)
		if n, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), clampBase(base), 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && base == 10 {
			return truncated(f, otherwise)
		}
		return otherwise, nil
	}
	i, f, isInt, ok := number(in)
	switch {
	case !ok:
		return otherwise, nil
	case isInt:
		return i, nil
	default:
		return truncated(f, otherwise)
	}
}

func clampBase(base int) int {
	if base == 0 || (base >= 2 && base <= 36) {
		return base
	}
	return 10
}

func truncated(f float64, otherwise any) (any, error) {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return otherwise, nil
	case math.Abs(f) >= 1<<63:
		return nil, errTooLarge
	default:
		return int64(f), nil
	}
}

func filterFloat(_ *run, in any, a *args) (any, error) {
	v, err := a.take(0, "default")
	if err != nil {
		return nil, err
	}
	otherwise := any(0.0)
	if given(v[0]) {
		otherwise = v[0]
	}
	switch x := in.(type) {
	case undefined:
		return nil, errors.New(x.why)
	case string:
		if f, err := strconv.ParseFloat(strings.TrimSpace(x), 64); err == nil && !strings.ContainsAny(x, "xXpP") {
			return f, nil
		}
		return otherwise, nil
	}
	if _, f, _, ok := number(in); ok {
		return f, nil
	}
	return otherwise, nil
}

func filterAbs(_ *run, in any) (any, error) {
	i, f, isInt, ok := number(in)
	switch {
	case !ok:
		return nil, notNumber("abs", in)
	case !isInt:
		return math.Abs(f), nil
	case i < 0:
		return intOp("-", 0, i)
	default:
		return i, nil
	}
}

func notNumber(what string, v any) error {
	if u, ok := v.(undefined); ok {
		return errors.New(u.why)
	}
	return fmt.Errorf("%s needs a number, got %s", what, typeName(v))
}

// filterRound rounds as Python does: halves to the even digit, by the number's exact value.
func filterRound(_ *run, in any, a *args) (any, error) {
	v, err := a.take(0, "precision", "method")
	if err != nil {
		return nil, err
	}
	precision, err := optionalInt(v[0], "round's precision", 0)
	if err != nil {
		return nil, err
	}
	method, err := optionalText(v[1], "round's method", "common")
	if err != nil {
		return nil, err
	}
	i, f, isInt, ok := number(in)
	if !ok {
		return nil, notNumber("round", in)
	}
	switch method {
	case "common":
		if isInt && precision >= 0 {
			return i, nil
		}
		if f, err = roundHalfEven(f, precision); err != nil || !isInt {
			return f, err
		}
		return truncated(f, int64(0))
	case "ceil", "floor":
		scale := math.Pow(10, float64(precision))
		if scale == 0 || math.IsInf(scale*f, 0) {
			return nil, errors.New("round's precision is out of range")
		}
		if method == "ceil" {
			return math.Ceil(f*scale) / scale, nil
		}
		return math.Floor(f*scale) / scale, nil
	default:
		return nil, errors.New("round's method must be 'common', 'ceil' or 'floor'")
	}
}

func roundHalfEven(f float64, precision int) (float64, error) {
	switch {
	case math.IsInf(f, 0) || math.IsNaN(f) || precision > 300:
		return f, nil
	case precision < -300:
		return 0, nil
	case precision < 0:
		scale := math.Pow(10, float64(-precision))
		return math.RoundToEven(f/scale) * scale, nil
	default:
		return strconv.ParseFloat(strconv.FormatFloat(f, 'f', precision, 64), 64)
	}
}

// filterJSON writes JSON as Python does, with <, >, & and ' escaped for HTML.
func filterJSON(r *run, in any, a *args) (any, error) {
	v, err := a.take(0, "indent")
	if err != nil {
		return nil, err
	}
	indent := -1
	if v[0] != nil {
		if indent, err = optionalInt(v[0], "tojson's indent", -1); err != nil {
			return nil, err
		}
	}
	j := jsonWriter{run: r, indent: min(indent, 16)}
	err = j.write(in, 0)
	return j.b.String(), err
}

type jsonWriter struct {
	run    *run
	b      strings.Builder
	indent int // -1: all on one line
}

func (j *jsonWriter) write(v any, depth int) error {
	if err := j.run.step(1); err != nil {
		return err
	}
	if depth > maxValueDepth {
		return errTooDeep
	}
	if j.b.Len() > maxOutput {
		return errTooLong
	}
	switch x := norm(v).(type) {
	case nil:
		j.b.WriteString("null")
	case bool:
		j.b.WriteString(strconv.FormatBool(x))
	case int64:
		j.b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		j.b.WriteString(floatText(x))
	case string:
		return j.text(x)
	default:
		return j.nested(x, depth)
	}
	return nil
}

// text writes ASCII only, as Python does.
func (j *jsonWriter) text(s string) error {
	data, err := json.Marshal(s) // escapes <, > and & too
	if err != nil {
		return err
	}
	for _, c := range string(data) {
		switch {
		case c == '\'':
			j.b.WriteString(`\u0027`)
		case c < 0x7f:
			j.b.WriteRune(c)
		case c < 0x10000:
			j.b.WriteString(`\u` + hex(c, 4))
		default:
			high, low := utf16.EncodeRune(c)
			j.b.WriteString(`\u` + hex(high, 4) + `\u` + hex(low, 4))
		}
	}
	return nil
}

func (j *jsonWriter) nested(v any, depth int) error {
	if list, ok := asList(v); ok {
		return j.block("[", "]", len(list), depth, func(i int) error { return j.write(list[i], depth+1) })
	}
	m, ok := asMapping(v)
	if !ok {
		if u, none := v.(undefined); none {
			return errors.New(u.why)
		}
		return fmt.Errorf("a value of type %s cannot be written as JSON", typeName(v))
	}
	keys := goMapOrder(m)
	return j.block("{", "}", len(keys), depth, func(i int) error {
		name, err := j.run.str(keys[i])
		if err != nil {
			return err
		}
		if err := j.text(name); err != nil {
			return err
		}
		j.b.WriteString(": ")
		item, _ := m.get(keys[i])
		return j.write(item, depth+1)
	})
}

// goMapOrder sorts keys that are texts: Jinja's tojson sorts them too.
func goMapOrder(m mapping) []any {
	keys := m.order()
	sorted := make(map[string]any, len(keys))
	for _, k := range keys {
		s, ok := k.(string)
		if !ok {
			return keys
		}
		sorted[s] = nil
	}
	return goMap(sorted).order()
}

func (j *jsonWriter) block(open, end string, n, depth int, item func(int) error) error {
	line := func(depth int) {
		if j.indent >= 0 {
			j.b.WriteString("\n" + strings.Repeat(" ", j.indent*depth))
		}
	}
	j.b.WriteString(open)
	for i := range n {
		if i > 0 {
			j.b.WriteByte(',')
			if j.indent < 0 {
				j.b.WriteByte(' ')
			}
		}
		line(depth + 1)
		if err := item(i); err != nil {
			return err
		}
	}
	if n > 0 {
		line(depth)
	}
	j.b.WriteString(end)
	return nil
}
