package engine

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// downFor runs the engine for a minute, keeps it down, starts it again and lets a minute pass. Ticks come each minute.
func downFor(t *testing.T, down time.Duration, p config.Policy, do func(context.Context, *pipe.Call) (pipe.Result, error)) (*bench, time.Time) {
	t.Helper()
	anchor := time.Now().UTC().Add(time.Minute)
	r := runnerOf(probe("p"), every(t, time.Minute, anchor))
	r.Policy = p
	b := newBench(t, r)
	b.do["p"] = do
	b.start()
	pass(time.Minute + time.Second)
	b.stop()
	pass(down)
	b.start()
	pass(20 * time.Second)
	return b, anchor
}

// ticksOf adds up what became of the ticks.
func ticksOf(runs []orchestrator.Run) (counts map[orchestrator.State]int, total int) {
	counts = map[orchestrator.State]int{}
	for _, r := range runs {
		counts[r.State] += r.Count
		total += r.Count
	}
	return counts, total
}

func TestCatchupPolicies(t *testing.T) {
	t.Parallel()
	slow := func(context.Context, *pipe.Call) (pipe.Result, error) {
		<-time.After(time.Second)
		return pipe.Success("", nil), nil
	}
	for name, c := range map[string]struct {
		policy    config.Policy
		completed int
		missed    int
		dropped   int
	}{
		"latest is the default": {config.Policy{}, 2, 9, 0},
		"all, one by one":       {config.Policy{Catchup: config.CatchupAll}, 11, 0, 0},
		"all, at most three":    {config.Policy{Catchup: config.CatchupAll, CatchupMax: 3}, 4, 0, 7},
		"all, of five minutes":  {config.Policy{Catchup: config.CatchupAll, CatchupWindow: 5 * time.Minute}, 6, 0, 5},
		"skip":                  {config.Policy{Catchup: config.CatchupSkip}, 2, 9, 0},
		"start deadline":        {config.Policy{StartDeadline: 5 * time.Second}, 1, 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, anchor := downFor(t, 10*time.Minute+10*time.Second, c.policy, slow)
				runs := b.runs("p")
				counts, total := ticksOf(runs)
				if counts[orchestrator.Completed] != c.completed || counts[orchestrator.Missed] != c.missed || counts[orchestrator.Dropped] != c.dropped || total != 11 {
					t.Errorf("%d ticks: %v; rows %+v", total, counts, runs)
				}
				calls := b.callsOf("p")
				for i := 1; i < len(calls); i++ {
					if !calls[i].nominal.After(calls[i-1].nominal) || calls[i].at.Sub(calls[i-1].at) < time.Second {
						t.Errorf("ticks ran out of order or beside each other: %+v", calls)
					}
				}
				if last := calls[len(calls)-1]; c.policy.StartDeadline == 0 && !last.nominal.Equal(anchor.Add(10*time.Minute)) {
					t.Errorf("the last tick that ran is %s", last.nominal)
				}
				b.stop()
			})
		})
	}
}

func TestCatchupSkipOfOldTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(time.Hour)
		r := runnerOf(probe("p"), every(t, time.Hour, anchor))
		r.Policy.Catchup = config.CatchupSkip
		b := newBench(t, r)
		b.start()
		b.stop()
		pass(2*time.Hour + 30*time.Minute)
		b.start()
		pass(time.Second)
		if counts, total := ticksOf(b.runs("p")); counts[orchestrator.Missed] != 2 || total != 2 {
			t.Errorf("rows: %+v", b.runs("p"))
		}
		b.stop()
	})
}

func TestStartDeadlineWhileWaitingForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"), every(t, time.Hour, time.Now().Add(10*time.Second)))
		r.Policy.StartDeadline = 30 * time.Second
		b := newBench(t, runnerOf(probe("hog")), r)
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["hog"] = untilDone(5 * time.Minute)
		b.start()
		b.fire("hog")
		pass(10 * time.Minute)
		runs := b.runs("p")
		if len(runs) != 1 || runs[0].State != orchestrator.Missed || !strings.Contains(runs[0].Reason, "start deadline") {
			t.Errorf("rows: %+v", runs)
		}
		b.stop()
	})
}

func TestPauseAfterFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(0, 0)
		r := runnerOf(def, every(t, time.Minute, time.Now().Add(time.Minute)))
		r.Policy = config.Policy{PauseAfterFailures: 3, ResumeAfter: time.Hour}
		b := newBench(t, r)
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("down") }
		b.start()
		pass(30 * time.Minute)
		if n := len(b.callsOf("p")); n != 3 {
			t.Fatalf("%d runs, want 3 and then a pause", n)
		}
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v := snap.Runners[0]; v.State != orchestrator.Paused || !strings.Contains(v.Reason, "3 runs failed in a row") {
			t.Errorf("runner is %s: %s", v.State, v.Reason)
		}
		b.stop()
		b.start() // the pause and its end survive
		pass(34*time.Minute + 30*time.Second)
		if n := len(b.callsOf("p")); n != 4 {
			t.Errorf("%d runs after the pause's end, want one probe", n)
		}
		b.stop()
	})
}

func TestHistoryIsCutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, 10*time.Second, time.Now().Add(time.Second))))
		b.cfg.Engine.Keep = config.Retention{Runs: 50, Age: 24 * time.Hour}
		b.start()
		pass(time.Hour + time.Second)
		runs := b.runs("p")
		if len(runs) < 50 || len(runs) > 50+61 {
			t.Errorf("%d rows after an hour, want 50 and what ten minutes add", len(runs))
		}
		newest, err := strconv.Atoi(runs[0].ID)
		if err != nil || newest < 360 {
			t.Errorf("newest run is %s", runs[0].ID)
		}
		b.stop()
		st, err := store.Open(t.Context(), b.dir, store.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := st.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
}
