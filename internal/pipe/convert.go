package pipe

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/schedule"
)

// scalar converts raw to dst's type, as lax as upstream's models are.
func (b *binder) scalar(path string, raw any, dst reflect.Value, o option) bool {
	ok := false
	switch t := dst.Type(); {
	case t == durationType:
		var d time.Duration
		if d, ok = toDuration(raw); ok {
			dst.SetInt(int64(d))
		}
	case t == timeType:
		var at time.Time
		if at, ok = toTime(raw); ok {
			dst.Set(reflect.ValueOf(at))
		}
	case t.Kind() == reflect.String:
		var s string
		if s, ok = toString(raw); ok {
			dst.SetString(s)
		}
	case t.Kind() == reflect.Bool:
		var v bool
		if v, ok = toBool(raw); ok {
			dst.SetBool(v)
		}
	case dst.CanInt():
		var n int64
		if n, ok = toInt(raw); ok && !dst.OverflowInt(n) {
			dst.SetInt(n)
		} else {
			ok = false
		}
	case dst.CanFloat():
		var f float64
		if f, ok = toFloat(raw); ok {
			dst.SetFloat(f)
		}
	}
	if !ok {
		b.fail(path, expectedOf(dst.Type()), raw, o.secret)
	}
	return ok
}

func expectedOf(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration such as 90, \"1m30s\", \"PT90S\" or \"0:01:30\""
	case t == timeType:
		return "a time as RFC 3339, such as 2026-01-31T08:00:00Z"
	}
	switch typeField(t).Kind {
	case FieldInt:
		return "a whole number"
	case FieldFloat:
		return "a number"
	case FieldBool:
		return "true or false"
	case FieldString:
		return "a text"
	default:
		return t.String()
	}
}

func toString(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case time.Duration:
		return x.String(), true
	case time.Time:
		return x.Format(time.RFC3339), true
	case json.Number:
		return x.String(), true
	}
	switch rv := reflect.ValueOf(v); {
	case rv.Kind() == reflect.String:
		return rv.String(), true
	case rv.CanInt():
		return strconv.FormatInt(rv.Int(), 10), true
	case rv.CanUint():
		return strconv.FormatUint(rv.Uint(), 10), true
	case rv.CanFloat():
		return strconv.FormatFloat(rv.Float(), 'f', -1, 64), true
	case rv.Kind() == reflect.Bool:
		return strconv.FormatBool(rv.Bool()), true
	default:
		return "", false
	}
}

func toInt(v any) (int64, bool) {
	rv := reflect.ValueOf(v)
	switch {
	case rv.CanInt():
		return rv.Int(), true
	case rv.CanUint():
		return int64(rv.Uint()), rv.Uint() <= math.MaxInt64
	case rv.CanFloat():
		return wholeFloat(rv.Float())
	case rv.Kind() == reflect.String:
		s := strings.TrimSpace(rv.String())
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true
		}
		// "5.0" is whole too, as in upstream's models.
		whole, zeros, dotted := strings.Cut(s, ".")
		if !dotted || strings.Trim(zeros, "0") != "" {
			return 0, false
		}
		n, err := strconv.ParseInt(whole, 10, 64)
		return n, err == nil
	default:
		return 0, false
	}
}

func wholeFloat(f float64) (int64, bool) {
	if math.Trunc(f) != f || math.Abs(f) >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func toFloat(v any) (float64, bool) {
	rv := reflect.ValueOf(v)
	var f float64
	switch {
	case rv.CanFloat():
		f = rv.Float()
	case rv.CanInt():
		f = float64(rv.Int())
	case rv.CanUint():
		f = float64(rv.Uint())
	case rv.Kind() == reflect.String:
		var err error
		if f, err = strconv.ParseFloat(strings.TrimSpace(rv.String()), 64); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	return f, !math.IsNaN(f) && !math.IsInf(f, 0)
}

func toBool(v any) (bool, bool) {
	rv := reflect.ValueOf(v)
	switch {
	case rv.Kind() == reflect.Bool:
		return rv.Bool(), true
	case rv.Kind() == reflect.String:
		switch strings.ToLower(strings.TrimSpace(rv.String())) {
		case "true", "t", "yes", "y", "on", "1":
			return true, true
		case "false", "f", "no", "n", "off", "0":
			return false, true
		}
		return false, false
	}
	n, ok := toInt(v)
	return n == 1, ok && (n == 0 || n == 1)
}

func toTime(v any) (time.Time, bool) {
	switch x := v.(type) {
	case time.Time:
		return x, true
	case string:
		t, err := time.Parse(time.RFC3339, strings.TrimSpace(x))
		return t, err == nil
	default:
		return time.Time{}, false
	}
}

// toDuration reads text forms and plain numbers, which are seconds. No parameter means anything by a negative one.
func toDuration(v any) (time.Duration, bool) {
	if d, ok := v.(time.Duration); ok {
		return d, d >= 0
	}
	if s, ok := v.(string); ok {
		s = strings.TrimSpace(s)
		d, err := time.ParseDuration(s)
		if err != nil {
			d, err = schedule.ParseDuration(s)
		}
		return d, err == nil && d >= 0
	}
	seconds, ok := toFloat(v)
	if !ok || seconds < 0 || seconds > math.MaxInt64/float64(time.Second) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}
