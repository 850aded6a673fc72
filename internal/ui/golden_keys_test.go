package ui_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// keyScenes are the menus, and what keys and roles change.
func keyScenes() []scene {
	return []scene{
		{"menu-actions", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("a", "down") }},
		{"menu-copy", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("y", "down") }},
		{"marks", uitest.Tickets, func(d *uitest.Driver) { d.Press("g", "space", "j", "j", "v") }},
		{"marks-runs", uitest.Tickets, func(d *uitest.Driver) { d.Press("2", "space", "space") }},
		{"bulk-fire", uitest.Tickets, func(d *uitest.Driver) { d.Press("g", "space", "space", "j", "j", "space", "t").Type("fire") }},
		{"bulk-cancel", uitest.Tickets, func(d *uitest.Driver) { d.Press("*", "x") }},
		{"menu-sort", uitest.Tickets, func(d *uitest.Driver) { d.Press(">", "s") }},
		{"menu-columns", uitest.Tickets, func(d *uitest.Driver) { d.Press("C", "2") }},
		{"menu-log", uitest.Promises, func(d *uitest.Driver) { d.At("dedupe").Press("p", "@", "down") }},
	}
}

// TestGoldenSettings: how a viewer without rights, other keys and a named environment look.
func TestGoldenSettings(t *testing.T) {
	var b strings.Builder
	for _, size := range sizes {
		d := uitest.Drive(t, uitest.New(uitest.Tickets()), func(o *ui.Options) {
			o.Role, o.Width, o.Height = "view", size[0], size[1]
			o.Settings = func() ui.Settings {
				return ui.Settings{Env: "prod", Danger: true, Keys: action.Keymap{"pipe.fire": {"z", "f2"}, "app.help": {"f1"}}}
			}
		})
		d.At("dedupe").Press("z")
		fmt.Fprintf(&b, "== settings %dx%d\n%s", size[0], size[1], d.Text())
		if size[0] == 80 {
			fmt.Fprintf(&b, "== settings roles\n%s", d.Roles())
		}
	}
	golden(t, "settings.unicode.txt", b.String())
}
