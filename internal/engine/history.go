package engine

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Bounds of what is read for one picture.
const (
	timelineRuns  = 5000
	timelineTicks = 60 // of one runner
	maxFailures   = 20_000
)

// Timeline gives what ran in a window and what is planned in it.
func (e *Engine) Timeline(ctx context.Context, r orchestrator.TimelineRequest) (orchestrator.Timeline, error) {
	t := orchestrator.Timeline{From: r.From, To: r.To}
	if !e.running() {
		return t, ErrStopped
	}
	limit := cmp.Or(max(r.Limit, 0), timelineRuns)
	runs, err := e.store.Overlapping(ctx, r.From, r.To, limit+1)
	if err != nil {
		return t, err
	}
	if t.More = len(runs) > limit; t.More {
		runs = runs[1:]
	}
	t.Runs = e.explain(ctx, runs)
	if t.Tries, err = e.store.Tries(ctx, runs); err != nil {
		return t, err
	}
	if t.Pauses, err = e.store.PauseSpans(ctx, r.From, r.To); err != nil {
		return t, err
	}
	t.Ticks, err = e.planned(ctx, r.To)
	return t, err
}

// planned gives the ticks between now and a moment, by runner. It asks the dispatcher for a few runners at a time, so that
// ticks that are due meanwhile do not wait for a picture.
func (e *Engine) planned(ctx context.Context, to time.Time) (map[string][]time.Time, error) {
	const atOnce = 50
	out := map[string][]time.Time{}
	for from := 0; ; from += atOnce {
		more, err := ask(ctx, e, func(l *loop) (bool, error) {
			now := e.clock()
			for _, r := range l.order[min(from, len(l.order)):min(from+atOnce, len(l.order))] {
				if ticks := r.planned(l, now, to); len(ticks) > 0 {
					out[r.cfg.ID] = ticks
				}
			}
			return from+atOnce < len(l.order), nil
		})
		if err != nil || !more {
			return out, err
		}
	}
}

func (r *runner) planned(l *loop, now, to time.Time) []time.Time {
	if r.pause != nil || l.tickHold(r) != nil || r.gone {
		return nil
	}
	var out []time.Time
	for _, t := range r.triggers {
		for _, at := range t.nextDue(timelineTicks) {
			if at.After(now) && at.Before(to) {
				out = append(out, at)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out[:min(len(out), timelineTicks)]
}

// Trend counts the runs that ended in a window, by time.
func (e *Engine) Trend(ctx context.Context, r orchestrator.TrendRequest) (orchestrator.Trend, error) {
	if !e.running() {
		return orchestrator.Trend{}, ErrStopped
	}
	r = r.Sane()
	return e.store.Trend(ctx, r.Runner, r.From, r.To, r.Buckets)
}

// CountRuns gives how many runs a filter selects.
func (e *Engine) CountRuns(ctx context.Context, f orchestrator.RunFilter) (int, error) {
	if !e.running() {
		return 0, ErrStopped
	}
	return e.store.CountRuns(ctx, f)
}

// ErrorGroups gives the failed runs of a window by equal error, the most frequent first, the newest among equals.
func (e *Engine) ErrorGroups(ctx context.Context, r orchestrator.TrendRequest) ([]orchestrator.ErrorGroup, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	r = r.Sane()
	failures, err := e.store.Failures(ctx, r.Runner, r.From, r.To, maxFailures)
	if err != nil {
		return nil, err
	}
	return orchestrator.GroupErrors(failures, r), nil
}
