package ui_test

import (
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
