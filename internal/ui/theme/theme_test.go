package theme

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestEveryRoleHasALetter(t *testing.T) {
	if len(letters) != int(roles) {
		t.Fatalf("%d letters for %d roles", len(letters), roles)
	}
	seen := map[byte]bool{}
	for r := range roles {
		if seen[r.Letter()] {
			t.Errorf("letter %c is used twice", r.Letter())
		}
		seen[r.Letter()] = true
	}
}

func TestGlyphsAreOneColumnAndHaveATwin(t *testing.T) {
	glyphs := []string{
		GlyphOK, GlyphFailed, GlyphRetry, GlyphRunning, GlyphQueued, GlyphLate, GlyphPaused, GlyphSkipped, GlyphDisabled,
		Cursor, Dot, Ellipsis, HLine, VLine, TeeDown, TeeUp, TeeLeft, TeeRight, Cross, CornerUp, CornerLeft, BarOK, BarFailed, BarWait, BarQueued, FoldMark, Times, Arrow, Down, Up,
	}
	for _, g := range append(glyphs, Spark[:]...) {
		r := []rune(g)
		if len(r) != 1 || ansi.StringWidth(g) != 1 || ansi.StringWidthWc(g) != 1 {
			t.Errorf("%q is not one column wide", g)
		}
		if r[0] >= 0x2800 && r[0] <= 0x28ff {
			t.Errorf("%q is braille", g)
		}
		if strings.ContainsRune("▶⏸⚠✔⏱❌✅", r[0]) {
			t.Errorf("%q has an emoji form", g)
		}
		if a := ASCII(r[0]); a == '?' || a > 0x7e {
			t.Errorf("%q has no ASCII twin", g)
		}
	}
}

// TestStatesDifferInASCII: the nine state glyphs stay apart without colour and in ASCII, except "disabled", whose word
// says it.
func TestStatesDifferInASCII(t *testing.T) {
	seen := map[rune]string{}
	for _, g := range []string{GlyphOK, GlyphFailed, GlyphRetry, GlyphRunning, GlyphQueued, GlyphLate, GlyphPaused, GlyphSkipped} {
		a := ASCII([]rune(g)[0])
		if o, ok := seen[a]; ok {
			t.Errorf("%s and %s are both %c", o, g, a)
		}
		seen[a] = g
	}
}

func TestContrast(t *testing.T) {
	for name, grounds := range map[string][]string{
		"otai-dark": {"000000", "1e1e2e", "002b36"}, "otai-light": {"ffffff", "fdf6e3"},
	} {
		th, _ := Named(name)
		for r := OK; r < Bar; r++ { // bars carry no text
			var red, green, blue int
			sgr := th.sgr[r]
			if i := strings.Index(sgr, "38;2;"); i < 0 {
				continue
			} else if _, err := fmt.Sscanf(sgr[i:], "38;2;%d;%d;%d", &red, &green, &blue); err != nil {
				t.Fatal(err)
			}
			want := map[string]float64{"otai-dark": 5.9, "otai-light": 4.7}[name]
			if r == Faint {
				want = 4
			}
			for _, g := range grounds {
				var gr, gg, gb int
				if _, err := fmt.Sscanf(g, "%02x%02x%02x", &gr, &gg, &gb); err != nil {
					t.Fatal(err)
				}
				if c := contrast(luminance(red, green, blue), luminance(gr, gg, gb)); c < want {
					t.Errorf("%s role %c on #%s: contrast %.2f, want %.1f", name, r.Letter(), g, c, want)
				}
			}
		}
	}
}

func luminance(r, g, b int) float64 {
	f := func(v int) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*f(r) + 0.7152*f(g) + 0.0722*f(b)
}

func contrast(a, b float64) float64 { return (max(a, b) + 0.05) / (min(a, b) + 0.05) }

func TestEveryColourHasAnIndex(t *testing.T) {
	for _, name := range Names {
		th, _ := Named(name)
		less := th.With256()
		for r := range roles {
			if (th.sgr[r] == "") != (less.sgr[r] == "") || strings.Contains(less.SGR(r, Selected), ";2;") || strings.Contains(less.sgr[r], ";5;0") {
				t.Errorf("%s role %c: %q and %q", name, r.Letter(), th.sgr[r], less.sgr[r])
			}
		}
	}
}

func TestMonoHasNoColour(t *testing.T) {
	th, ok := Named("mono")
	if !ok {
		t.Fatal("no mono theme")
	}
	for r := range roles {
		for a := range Attr(16) {
			for p := range strings.SplitSeq(th.SGR(r, a), ";") {
				if !strings.Contains(" 1 4 7 ", " "+p+" ") && p != "" {
					t.Errorf("role %c attr %d: parameter %s", r.Letter(), a, p)
				}
			}
		}
	}
}

func TestDetect(t *testing.T) {
	utf := []string{"LANG=en_GB.UTF-8", "TERM=xterm-256color"}
	for _, c := range []struct {
		choice string
		env    []string
		ascii  bool
	}{
		{"auto", utf, false},
		{"", utf, false},
		{"ascii", utf, true},
		{"unicode", []string{"TERM=dumb"}, false},
		{"auto", []string{"LANG=C.utf8", "TERM=screen"}, false},
		{"auto", []string{"LANG=en_GB.UTF-8", "LC_ALL=C", "TERM=xterm"}, true},
		{"auto", []string{"LANG=C", "LC_CTYPE=en_US.UTF-8", "TERM=xterm"}, false},
		{"auto", append(utf[:1:1], "TERM=linux"), true},
		{"auto", append(utf[:1:1], "TERM=vt220"), true},
		{"auto", append(utf[:1:1], "TERM=dumb"), true},
		{"auto", nil, true},
	} {
		if got := UseASCII(c.choice, c.env); got != c.ascii {
			t.Errorf("UseASCII(%q, %v) = %v", c.choice, c.env, got)
		}
	}
	for v, want := range map[string]bool{"": false, "1": true, "yes": true, "0": true, "false": true} {
		if got := NoColor([]string{"NO_COLOR=" + v}); got != want {
			t.Errorf("NO_COLOR=%q: %v", v, got)
		}
	}
	if NoColor(nil) {
		t.Error("no variable, still no colour")
	}
}
