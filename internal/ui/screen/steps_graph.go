package screen

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// leaves are the steps of a run that do something themselves, in their order; handlers and undo are left out.
func leaves(steps []orchestrator.Step) []*orchestrator.Step {
	var out []*orchestrator.Step
	for i := range steps {
		if s := &steps[i]; s.Kind == "" && !s.Composite {
			out = append(out, s)
		}
	}
	return out
}

// longest is the critical path: the ids of the steps that a run's length is made of, from the first to the last. It goes back
// from the step that ended last, always to the one that ended last before the next one began.
func longest(steps []orchestrator.Step, now time.Time) []string {
	var out []string
	for _, s := range criticalPath(steps, now) {
		out = append(out, s.ID)
	}
	return out
}

func criticalPath(steps []orchestrator.Step, now time.Time) []*orchestrator.Step {
	all := leaves(steps)
	end := func(s *orchestrator.Step) time.Time {
		if s.EndedAt.IsZero() {
			return now
		}
		return s.EndedAt
	}
	all = slices.DeleteFunc(all, func(s *orchestrator.Step) bool { return s.StartedAt.IsZero() })
	var out []*orchestrator.Step
	before := now.Add(time.Hour)
	for len(out) < len(all) {
		var last *orchestrator.Step
		for _, s := range all {
			if !end(s).After(before) && !slices.Contains(out, s) && (last == nil || end(s).After(end(last))) {
				last = s
			}
		}
		if last == nil {
			break
		}
		out = append(out, last)
		before = last.StartedAt
	}
	slices.Reverse(out)
	return out
}

// stage is steps that go on side by side, between those before and after them.
type stage []*orchestrator.Step

// stages groups the steps of a run: what overlapped in time is one stage, all else follows each other. What has not begun comes
// in the order of the definition.
func stages(steps []orchestrator.Step, now time.Time) []stage {
	var out []stage
	var end time.Time
	for _, s := range leaves(steps) {
		to := s.EndedAt
		if to.IsZero() {
			to = now
		}
		if n := len(out); n > 0 && !s.StartedAt.IsZero() && s.StartedAt.Before(end) && sameParent(s, out[n-1][0]) {
			out[n-1] = append(out[n-1], s)
			if to.After(end) {
				end = to
			}
			continue
		}
		out = append(out, stage{s})
		end = to
		if s.StartedAt.IsZero() {
			end = time.Time{}
		}
	}
	return out
}

func sameParent(a, b *orchestrator.Step) bool { return parentOf(a.Path) == parentOf(b.Path) }

func parentOf(path string) string { return path[:max(len(path)-len(leaf(path))-1, 0)] }

// blocked are the steps that cannot run any more: something before them failed.
func blocked(steps []orchestrator.Step) []*orchestrator.Step {
	var out []*orchestrator.Step
	seen := false
	for _, s := range leaves(steps) {
		switch {
		case failed(s.State) || s.State == orchestrator.Cancelled:
			seen = true
		case seen && s.StartedAt.IsZero() && s.State != orchestrator.Completed:
			out = append(out, s)
		}
	}
	return out
}
