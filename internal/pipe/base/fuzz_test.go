package base

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

func FuzzSplitWords(f *testing.F) {
	for _, s := range []string{`a b`, `"a b" 'c'`, `{{ x | f("}") }} y`, `\`, `a\ b`, `{%`, `{{}}}}`, `x{# c #}y`, "\xff '"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words, err := splitWords(line)
		if err != nil || strings.ContainsAny(line, `"'\{`) {
			return
		}
		var want []any // without quotes and templates it is plain splitting at blanks
		for _, w := range strings.FieldsFunc(strings.ToValidUTF8(line, "\uFFFD"), func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) }) {
			want = append(want, w)
		}
		if strings.ToValidUTF8(line, "") == line && !slices.Equal(words, want) {
			t.Errorf("split %q into %q, want %q", line, words, want)
		}
	})
}

func FuzzHTTPHeaders(f *testing.F) {
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, s := range []string{"5", "-1", "99999999999999999999", "Sun, 01 Mar 2026 09:00:00 GMT", "200-299", "2xx, 404", "-", "xx", "0xx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := fault.ParseRetryAfter(s, now); d < 0 || d > fault.MaxRetryAfter {
			t.Errorf("Retry-After %q waits %s", s, d)
		}
		set, err := parseExpect(s)
		if err != nil {
			return
		}
		again, err := parseExpect(set.String())
		if err != nil || !slices.Equal(set, again) {
			t.Errorf("expect %q is %v, read again %v, %v", s, set, again, err)
		}
	})
}
