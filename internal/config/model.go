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
	Limits   Limits
	Notify   []Notification
	Logging  Logging
	Console  Console
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
	Handlers    Handlers
	DryRun      bool   // every run of it is a dry run: it reads, and writes nothing
	Hash        string // of the pipe's definition
	Pos         pipe.Pos
}

// Handlers are steps that run after a run has ended, whatever became of them changes the run's state no more. They run even
// after a crash. OnExit runs after every end, last.
type Handlers struct {
	OnSuccess, OnFailure, OnCancel, OnCrash, OnExit []pipe.Definition
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

	Overlap             Overlap        // "" = OverlapSkip
	QueueMax            int            // most runs of it that wait at once; further ticks are dropped; 0 = 100
	MaxParallelRuns     int            // most runs of it at once, with OverlapAllowAll; 0 = no limit of its own
	Priority            int            // 1 (first) to 5; 0 = 3
	Resources           map[string]int // named resources with the weight a run takes of each, see Limits
	QueueTimeout        time.Duration  // a run of any trigger that waited longer for its first start is missed; 0 = none
	ExpectSuccessWithin time.Duration  // no success for this long is an alarm (the dead-man rule); 0 = none
}

// Overlap says what happens to a tick while an earlier run of the runner has not ended. The names are Temporal's.
type Overlap string

// The overlap policies.
const (
	OverlapSkip           Overlap = "skip"            // the tick is a skipped row (the default; "" is the same)
	OverlapBufferOne      Overlap = "buffer_one"      // one run waits for the end of the other, further ticks are skipped
	OverlapBufferAll      Overlap = "buffer_all"      // all wait, up to QueueMax
	OverlapCancelOther    Overlap = "cancel_other"    // the other is cancelled; the new one starts when it has ended
	OverlapTerminateOther Overlap = "terminate_other" // the other is ended without grace; the new one starts at once
	OverlapAllowAll       Overlap = "allow_all"       // they run side by side
)

// DefaultQueueMax is Policy.QueueMax when it is not set; DefaultPriority is Policy.Priority.
const (
	DefaultQueueMax = 100
	DefaultPriority = 3
)

// Limits bound what runs at once, besides Engine.MaxParallelRuns and Policy.MaxParallelRuns.
type Limits struct {
	Tags      map[string]int      // most runs at once of the runners with this tag
	Resources map[string]Resource // by name; a runner takes part with Policy.Resources
}

// Resource is something runs share, such as a ticket system's API.
type Resource struct {
	Max   int           // most weight in use at once; 0 = no bound
	Rate  int           // most runs started per Per; 0 = no bound
	Per   time.Duration // 0 = 1 s
	Burst int           // starts that may come at once after a quiet time; 0 = Rate
	// BreakerFailures opens the circuit breaker: so many steps in a row that failed as transient, timeout or rate limited
	// in runs that hold the resource. While it is open those runs wait. 0 = no breaker.
	BreakerFailures int
	BreakerOpenFor  time.Duration // then one run is let through to try; 0 = 60 s
}

// Notification tells somebody outside of what happened, by HTTP or by a command. It is delivered at least once, through
// the outbox.
type Notification struct {
	Name    string
	On      []string // kinds of events, see docs/notifications.md
	Runners []string // only of these; empty = all
	Tags    []string // only of runners with one of these; empty = all
	URL     string   // HTTP POST of the event as JSON; "" = Command
	Headers map[string]string
	Command []string      // the event as JSON on its input, and as OTAI_ variables
	Timeout time.Duration // of one delivery; 0 = 10 s
	Pos     pipe.Pos
}

// Retention says how much history of a runner is kept.
type Retention struct {
	Runs      int           // newest rows
	Age       time.Duration // of ended runs
	FailedAge time.Duration // of failed and crashed runs, whatever the others say
	Bytes     int64         // of one runner's runs, steps and logs, about; 0 = no bound

	Decisions   int           // of classifiers, for the quality figures, of all runners: the newest; 0 = no bound
	DecisionAge time.Duration // of decisions; 0 = no limit
}

// TriggerKind says what makes a trigger due.
type TriggerKind string

// The kinds of triggers.
const (
	TriggerInterval        TriggerKind = "interval"
	TriggerCron            TriggerKind = "cron"
	TriggerAt              TriggerKind = "at"               // once
	TriggerAfterCompletion TriggerKind = "after_completion" // some time after the end of the runner's last run
	TriggerAfter           TriggerKind = "after"            // the end of another runner's run
	TriggerFile            TriggerKind = "file"             // a file changed
	TriggerWebhook         TriggerKind = "webhook"          // a request from outside
)

// Trigger makes a runner due. Name is stable over reloads: it is part of a tick's identity.
type Trigger struct {
	Name     string            // "interval", "cron"
	Kind     TriggerKind       // "" with a Schedule = by the schedule's type
	Schedule schedule.Schedule // of interval, cron and at, calendars and bounds applied; nil for the other kinds
	Jitter   time.Duration     // a tick starts up to this much later, by a hash of runner and nominal time; 0 = on time
	MaxRuns  int               // most runs it makes; skipped and missed ticks do not count; 0 = no bound

	AfterCompletion time.Duration // of after_completion
	After           After
	FileWatch       FileWatch
	Webhook         Webhook
}

// After is a trigger's upstream.
type After struct {
	Runner string // its id
	On     string // completed (the default), failed (failed or crashed), any
}

// FileWatch is a file, or a directory whose entries count, that is watched for changes.
type FileWatch struct {
	Path     string        // absolute
	Debounce time.Duration // quiet time after a change; 0 = 1 s
	Poll     time.Duration // how often it is looked at where the system does not tell; 0 = 5 s
}

// Webhook says how requests are told apart. The door that takes them is not the engine's business.
type Webhook struct {
	TokenEnv string // name of the environment variable that holds the token; "" = none needed
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
	Keep            Retention     // default 1,000 runs a runner, 90 days, failures 180 days; 100,000 decisions, 365 days
	LogBytesPerRun  int64         // of one run's log; beyond it the middle goes; 0 = 10 MiB
	CancelGrace     time.Duration // a cancelled step that has not returned by then is shown as stuck; 0 = 10 s
	JournalText     int           // bytes kept of the text of notes that were written, in the ticket journal; 0 = none
	Reload          bool          // watch the file and take a new configuration when it is good; default true in the file
}

// Logging is upstream's infrastructure.logging.
type Logging struct {
	Level string // debug, info, warn, error
	File  string // "" = none
}
