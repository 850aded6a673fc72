package part

import (
	"strings"
	"testing"
)

func TestWindow(t *testing.T) {
	for _, c := range []struct{ top, cursor, n, h, want int }{
		{0, 0, 10, 4, 0}, {0, 3, 10, 4, 0}, {0, 4, 10, 4, 1}, {5, 2, 10, 4, 2}, {9, 9, 10, 4, 6}, {3, 1, 2, 4, 0}, {0, 5, 10, 0, 0},
	} {
		if got := Window(c.top, c.cursor, c.n, c.h); got != c.want {
			t.Errorf("Window(%d, %d, %d, %d) = %d, want %d", c.top, c.cursor, c.n, c.h, got, c.want)
		}
	}
}

func TestMoves(t *testing.T) {
	for _, c := range []struct {
		have, want string
		n          int
	}{
		{"a b c d", "a b c d", 0}, {"a b c d", "d a b c", 1}, {"a b c d", "b a d c", 2}, {"a b c", "c b a", 2}, {"a b", "x b a", 1}, {"", "a", 0},
	} {
		if got := Moves(strings.Fields(c.have), strings.Fields(c.want)); got != c.n {
			t.Errorf("Moves(%q, %q) = %d, want %d", c.have, c.want, got, c.n)
		}
	}
}
