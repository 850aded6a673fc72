package store

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestPagesAreWhatTheFilterMeans: with and without Since, by states that have an index of their own and by others, page by page,
// the runs are those that a look at each row selects.
func TestPagesAreWhatTheFilterMeans(t *testing.T) {
	t.Parallel()
	s := open(t)
	rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's dice
	states := []orchestrator.State{
		orchestrator.Completed, orchestrator.Completed, orchestrator.Failed, orchestrator.Crashed, orchestrator.Missed, orchestrator.Running,
		orchestrator.Pending,
	}
	for i := range 200 {
		r := runAt(i+1, noon.Add(time.Duration(i)*7*time.Minute+time.Duration(rng.IntN(60))*time.Second), states[rng.IntN(len(states))])
		r.Runner, r.Trigger = "r"+strconv.Itoa(rng.IntN(3)), "t"+strconv.Itoa(i)
		insert(t, s, r, "")
	}
	all, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 1000})
	if err != nil || len(all) != 200 {
		t.Fatalf("%d runs, %v", len(all), err)
	}
	for _, of := range [][]orchestrator.State{
		nil,
		{orchestrator.Failed},
		{orchestrator.Failed, orchestrator.Crashed, orchestrator.Missed},
		{orchestrator.Running, orchestrator.Pending},
		{orchestrator.Completed, orchestrator.Failed},
		{orchestrator.Failed, orchestrator.Running},
	} {
		for _, since := range []time.Time{{}, noon.Add(3 * time.Hour), noon.Add(1000 * time.Hour)} {
			for _, runner := range []string{"", "r1"} {
				f := orchestrator.RunFilter{States: of, WithIdle: true, Limit: 7, Since: since, Runner: runner}
				var want, got []string
				for i := range all {
					r := &all[i]
					if (of == nil || slices.Contains(of, r.State)) && !r.DueAt.Before(since) && (runner == "" || r.Runner == runner) {
						want = append(want, r.ID)
					}
				}
				for more := true; more; {
					page, err := s.Runs(t.Context(), f)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, idsOf(page)...)
					if more = len(page) == f.Limit; more {
						f.Before = page[len(page)-1].ID
					}
				}
				same(t, fmt.Sprintf("%v since %v of %q", of, since, runner), got, want)
				if n, err := s.CountRuns(t.Context(), f); n != len(want) || err != nil {
					t.Errorf("%v since %v of %q: counted %d (%v), want %d", of, since, runner, n, err, len(want))
				}
			}
		}
	}
}

// TestFoldedRowsAreFoundSinceTheirNewestTick: a row that was begun long ago and stands for ticks of just now is not left out.
func TestFoldedRowsAreFoundSinceTheirNewestTick(t *testing.T) {
	t.Parallel()
	s := open(t)
	row := runAt(1, noon, orchestrator.Missed)
	row.Reason = "the engine was down"
	insert(t, s, row, "")
	for i := range 5 {
		r := runAt(100+i, noon.Add(time.Duration(i)*time.Minute), orchestrator.Completed)
		r.Runner = "busy"
		insert(t, s, r, "")
	}
	late := runAt(2, noon.Add(9*time.Hour), orchestrator.Missed)
	late.Reason = row.Reason
	must(t, s, func(tx *Tx) error {
		if ok, err := tx.FoldTick(late); !ok || err != nil {
			t.Errorf("not folded: %v, %v", ok, err)
		}
		return nil
	})
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{Since: noon.Add(8 * time.Hour)})
	if err != nil || len(runs) != 1 || runs[0].ID != "1" || runs[0].Count != 2 {
		t.Errorf("since 8 hours: %+v, %v", runs, err)
	}
}
