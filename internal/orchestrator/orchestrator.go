package orchestrator

import (
	"context"
	"errors"
	"time"
)

// Errors that callers tell apart with errors.Is. Implementations wrap them with the identifiers.
var (
	ErrUnknownRunner = errors.New("no such runner")
	ErrUnknownRun    = errors.New("no such run")
	ErrNotNow        = errors.New("not possible in this state") // the text around it says why and what to do
)

// Actor is who acts, for the audit trail.
type Actor struct {
	Name string // user name
	Via  string // "console", "cli", "socket", "ssh"
}

// FireRequest asks for a run now. The zero value is a plain run.
type FireRequest struct {
	Params map[string]string // override the pipe's parameters for this run
	Key    string            // a second request with the same key gives the first one's run; "" = none
	// Overlap takes the place of the runner's overlap policy for this run, such as "allow_all"; "" = the runner's own, where
	// skip means that the request is refused.
	Overlap string
	DryRun  bool // see Run.DryRun; a runner that the configuration holds dry stays so without it
	By      Actor
}

// Webhook is a request from outside that makes a runner's webhook trigger due.
type Webhook struct {
	Trigger string            // name of the trigger; "" = the runner's only webhook trigger
	Key     string            // the request's Idempotency-Key; "" = every request makes a run
	Params  map[string]string // as FireRequest.Params
	By      Actor
}

// RerunRequest asks for another attempt of an ended run, or to retry a waiting one now.
type RerunRequest struct {
	All  bool   // false = keep completed steps and go on at the failed ones
	From string // path of a step: it and what comes after it are done again, what completed before is kept; "" = as All says
	By   Actor
}

// PauseRequest holds a scope: ticks meanwhile become skipped rows, a running run goes on, what waits keeps waiting.
type PauseRequest struct {
	Reason string
	Until  time.Time // zero = until resumed
	// Drain lets what was claimed before finish, retries included, and starts nothing new. Of the engine's scope only.
	Drain bool
	By    Actor
}

// Scope is what a pause holds: one of the kinds below with a name.
type Scope struct {
	Kind string
	Name string // "" for the engine
}

// The kinds of scopes.
const (
	ScopeEngine   = "engine"
	ScopeTag      = "tag"
	ScopeRunner   = "runner"
	ScopeResource = "resource"
)

// String is "engine", "tag routing", "resource otobo", or a runner's name alone.
func (s Scope) String() string {
	switch {
	case s.Kind == ScopeRunner:
		return s.Name
	case s.Name == "":
		return s.Kind
	default:
		return s.Kind + " " + s.Name
	}
}

// BackfillRequest asks for runs of ticks of the past, as if they were due now, at the lowest priority.
type BackfillRequest struct {
	Runner   string
	Trigger  string    // name; "" = the runner's only trigger with a timetable
	From, To time.Time // nominal times in [From, To]
	Limit    int       // most ticks, the oldest first; 0 = 1,000
	Parallel int       // most of them at once; 0 = 1
	DryRun   bool      // only count
	By       Actor
}

// Backfill is a backfill as it stands.
type Backfill struct {
	ID          string
	Runner      string
	Trigger     string
	First, Last time.Time // of the ticks it covers
	Total       int       // ticks that need a run: those that have one already are left out
	Claimed     int       // runs made so far
	State       State     // running, completed, cancelled
	By          string
	At          time.Time
}

// Approval is a step that waits for a person's answer.
type Approval struct {
	Run, Step, Runner string
	Question          string
	Subject           map[string]any
	Input             map[string]string // name -> type of what may be answered besides yes and no: text, number, bool
	At                time.Time
	Until             time.Time // zero = no deadline
	Review            *Review   // a classifier's decision is to be judged: Decide answers it, too; nil = a question of yes and no
}

// AnswerRequest answers an Approval.
type AnswerRequest struct {
	Run, Step string // Step "" = the run's only waiting one
	Approve   bool
	Input     map[string]string
	Note      string
	By        Actor
}

// RunFilter selects runs, newest first. The zero value is the newest 100 of all.
type RunFilter struct {
	Runner  string
	Runners []string // any of these; none = all
	States  []State
	Since   time.Time
	By      string   // part of the name of who asked for it or cancelled it
	Text    []string // each of them in the runner, id, trigger, step, reason, error or who; small letters find both cases
	Before  string   // run id: only older ones, for paging
	Limit   int      // 0 = 100
	// WithIdle includes "nothing to do" rows and skipped ticks. Without it only runs that did something.
	WithIdle bool
}

// LogFilter selects log lines of one run (Run set) or of all (Run ""). Lines come oldest first.
type LogFilter struct {
	Run    string
	Runner string
	Step   string // path prefix; "" = all
	After  int64  // run log: only Seq > After
	Tail   int    // only the last n; 0 = from the start
	Limit  int    // 0 = 10,000
	Level  string // minimum level; "" = all
}

// RunDetail is a run with its steps in definition order.
type RunDetail struct {
	Run   Run
	Steps []Step
}

// Orchestrator schedules, runs and remembers pipes. All methods are safe for concurrent use; queries read history and
// may touch a disk or a network, so a console calls them off its drawing loop.
type Orchestrator interface {
	// Start makes the engine ready and begins to claim ticks. It returns once recovery is done.
	Start(ctx context.Context) error
	// Stop stops claiming, drains, then interrupts what is left. It returns when all is written.
	Stop(ctx context.Context) error
	// Run is Start, then waiting for ctx or a fatal error, then Stop.
	Run(ctx context.Context) error

	// RunOnce fires a runner now and gives the run's id. The name is upstream's run_once.
	RunOnce(ctx context.Context, runner string, r FireRequest) (runID string, err error)
	Pause(ctx context.Context, runner string, r PauseRequest) error
	Resume(ctx context.Context, runner string, by Actor) error
	Cancel(ctx context.Context, runID string, by Actor) error
	Rerun(ctx context.Context, runID string, r RerunRequest) error

	// PauseScope and ResumeScope are Pause and Resume for the engine, a tag or a resource.
	PauseScope(ctx context.Context, s Scope, r PauseRequest) error
	ResumeScope(ctx context.Context, s Scope, by Actor) error
	// Trigger makes a webhook trigger due and gives the run's id.
	Trigger(ctx context.Context, runner string, w Webhook) (runID string, err error)
	Backfill(ctx context.Context, r BackfillRequest) (Backfill, error)
	CancelBackfill(ctx context.Context, id string, by Actor) error
	Backfills(ctx context.Context) ([]Backfill, error) // newest first, those that run before those that ended
	// Answer answers a step that waits for a person.
	Answer(ctx context.Context, r AnswerRequest) error
	Approvals(ctx context.Context) ([]Approval, error) // oldest first
	// Reload reads the configuration again. When it is bad the old one stays, and the error says all that is wrong.
	Reload(ctx context.Context, by Actor) error

	Snapshot(ctx context.Context) (Snapshot, error)
	Runs(ctx context.Context, f RunFilter) ([]Run, error)
	RunDetail(ctx context.Context, runID string) (RunDetail, error)
	Logs(ctx context.Context, f LogFilter) ([]LogLine, error)
	Events(ctx context.Context, limit int) ([]Event, error) // newest first
	NextTicks(ctx context.Context, runner string, n int) ([]time.Time, error)

	// Subscribe opens a live view; close it when done.
	Subscribe() Subscription

	RunAudit
	History
	LogSearcher
	Tickets
	Reviews
}

// Update is what changed since the last one a subscription gave. Runners hold only the changed ones, latest value each.
type Update struct {
	Revision uint64
	Runners  []Runner
	Engine   *Engine // nil = unchanged
	Logs     []LogLine
	LogGap   int // lines left out before Logs because the viewer was slow
	Events   []Event
	Resync   bool // take a new Snapshot: the set of runners changed
}

// Empty says that nothing changed.
func (u Update) Empty() bool {
	return len(u.Runners) == 0 && u.Engine == nil && len(u.Logs) == 0 && u.LogGap == 0 && len(u.Events) == 0 && !u.Resync
}

// Subscription is one viewer's feed. The engine never waits for it: a slow viewer gets the latest values and a counted
// gap in the log.
type Subscription interface {
	// Wait blocks until something changed or ctx ends. It may return an empty signal now and then.
	Wait(ctx context.Context) error
	// Take gives everything that changed since the last Take. It never blocks on the engine.
	Take() Update
	Close()
}
