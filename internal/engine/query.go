package engine

import (
	"context"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Snapshot gives the whole picture.
func (e *Engine) Snapshot(ctx context.Context) (orchestrator.Snapshot, error) {
	return ask(ctx, e, func(l *loop) (orchestrator.Snapshot, error) {
		now := e.clock()
		s := orchestrator.Snapshot{At: now, Engine: l.engineView(), Runners: make([]orchestrator.Runner, len(l.order)), Revision: e.hub.Revision()}
		for i, r := range l.order {
			s.Runners[i] = r.view(now, l)
		}
		return s, nil
	})
}

// NextTicks gives a runner's next n due times over all its triggers.
func (e *Engine) NextTicks(ctx context.Context, runnerID string, n int) ([]time.Time, error) {
	return ask(ctx, e, func(l *loop) ([]time.Time, error) {
		r, err := l.find(runnerID)
		if err != nil {
			return nil, err
		}
		var out []time.Time
		for _, t := range r.triggers {
			out = append(out, t.nextDue(n)...)
		}
		slices.SortFunc(out, time.Time.Compare)
		return out[:min(n, len(out))], nil
	})
}

// Runs gives runs, newest first.
func (e *Engine) Runs(ctx context.Context, f orchestrator.RunFilter) ([]orchestrator.Run, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	runs, err := e.store.Runs(ctx, f)
	return e.explain(ctx, runs), err
}

// RunDetail gives a run with its steps.
func (e *Engine) RunDetail(ctx context.Context, runID string) (orchestrator.RunDetail, error) {
	if !e.running() {
		return orchestrator.RunDetail{}, ErrStopped
	}
	d, err := e.store.RunDetail(ctx, runID)
	if err == nil {
		d.Run = e.explain(ctx, []orchestrator.Run{d.Run})[0]
	}
	return d, err
}

// Logs gives log lines, oldest first.
func (e *Engine) Logs(ctx context.Context, f orchestrator.LogFilter) ([]orchestrator.LogLine, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	return e.store.Logs(ctx, f)
}

// Events gives the newest events.
func (e *Engine) Events(ctx context.Context, limit int) ([]orchestrator.Event, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	return e.store.Events(ctx, limit)
}
