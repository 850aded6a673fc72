package engine

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// TestIntervalWithoutWeekends: an interval inside calendars and bounds has an anchor like any other, and a restart keeps it.
func TestIntervalWithoutWeekends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the bubble begins on a Saturday
		weekend, _, err := schedule.ParseEntry("* * * * sat,sun")
		if err != nil {
			t.Fatal(err)
		}
		hours, err := schedule.Every(6*time.Hour, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		s := schedule.Between(schedule.Excluding(hours, schedule.NewCalendar("weekend", nil, []schedule.Entry{weekend})), time.Now(), time.Time{})
		b := newBench(t, runnerOf(probe("p"), config.Trigger{Name: "interval", Kind: config.TriggerInterval, Schedule: s}))
		pass(90 * time.Minute)
		begin := time.Now().UTC()
		b.start()
		pass(3 * 24 * time.Hour)
		b.stop()
		b.start()
		pass(24 * time.Hour)
		runs := b.runs("p")
		b.stop()
		if len(runs) < 6 {
			t.Fatalf("%d runs: %+v", len(runs), runs)
		}
		for _, r := range runs {
			if day := r.Nominal.UTC().Weekday(); day == time.Saturday || day == time.Sunday {
				t.Errorf("it ran on a %s", day)
			}
			if phase := r.Nominal.Sub(begin) % (6 * time.Hour); phase < 0 || phase > time.Second {
				t.Errorf("run of %s is %s beside the grid that began at %s", r.Nominal.UTC(), phase, begin)
			}
		}
	})
}
