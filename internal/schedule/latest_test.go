package schedule

import (
	"testing"
	"time"
)

func TestNextN(t *testing.T) {
	c := mustCron(t, "0 12 29 2 *", nil)
	got := NextN(c, at(t, "2096-01-01T00:00:00Z"), 3)
	want := []string{"2096-02-29T12:00:00Z", "2104-02-29T12:00:00Z", "2108-02-29T12:00:00Z"}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if !got[i].Equal(at(t, want[i])) {
			t.Errorf("%d: %s, want %s", i, got[i], want[i])
		}
	}
	for _, n := range []int{0, -1} {
		if got := NextN(c, time.Unix(0, 0), n); got != nil {
			t.Errorf("NextN(%d) = %v", n, got)
		}
	}
	if got := NextN(c, at(t, "9996-03-01T00:00:00Z"), 3); len(got) != 0 {
		t.Errorf("after the last leap day of the calendar: %v", got)
	}
	if got := NextN(still{}, time.Unix(0, 0), 3); len(got) != 0 {
		t.Errorf("a schedule that stands still: %v", got)
	}
}

// still is a broken schedule: its next time is the given one.
type still struct{}

func (still) Next(t time.Time) (time.Time, bool) { return t, true }
func (still) String() string                     { return "still" }

// TestLatestAgainstWalking compares every short cut with a plain walk.
func TestLatestAgainstWalking(t *testing.T) {
	rnd := seeded(t)
	berlin := zone(t, "Europe/Berlin")
	schedules := []Schedule{
		mustEvery(t, 10*time.Millisecond, time.Unix(1774000000, 3)), mustEvery(t, 7*time.Minute, time.Unix(1774000000, 0)),
		mustEvery(t, 36*time.Hour, time.Time{}), mustCron(t, "* * * * * *", nil), mustCron(t, "*/20 * 9-17 * * mon-fri", berlin),
		mustCron(t, "*/15 * * * *", berlin), mustCron(t, "30 2 * * *", berlin), mustCron(t, "0 0 29 2 *", nil),
		mustCron(t, "0 0 1 * *", zone(t, "Pacific/Apia")),
	}
	for _, s := range schedules {
		bounded := Between(s, time.Unix(1780000000, 0), time.Unix(1790000000, 5))
		schedules = append(schedules, bounded, Excluding(bounded, calendar(t, "Europe/Berlin", "* * * * sat,sun", "2026-04-01..2026-04-20")),
			Excluding(s, calendar(t, "America/New_York", "*/3 9-17 * * *"), calendar(t, "UTC", "2026-03-28")))
	}
	spans := []time.Duration{0, time.Second, time.Minute, time.Hour, 25 * time.Hour, 40 * 24 * time.Hour}
	for _, s := range schedules {
		for range 60 {
			after := time.Unix(1774000000+rnd.Int64N(20_000_000), rnd.Int64N(2)*rnd.Int64N(1e9))
			span := spans[rnd.IntN(len(spans))]
			until := after.Add(span + time.Duration(rnd.Int64N(int64(span)+1)))
			var want time.Time
			count := 0
			for cursor := after; count < 20_000; count++ {
				next, ok := s.Next(cursor)
				if !ok || next.After(until) {
					break
				}
				cursor, want = next, next
			}
			if count == 20_000 {
				continue // too long to walk; the next test has such
			}
			for _, limit := range []int{0, 1, 100, count, count + 1, 1_000_000} {
				latest, n := Latest(s, after, until, limit)
				if !latest.Equal(want) || n != min(count, limit) {
					t.Fatalf("%s: Latest(%s, %s, %d) = %s, %d, want %s, %d", s, after.UTC(), until.UTC(), limit,
						latest, n, want, min(count, limit))
				}
			}
		}
	}
}

// counting counts the questions.
type counting struct {
	Schedule
	asked int
}

func (c *counting) Next(t time.Time) (time.Time, bool) {
	c.asked++
	return c.Schedule.Next(t)
}

func TestLatestJumps(t *testing.T) {
	c := &counting{Schedule: mustCron(t, "* * 9-16 * * mon-fri", nil)}
	latest, n := Latest(c, at(t, "1926-01-01T00:00:00Z"), at(t, "2026-01-04T12:00:00Z"), 100)
	if !latest.Equal(at(t, "2026-01-02T16:59:59Z")) || n != 100 {
		t.Errorf("Latest = %s, %d", latest, n)
	}
	if c.asked > 150 {
		t.Errorf("a century of seconds took %d questions: it was walked", c.asked)
	}
}

// TestClockJumps is the table of what a wall clock does to a cursor: the ticks between cursor and now, counted once.
func TestClockJumps(t *testing.T) {
	tests := []struct {
		name        string
		s           Schedule
		cursor, now string
		latest      string
		count       int
	}{
		{"in step", minutely(t), "2026-05-01T10:00:00Z", "2026-05-01T10:01:00Z", "2026-05-01T10:01:00Z", 1},
		{"a second back", minutely(t), "2026-05-01T10:01:00Z", "2026-05-01T10:00:59Z", "", 0},
		{"a second forward", minutely(t), "2026-05-01T10:00:00Z", "2026-05-01T10:01:01Z", "2026-05-01T10:01:00Z", 1},
		{"an hour back", minutely(t), "2026-05-01T10:00:00Z", "2026-05-01T09:00:00Z", "", 0},
		{"an hour forward", minutely(t), "2026-05-01T10:00:00Z", "2026-05-01T11:00:30Z", "2026-05-01T11:00:00Z", 60},
		{"25 hours forward", minutely(t), "2026-05-01T10:00:00Z", "2026-05-02T11:00:30Z", "2026-05-02T11:00:00Z", 100},
		{"suspended for 8 hours", mustCron(t, "*/15 * * * *", nil), "2026-05-01T10:00:00Z", "2026-05-01T18:00:00Z", "2026-05-01T18:00:00Z", 32},
		{"a year down, minutely", mustCron(t, "* * * * *", nil), "2025-05-01T10:00:00Z", "2026-05-01T18:00:59Z", "2026-05-01T18:00:00Z", 100},
		{"a year down, office seconds", mustCron(t, "* * 9-17 * * mon-fri", nil), "2025-05-01T10:00:00Z", "2026-05-03T18:00:59Z", "2026-05-01T17:59:59Z", 100},
		{"centuries down", minutely(t), "1600-05-01T10:00:00Z", "2026-05-01T18:00:59Z", "2026-05-01T18:00:00Z", 100},
		{"centuries down, cron", mustCron(t, "0 8 * * *", nil), "1600-05-01T10:00:00Z", "2026-05-01T07:59:59Z", "2026-04-30T08:00:00Z", 100},
		{"to 2038", mustCron(t, "* * * * *", nil), "2038-01-19T03:14:07Z", "2038-01-19T03:15:08Z", "2038-01-19T03:15:00Z", 1},
		{"over a leap day", mustCron(t, "0 0 * * *", nil), "2096-02-28T00:00:00Z", "2096-03-01T00:00:00Z", "2096-03-01T00:00:00Z", 2},
		{"over what is none", mustCron(t, "0 0 * * *", nil), "2100-02-28T00:00:00Z", "2100-03-01T00:00:00Z", "2100-03-01T00:00:00Z", 1},
		{"a year down, weekends left out", Excluding(minutely(t), calendar(t, "UTC", "* * * * sat,sun")), "2025-05-01T10:00:00Z", "2026-05-03T18:00:59Z", "2026-05-01T23:59:00Z", 100},
		{"centuries down, weekends left out", Excluding(minutely(t), calendar(t, "UTC", "* * * * sat,sun")), "1600-05-01T10:00:00Z", "2026-05-03T18:00:59Z", "2026-05-01T23:59:00Z", 100},
		{"an hour back over the start", Between(minutely(t), at(t, "2026-05-01T10:00:00Z"), time.Time{}), "2026-05-01T10:00:00Z", "2026-05-01T09:00:00Z", "", 0},
		{"25 hours over the end", Between(minutely(t), time.Time{}, at(t, "2026-05-01T11:00:00Z")), "2026-05-01T10:00:00Z", "2026-05-02T11:00:00Z", "2026-05-01T11:00:00Z", 60},
		{"one moment, passed", once(t, "2038-01-19T03:14:08Z"), "2038-01-19T03:14:07Z", "2039-01-01T00:00:00Z", "2038-01-19T03:14:08Z", 1},
		{"one moment, consumed", once(t, "2038-01-19T03:14:08Z"), "2038-01-19T03:14:08Z", "2039-01-01T00:00:00Z", "", 0},
		{"a leap day that is left out", Excluding(mustCron(t, "0 0 * * *", nil), calendar(t, "UTC", "2096-02-29")), "2096-02-28T00:00:00Z", "2096-03-01T00:00:00Z", "2096-03-01T00:00:00Z", 1},
		{"to the end of the calendar", minutely(t), "2026-05-01T10:00:00Z", "292277026596-12-04T15:30:07Z", "9999-12-31T23:59:00Z", 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Unix(1<<62, 0)
			if tt.now[0] == '1' || len(tt.now) == 20 {
				now = at(t, tt.now)
			}
			latest, count := Latest(tt.s, at(t, tt.cursor), now, 100)
			var want time.Time
			if tt.latest != "" {
				want = at(t, tt.latest)
			}
			if !latest.Equal(want) || count != tt.count {
				t.Errorf("Latest = %s, %d, want %s, %d", latest, count, want, tt.count)
			}
		})
	}
}

func minutely(t *testing.T) Schedule { return mustEvery(t, time.Minute, at(t, "0001-01-01T00:00:00Z")) }
