package ui_test

import "github.com/openticketai/otai-tui/internal/ui/uitest"

// historyScenes are more of the timeline: late pipes, a picked run, folded gaps, a filter.
func historyScenes() []scene {
	return []scene{
		{"timeline-late", waiting, func(d *uitest.Driver) { d.Press("3", "j", "j", "j") }},
		{"timeline-short", uitest.Promises, func(d *uitest.Driver) { d.Press("3", "+", "+", "+", "[", "[") }},
		{"timeline-week", uitest.Tickets, func(d *uitest.Driver) { d.Press("3", "-", "-", "-", "-", "h", "Z") }},
		{"timeline-filter", uitest.Tickets, func(d *uitest.Driver) { d.Press("3", "/").Type("state:paused,late").Press("enter") }},
		{"runs-preview", uitest.Tickets, func(d *uitest.Driver) { d.Press("2", "/").Type("state:failed").Press("enter") }},
	}
}
