package orchestrator

import "time"

// Wait is what a runner's run waits for: to start, to be tried again, or to be answered.
type Wait struct {
	// For names it: "a slot", a limit such as "resource otobo", "run 12 of this runner", "the next attempt", "an answer".
	For     string
	Since   time.Time // when it began to wait; zero = not known
	Holders []Holder  // runs that hold it, the longest first, at most five
	More    int       // runs that hold it besides
	// About is when it may go on, as far as anybody can know; zero = nobody can. Because says what that rests on: "if kb-suggest
	// ends at its p95", "its backoff ends". It may say why nobody can.
	About   time.Time
	Because string
}

// Holder is a run that holds what others wait for.
type Holder struct {
	Runner string
	Run    string
	Since  time.Time
	Ends   time.Time // when it has taken as long as 95 of 100 runs of its runner; zero = too few have ended to say
}
