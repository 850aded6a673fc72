package ui

// timelineActions move and scale the timeline.
func timelineActions() []act { return nil }
