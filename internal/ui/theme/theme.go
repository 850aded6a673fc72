package theme

import (
	"fmt"
	"strings"
)

// Theme gives every role its look. The zero value is not usable; take one from Named.
type Theme struct {
	name          string
	less          [roles]string // the same in the 256-colour palette, chosen by hand; the nearest ones would be off
	lessSelection string
	sgr           [roles]string // SGR parameters without CSI and m; "" = the terminal's default
	// selection is put on the current row; drop says that roles lose their colour there, because reversed colours
	// would make patches.
	selection string
	drop      bool
}

// Names are the themes a user may ask for besides "auto".
var Names = []string{"terminal", "otai-dark", "otai-light", "mono"}

// Named gives a theme by its name; an unknown name gives "terminal" and false.
func Named(name string) (Theme, bool) {
	switch name {
	case "otai-dark":
		return rgb(name, [2]string{"48;2;31;42;56", "48;5;236"}, [roles]string{
			OK: "7bc47f", Failed: "ff7b72", Retry: "e3b341", Running: "6cb6ff", Late: "ffa657", Paused: "b392f0",
			Muted: "9da7b3", Faint: "7d8590", Accent: "79c0ff", Danger: "ff7b72", Bar: "5a9367",
		}, [roles]int{
			OK: 114, Failed: 203, Retry: 179, Running: 75, Late: 215, Paused: 141, Muted: 248, Faint: 245, Accent: 111,
			Danger: 203, Bar: 65,
		}), true
	case "otai-light":
		return rgb(name, [2]string{"48;2;221;244;255", "48;5;254"}, [roles]string{
			OK: "1a7f37", Failed: "cf222e", Retry: "8a5a00", Running: "0969da", Late: "b04600", Paused: "7a4ad6",
			Muted: "57606a", Faint: "6e7781", Accent: "0550ae", Danger: "cf222e", Bar: "5f9e70",
		}, [roles]int{
			OK: 29, Failed: 160, Retry: 94, Running: 26, Late: 130, Paused: 98, Muted: 59, Faint: 242, Accent: 25,
			Danger: 160, Bar: 71,
		}), true
	case "mono":
		return Theme{name: name, selection: "7", sgr: [roles]string{
			Failed: "1", Late: "1", Accent: "1", Title: "1", Danger: "1",
		}}, true
	default:
		return Theme{name: "terminal", selection: "7", drop: true, sgr: [roles]string{
			OK: "32", Failed: "1;31", Retry: "33", Running: "36", Late: "35", Paused: "2", Muted: "2", Faint: "2",
			Accent: "1", Title: "1", Danger: "1;31", Bar: "2;32",
		}}, name == "terminal"
	}
}

func rgb(name string, selection [2]string, hex [roles]string, index [roles]int) Theme {
	t := Theme{name: name, selection: selection[0], lessSelection: selection[1]}
	for r, h := range hex {
		if h == "" {
			continue
		}
		var red, green, blue int
		if _, err := fmt.Sscanf(h, "%02x%02x%02x", &red, &green, &blue); err == nil {
			t.sgr[r] = fmt.Sprintf("38;2;%d;%d;%d", red, green, blue)
		}
		t.less[r] = fmt.Sprintf("38;5;%d", index[r])
	}
	for _, r := range []Role{Failed, Title, Danger} {
		t.sgr[r], t.less[r] = strings.Trim("1;"+t.sgr[r], ";"), strings.Trim("1;"+t.less[r], ";")
	}
	return t
}

// With256 is the theme for a terminal with 256 colours.
func (t Theme) With256() Theme {
	if t.lessSelection != "" {
		t.sgr, t.selection = t.less, t.lessSelection
	}
	return t
}

// Name is the theme's own name.
func (t Theme) Name() string { return t.name }

// SGR gives the parameters of a Select Graphic Rendition sequence for a cell, without CSI and final m; "" = reset.
func (t Theme) SGR(r Role, a Attr) string {
	s := t.sgr[r]
	if a&Selected != 0 {
		if t.drop {
			s = ""
			if r == Failed || r == Title || r == Danger {
				s = "1"
			}
		}
		s = join(s, t.selection)
	}
	if a&Bold != 0 {
		s = join(s, "1")
	}
	switch {
	case a&Current != 0:
		s = join(s, "7")
	case a&Match != 0:
		s = join(s, "4")
	}
	return s
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	if b == "" {
		return a
	}
	return a + ";" + b
}
