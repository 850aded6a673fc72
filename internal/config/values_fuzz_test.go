package config

import (
	"math"
	"testing"
)

// textValue is a text as it stands in a file of its own.
func textValue(s string) (*checker, *value) {
	c := &checker{src: newSource("config.yml", []byte(s))}
	return c, &value{kind: kindText, line: 1, col: 1, text: s, native: s, path: "engine.keep_bytes"}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1048576": 1 << 20, "10MiB": 10 << 20, "512kB": 512_000, "1.5 GiB": 3 << 29, "2GB": 2_000_000_000, " 7 ": 7, "1k": 1000,
		"-1": -1, "": -1, "ten": -1, "10XB": -1, "1e3": -1, "99999999999999999999": -1, "16EiB": -1, "NaN": -1, "Inf": -1,
	} {
		c, v := textValue(text)
		got := c.sizeOf(v)
		if bad := len(c.problems) > 0; bad != (want < 0) || (!bad && got != want) {
			t.Errorf("%q: %d, %v", text, got, c.problems)
		}
	}
}

func FuzzSize(f *testing.F) {
	for _, s := range []string{"10MiB", "512 kB", "1.5GB", "-1", "16EiB", "1e9", "0x10", "9223372036854775807"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, v := textValue(s)
		if n := c.sizeOf(v); n < 0 || (len(c.problems) > 0 && n != 0) {
			t.Fatalf("%q: %d, %v", s, n, c.problems)
		}
	})
}

func FuzzRate(f *testing.F) {
	for _, s := range []string{"10/s", "100/min", "5/10s", "1/P1D", "/", "10", "0/s", "1/0", "-1/s", "1//s"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, v := textValue(s)
		runs, per := c.readRate(v)
		good := runs >= 1 && runs <= math.MaxInt32 && per > 0 && per <= maxDuration
		if bad := len(c.problems) > 0; bad == good || (bad && (runs != 0 || per != 0)) {
			t.Fatalf("%q: %d in %s, %v", s, runs, per, c.problems)
		}
	})
}

// FuzzDuration: what a file may say for a duration gives one in bounds, or a problem.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"90s", "5m", "PT5M", "0:05:00", "1h30m", "-5s", "1e300", "9999999h", "µ", "5.5.5"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, zero bool) {
		c, v := textValue(s)
		d, ok := c.durationOf(v, zero)
		if ok == (len(c.problems) > 0) {
			t.Fatalf("%q: %s, %t, %v", s, d, ok, c.problems)
		}
		if ok && (d < 0 || d > maxDuration || (d == 0 && !zero)) {
			t.Fatalf("%q: %s is out of bounds", s, d)
		}
	})
}

// FuzzExclude: entries and names of calendars, told apart by their form, never panic and never give a problem outside the text.
func FuzzExclude(f *testing.F) {
	for _, s := range []string{"weekend", "2026-12-24..2026-12-26", "* * * * sat", "@daily", "ä", "", " ", "..", "2026-12-24.."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, v := textValue(s)
		calendars := c.excludeOf(v, nil)
		if len(c.problems) == 0 && len(calendars) != 1 {
			t.Fatalf("%q: %d calendars", s, len(calendars))
		}
		for _, p := range c.problems {
			_ = p.String()
		}
	})
}
