package ui_test

import (
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// keyScenes are the menus, and what keys and roles change.
func keyScenes() []scene {
	return []scene{
		{"menu-actions", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("a", "down") }},
		{"menu-copy", uitest.Tickets, func(d *uitest.Driver) { d.At("escalations").Press("y", "down") }},
		{"menu-log", uitest.Promises, func(d *uitest.Driver) { d.At("dedupe").Press("p", "@", "down") }},
	}
}
