package config

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// The readers below give the zero value and ok false for an absent or wrong value; wrong ones are reported.

func (c *checker) textOf(v *value) (string, bool) {
	switch {
	case v == nil:
		return "", false
	case !v.scalar() || v.kind == kindNull:
		c.at(v).expect("a text").errorf("%s has to be a text, got %s", lastKey(v.path), v.kind)
		return "", false
	}
	return v.text, true
}

// nameOf reads an identifier: a text that can be typed on a command line and stand in a step path.
func (c *checker) nameOf(v *value) (string, bool) {
	s, ok := c.textOf(v)
	if !ok {
		return "", false
	}
	bad := strings.ContainsFunc(s, func(r rune) bool { return r == '/' || r < 0x20 || r == 0x7f })
	if bad || s == "" || s != strings.TrimSpace(s) || len(s) > 200 {
		c.at(v).expect("1 to 200 characters without / and control characters").errorf("%s is not usable as %s", v.quoted(), lastKey(v.path))
		return "", false
	}
	return s, true
}

func (c *checker) boolOf(v *value, fallback bool) bool {
	if v == nil {
		return fallback
	}
	if v.kind == kindBool {
		return v.native == true
	}
	if b, ok := yesNo(v.text); ok && v.scalar() && (v.plain || v.env != "") {
		return b
	}
	c.at(v).expect("true or false").errorf("%s has to be true or false, got %s", lastKey(v.path), v.quoted())
	return fallback
}

func (c *checker) wholeOf(v *value, least int64, fallback int64) int64 {
	if v == nil {
		return fallback
	}
	n, ok := v.native.(int64)
	if s, isText := v.native.(string); isText && v.scalar() {
		// PyYAML leaves 10_000 to YAML 1.1; quoted and environment values come as text.
		var err error
		n, err = strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64)
		ok = err == nil
	}
	if !ok {
		c.at(v).expect("a whole number").errorf("%s has to be a whole number, got %s", lastKey(v.path), v.quoted())
		return fallback
	}
	if n < least || n > math.MaxInt32 {
		c.at(v).expect("a number from %d to %d", least, math.MaxInt32).errorf("%s is out of range", lastKey(v.path))
		return fallback
	}
	return n
}

func (c *checker) floatOf(v *value) (float64, bool) {
	if v == nil {
		return 0, false
	}
	switch n := v.native.(type) {
	case int64:
		return float64(n), true
	case float64:
		if !math.IsNaN(n) && !math.IsInf(n, 0) {
			return n, true
		}
	case string:
		if f, err := strconv.ParseFloat(strings.ReplaceAll(n, "_", ""), 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, true
		}
	}
	c.at(v).expect("a number").errorf("%s has to be a number, got %s", lastKey(v.path), v.quoted())
	return 0, false
}

// maxDuration bounds every duration of a file; more is a mistake of units.
const maxDuration = 10 * 366 * 24 * time.Hour

const durationForms = "seconds such as 90 or 0.5, or \"90s\", \"5m\", \"PT5M\", \"0:05:00\""

// durationOf reads seconds as a number, or one of the text forms. Negative ones are reported; zero is allowed only when
// zeroOK, because a zero interval would never end.
func (c *checker) durationOf(v *value, zeroOK bool) (time.Duration, bool) {
	if v == nil {
		return 0, false
	}
	var d time.Duration
	switch n := v.native.(type) {
	case int64:
		d = scaled(float64(n), time.Second)
	case float64:
		d = scaled(n, time.Second)
	default:
		var err error
		if d, err = parseDuration(v.text); !v.scalar() || v.kind != kindText || err != nil {
			c.at(v).expect(durationForms).errorf("%s has to be a duration, got %s", lastKey(v.path), v.quoted())
			return 0, false
		}
	}
	return d, c.checkDuration(v, d, zeroOK)
}

func (c *checker) checkDuration(v *value, d time.Duration, zeroOK bool) bool {
	switch {
	case d < 0 || (d == 0 && !zeroOK):
		bound := "more than 0"
		if zeroOK {
			bound = "0 or more"
		}
		c.at(v).expect("%s", bound).errorf("%s has to be %s, got %s", lastKey(v.path), bound, v.quoted())
		return false
	case d > maxDuration:
		c.at(v).expect("at most ten years").errorf("%s is too long", lastKey(v.path))
		return false
	}
	return true
}

// scaled is n units without overflow: beyond the bound it stays beyond it.
func scaled(n float64, unit time.Duration) time.Duration {
	f := n * float64(unit)
	switch {
	case math.IsNaN(f):
		return -1
	case f > float64(maxDuration):
		return maxDuration + 1
	case f < 0:
		return -1
	}
	return time.Duration(math.Round(f))
}

// sizeOf reads bytes as a number, or a text such as "10MiB" or "512 kB".
func (c *checker) sizeOf(v *value) int64 {
	if v == nil {
		return 0
	}
	n, err := humanize.ParseBytes(strings.TrimSpace(v.text))
	if err != nil || !v.scalar() || v.kind == kindNull || n > math.MaxInt64 {
		c.at(v).expect("bytes such as 1048576, or \"10MiB\", \"512kB\"").errorf("%s has to be a size, got %s", lastKey(v.path), v.quoted())
		return 0
	}
	return int64(n)
}

// textsOf reads a list of texts, or one text as a list of one.
func (c *checker) textsOf(v *value) []*value {
	if v == nil {
		return nil
	}
	items := []*value{v}
	if v.kind == kindList {
		items = v.items
	}
	var out []*value
	for _, item := range items {
		if _, ok := c.textOf(item); ok {
			out = append(out, item)
		}
	}
	return out
}

// listOf reads a list; a problem and nil when v is something else.
func (c *checker) listOf(v *value, what string) []*value {
	if v == nil {
		return nil
	}
	if v.kind != kindList {
		c.at(v).expect("a list").errorf("%s has to be a list of %s, got %s", lastKey(v.path), what, v.quoted())
		return nil
	}
	return v.items
}

func lastKey(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		path = path[i+1:]
	}
	if path == "" {
		return "the value"
	}
	return path
}
