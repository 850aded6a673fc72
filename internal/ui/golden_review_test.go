package ui_test

import "github.com/openticketai/otai-tui/internal/ui/uitest"

// reviewScenes show the review gate and the quality figures.
func reviewScenes() []scene {
	return []scene{
		{"reviews", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "j") }},
		{"reviews-read", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "j", "v") }},
		{"reviews-accepted", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "j", "+", "s") }},
		{"reviews-label", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "j", "l").Type("a") }},
		{"reviews-all", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "j", "j", "*") }},
		{"reviews-estimate", uitest.Reviews, func(d *uitest.Driver) { d.Press("7", "G", "k") }},
		{"quality", uitest.Reviews, func(d *uitest.Driver) { d.Press("9") }},
		{"quality-label", uitest.Reviews, func(d *uitest.Driver) { d.Press("9", "]", "j", "j", "j", "j", "j", "j") }},
		{"quality-none", uitest.Reviews, func(d *uitest.Driver) { d.Press("9", "[", "[") }},
	}
}
