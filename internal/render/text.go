package render

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
)

const maxValueDepth = 200 // of lists in lists, when written, copied or compared

var errTooDeep = errors.New("the value is nested too deeply")

// str is Python's str().
func (r *run) str(v any) (string, error) {
	if s, ok := v.(string); ok {
		return s, nil
	}
	p := printer{run: r}
	if err := p.write(v, false, 0); err != nil {
		return "", err
	}
	return p.b.String(), r.grow(p.b.Len())
}

// repr is Python's repr().
func (r *run) repr(v any) (string, error) {
	p := printer{run: r}
	if err := p.write(v, true, 0); err != nil {
		return "", err
	}
	return p.b.String(), r.grow(p.b.Len())
}

type printer struct {
	run *run
	b   strings.Builder
}

func (p *printer) write(v any, quote bool, depth int) error {
	if err := p.run.step(1); err != nil {
		return err
	}
	if p.b.Len() > maxOutput {
		return errTooLong
	}
	if depth > maxValueDepth {
		return errTooDeep
	}
	switch x := v.(type) {
	case nil:
		p.b.WriteString("None")
	case bool:
		if x {
			p.b.WriteString("True")
		} else {
			p.b.WriteString("False")
		}
	case int64:
		p.b.WriteString(strconv.FormatInt(x, 10))
	case float64:
		p.b.WriteString(floatText(x))
	case string:
		if quote {
			writeQuoted(&p.b, x)
		} else {
			p.b.WriteString(x)
		}
	case []any:
		return p.items("[", "]", x, depth)
	case tuple:
		end := ")"
		if len(x) == 1 {
			end = ",)"
		}
		return p.items("(", end, x, depth)
	case undefined:
		if quote {
			p.b.WriteString("Undefined")
		}
	case Fail:
		p.b.WriteString("<FailMarker>")
	case function:
		p.b.WriteString("<function " + string(x) + ">")
	case envValue:
		p.b.WriteString("<environment>")
	case *loop:
		p.b.WriteString("<loop>")
	default:
		return p.mapping(norm(v), depth)
	}
	return nil
}

func (p *printer) items(open, end string, items []any, depth int) error {
	p.b.WriteString(open)
	for i, item := range items {
		if i > 0 {
			p.b.WriteString(", ")
		}
		if err := p.write(norm(item), true, depth+1); err != nil {
			return err
		}
	}
	p.b.WriteString(end)
	return nil
}

func (p *printer) mapping(v any, depth int) error {
	m, ok := asMapping(v)
	if !ok {
		return p.write(v, true, depth+1)
	}
	p.b.WriteByte('{')
	for i, k := range m.order() {
		if i > 0 {
			p.b.WriteString(", ")
		}
		if err := p.write(k, true, depth+1); err != nil {
			return err
		}
		p.b.WriteString(": ")
		item, _ := m.get(k)
		if err := p.write(norm(item), true, depth+1); err != nil {
			return err
		}
	}
	p.b.WriteByte('}')
	return nil
}

// floatText is Python's repr of a float.
func floatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64)), "+")
	}
	if abs := math.Abs(f); f != 0 && (abs >= 1e16 || abs < 1e-4) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func writeQuoted(b *strings.Builder, s string) {
	quote := '\''
	if strings.ContainsRune(s, '\'') && !strings.ContainsRune(s, '"') {
		quote = '"'
	}
	b.WriteRune(quote)
	for _, c := range s {
		switch {
		case c == quote || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(c):
			b.WriteRune(c)
		case c < 0x100:
			b.WriteString(`\x` + hex(c, 2))
		case c < 0x10000:
			b.WriteString(`\u` + hex(c, 4))
		default:
			b.WriteString(`\U` + hex(c, 8))
		}
	}
	b.WriteRune(quote)
}

func hex(c rune, width int) string {
	s := strconv.FormatInt(int64(c), 16)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// export copies a value for the outside: only the types that Value promises, sharing nothing with the scope.
func (r *run) export(v any, depth int) (any, error) {
	if err := r.step(1); err != nil {
		return nil, err
	}
	if depth > maxValueDepth {
		return nil, errTooDeep
	}
	switch x := norm(v).(type) {
	case nil, undefined:
		return nil, nil
	case bool, int64, float64, string, Fail:
		return x, nil
	case function, envValue, *loop:
		return r.str(x)
	default:
		return r.exportNested(x, depth)
	}
}

func (r *run) exportNested(v any, depth int) (any, error) {
	if list, ok := asList(v); ok {
		out := make([]any, len(list))
		for i, item := range list {
			var err error
			if out[i], err = r.export(item, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	m, ok := asMapping(v)
	if !ok {
		return nil, nil
	}
	out := make(map[string]any, m.size())
	for _, k := range m.order() {
		name, err := r.str(k)
		if err != nil {
			return nil, err
		}
		item, _ := m.get(k)
		if out[name], err = r.export(item, depth+1); err != nil {
			return nil, err
		}
	}
	return out, nil
}
