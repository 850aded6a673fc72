package orchestrator

import (
	"context"
	"time"
)

// History is what a console asks about many runs at once: what ran when, trends, groups of equal errors.
type History interface {
	// Timeline gives what ran in a window, and what is planned in the part of it that is still to come.
	Timeline(ctx context.Context, r TimelineRequest) (Timeline, error)
	// Trend counts the runs that ended in a window, by time.
	Trend(ctx context.Context, r TrendRequest) (Trend, error)
	// ErrorGroups gives the failed runs of a window by equal error (see text.Sameness), the most frequent first.
	ErrorGroups(ctx context.Context, r TrendRequest) ([]ErrorGroup, error)
	// CountRuns gives how many runs a filter selects; Before and Limit do not count.
	CountRuns(ctx context.Context, f RunFilter) (int, error)
}

// TimelineRequest is a window [From, To).
type TimelineRequest struct {
	From, To time.Time
	Limit    int // most runs, the newest are kept; 0 = 5,000
}

// Timeline is what ran in a window and what is planned in it.
type Timeline struct {
	From, To time.Time
	Runs     []Run // that ran or waited in the window, oldest first; skipped and idle ones are left out
	More     bool  // there were more: the oldest are left out
	// Ticks are the planned ones after now by runner, at most 60 of each. Runners on hold have none.
	Ticks map[string][]time.Time
}

// TrendRequest is a window in equal parts.
type TrendRequest struct {
	Runner   string // "" = all
	From, To time.Time
	Buckets  int // parts of the window; 0 = 24
}

// Trend is how runs went over time; one entry for each part of the window, oldest first. Runs that did nothing do not count.
type Trend struct {
	From, To time.Time
	Runs     []int           // that ended
	Failed   []int           // of them, failed or crashed
	Wait     []time.Duration // 95th percentile of the time between due and started; -1 = none started
}

// ErrorGroup is failed runs with the same error, but for numbers, ids, times and quoted texts.
type ErrorGroup struct {
	Key         string // what they share
	Error       string // of the newest
	Class       string
	Count       int
	Where       []string // "runner/step", at most five, the most frequent first
	First, Last time.Time
	LastRun     string
	Trend       []int // by time, as asked for
}
