package ui

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseUntil(t *testing.T) {
	now := time.Date(2026, 11, 24, 14, 2, 31, 0, time.UTC)
	for in, want := range map[string]string{
		"":                          "0001-01-01T00:00:00Z",
		" ":                         "0001-01-01T00:00:00Z",
		"15m":                       "2026-11-24T14:17:31Z",
		"1h30m":                     "2026-11-24T15:32:31Z",
		"2d":                        "2026-11-26T14:02:31Z",
		"15:30":                     "2026-11-24T15:30:00Z",
		"14:02":                     "2026-11-25T14:02:00Z", // over today: tomorrow
		"2026-12-01":                "2026-12-01T00:00:00Z",
		"2026-12-01T08:00":          "2026-12-01T08:00:00Z",
		"2026-12-01 08:00":          "2026-12-01T08:00:00Z",
		"2026-12-01T08:00:00Z":      "2026-12-01T08:00:00Z",
		"2026-12-01T08:00:00+02:00": "2026-12-01T06:00:00Z",
		"2026-11-23":                "over already", "-1h": "over at once", "0m": "over at once", "soon": "neither a length", "25:00": "neither a length",
		"99999d": "neither a length",
	} {
		got, err := parseUntil(in, now)
		s := got.Format(time.RFC3339)
		if err != nil {
			s = err.Error()
		}
		if !strings.Contains(s, want) {
			t.Errorf("parseUntil(%q) = %s, want %s", in, s, want)
		}
	}
}

func TestParseParams(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "map[]",
		"a=1":                      "map[a:1]",
		`a=1 b="two words" c=`:     "map[a:1 b:two words c:]",
		"a= b=2":                   "map[a: b:2]",
		"a=x=y":                    "map[a:x=y]",
		"url=http://x/?a=1&b=2 z=": "map[url:http://x/?a=1&b=2 z:]",
		"a":                        `"a" is not name=value`,
		"=1":                       `"=1" is not name=value`,
		"a b=1":                    `"a b=1" is not name=value`,
		"a=1 a=2":                  "a is there twice",
	} {
		got, err := parseParams(in)
		s := fmt.Sprint(got)
		if err != nil {
			s = err.Error()
		}
		if s != want {
			t.Errorf("parseParams(%q) = %s, want %s", in, s, want)
		}
		if err == nil {
			if again, err := parseParams(paramWords(got)); err != nil || fmt.Sprint(again) != s {
				t.Errorf("%q printed and read again: %v, %v", in, again, err)
			}
		}
	}
}

// FuzzTyped: no typed text breaks the words it is cut into.
func FuzzTyped(f *testing.F) {
	for _, s := range []string{"", `"`, `""`, `a "b c" d`, "a=\"", "É=1", "tag x 1h \"r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for n, rest := 0, s; rest != ""; n++ {
			before := rest
			if _, rest = cutWord(rest); len(rest) >= len(before) {
				t.Fatalf("%q does not get shorter", before)
			}
		}
		_, _ = parseParams(s)
		_, _ = parseUntil(s, time.Unix(0, 0))
		_ = unquote(quoted(s))
	})
}
