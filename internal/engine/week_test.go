package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// TestSimulatedWeek runs the engine with its real file through the week of a daylight change, with a restart in it. Every
// tick must have come at its nominal time, once, and every retry at its delay.
func TestSimulatedWeek(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Date(2000, 3, 22, 0, 0, 0, 0, time.UTC)
		pass(time.Until(begin))
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		daily, _, err := schedule.ParseCron("30 2 * * *", berlin)
		if err != nil {
			t.Fatal(err)
		}
		flaky := probe("flaky")
		flaky.Retry = retries(2, 30*time.Second)
		b := newBench(t, runnerOf(probe("often"), every(t, 5*time.Minute, begin.Add(time.Minute))),
			runnerOf(probe("daily"), config.Trigger{Name: "cron", Schedule: daily}),
			runnerOf(flaky, every(t, time.Hour, begin.Add(30*time.Minute))))
		b.do["flaky"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt < 3 {
				return pipe.Result{}, errors.New("not yet")
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		pass(3*24*time.Hour + 150*time.Second) // between two ticks
		b.stop()
		b.start()
		pass(4*24*time.Hour - 150*time.Second)

		checkTimes(t, "often", b.callsOf("often"), func(i int) time.Time { return begin.Add(time.Minute + time.Duration(i)*5*time.Minute) }, 2016)
		checkTimes(t, "daily", b.callsOf("daily"), func(i int) time.Time {
			day := begin.AddDate(0, 0, i)
			switch {
			case day.Day() < 26:
				return day.Add(90 * time.Minute) // 02:30 CET
			case day.Day() == 26:
				return day.Add(time.Hour) // 02:30 does not exist: the first instant after the gap, 03:00 CEST
			default:
				return day.Add(30 * time.Minute) // 02:30 CEST
			}
		}, 7)
		checkRetries(t, b.callsOf("flaky"), begin.Add(30*time.Minute))
		checkRows(t, b)
		b.stop()
	})
}

func checkTimes(t *testing.T, what string, calls []call, want func(i int) time.Time, n int) {
	t.Helper()
	if len(calls) != n {
		t.Errorf("%s ran %d times, want %d", what, len(calls), n)
		return
	}
	for i, c := range calls {
		if w := want(i); !c.nominal.Equal(w) || c.at.Before(w) || c.at.Sub(w) > 5*time.Millisecond {
			t.Errorf("%s %d: nominal %s, ran at %s, want %s", what, i, c.nominal, c.at, w)
			return
		}
	}
}

// checkRetries expects three attempts for each of 168 hourly ticks: at the tick, about 30 s and about 60 s later.
func checkRetries(t *testing.T, calls []call, first time.Time) {
	t.Helper()
	if len(calls) != 3*168 {
		t.Errorf("flaky made %d attempts, want %d", len(calls), 3*168)
		return
	}
	for i := 0; i < len(calls); i += 3 {
		nominal := first.Add(time.Duration(i/3) * time.Hour)
		for j, delay := range []time.Duration{0, 30 * time.Second, 60 * time.Second} {
			c := calls[i+j]
			if !c.nominal.Equal(nominal) || c.attempt != j+1 {
				t.Errorf("call %d: attempt %d of %s, want attempt %d of %s", i+j, c.attempt, c.nominal, j+1, nominal)
				return
			}
			if j == 0 {
				continue
			}
			if gap := c.at.Sub(calls[i+j-1].at); gap < delay*9/10 || gap > delay*11/10+5*time.Millisecond {
				t.Errorf("retry %d of %s came after %s, want %s give or take a tenth", j, nominal, gap, delay)
				return
			}
		}
	}
}

// checkRows is promises 1 and 2: as many rows as ticks, each tick once, all completed.
func checkRows(t *testing.T, b *bench) {
	t.Helper()
	for runner, want := range map[string]int{"often": 2016, "daily": 7, "flaky": 168} {
		seen := map[time.Time]bool{}
		for _, r := range b.runs(runner) {
			if r.State != orchestrator.Completed || r.Count != 1 || seen[r.Nominal] {
				t.Errorf("%s: row %+v (seen before: %v)", runner, r, seen[r.Nominal])
				return
			}
			seen[r.Nominal] = true
		}
		if len(seen) != want {
			t.Errorf("%s has %d rows, want %d", runner, len(seen), want)
		}
	}
}
