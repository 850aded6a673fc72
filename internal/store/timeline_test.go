package store

import (
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestTriesAndPauses: the attempts of a run that was tried again, not of its composite and not of its handlers; pauses by the events.
func TestTriesAndPauses(t *testing.T) {
	t.Parallel()
	s := open(t)
	once, tried := runAt(1, noon, orchestrator.Completed), runAt(2, noon.Add(time.Hour), orchestrator.Completed)
	once.Attempts, tried.Attempts = 1, 2
	must(t, s, func(tx *Tx) error {
		for _, run := range []string{"1", "2"} {
			for _, path := range []string{"r", "r/a", "r/h"} {
				st := StepRow{Step: orchestrator.Step{Run: run, Path: path, State: orchestrator.Completed, Attempt: 2, Composite: path == "r"}}
				if path == "r/h" {
					st.Kind = "handler"
				}
				if err := tx.PutStep(&st); err != nil {
					return err
				}
				for n, state := range []orchestrator.State{orchestrator.Failed, orchestrator.Completed} {
					at := tried.StartedAt.Add(time.Duration(n) * time.Minute)
					if err := tx.PutAttempt(run, path, orchestrator.Attempt{N: n + 1, State: state, StartedAt: at, EndedAt: at.Add(time.Second)}); err != nil {
						return err
					}
				}
			}
		}
		for i, kind := range []string{"resumed", "paused", "paused", "resumed", "paused"} {
			ev := orchestrator.Event{At: noon.Add(time.Duration(i) * time.Hour), Kind: kind, Runner: "r", By: "kim"}
			if err := tx.AddEvent(&ev); err != nil {
				return err
			}
		}
		return nil
	})
	got, err := s.Tries(t.Context(), []orchestrator.Run{*once, *tried})
	if err != nil {
		t.Fatal(err)
	}
	at := tried.StartedAt
	same(t, "attempts", got, map[string][]orchestrator.TryAt{"2": {
		{Failed: true, StartedAt: at, EndedAt: at.Add(time.Second)},
		{StartedAt: at.Add(time.Minute), EndedAt: at.Add(time.Minute + time.Second)},
	}})
	for _, c := range []struct {
		from, to time.Duration
		want     []orchestrator.PauseSpan
	}{
		{0, time.Hour, nil},
		{0, 90 * time.Minute, []orchestrator.PauseSpan{{From: noon.Add(time.Hour), By: "kim"}}},
		{0, 10 * time.Hour, []orchestrator.PauseSpan{
			{From: noon.Add(time.Hour), To: noon.Add(3 * time.Hour), By: "kim"}, {From: noon.Add(4 * time.Hour), By: "kim"},
		}},
		{200 * time.Minute, 10 * time.Hour, []orchestrator.PauseSpan{{From: noon.Add(4 * time.Hour), By: "kim"}}},
	} {
		spans, err := s.PauseSpans(t.Context(), noon.Add(c.from), noon.Add(c.to))
		if err != nil {
			t.Fatal(err)
		}
		same(t, "pauses", spans["r"], c.want)
	}
}
