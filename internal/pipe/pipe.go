// Package pipe is the contract of a unit of work: what it is given, what it returns and how it is named.
package pipe

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Result is what a pipe says about its work (upstream's PipeResult). An error beside it means failure and is retried by
// policy; Succeeded false without an error means "stop here, quietly": the composite ends with nothing to do.
type Result struct {
	Succeeded  bool           `json:"succeeded"`
	WasSkipped bool           `json:"was_skipped"`
	Message    string         `json:"message"`
	Data       map[string]any `json:"data"`

	// Decision is what a classifier decided, for the quality figures: kept beside the result, not in it. nil = none.
	Decision *Decision `json:"-"`
}

// Success is a result with data (nil = none).
func Success(message string, data map[string]any) Result {
	return Result{Succeeded: true, Message: message, Data: orEmpty(data)}
}

// Stop is the quiet stop: not a failure on any screen or statistic.
func Stop(message string) Result { return Result{Message: message, Data: map[string]any{}} }

// Skipped is the result of a pipe that was not run, with the reason.
func Skipped(reason string) Result {
	return Result{WasSkipped: true, Message: reason, Data: map[string]any{}}
}

// HasFailed is upstream's has_failed: neither succeeded nor skipped.
func (r Result) HasFailed() bool { return !r.Succeeded && !r.WasSkipped }

// Union folds results as upstream does: succeeded and was_skipped with "and", messages joined by "; ", data merged with
// the later result winning. The union of none is an empty success.
func Union(results ...Result) Result {
	out := Result{Succeeded: true, Data: map[string]any{}}
	for _, r := range results {
		out.Succeeded = out.Succeeded && r.Succeeded
		out.WasSkipped = out.WasSkipped && r.WasSkipped
		switch {
		case out.Message == "":
			out.Message = r.Message
		case r.Message != "":
			out.Message += "; " + r.Message
		}
		for k, v := range r.Data {
			out.Data[k] = v
		}
	}
	return out
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// Pos is a place in a configuration file, counted from 1. The zero value is "not from a file".
type Pos struct {
	File      string
	Line, Col int
}

// String gives "config.yml:7:13".
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Retry is the retry policy of a pipe. Composites hand theirs down to their steps; the nearest one wins.
type Retry struct {
	Retries  int           // further attempts after the first; 0 = none
	Delay    time.Duration // before the first retry; it doubles each time, with jitter
	MaxDelay time.Duration // upper bound of one delay; 0 = DefaultMaxDelay
	// Delays are the delays one by one, the last one repeats; they take the place of Delay and Coefficient. nil = those.
	Delays      []time.Duration
	Coefficient float64       // each delay is the one before times this, at least 1; 0 = 2
	NoJitter    bool          // delays are exact
	On          []fault.Class // only these classes are retried; nil = all that a retry can help
}

// Defaults of the retry policy, as upstream's Prefect deployment has them.
const (
	DefaultRetries  = 2
	DefaultDelay    = 30 * time.Second
	DefaultMaxDelay = 10 * time.Minute
)

// Definition is one pipe of a configuration, checked and ready to run. It is immutable once built.
type Definition struct {
	ID        string            // unique among its siblings
	Use       string            // canonical name in the Registry: "base:FetchTicketsPipe"
	Params    map[string]any    // raw: strings may hold templates; nested maps are map[string]any, lists []any
	Injects   map[string]string // dependency name -> service id
	If        string            // template; "" = always. False = skipped
	DependsOn []string          // sibling ids
	Rule      Rule              // when it runs, by what became of DependsOn; "" = RuleAllSuccess
	Undo      *Definition       // takes this step's work back when the run fails later; nil = none
	Steps     []Definition      // of a composite
	Parallel  bool              // composite: independent steps run side by side
	Retry     *Retry            // nil = inherited
	Timeout   time.Duration     // of one attempt; 0 = none

	// ForEach, on a composite, is a template that gives a list; Steps run once per item, in order, each time with the
	// item under the name As. One item's failure does not stop the others; the composite fails when any failed.
	ForEach string
	As      string // default "item"
	// Key is a template for an item's name in step paths, such as "{{ ticket.id }}"; "" = its index.
	Key string

	Pos Pos
}

// Rule is a trigger rule: when a step runs, by what became of the steps it depends on. The names are Airflow's.
type Rule string

// The trigger rules.
const (
	RuleAllSuccess Rule = "all_success" // all completed or were skipped by their own condition (the default; "" is the same)
	RuleAllDone    Rule = "all_done"    // all have ended, whatever became of them
	RuleOneFailed  Rule = "one_failed"  // at least one failed; it does not wait for the others
	RuleNoneFailed Rule = "none_failed" // all have ended and none failed
	RuleAlways     Rule = "always"      // as all_done, and also after a quiet stop
)

// Wait is what a pipe returns as its error when it needs an answer from a person. The step then waits without a slot; once
// there is an answer, or Until has passed, the pipe is called again with Call.Answer set.
type Wait struct {
	Question string
	Subject  map[string]any    // what it is about, for screens: kept in history
	Input    map[string]string // name -> type (text, number, bool) of what may be answered besides yes and no
	Until    time.Time         // zero = For decides
	For      time.Duration     // deadline, counted from now; 0 = none
	Review   *Review           // the question is about a classifier's decision; nil = it is one of yes and no
}

func (w *Wait) Error() string { return "waits for an answer: " + w.Question }

// Unwrap makes the class of a Wait Permanent: it is no failure of anybody else, and where nobody can be asked no retry helps.
func (w *Wait) Unwrap() error { return fault.Permanentf("nobody can be asked here") }

// Answer is what a person, or the deadline, said.
type Answer struct {
	Approved bool
	Expired  bool // the deadline passed
	By       string
	Note     string
	Input    map[string]any
	At       time.Time
	Label    string `json:",omitempty"` // of a review: another label than the proposed one
	Skipped  bool   `json:",omitempty"` // of a review: no label is taken
}

// Call is everything one attempt of a leaf pipe is given.
type Call struct {
	Params  Params       // the rendered parameters, bound by Params.Bind
	Log     *slog.Logger // lines land in the run's log; never log secrets or ticket bodies
	Ticket  ticket.System
	Class   classify.Classifier
	Runner  string
	Run     string
	Step    string    // path of the step inside the run
	Attempt int       // from 1
	Nominal time.Time // the tick's nominal time; the start time for a manual run
	// Key is the same for every attempt of this step of this run: the idempotency key for writes to other systems.
	Key    string
	Answer *Answer // of an earlier Wait; nil = not asked yet
	// Would notes what a dry run leaves out, such as "POST https://chat.example/hook". nil = this is no dry run.
	Would func(what string)
	// Asked gives another run of this runner in which a decision about the ticket waits for an operator; "" = there is none. nil =
	// it cannot be told.
	Asked func(ctx context.Context, ticket string) (run string, err error)
}

// Pipe is a leaf pipe. Process is called once per attempt, must honour ctx and must not keep state between calls.
type Pipe interface {
	Process(ctx context.Context, c *Call) (Result, error)
}

// Func makes a Pipe of a function.
type Func func(ctx context.Context, c *Call) (Result, error)

// Process calls f.
func (f Func) Process(ctx context.Context, c *Call) (Result, error) { return f(ctx, c) }

// Params are the parameters of one call: raw values plus the scope that renders their templates.
type Params struct {
	Raw    map[string]any
	Scope  render.Scope
	Render func(ctx context.Context, template string, s render.Scope) (render.Value, error)
}
