package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

func atMoment(t *testing.T, moment time.Time) config.Trigger {
	t.Helper()
	s, err := schedule.Once(moment, nil)
	if err != nil {
		t.Fatal(err)
	}
	return config.Trigger{Name: "at", Kind: config.TriggerAt, Schedule: s}
}

// TestAtFiresOnce in each of the lives it may be met by.
func TestAtFiresOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		up     time.Duration // the first life, from its start; 0 = none
		down   time.Duration // then
		policy config.Policy
		want   orchestrator.State
	}{
		"while up":                       {3 * time.Hour, time.Minute, config.Policy{}, orchestrator.Completed},
		"passed while down":              {time.Minute, 5 * time.Hour, config.Policy{}, orchestrator.Completed},
		"passed long ago":                {time.Minute, 30 * time.Hour, config.Policy{}, orchestrator.Missed},
		"passed, with a longer window":   {time.Minute, 30 * time.Hour, config.Policy{CatchupWindow: 48 * time.Hour}, orchestrator.Completed},
		"passed, catchup is skip":        {time.Minute, 5 * time.Hour, config.Policy{Catchup: config.CatchupSkip}, orchestrator.Missed},
		"first seen after":               {0, 5 * time.Hour, config.Policy{}, orchestrator.Completed},
		"first seen long after":          {0, 30 * time.Hour, config.Policy{}, orchestrator.Missed},
		"first seen after, with a limit": {0, 5 * time.Hour, config.Policy{StartDeadline: time.Hour}, orchestrator.Missed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				moment := time.Now().UTC().Add(2 * time.Hour)
				r := runnerOf(probe("p"), atMoment(t, moment))
				r.Policy = c.policy
				b := newBench(t, r)
				if c.up > 0 {
					b.start()
					pass(c.up)
					b.stop()
				}
				pass(c.down)
				for range 3 { // later lives change nothing
					b.start()
					pass(time.Minute)
					if ticks, err := b.e.NextTicks(t.Context(), "p", 3); err != nil || len(ticks) != 0 {
						t.Errorf("next ticks of a moment that passed: %v, %v", ticks, err)
					}
					b.stop()
				}
				b.start()
				runs := b.runs("p")
				if len(runs) != 1 || runs[0].State != c.want || !runs[0].Nominal.Equal(moment) {
					t.Errorf("rows %+v, want one that is %s", runs, c.want)
				}
				b.stop()
			})
		})
	}
}

func TestAtMayBeMoved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), atMoment(t, time.Now().Add(time.Hour))))
		b.start()
		pass(2 * time.Hour)
		b.stop()
		b.cfg.Runners[0].Triggers[0] = atMoment(t, time.Now().Add(time.Hour))
		b.start()
		pass(2 * time.Hour)
		if n := len(b.callsOf("p")); n != 2 {
			t.Errorf("%d runs of two moments", n)
		}
		b.stop()
	})
}

func afterCompletion(d time.Duration) config.Trigger {
	return config.Trigger{Name: "after_completion", Kind: config.TriggerAfterCompletion, AfterCompletion: d}
}

// TestAfterCompletionCountsFromTheEnd, of any run, by whatever trigger, across lives.
func TestAfterCompletionCountsFromTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), afterCompletion(10*time.Minute)))
		b.do["p"] = untilDone(7 * time.Minute)
		begin := time.Now().UTC()
		at := func(d time.Duration) { pass(time.Until(begin.Add(d))) }
		b.start()
		if ticks, err := b.e.NextTicks(t.Context(), "p", 3); err != nil || len(ticks) != 1 || !ticks[0].Equal(begin.Add(10*time.Minute)) {
			t.Errorf("next ticks %v, %v", ticks, err)
		}
		at(30 * time.Minute) // 10 to 17, 27 to 34
		b.stop()             // waits 30 s, then the run is interrupted and goes on later
		b.start()            // runs again from 30:30 to 37:30
		at(40 * time.Minute)
		b.fire("p") // to 47
		at(50 * time.Minute)
		b.stop()
		b.start() // due at 57, from the end at 47
		at(60 * time.Minute)
		b.stop() // interrupted at 60:30
		at(80 * time.Minute)
		b.start() // goes on until 87
		at(98 * time.Minute)
		var minutes []string
		for _, r := range slices.Backward(b.runs("p")) {
			minutes = append(minutes, r.StartedAt.Sub(begin).String()+" "+r.Trigger)
			if r.Trigger != "manual" && !r.StartedAt.Equal(r.Nominal) || r.Count != 1 {
				t.Errorf("run started at %s, its nominal time is %s", r.StartedAt, r.Nominal)
			}
		}
		want := "10m0s after_completion, 27m0s after_completion, 40m0s manual, 57m0s after_completion, 1h37m0s after_completion"
		if got := strings.Join(minutes, ", "); got != want {
			t.Errorf("runs started at\n%s, want\n%s", got, want)
		}
		b.interrupt()
	})
}

// interrupt stops the engine without waiting for what runs.
func (b *bench) interrupt() {
	ctx, cancel := context.WithCancel(b.t.Context())
	cancel()
	if err := b.e.Stop(ctx); err != nil {
		b.t.Fatal(err)
	}
}

// TestAfterCompletionGoesOnWithoutARun: while paused, and after a tick that was too late, there is no end to count from.
func TestAfterCompletionGoesOnWithoutARun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), afterCompletion(10*time.Minute)))
		b.start()
		pass(15 * time.Minute)
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{}); err != nil {
			t.Fatal(err)
		}
		pass(time.Hour)
		if err := b.e.Resume(t.Context(), "p", orchestrator.Actor{}); err != nil {
			t.Fatal(err)
		}
		pass(14 * time.Minute)
		counts, _ := ticksOf(b.runs("p"))
		if counts[orchestrator.Skipped] != 6 || counts[orchestrator.Completed] != 2 {
			t.Errorf("an hour's pause: %v", counts)
		}
		b.stop()
		pass(72 * time.Hour)
		b.start()
		pass(11 * time.Minute)
		counts, _ = ticksOf(b.runs("p"))
		if counts[orchestrator.Missed] != 1 || counts[orchestrator.Completed] != 3 {
			t.Errorf("three days down: %v, want one missed tick and one run", counts)
		}
		b.stop()
	})
}

func TestMaxRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tr := every(t, time.Minute, time.Now().Add(time.Minute))
		tr.MaxRuns = 5
		b := newBench(t, runnerOf(probe("p"), tr))
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(90 * time.Second) // every second tick is skipped
			return pipe.Result{}, errors.New("failed runs count too")
		}
		b.cfg.Runners[0].Pipe.Retry = retries(0, 0)
		b.start()
		if ticks, err := b.e.NextTicks(t.Context(), "p", 100); err != nil || len(ticks) != 5 {
			t.Errorf("%d next ticks, %v", len(ticks), err)
		}
		pass(4*time.Minute + 50*time.Second)
		b.stop()
		b.start()
		pass(time.Hour)
		counts, total := ticksOf(b.runs("p"))
		if counts[orchestrator.Failed] != 5 || counts[orchestrator.Skipped] != 4 || total != 9 {
			t.Errorf("rows: %v", counts)
		}
		b.stop()
		b.start()
		pass(time.Hour)
		s, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v := s.Runners[0]; !strings.Contains(v.Schedule, "done: 5 of 5 runs") || !v.NextAt.IsZero() || len(b.callsOf("p")) != 5 {
			t.Errorf("%d runs, schedule %q, next %s", len(b.callsOf("p")), v.Schedule, v.NextAt)
		}
		b.stop()
	})
}

// TestJitter: ticks start late by their jitter, and keep their nominal time as identity, across lives and catch-up.
func TestJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(10 * time.Minute)
		tr := every(t, 10*time.Minute, anchor)
		tr.Jitter = 8 * time.Minute
		b := newBench(t, runnerOf(probe("p"), tr))
		want := func(i int) (nominal, due time.Time) {
			nominal = anchor.Add(time.Duration(i) * 10 * time.Minute)
			return nominal, nominal.Add(schedule.Jitter("p", nominal, 8*time.Minute, 10*time.Minute))
		}
		b.start()
		ticks, err := b.e.NextTicks(t.Context(), "p", 3)
		for i := range ticks {
			if _, due := want(i); !ticks[i].Equal(due) {
				t.Errorf("next tick %d is %s, want %s (%v)", i, ticks[i], due, err)
			}
		}
		s, err := b.e.Snapshot(t.Context())
		if _, due := want(0); err != nil || !s.Runners[0].NextAt.Equal(due) {
			t.Errorf("next at %s (%v), want %s", s.Runners[0].NextAt, err, due)
		}
		for range 20 { // stops between a nominal time and its due time among others
			pass(7 * time.Minute)
			b.stop()
			b.start()
		}
		pass(61 * time.Minute)
		calls := b.callsOf("p")
		runs := b.runs("p")
		slices.Reverse(runs)
		if len(calls) < 19 || len(runs) != len(calls) {
			t.Errorf("%d runs, %d rows", len(calls), len(runs))
		}
		spread := map[time.Duration]bool{}
		for i, c := range calls {
			nominal, due := want(i)
			spread[due.Sub(nominal)] = true
			if !c.nominal.Equal(nominal) || c.at.Before(due) || c.at.Sub(due) > 5*time.Millisecond || !runs[i].DueAt.Equal(due) {
				t.Errorf("run %d of %s at %s, due %s, want %s at %s", i, c.nominal, c.at, runs[i].DueAt, nominal, due)
			}
		}
		if len(spread) < 10 {
			t.Errorf("only %d different delays", len(spread))
		}
		b.stop()
	})
}

// TestJitterAndCatchUp: of the ticks that passed the newest one that is due runs, and the one whose jitter is not over waits.
func TestJitterAndCatchUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(10 * time.Minute)
		tr := every(t, 10*time.Minute, anchor)
		tr.Jitter = 9 * time.Minute
		b := newBench(t, runnerOf(probe("p"), tr))
		b.start()
		b.stop()
		for i := range 200 { // down until just after a nominal time with a long jitter
			nominal := anchor.Add(time.Duration(i+5) * 10 * time.Minute)
			if due := b.dueOf(tr, nominal); due.Sub(nominal) > 5*time.Minute {
				pass(time.Until(nominal.Add(time.Minute)))
				b.start()
				pass(time.Second)
				runs := b.runs("p")
				if len(runs) != 2 || !runs[0].Nominal.Equal(nominal.Add(-10*time.Minute)) || runs[1].State != orchestrator.Missed {
					t.Errorf("rows %+v, want the tick before %s", runs, nominal)
				}
				pass(time.Until(due) + time.Second)
				if runs := b.runs("p"); len(runs) != 3 || !runs[0].Nominal.Equal(nominal) || runs[0].State != orchestrator.Completed {
					t.Errorf("rows %+v, want a run of %s", runs, nominal)
				}
				_, total := ticksOf(b.runs("p"))
				if want := int(nominal.Sub(anchor)/(10*time.Minute)) + 1; total != want {
					t.Errorf("%d ticks have rows, want %d", total, want)
				}
				b.stop()
				return
			}
		}
		t.Error("no long jitter found")
	})
}

func (b *bench) dueOf(tr config.Trigger, nominal time.Time) time.Time {
	return nominal.Add(schedule.Jitter("p", nominal, tr.Jitter, 10*time.Minute))
}
