package uitest

import (
	"context"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Timeline gives the fixture's runs of a window, and hourly ticks from each runner's next one on.
func (f *Fake) Timeline(_ context.Context, r orchestrator.TimelineRequest) (orchestrator.Timeline, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := orchestrator.Timeline{
		From: r.From, To: r.To, Ticks: map[string][]time.Time{}, Tries: map[string][]orchestrator.TryAt{},
		Pauses: map[string][]orchestrator.PauseSpan{},
	}
	for _, run := range slices.Backward(f.runs) {
		if run.StartedAt.Before(r.To) && (run.EndedAt.IsZero() || !run.EndedAt.Before(r.From)) && run.State != orchestrator.Skipped && !run.Idle {
			t.Runs = append(t.Runs, run)
			t.Tries[run.ID] = f.tries(run.ID)
		}
	}
	for i := range f.snap.Runners {
		rn := &f.snap.Runners[i]
		for at := rn.NextAt; !at.IsZero() && at.Before(r.To); at = at.Add(time.Hour) {
			t.Ticks[rn.ID] = append(t.Ticks[rn.ID], at)
		}
		if p := rn.Pause; p != nil {
			t.Pauses[rn.ID] = []orchestrator.PauseSpan{{From: p.At, By: p.By}}
		}
	}
	return t, nil
}

func (f *Fake) ended(r orchestrator.TrendRequest) []orchestrator.Run {
	var out []orchestrator.Run
	for _, run := range f.runs {
		if !run.EndedAt.Before(r.From) && run.EndedAt.Before(r.To) && (r.Runner == "" || r.Runner == run.Runner) && !run.Idle &&
			run.State != orchestrator.Skipped {
			out = append(out, run)
		}
	}
	return out
}

func bucketOf(r orchestrator.TrendRequest, at time.Time) int {
	return min(int(at.Sub(r.From)/(r.To.Sub(r.From)/time.Duration(r.Buckets))), r.Buckets-1)
}

// Trend counts the fixture's runs.
func (f *Fake) Trend(_ context.Context, r orchestrator.TrendRequest) (orchestrator.Trend, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t := orchestrator.Trend{From: r.From, To: r.To, Runs: make([]int, r.Buckets), Failed: make([]int, r.Buckets)}
	t.Wait = make([]time.Duration, r.Buckets)
	for _, run := range f.ended(r) {
		b := bucketOf(r, run.EndedAt)
		t.Runs[b]++
		if run.State == orchestrator.Failed {
			t.Failed[b]++
		}
		t.Wait[b] = max(t.Wait[b], run.StartedAt.Sub(run.DueAt))
	}
	return t, nil
}

// ErrorGroups groups the fixture's failed runs.
func (f *Fake) ErrorGroups(_ context.Context, r orchestrator.TrendRequest) ([]orchestrator.ErrorGroup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var failures []orchestrator.Failure
	for _, run := range f.ended(r) {
		if run.State == orchestrator.Failed {
			failures = append(failures, orchestrator.Failure{
				Run: run.ID, Runner: run.Runner, Step: run.FailedStep, Error: run.Error, Class: run.ErrorClass, At: run.EndedAt,
			})
		}
	}
	return orchestrator.GroupErrors(failures, r.Sane()), nil
}

// CountRuns counts the fixture's runs.
func (f *Fake) CountRuns(ctx context.Context, q orchestrator.RunFilter) (int, error) {
	q.Before, q.Limit = "", 1<<30
	runs, err := f.Runs(ctx, q)
	return len(runs), err
}

// tries gives the ended attempts of a run's steps.
func (f *Fake) tries(run string) []orchestrator.TryAt {
	var out []orchestrator.TryAt
	for _, s := range f.details[run].Steps {
		for _, a := range s.Attempts {
			if !s.Composite && !a.EndedAt.IsZero() {
				out = append(out, orchestrator.TryAt{StartedAt: a.StartedAt, EndedAt: a.EndedAt, Failed: a.State == orchestrator.Failed})
			}
		}
	}
	return out
}
