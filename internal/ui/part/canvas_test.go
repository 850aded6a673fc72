package part

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

func TestCanvasCutsAndClips(t *testing.T) {
	c := NewCanvas(6, 3, false)
	c.Put(4, 0, theme.OK, "abcdef")
	c.Put(-2, 1, theme.OK, "abcd")
	c.Put(0, 9, theme.OK, "nowhere")
	c.Sub(1, 2, 3, 1).Put(0, 0, theme.OK, "wxyz")
	if got, want := c.Lines(), []string{"    ab", "cd    ", " wxy  "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCanvasWideCharacters(t *testing.T) {
	c := NewCanvas(5, 4, false)
	c.Put(0, 0, theme.Plain, "日本語")
	c.Put(0, 1, theme.Plain, "日本")
	c.Put(1, 1, theme.Plain, "x")
	c.Put(0, 2, theme.Plain, "日本")
	c.Put(2, 2, theme.Plain, "y")
	c.Put(0, 3, theme.Plain, "e\u0301a")
	for y, want := range []string{"日本 ", " x本 ", "日y  ", "e\u0301a   "} {
		if got := c.Lines()[y]; got != want || text.Width(got) != 5 {
			t.Errorf("row %d: %q, want %q", y, got, want)
		}
	}
}

func TestCanvasNeverHoldsControls(t *testing.T) {
	c := NewCanvas(40, 1, false)
	c.Put(0, 0, theme.Plain, "a\x1b[31mred\x1b]52;c;eA==\x07\u202eb\nc\u009b2Jd")
	if got := strings.TrimRight(c.Lines()[0], " "); got != "aredb cd" {
		t.Errorf("%q", got)
	}
	th, _ := theme.Named("terminal")
	if s := ansi.Strip(c.ANSI(th)); strings.ContainsAny(s, "\x1b\x07\u202e\u009b") {
		t.Errorf("%q", s)
	}
}

func TestCanvasASCII(t *testing.T) {
	c := NewCanvas(24, 1, true)
	c.Put(0, 0, theme.Plain, "✓ ✗ ↻ ▸ ▁▂▃▄▅▆▇█ ä日·…")
	if got, want := c.Lines()[0], ". x ~ * _.-=+*## ??.~   "; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCanvasANSI(t *testing.T) {
	c := NewCanvas(10, 2, false)
	x := c.Put(0, 0, theme.OK, "ok")
	c.Put(x+1, 0, theme.Failed, "bad")
	c.Attr(0, 1, 10, theme.Selected)
	th, _ := theme.Named("terminal")
	want := "\x1b[m\x1b[32mok \x1b[m\x1b[1;31mbad\x1b[m\n\x1b[m\x1b[7m          \x1b[m"
	if got := c.ANSI(th); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := c.Roles(); got[0] != "gg fff    " || got[1] != "__________" {
		t.Errorf("%q", got)
	}
}
