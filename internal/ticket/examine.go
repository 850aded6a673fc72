package ticket

import "context"

// Names are those a configuration uses of one ticket system, each once and sorted.
type Names struct {
	Queues, Priorities, States []string
}

// Verdict of a Finding.
type Verdict string

// The verdicts.
const (
	Fine    Verdict = "fine"
	Wrong   Verdict = "wrong"
	Unknown Verdict = "unknown" // the system does not tell
)

// Finding is one thing that was looked at.
type Finding struct {
	Verdict Verdict
	What    string // "login", "queue Incoming"
	Says    string // what is so, and what to do
}

// Examiner is a ticket system that can say whether a configuration fits it. It changes nothing there.
type Examiner interface {
	Examine(ctx context.Context, n Names) []Finding
}
