package part

import (
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/vt"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// FuzzForeignTextKeepsItsColumns: whatever text is drawn, each row is exactly as wide as the canvas, and a terminal shows the cells that
// were meant: what stands to the right of the text and on the rows beside it stays where it is.
func FuzzForeignTextKeepsItsColumns(f *testing.F) {
	for _, s := range []string{
		"printer on fire", "日本語の件名", "e\u0301le\u0301phant\u0301\u0301\u0301", "שלום", "👩‍👩‍👧👍🏽🏳️‍🌈", "a\x1b[2J\x1b[1;1Hb", "\u202eevil", "\u009b31m\u0085", "\t\r\n", "\xff\xc0",
		"한국어 ᄒ\u1161\u11ab", "ﷺ", "\u200b\u2060\ufeff", "\U000e0041tag", "क्षि", "ก็", "\u0300first mark", "█▓░─", "\ue000private", "🇩🇪🇫🇷", "☎️ ✔️ ▶", "ｆｕｌｌ", "\x1b]52;c;eA==\x07",
		"\x1bP1;2q\x1b\\", "\u2028\u2029", "\u3000wide blank", "ﬀ ligature", "𝕏𝟙", "\u00adsoft", "\u180e", "A\u20dd", "1\ufe0f\u20e3",
	} {
		f.Add(s, uint8(0), uint8(20))
		f.Add(s, uint8(15), uint8(7))
	}
	f.Fuzz(func(t *testing.T, s string, x, w uint8) {
		for _, ascii := range []bool{false, true} {
			const width = 40
			c := NewCanvas(width, 4, ascii)
			for y := range 4 {
				c.Put(0, y, theme.Plain, strings.Repeat(".", width))
			}
			at, room := int(x)%width, int(w)%width
			c.Sub(0, 1, width, 1).Text(at, 0, min(room, width-at), theme.Failed, s)
			c.Sub(at, 2, min(room, width-at), 1).Put(0, 0, theme.OK, s) // cut by the canvas, with no ellipsis
			c.Put(width-1, 1, theme.Plain, "|")
			c.Put(width-1, 2, theme.Plain, "|")
			lines := c.Lines()
			for y, l := range lines {
				if text.Width(l) != width {
					t.Fatalf("row %d is %d wide: %q", y, text.Width(l), l)
				}
			}
			th, _ := theme.Named("terminal")
			got := emulate(t, width, 4, c.ANSI(th))
			for y := range lines {
				if got[y] != lines[y] {
					t.Fatalf("ascii %v: the terminal shows\n%q, meant was\n%q (of %q)", ascii, got[y], lines[y], s)
				}
			}
			if strings.Trim(lines[0], ".") != "" || strings.Trim(lines[3], ".") != "" || !strings.HasSuffix(lines[1], "|") || !strings.HasSuffix(lines[2], "|") {
				t.Fatalf("%q leaves its place:\n%s", s, strings.Join(lines, "\n"))
			}
		}
	})
}

// emulate gives what a terminal makes of output.
func emulate(t *testing.T, w, h int, out string) []string {
	t.Helper()
	emu := vt.NewEmulator(w, h)
	go func() { _, _ = io.Copy(io.Discard, emu) }() // answers, which nobody waits for
	defer func() {
		if c, ok := emu.InputPipe().(io.Closer); ok {
			_ = c.Close()
		}
	}()
	if _, err := emu.WriteString(strings.ReplaceAll(out, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
	lines := make([]string, h)
	for y := range lines {
		var b strings.Builder
		for x := range w {
			if c := emu.CellAt(x, y); c == nil || c.Content == "" && c.Width == 1 {
				b.WriteByte(' ')
			} else if c.Width > 0 {
				b.WriteString(c.Content)
			}
		}
		lines[y] = b.String()
	}
	return lines
}
