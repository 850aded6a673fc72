// Package orchestrator is the seam between an engine that runs pipes and whatever shows or steers it. It holds plain
// data and one interface; the local engine and the Prefect orchestrator implement it, the console and the commands
// use nothing else.
package orchestrator

import "time"

// State is where a runner, run, step or attempt stands. The names are Prefect's, plus the reasons why a tick did not
// become a run.
type State string

// The states.
const (
	Scheduled     State = "scheduled"      // runner: waits for its next tick
	Late          State = "late"           // runner or run: due, not started yet
	Pending       State = "pending"        // claimed, waits for a slot
	Running       State = "running"        //
	AwaitingRetry State = "awaiting_retry" // failed, next attempt has its time
	Paused        State = "paused"         // held by an operator
	Cancelling    State = "cancelling"     // asked to stop, still stopping
	Completed     State = "completed"      //
	Failed        State = "failed"         //
	Crashed       State = "crashed"        // the engine died while it ran
	Cancelled     State = "cancelled"      //
	Skipped       State = "skipped"        // tick or step deliberately not run
	Missed        State = "missed"         // tick passed while the engine was down
	Dropped       State = "dropped"        // tick beyond a bound
	Interrupted   State = "interrupted"    // shutdown ended it; it goes on at the next start
	Disabled      State = "disabled"       // runner with enabled: false
)

// Terminal says that a run or step in this state never changes again by itself.
func (s State) Terminal() bool {
	switch s {
	case Completed, Failed, Crashed, Cancelled, Skipped, Missed, Dropped:
		return true
	default:
		return false
	}
}

// Live says that a run in this state holds its runner: no second run starts beside it.
func (s State) Live() bool {
	switch s {
	case Pending, Running, AwaitingRetry, Cancelling, Interrupted, Paused:
		return true
	default:
		return false
	}
}

// Run is one execution of a runner, or one row for ticks that were not run. Times are UTC; zero = not yet or never.
type Run struct {
	ID        string
	Runner    string
	Trigger   string    // name of the trigger: "interval", "cron", "manual", …
	Nominal   time.Time // the tick's identity; zero for manual runs
	State     State
	Reason    string // why it is in this state, one sentence: "still running: run 01J…", "nothing to do"
	CreatedAt time.Time
	DueAt     time.Time // when it should have started
	StartedAt time.Time
	EndedAt   time.Time
	Attempt   int       // from 1; raised by retries of the run as a whole (rerun, after a crash)
	Attempts  int       // most attempts that any step has made so far
	NextAt    time.Time // awaiting_retry: when the next attempt is due
	// MaxAttempts is the largest number of attempts the step that failed last may make; 0 = unknown.
	MaxAttempts int
	FailedStep  string // path of the step that failed
	Error       string
	ErrorClass  string
	Warnings    int
	// Count is how many equal consecutive rows this one stands for ("nothing to do", "still running", missed); 1 = itself.
	Count   int
	FirstAt time.Time // nominal or creation time of the first of them
	LastAt  time.Time
	Idle    bool              // completed with nothing to do
	By      string            // who asked for a manual run or cancelled it
	Params  map[string]string // of a manual run; secrets are refused, not stored

	Parent     string // id of the run whose end made this one due (trigger after); "" = none
	Backfill   string // id of the backfill it belongs to; "" = none
	Priority   int    // 1 (first) to 5
	Overlap    string // overlap policy asked for by hand; "" = the runner's
	Definition string // hash of the pipe's definition it runs with
	// DryRun says that the run reads and writes nothing: what it would write is in the ticket journal. It counts in no figures, tells
	// nobody and makes no run of another runner due.
	DryRun bool
	// Handlers is "" (none), "pending" (they have yet to run), "done", or "failed" (one of them failed).
	Handlers string
	// Down is how long the engine was stopped in the middle of the run; 0 = it was not. StoppedAt is when it was stopped, while
	// the run waits for the next start.
	Down      time.Duration
	StoppedAt time.Time
}

// Duration is how long the run took, or has taken so far at now, without the time in which the engine was down; 0 when it
// never started.
func (r Run) Duration(now time.Time) time.Duration {
	switch {
	case r.StartedAt.IsZero():
		return 0
	case r.EndedAt.IsZero():
		return now.Sub(r.StartedAt) - r.Down
	default:
		return r.EndedAt.Sub(r.StartedAt) - r.Down
	}
}

// Step is one pipe's execution inside a run. Path is its identity: parent path, "/", own id.
type Step struct {
	Run         string
	Path        string
	ID          string
	Use         string
	Depth       int // 0 = the runner's own pipe
	Order       int // in definition order, depth first
	State       State
	Reason      string
	StartedAt   time.Time
	EndedAt     time.Time
	NextAt      time.Time
	Attempt     int // attempts made so far
	MaxAttempts int
	Error       string
	ErrorClass  string
	Composite   bool
	Message     string // of its result
	Attempts    []Attempt
	Kind        string // "" = a step of the pipe, "handler", "undo"
}

// Attempt is one try of a step.
type Attempt struct {
	N         int
	State     State
	StartedAt time.Time
	EndedAt   time.Time
	Error     string
	Class     string
	ExitCode  int
}

// LogLine is one line of a run's log. Seq orders lines of one run and has no gaps unless Gap says how many are missing
// before this line.
type LogLine struct {
	Run     string
	Runner  string
	Seq     int64
	Step    string // path
	Attempt int
	At      time.Time
	Level   string // "debug", "info", "warn", "error"
	Msg     string // one line, sanitized of control characters
	Gap     int
}

// Event is one entry of the event feed and the audit trail.
type Event struct {
	ID     int64
	At     time.Time
	Kind   string // "started", "completed", "failed", "retry", "skipped", "missed", "paused", "resumed", "fired", …
	Runner string
	Run    string
	State  State // for the glyph; "" = informational
	Text   string
	By     string // who: "engine", "kim"
	Via    string // from where: "console", "cli", "socket", "ssh"; "" = the engine itself
	Before string // of an action: what it changed, and into what; "" = told by Text
	After  string
}

// Outcome is one of a runner's last runs, for the strip: what became of it and how long it took.
type Outcome struct {
	Run      string
	State    State
	Duration time.Duration
	At       time.Time // when it started; zero = not known
}

// Runner is a runner as a console shows it.
type Runner struct {
	ID          string
	Description string
	Tags        []string
	Use         string // the pipe type
	State       State
	Reason      string // one sentence that says why it is in this state
	Schedule    string // "every 5m", "0 8 * * * Europe/Berlin", "manual"
	Policy      string // "retry 2 × 30s..10m exp · skip if running"
	NextAt      time.Time
	Current     *Run // live run, nil = none; of several the oldest that runs, else the oldest
	Live        int  // live runs, Current among them
	Waiting     int  // of those, the ones that wait: for a slot, a limit, or the end of another run of this runner
	Last        *Run // newest ended run that really ran, nil = none
	LastOK      time.Time
	FailedInRow int
	Strip       []Outcome // oldest first, at most StripLen
	Runs        int       // ended runs the figures below are computed from
	OKRate      float64   // 0 to 1 over those, cancelled ones left out; meaningless when Runs is 0
	P50, P95    time.Duration
	Pause       *Pause
	Hold        *Hold    // the pause that holds it, its own or another one; nil = none
	Wait        *Wait    // what its current run waits for; nil = nothing
	HeldBy      string   // scope whose pause holds it when it has none of its own: "engine", "tag routing"; "" = none
	Resources   []string // names of the resources its runs take
	Priority    int
	Overlap     string
	OverdueFor  time.Duration // how long beyond expect_success_within there was no success; 0 = in time
	StepsDone   int           // of the current run
	StepsAll    int           // known so far
	DryRun      bool          // the configuration says dry_run: every run of it is one
}

// StripLen is the number of outcomes a Runner carries.
const StripLen = 60

// Pause says who holds a runner, since when and why.
type Pause struct {
	By     string
	Reason string
	At     time.Time
	Until  time.Time // zero = until resumed
}

// Snapshot is the whole picture at one moment.
type Snapshot struct {
	At       time.Time
	Runners  []Runner // in configuration order
	Engine   Engine
	Revision uint64
}

// Engine is what the console says of the engine itself.
type Engine struct {
	Name        string // environment or configuration name for the header
	Version     string
	StartedAt   time.Time
	Draining    bool
	Slots, Busy int
	Holders     []Holder      // runs that hold slots, the longest first, at most five
	Queue       int           // runs that wait for a slot
	WriteDelay  time.Duration // latest group commit
	Health      string        // "ok", "degraded", or "stopped" when it does not run and only its history is looked at
	Problems    []string      // why degraded
	Notices     []string      // "no ticket system in the configuration: the embedded desk is used"
	StateDir    string
	Config      string
	ConfigHash  string    // of the configuration in force
	ConfigAt    time.Time // when it was taken
	ConfigError string    // why a newer file was not taken; "" = it was
	Limits      []Limit   // what bounds runs, besides the slots, in name order
	Holds       []Hold    // pauses of the engine, of tags and of resources
	Disk        Disk
	ClockJump   time.Duration // latest step of the wall clock that was noticed; 0 = none
	Stuck       []string      // runs whose step ignores a cancel
	Approvals   int           // steps that wait for a person
	Undelivered int           // notifications that wait for their delivery
	Services    []ServiceHealth
	WriteQueue  int   // changes and log lines that wait for their commit
	LogsLost    int64 // log lines that were dropped since the start, because they came faster than the disk takes them
	Viewers     int   // live views that are open: consoles, followed logs
	ViewerLag   int   // log lines that the slowest of them has yet to take, with those it has missed
}

// ServiceHealth is how a remote service does, as the engine's own calls show. Times are zero when there was none.
type ServiceHealth struct {
	ID    string // in the configuration
	Type  string // for people: "OTOBO/Znuny"
	Where string // its address
	// State is "ok", "degraded" (the latest call failed, one in five of the latest 50 did, or the latest 5 all ended in errors),
	// "open" (it is left alone after failures in a row), "half open" (the next call tries), "waiting" (it asked to wait), or "unused".
	State     string
	Until     time.Time // open, waiting: when it is called again
	InRow     int       // failures in a row
	Calls     int64     // since the start, or the reload that changed the configuration
	Failed    int64     // of them: no answer, or one that blames the server
	Refused   int64     // calls that were not made, because the circuit was open or the service asked to wait
	RateWaits int64     // calls that waited for the rate
	InFlight  int
	Waiting   int           // calls that wait for a place or the rate
	P50, P95  time.Duration // of the latest 256 calls
	LastOK    time.Time
	LastError string // of any class
	ErrorAt   time.Time
}

// Disk is the room history takes and has.
type Disk struct {
	History int64 // bytes of the history's files
	WAL     int64 // of them, the write-ahead log
	Free    int64 // bytes free on its disk; -1 = not known
}

// Limit is one bound on what runs at once.
type Limit struct {
	Name    string // "tag routing", "resource otobo", "runner digest"
	Max     int    // 0 = no bound on use
	Used    int
	Holders []string // runners that hold it, at most five
	Waiting int      // runs that wait for it
	Rate    string   // "10 in 1s"; "" = none
	Breaker string   // "closed", "open until 14:03:10Z: connection refused", "half open"; "" = none
}

// Hold is a pause of something other than a runner.
type Hold struct {
	Scope Scope
	Pause Pause
	Drain bool // it lets what was claimed before finish
}
