package engine

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// wall is a wall clock that can be moved while the bubble's own, the monotonic one, goes on: a clock step, or a suspend.
type wall struct{ offset atomic.Int64 }

func (w *wall) now() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }

func (w *wall) step(d time.Duration) { w.offset.Add(int64(d)) }

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestClockJumps: the clock is moved in the middle of work. Within 30 s the engine acts by the new time; each nominal time the
// clock has passed has its row, none has two, and one event tells of the jump.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	normal := at("2026-11-25T09:59:00Z")
	for name, c := range map[string]struct {
		begin  time.Time
		jump   time.Duration
		events int
	}{
		"1 s forward":              {normal, time.Second, 0},
		"1 s back":                 {normal, -time.Second, 0},
		"1 s back, over a tick":    {normal.Add(49500 * time.Millisecond), -time.Second, 0},
		"1 h forward":              {normal, time.Hour, 1},
		"1 h back":                 {normal, -time.Hour, 1},
		"25 h forward":             {normal, 25 * time.Hour, 1},
		"25 h back":                {normal, -25 * time.Hour, 1},
		"suspended for 8 h":        {normal, 8 * time.Hour, 1},
		"2038, into it":            {at("2038-01-19T03:08:00Z"), 10 * time.Second, 1},
		"2038, over it":            {at("2038-01-19T02:30:00Z"), 2 * time.Hour, 1},
		"2038, back from it":       {at("2038-01-19T03:20:00Z"), -time.Hour, 1},
		"into a leap day":          {at("2028-02-28T23:50:00Z"), 30 * time.Minute, 1},
		"over a leap day":          {at("2028-02-28T12:00:00Z"), 40 * time.Hour, 1},
		"back over a leap day":     {at("2028-03-01T00:10:00Z"), -30 * time.Hour, 1},
		"over a change of summer":  {at("2027-03-28T00:40:00Z"), time.Hour, 1},
		"back over a change of it": {at("2026-10-25T01:10:00Z"), -time.Hour, 1},
	} {
		for _, catchup := range []config.Catchup{config.CatchupLatest, config.CatchupAll, config.CatchupSkip} {
			t.Run(name+", "+string(catchup), func(t *testing.T) {
				t.Parallel()
				jumpOf(t, c.begin, c.jump, c.events, catchup)
			})
		}
	}
}

func jumpOf(t *testing.T, begin time.Time, jump time.Duration, events int, catchup config.Catchup) {
	synctest.Test(t, func(t *testing.T) {
		var w wall
		w.step(time.Until(begin))
		berlin, err := time.LoadLocation("Europe/Berlin")
		if err != nil {
			t.Fatal(err)
		}
		hourly, _, err := schedule.ParseCron("30 * * * *", berlin)
		if err != nil {
			t.Fatal(err)
		}
		minutely := every(t, time.Minute, begin.Truncate(time.Minute))
		p, q := runnerOf(probe("p"), minutely), runnerOf(probe("q"), config.Trigger{Name: "cron", Schedule: hourly})
		p.Policy.Catchup, q.Policy.Catchup = catchup, catchup
		b := newBench(t, p, q)
		b.opts = func(o *Options) { o.Clock = w.now }
		b.start()
		pass(5*time.Minute + 10500*time.Millisecond)
		before := w.now()
		w.step(jump)
		latest := func() time.Time { return later(before, w.now()) } // that the clock has shown
		pass(30 * time.Second)
		b.allHaveRows("p", minutely.Schedule, begin, latest())
		b.allHaveRows("q", hourly, begin, latest())
		if v := b.engine(); (v.ClockJump != 0) != (events > 0) || events > 0 && (v.ClockJump-jump).Abs() > time.Second || (v.Health == "ok") != (events == 0) {
			t.Errorf("the engine saw a jump of %s and is %s", v.ClockJump, v.Health)
		}
		pass(40 * time.Minute)
		b.allHaveRows("p", minutely.Schedule, begin, latest())
		if jump < 0 {
			pass(-jump)
		}
		b.allHaveRows("p", minutely.Schedule, begin, latest())
		b.allHaveRows("q", hourly, begin, latest())
		if n := b.eventsOf("clock"); n != events {
			t.Errorf("%d events tell of the jump, want %d", n, events)
		}
		if v := b.engine(); v.Health != "ok" {
			t.Errorf("later it is still %s: %q", v.Health, v.Problems)
		}
		b.stop()
	})
}

// allHaveRows expects exactly one row for each nominal time that the clock has passed.
func (b *bench) allHaveRows(runner string, s schedule.Schedule, begin, until time.Time) {
	b.t.Helper()
	runs := b.runs(runner)
	seen := map[time.Time]bool{}
	for _, r := range runs {
		if seen[r.Nominal] || r.Nominal.After(until) {
			b.t.Errorf("%s: row %+v (seen before: %v)", runner, r, seen[r.Nominal])
		}
		seen[r.Nominal] = true
	}
	_, want := schedule.Latest(s, begin, until, maxBacklog)
	if _, total := ticksOf(runs); total != want {
		b.t.Errorf("%s: %d ticks have rows, want %d by %s", runner, total, want, until)
	}
}
