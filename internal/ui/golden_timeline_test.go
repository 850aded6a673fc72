package ui_test

import "github.com/openticketai/otai-tui/internal/ui/uitest"

// timelineScenes are the timeline at its places.
func timelineScenes() []scene {
	return []scene{
		{"timeline", uitest.Tickets, func(d *uitest.Driver) { d.Press("3") }},
		{"timeline-day", uitest.Promises, func(d *uitest.Driver) { d.Press("3", "-", "-", "-", "G") }},
		{"timeline-back", uitest.Tickets, func(d *uitest.Driver) { d.Press("3", "<", "<", "j", "j", "j") }},
	}
}
