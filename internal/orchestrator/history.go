package orchestrator

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
)

// History is what a console asks about many runs at once: what ran when, trends, groups of equal errors.
type History interface {
	// Timeline gives what ran in a window, and what is planned in the part of it that is still to come.
	Timeline(ctx context.Context, r TimelineRequest) (Timeline, error)
	// Trend counts the runs that ended in a window, by time.
	Trend(ctx context.Context, r TrendRequest) (Trend, error)
	// ErrorGroups gives the failed runs of a window by equal error (see text.Sameness), the most frequent first.
	ErrorGroups(ctx context.Context, r TrendRequest) ([]ErrorGroup, error)
	// CountRuns gives how many runs a filter selects, 100,000 at most; Before and Limit do not count.
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
	// Tries are the ended attempts of steps of those runs that needed more than one for a step, by run, oldest first.
	Tries map[string][]TryAt
	// Pauses are the stretches in which runners were held by pauses of their own, by runner, oldest first.
	Pauses map[string][]PauseSpan
}

// TryAt is one ended attempt of a step.
type TryAt struct {
	Failed             bool
	StartedAt, EndedAt time.Time
}

// PauseSpan is a stretch in which a runner was held.
type PauseSpan struct {
	From, To time.Time // To zero = it still is
	By       string
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

// Failure is what grouping needs of one failed run.
type Failure struct {
	Run, Runner, Step, Error, Class string
	At                              time.Time
}

// Sane gives a request a window that is not empty, and at least one part and at most 1,000.
func (r TrendRequest) Sane() TrendRequest {
	r.Buckets = min(cmp.Or(max(r.Buckets, 0), 24), 1000)
	if !r.To.After(r.From) {
		r.To = r.From.Add(time.Second)
	}
	return r
}

// maxWhere is how many places a group names.
const maxWhere = 5

// GroupErrors makes groups of failures, which come newest first. r must be sane.
func GroupErrors(failures []Failure, r TrendRequest) []ErrorGroup {
	type group struct {
		ErrorGroup
		where map[string]int
	}
	groups := map[string]*group{}
	width := max(int64(r.To.Sub(r.From))/int64(r.Buckets), 1)
	for i := range failures {
		f := &failures[i]
		key := ErrorKey(f.Error, f.Class)
		g := groups[key]
		if g == nil {
			g = &group{where: map[string]int{}}
			g.ErrorGroup = ErrorGroup{Key: key, Error: f.Error, Class: f.Class, Last: f.At, LastRun: f.Run, Trend: make([]int, r.Buckets)}
			groups[key] = g
		}
		g.Count++
		g.First = f.At
		g.where[placeOf(f.Runner, f.Step)]++
		g.Trend[min(max(int(int64(f.At.Sub(r.From))/width), 0), r.Buckets-1)]++
	}
	out := make([]ErrorGroup, 0, len(groups))
	for _, g := range groups {
		g.Where = slices.SortedFunc(maps.Keys(g.where), func(a, b string) int {
			return cmp.Or(cmp.Compare(g.where[b], g.where[a]), cmp.Compare(a, b))
		})
		g.Where = g.Where[:min(len(g.Where), maxWhere)]
		out = append(out, g.ErrorGroup)
	}
	slices.SortFunc(out, func(a, b ErrorGroup) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// ErrorKey is what runs of one group share: what their errors have in common, or their class where there is no text.
func ErrorKey(message, class string) string { return text.Sameness(cmp.Or(message, class)) }

// placeOf is where a run failed: its runner, and the step by its own name.
func placeOf(runner, step string) string {
	if step == "" || step == runner {
		return runner
	}
	return runner + "/" + step[strings.LastIndexByte(step, '/')+1:]
}
