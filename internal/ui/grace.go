package ui

import "time"

// How long keys are swallowed after a dialog opened or changed by itself: until none came for graceQuiet, but no longer than
// graceMost. Whoever types on does not answer what they have not read.
const (
	graceQuiet = 400 * time.Millisecond
	graceMost  = 1500 * time.Millisecond
)

// grace is a time in which keys are swallowed.
type grace struct{ since, last time.Time } // zero = there is none

// hesitate begins a time of grace: a dialog opened, or changed, without a key that asked for it.
func (a *App) hesitate() { a.grace = grace{a.now, a.now} }

// swallowed says that a key is to be dropped.
func (g *grace) swallowed(now time.Time) bool {
	if g.since.IsZero() {
		return false
	}
	if now.Sub(g.last) >= graceQuiet || now.Sub(g.since) >= graceMost {
		*g = grace{}
		return false
	}
	g.last = now
	return true
}
