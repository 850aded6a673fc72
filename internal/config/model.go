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
	Hash        string        // of the pipe's definition
	Pos         pipe.Pos
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
}

// Logging is upstream's infrastructure.logging.
type Logging struct {
	Level string // debug, info, warn, error
	File  string // "" = none
}
