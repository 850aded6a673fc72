package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// TestTimelineTellsAttemptsPausesAndPlans: what was tried and failed, who held which pipe when, and what comes, but not of a held pipe.
func TestTimelineTellsAttemptsPausesAndPlans(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		def := probe("p")
		def.Retry = retries(2, 30*time.Second)
		b := newBench(t, runnerOf(def, every(t, time.Hour, begin.Add(time.Hour))), runnerOf(probe("q"), every(t, time.Hour, begin.Add(time.Hour))))
		b.does("p", func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				return pipe.Result{}, errors.New("down")
			}
			return pipe.Success("", nil), nil
		})
		b.start()
		pass(90 * time.Minute)
		if err := b.e.Pause(t.Context(), "q", orchestrator.PauseRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		got, err := b.e.Timeline(t.Context(), orchestrator.TimelineRequest{From: begin, To: begin.Add(4*time.Hour + time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Runs) != 2 || got.More {
			t.Errorf("runs: %+v", got.Runs)
		}
		p := b.runs("p")[0]
		if tries := got.Tries[p.ID]; len(tries) != 2 || !tries[0].Failed || tries[1].Failed || tries[1].StartedAt.Sub(tries[0].EndedAt) < 20*time.Second {
			t.Errorf("attempts of run %s: %+v", p.ID, tries)
		}
		if len(got.Tries) != 1 {
			t.Errorf("attempts of runs that needed one: %+v", got.Tries)
		}
		if held := got.Pauses["q"]; len(held) != 1 || held[0].By != kim.Name || !held[0].To.IsZero() || !held[0].From.Equal(begin.Add(90*time.Minute)) {
			t.Errorf("pauses of q: %+v", held)
		}
		if n := len(got.Ticks["p"]); n != 3 || len(got.Ticks["q"]) != 0 || len(got.Pauses["p"]) != 0 {
			t.Errorf("%d ticks of p to come, want 3; of q, which is held: %v", n, got.Ticks["q"])
		}
		b.stop()
	})
}
