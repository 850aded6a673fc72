package ui_test

import "github.com/openticketai/otai-tui/internal/ui/uitest"

// operatorScenes are about tickets: the list, one ticket, what a run changed, dry runs and the way back.
func operatorScenes() []scene {
	return []scene{
		{"tickets", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "j") }},
		{"tickets-filter", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "/").Type("queue:bill runner:esc").Press("enter") }},
		{"tickets-none", uitest.Tickets, func(d *uitest.Driver) { d.Press("8") }},
		{"ticket", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "enter") }},
		{"ticket-texts", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "enter", "tab") }},
		{"ticket-unread", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "j", "enter") }},
		{"changes", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "enter", "c", "j") }},
		{"changes-dry", uitest.Journal, func(d *uitest.Driver) { d.Press("2", "g", "c", "j", "j") }},
		{"form-undo", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "enter", "U") }},
		{"form-undo-run", uitest.Journal, func(d *uitest.Driver) { d.Press("8", "enter", "c", "U") }},
		{"form-fire-dry", uitest.Journal, func(d *uitest.Driver) { d.At("sentiment").Press(":").Type("fire sentiment dry limit=5").Press("enter") }},
		{"pipe-dry", uitest.Journal, func(d *uitest.Driver) { d.At("dedupe").Press("enter") }},
	}
}
