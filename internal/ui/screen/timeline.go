package screen

import (
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// Timeline shows what ran when across all pipes, and what is planned.
type Timeline struct{}

// NewTimeline makes a timeline of the last hour.
func NewTimeline() *Timeline { return &Timeline{} }

// Scopes are the action scopes of the timeline.
func (t *Timeline) Scopes() []string { return []string{"timeline"} }

// Crumb names the screen.
func (t *Timeline) Crumb(Env) string { return "timeline" }

// Resize takes the body's size.
func (t *Timeline) Resize(int, int) {}

// Refresh follows the shared data.
func (t *Timeline) Refresh(Env) {}

// Wants asks for nothing.
func (t *Timeline) Wants(Env) []Want { return nil }

// Receive takes nothing.
func (t *Timeline) Receive(Env, Answer) {}

// Draw draws the rule.
func (t *Timeline) Draw(_ Env, c part.Canvas) {
	c.Rule(0, "timeline", "")
	c.Text(1, 1, c.W-2, theme.Muted, "reading"+theme.Ellipsis)
}
