// Package screen holds the console's screens. A screen is a plain struct: methods change it, Draw draws it and changes
// nothing. A screen never reads from the engine; it says what it wants and receives it. All methods are called from one
// goroutine, the console's event loop.
package screen

import (
	"context"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
)

// Env is what every screen sees: the time and the shared data.
type Env struct {
	Now  time.Time
	Data *Data
	Keys func(action string) string // the key in force of an action; nil = only the console's own
}

// Key is the key in force of an action, for texts that name it; own is the console's own one.
func (e Env) Key(action, own string) string {
	if e.Keys == nil {
		return own
	}
	return e.Keys(action)
}

// Screen is one screen of the console.
type Screen interface {
	// Scopes are the action scopes that count here, innermost first, without "global".
	Scopes() []string
	// Crumb is the screen's own part of the breadcrumb line.
	Crumb(Env) string
	// Resize tells the size of the body the screen draws in.
	Resize(w, h int)
	// Refresh follows the shared data and the time.
	Refresh(Env)
	// Draw draws the screen. It does not change it.
	Draw(Env, part.Canvas)
	// Wants says what the screen lacks to show everything; it is asked after every message.
	Wants(Env) []Want
	// Receive takes the answer to a want.
	Receive(Env, Answer)
}

// LogSink is a screen that follows the live log.
type LogSink interface {
	AppendLogs(lines []orchestrator.LogLine, gap int)
}

// Target is what acting keys act on: a runner, and a run when one is chosen.
type Target struct {
	Runner string
	Run    *orchestrator.Run // nil = the runner's current or last one
}

// Targeter is a screen with something under its cursor.
type Targeter interface {
	Target(Env) (Target, bool)
}

// Stepper is a screen whose cursor can be on a step of the run that it shows; nil = on none.
type Stepper interface {
	StepAt() *orchestrator.Step
	// Steps are all steps of that run, in definition order.
	Steps() []orchestrator.Step
}

// Lister is a screen with a cursor that moves by rows.
type Lister interface {
	Move(env Env, rows int)
	Page(env Env, halves int)
	Home(Env)
	End(Env)
}

// Filterer is a screen with a filter line.
type Filterer interface {
	SetFilter(env Env, query string)
	Filter() string
}

// Kind is what a Want asks for.
type Kind int

// The kinds.
const (
	WantRuns Kind = iota
	WantDetail
	WantLogs
	WantTicks
	WantBackfills
	WantOther // Want.Do asks
)

// Want is a question to the orchestrator. Key identifies it: the same key is not asked twice at a time.
type Want struct {
	Key    string
	Kind   Kind
	Runs   orchestrator.RunFilter
	Logs   orchestrator.LogFilter
	Run    string
	Runner string
	N      int
	// Do asks what the kinds above do not; its value comes back in Answer.Value.
	Do func(context.Context, orchestrator.Orchestrator) (any, error)
}

// Answer is what became of a Want.
type Answer struct {
	Want
	Runs   []orchestrator.Run
	Detail orchestrator.RunDetail
	Lines  []orchestrator.LogLine
	Ticks  []time.Time
	Fills  []orchestrator.Backfill
	Value  any // of Want.Do; foreign text in it is still to be made safe
	Err    error
}
