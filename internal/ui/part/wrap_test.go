package part

import (
	"slices"
	"testing"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		w, n int
		want []string
	}{
		{"", 10, 3, nil},
		{"short", 10, 3, []string{"short"}},
		{"pq: deadlock detected updating", 12, 3, []string{"pq: deadlock", "detected", "updating"}},
		{"pq: deadlock detected updating", 12, 2, []string{"pq: deadlock", "detected up…"}},
		{"aaaaaaaaaaaaaaa", 6, 3, []string{"aaaaaa", "aaaaaa", "aaa"}},
		{"a bbbbbbbbb", 6, 3, []string{"a bbbb", "bbbbb"}},
		{"日本語", 1, 3, nil},
		{"x", 0, 3, nil},
	} {
		if got := Wrap(c.in, c.w, c.n); !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d, %d) = %q, want %q", c.in, c.w, c.n, got, c.want)
		}
	}
}
