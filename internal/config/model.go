// Package config reads the three dialects of Open Ticket AI configurations into one model and checks all of it at once.
package config

import (
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// Dialect is the shape a configuration was written in.
type Dialect string

// The dialects; docs/configuration.md shows each.
const (
	DialectRunners Dialect = "runners"
	DialectV0      Dialect = "open_ticket_ai 0.x"
	DialectV1      Dialect = "open_ticket_ai 1.x"
)

// Config is a checked configuration. It is immutable.
type Config struct {
	File     string
	Hash     string // of the file's bytes
	Dialect  Dialect
	Runners  []Runner
	Services map[string]Service
	Engine   Engine
	Logging  Logging
	Warnings []Problem

	// Secrets are the values of .env whose names say that they are secret. They must not reach history, screens or logs.
	Secrets []string

	// Env gives a variable to templates: the process's environment, then the .env file. Never nil.
	Env func(name string) (string, bool)
}

// Runner is one entry of orchestrator.runners.
type Runner struct {
	ID          string   // pipe_id: the name on every screen
	Aliases     []string // other names it answers to: the 1.x runner step's id
	Description string
	Tags        []string
	Enabled     bool
	Triggers    []Trigger // empty = manual only
	Pipe        pipe.Definition
	Timeout     time.Duration // of one run, retries and waiting included; 0 = none
	Policy      Policy
	Hash        string // of the pipe's definition
	Pos         pipe.Pos
}

// Catchup says what happens to ticks that passed while the engine could not run them.
type Catchup string

// The catch-up policies.
const (
	CatchupLatest Catchup = "latest" // the newest one runs, the others are counted as missed (the default; "" is the same)
	CatchupAll    Catchup = "all"    // each one runs, oldest first, one after the other
	CatchupSkip   Catchup = "skip"   // none runs
)

// Policy is what happens to ticks that cannot simply run, and after failures. Zero values are the defaults.
type Policy struct {
	Catchup            Catchup
	CatchupWindow      time.Duration // older ticks are missed; 0 = 24 h
	CatchupMax         int           // with CatchupAll: most ticks that run late, older ones are dropped; 0 = 100
	StartDeadline      time.Duration // a tick that could not start within it is missed; 0 = none
	PauseAfterFailures int           // failed runs in a row after which the runner is paused; 0 = never
	ResumeAfter        time.Duration // end of that pause; 0 = an operator resumes
}

// Retention says how much history of a runner is kept.
type Retention struct {
	Runs      int           // newest rows
	Age       time.Duration // of ended runs
	FailedAge time.Duration // of failed and crashed runs, whatever the others say
}

// Trigger makes a runner due. Name is stable over reloads: it is part of a tick's identity.
type Trigger struct {
	Name     string // "interval", "cron"
	Schedule schedule.Schedule
}

// Service is one configured service.
type Service struct {
	ID      string
	Use     string
	Kind    pipe.Kind
	Params  map[string]any // raw: strings may hold templates
	Injects map[string]string
	Pos     pipe.Pos
}

// Engine holds the engine's own settings, zero values already replaced by defaults.
type Engine struct {
	Name            string
	MaxParallelRuns int           // 0 in the file = 2 per core
	DrainTimeout    time.Duration // default 30 s
	Keep            Retention     // default 1,000 runs a runner, 90 days, failures 180 days
}

// Logging is upstream's infrastructure.logging.
type Logging struct {
	Level string // debug, info, warn, error
	File  string // "" = none
}
