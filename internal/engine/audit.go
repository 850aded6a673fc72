package engine

import (
	"cmp"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// triggerManual is the trigger of runs that were fired by hand.
const triggerManual = "manual"

// action is what an operator did. Every command that is not refused leaves exactly one event of it: who, from where, what,
// before and after.
type action struct {
	kind          string // "fired", "paused", …
	runner, run   string
	state         orchestrator.State
	by            orchestrator.Actor
	text          string
	before, after string // what it changed and into what, in a few words
}

// audit makes the event of an action. It is kept together with the action's change, in one write.
func (l *loop) audit(a action) orchestrator.Event {
	return orchestrator.Event{
		At: l.e.clock(), Kind: a.kind, Runner: a.runner, Run: a.run, State: a.state,
		By: l.e.secrets.line(cmp.Or(a.by.Name, "unknown"), maxError), Via: cmp.Or(a.by.Via, "unknown"),
		Text: l.e.secrets.line(a.text, maxError), Before: l.e.secrets.line(a.before, maxError), After: l.e.secrets.line(a.after, maxError),
	}
}

// stands says how a runner stands, for an action's before.
func (l *loop) stands(r *runner) string {
	state, _ := r.stateAndReason(l.e.clock(), l)
	if lv := r.current(); lv != nil {
		return stateWords(state) + ", run " + lv.run.ID
	}
	return stateWords(state)
}
