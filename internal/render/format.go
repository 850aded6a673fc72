package render

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const maxWidth = 10_000 // of one formatted value

// percent is Python's format % values. named is a dict, or the named arguments, for %(name)s.
func (r *run) percent(format string, values []any, named any) (any, error) {
	var b strings.Builder
	used := 0
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			break
		}
		b.WriteString(format[:i])
		format = format[i+1:]
		if strings.HasPrefix(format, "%") {
			b.WriteByte('%')
			format = format[1:]
			continue
		}
		s, rest, err := r.percentOne(format, values, named, &used)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
		format = rest
		if b.Len() > maxOutput {
			return nil, errTooLong
		}
		if err := r.step(1); err != nil {
			return nil, err
		}
	}
	b.WriteString(format)
	_, isDict := asMapping(named)
	if _, isList := named.([]any); used < len(values) && !isDict && !isList {
		return nil, errors.New("the format has fewer places than there are values")
	}
	return r.text(b.String())
}

func (r *run) percentOne(format string, values []any, named any, used *int) (out, rest string, err error) {
	var v any
	byName := false
	if strings.HasPrefix(format, "(") {
		end := strings.IndexByte(format, ')')
		m, ok := asMapping(named)
		if end < 0 || !ok {
			return "", "", errors.New("%(name) in a format needs a dict")
		}
		got, ok := m.get(format[1:end])
		if !ok {
			return "", "", errors.New("the format names a value that is not there")
		}
		v, byName, format = norm(got), true, format[end+1:]
	}
	spec := formatSpec{fill: " ", precision: -1}
	for format != "" && strings.IndexByte("-+ 0#", format[0]) >= 0 {
		switch format[0] {
		case '-':
			spec.align = '<'
		case '0':
			spec.zero = true
		case '+', ' ':
			spec.sign = format[0]
		}
		format = format[1:]
	}
	if format, err = spec.widths(format); err != nil {
		return "", "", err
	}
	if format == "" {
		return "", "", errors.New("the format is incomplete")
	}
	if !byName {
		if *used >= len(values) {
			return "", "", errors.New("the format has more places than there are values")
		}
		v = norm(values[*used])
		*used++
	}
	if spec.align == '<' {
		spec.zero = false
	} else {
		spec.align = '>'
	}
	if spec.kind = format[0]; spec.kind == 'i' || spec.kind == 'u' {
		spec.kind = 'd'
	}
	if spec.kind == 'r' || spec.kind == 's' {
		spec.zero = false
	}
	out, err = r.formatValue(spec, v, true)
	return out, format[1:], err
}

// formatSpec is one place of a format.
type formatSpec struct {
	fill      string
	align     byte // <, >, ^, = or 0
	sign      byte // +, blank or 0
	zero      bool
	comma     bool
	width     int
	precision int // -1 = none
	kind      byte
}

func (f *formatSpec) widths(s string) (rest string, err error) {
	number := func() (int, error) {
		n := 0
		for n < len(s) && isDigit(s[n]) {
			n++
		}
		if n == 0 {
			return 0, nil
		}
		v, err := strconv.Atoi(s[:n])
		s = s[n:]
		if err != nil || v > maxWidth {
			return 0, fmt.Errorf("a format's width may be at most %d", maxWidth)
		}
		return v, nil
	}
	if f.width, err = number(); err != nil {
		return "", err
	}
	if strings.HasPrefix(s, ",") {
		f.comma, s = true, s[1:]
	}
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		if f.precision, err = number(); err != nil {
			return "", err
		}
		if f.precision > 300 {
			return "", errors.New("a format's precision may be at most 300")
		}
	}
	return s, nil
}

// formatValue writes one value; loose lets %d take a float.
func (r *run) formatValue(f formatSpec, v any, loose bool) (string, error) {
	switch f.kind {
	case 's', 'r':
		s, err := r.str(v)
		if f.kind == 'r' {
			s, err = r.repr(v)
		}
		if err != nil {
			return "", err
		}
		if runes := []rune(s); f.precision >= 0 && len(runes) > f.precision {
			s = string(runes[:f.precision])
		}
		if f.align == 0 {
			f.align = '<'
		}
		return r.padded(f, "", s)
	case 'd', 'x', 'X', 'o', 'b', 'c', 'f', 'F', 'e', 'E', 'g', 'G', '%':
		return r.formatNumber(f, v, loose)
	}
	return "", fmt.Errorf("the format '%c' is not known", f.kind)
}

func (r *run) formatNumber(f formatSpec, v any, loose bool) (string, error) {
	i, x, isInt, ok := number(v)
	if !ok {
		return "", notNumber(fmt.Sprintf("the format '%c'", f.kind), v)
	}
	whole := strings.IndexByte("dxXobc", f.kind) >= 0
	if whole && !isInt {
		if !loose {
			return "", fmt.Errorf("the format '%c' needs a whole number", f.kind)
		}
		n, err := truncated(x, int64(0))
		if err != nil {
			return "", err
		}
		i, _ = n.(int64)
	}
	var text string
	switch {
	case f.kind == 'c':
		return r.padded(f, "", string(rune(i)))
	case whole:
		base := map[byte]int{'d': 10, 'x': 16, 'X': 16, 'o': 8, 'b': 2}[f.kind]
		if text = strconv.FormatInt(i, base); f.kind == 'X' {
			text = strings.ToUpper(text)
		}
	default:
		text = floatAs(f, x)
	}
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	} else if f.sign != 0 {
		sign = string(f.sign)
	}
	if f.comma {
		text = thousands(text)
	}
	if f.align == 0 {
		f.align = '>'
	}
	if f.zero {
		f.align, f.fill = '=', "0"
	}
	return r.padded(f, sign, text)
}

func floatAs(f formatSpec, x float64) string {
	precision := f.precision
	if precision < 0 {
		precision = 6
	}
	kind, suffix := f.kind, ""
	switch kind {
	case 'F':
		kind = 'f'
	case '%':
		kind, x, suffix = 'f', x*100, "%"
	case 'g', 'G':
		precision = max(precision, 1)
	}
	return strings.TrimPrefix(strconv.FormatFloat(x, kind, precision, 64), "+") + suffix
}

func thousands(s string) string {
	whole, rest := s, ""
	if i := strings.IndexAny(s, ".e%"); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + rest
}

func (r *run) padded(f formatSpec, sign, s string) (string, error) {
	fill := f.fill
	if fill == "" {
		fill = " "
	}
	side := f.align
	if side == '=' {
		side, f.width = '>', f.width-len(sign)
	} else {
		s, sign = sign+s, ""
	}
	out, err := r.pad(s, f.width, fill, side)
	if err != nil {
		return "", err
	}
	text, _ := out.(string)
	return sign + text, nil
}

// braces is Python's str.format with {}, {0}, {name} and a format behind a colon.
func (r *run) braces(format string, a *args) (any, error) {
	var b strings.Builder
	next := 0
	for format != "" {
		i := strings.IndexAny(format, "{}")
		if i < 0 {
			break
		}
		b.WriteString(format[:i])
		if strings.HasPrefix(format[i+1:], format[i:i+1]) {
			b.WriteByte(format[i])
			format = format[i+2:]
			continue
		}
		end := strings.IndexByte(format[i:], '}')
		if format[i] == '}' || end < 0 {
			return nil, errors.New("the format has a single brace; write {{ or }} for one")
		}
		s, err := r.bracesOne(format[i+1:i+end], a, &next)
		if err != nil {
			return nil, err
		}
		b.WriteString(s)
		format = format[i+end+1:]
		if b.Len() > maxOutput {
			return nil, errTooLong
		}
		if err := r.step(1); err != nil {
			return nil, err
		}
	}
	b.WriteString(format)
	return r.text(b.String())
}

func (r *run) bracesOne(field string, a *args, next *int) (string, error) {
	field, format, _ := strings.Cut(field, ":")
	field, conversion, _ := strings.Cut(field, "!")
	path := strings.Split(strings.NewReplacer("[", ".", "]", "").Replace(field), ".")
	var v any
	if path[0] == "" {
		path[0] = strconv.Itoa(*next)
		*next++
	}
	if i, err := strconv.Atoi(path[0]); err == nil {
		if i < 0 || i >= len(a.pos) {
			return "", errors.New("the format has more places than there are values")
		}
		v = a.pos[i]
	} else if got, ok := a.named[path[0]]; ok {
		v = got
	} else {
		return "", errors.New("the format names a value that is not there")
	}
	if len(path) > 1 {
		get, err := r.path(strings.Join(path[1:], "."))
		if err != nil {
			return "", err
		}
		if v, err = get(v); err != nil {
			return "", err
		}
	}
	if conversion == "r" {
		s, err := r.repr(v)
		if err != nil {
			return "", err
		}
		v = s
	}
	f, err := parseSpec(format, v)
	if err != nil {
		return "", err
	}
	return r.formatValue(f, v, false)
}

// parseSpec reads [[fill]align][sign][0][width][,][.precision][kind].
func parseSpec(s string, v any) (formatSpec, error) {
	f := formatSpec{fill: " ", precision: -1}
	runes := []rune(s)
	switch {
	case len(runes) > 1 && strings.ContainsRune("<>^=", runes[1]):
		f.fill, f.align, s = string(runes[0]), byte(runes[1]), string(runes[2:])
	case len(runes) > 0 && strings.ContainsRune("<>^=", runes[0]):
		f.align, s = byte(runes[0]), s[1:]
	}
	if s != "" && (s[0] == '+' || s[0] == ' ' || s[0] == '-') {
		if s[0] != '-' {
			f.sign = s[0]
		}
		s = s[1:]
	}
	if s != "" && s[0] == '0' {
		f.zero, s = f.align == 0, s[1:]
	}
	s, err := f.widths(s)
	if err != nil {
		return f, err
	}
	switch {
	case len(s) > 1:
		return f, errors.New("the format is not known")
	case len(s) == 1:
		f.kind = s[0]
	default:
		f.kind = 's'
		switch v.(type) {
		case int64:
			f.kind = 'd'
		case float64:
			if f.kind = 'g'; f.precision < 0 {
				f.kind, f.align = 's', max(f.align, '>')
			}
		}
	}
	return f, nil
}
