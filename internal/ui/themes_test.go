package ui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/theme"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// look is a kind of terminal and a theme, and the theme's look there.
type look struct {
	name, theme string
	env         []string
	want        func() theme.Theme
}

func looks() []look {
	named := func(name string) theme.Theme { t, _ := theme.Named(name); return t }
	true24 := []string{"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8"}
	only256 := []string{"TERM=xterm-256color", "LANG=C.UTF-8"}
	return []look{
		{"dark, true colours", "otai-dark", true24, func() theme.Theme { return named("otai-dark") }},
		{"light, true colours", "otai-light", true24, func() theme.Theme { return named("otai-light") }},
		{"dark, 256 colours", "otai-dark", only256, func() theme.Theme { return named("otai-dark").With256() }},
		{"light, 256 colours", "otai-light", only256, func() theme.Theme { return named("otai-light").With256() }},
		{"the terminal's own", "terminal", only256, func() theme.Theme { return named("terminal") }},
		{"none", "mono", only256, func() theme.Theme { return named("mono") }},
		{"NO_COLOR", "auto", append(slices.Clone(true24), "NO_COLOR=maybe"), func() theme.Theme { return named("mono") }},
	}
}

// TestThemesReachTheTerminal: in every kind of terminal each cell has the look of its role, in Unicode and in ASCII. What the frames look
// like is in the golden frames; here the colours are held.
func TestThemesReachTheTerminal(t *testing.T) {
	for _, l := range looks() {
		for _, glyphs := range []string{"unicode", "ascii"} {
			t.Run(l.name+"/"+glyphs, func(t *testing.T) {
				change := func(o *ui.Options) { o.Theme, o.Environ, o.Glyphs = l.theme, l.env, glyphs }
				s := uitest.Start(t, uitest.New(uitest.Promises()), change)
				d := uitest.Drive(t, uitest.New(uitest.Promises()), change)
				for _, keys := range [][]string{nil, {"j"}, {"6"}, {"?"}} {
					for _, k := range keys {
						d.Press(k)
						s.Keys(t, raw(k))
					}
					s.WaitFrame(t, d.Lines())
					want := uitest.Emulate(t, 80, 24, d.App.Draw(80, 24).ANSI(l.want()))
					if diff := same(s.Cells(), want); diff != "" {
						t.Fatalf("after %v: %s", keys, diff)
					}
				}
				if l.theme == "auto" {
					for _, p := range []string{"[31m", "[32m", "[38;", "[48;"} {
						if strings.Contains(s.Raw(), p) {
							t.Errorf("a colour in spite of NO_COLOR: %q", p)
						}
					}
				}
			})
		}
	}
}

// same says where two screens differ; "" = nowhere.
func same(got, want [][]string) string {
	for y := range want {
		for x := range want[y] {
			if got[y][x] != want[y][x] {
				return fmt.Sprintf("row %d column %d: %q, want %q", y, x, got[y][x], want[y][x])
			}
		}
	}
	return ""
}
