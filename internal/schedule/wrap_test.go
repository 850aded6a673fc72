package schedule

import (
	"testing"
	"time"
)

func TestBetween(t *testing.T) {
	start, end := at(t, "2026-12-01T08:00:00Z"), at(t, "2026-12-01T08:03:00Z")
	s := Between(minutely(t), start, end)
	got := NextN(s, time.Time{}, 10)
	if len(got) != 4 || !got[0].Equal(start) || !got[3].Equal(end) {
		t.Errorf("both ends belong to it: %v", got)
	}
	if _, ok := s.Next(end); ok {
		t.Error("it goes on after its end")
	}
	if m := minutely(t); Between(m, time.Time{}, time.Time{}) != m {
		t.Error("no bounds, and still another schedule")
	}
	for _, far := range []time.Time{time.Unix(1<<62, 0), time.Unix(-1<<62, 0)} {
		next, ok := s.Next(far)
		if want := far.Unix() < 0; ok != want || (ok && !next.Equal(start)) {
			t.Errorf("Next(%d) = %s, %t", far.Unix(), next, ok)
		}
	}
	if latest, n := Latest(s, time.Time{}, time.Unix(1<<62, 0), 2); !latest.Equal(end) || n != 2 {
		t.Errorf("Latest = %s, %d", latest, n)
	}
}

// TestStringsTellAll: a string is the cursor's spec in the store. What changes ticks changes it, and the anchor an engine gives
// does not come in.
func TestStringsTellAll(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start, end := at(t, "2026-12-01T07:00:00Z"), at(t, "2026-12-31T22:59:59Z")
	days := calendar(t, "Europe/Berlin", "2026-12-24")
	eight := mustCron(t, "0 8 * * *", berlin)
	all := map[string]Schedule{
		"every 5m":                                                                               mustEvery(t, 5*time.Minute, time.Time{}),
		"every 5m anchored 2026-12-01 07:00 UTC":                                                 mustEvery(t, 5*time.Minute, start),
		"0 8 * * * Europe/Berlin":                                                                eight,
		"0 8 * * * Europe/Berlin (dst skip)":                                                     eight.WithDST(Skip),
		"0 8 * * * Europe/Berlin from 2026-12-01 08:00 Europe/Berlin":                            Between(eight, start, time.Time{}),
		"0 8 * * * Europe/Berlin until 2026-12-31 23:59:59 Europe/Berlin":                        Between(eight, time.Time{}, end),
		"0 8 * * * Europe/Berlin except test " + days.hash:                                       Excluding(eight, days),
		"every 5m except test " + days.hash + " from 2026-12-01 07:00 UTC":                       Between(Excluding(mustEvery(t, 5*time.Minute, time.Time{}), days), start, time.Time{}),
		"at 2026-12-01 07:00 UTC except test " + days.hash + ", test " + calendar(t, "UTC").hash: Excluding(once(t, "2026-12-01T07:00:00Z"), days, calendar(t, "UTC")),
	}
	for want, s := range all {
		if got := s.String(); got != want {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
}

func TestThroughWrappers(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	start := at(t, "2026-12-01T07:00:30Z")
	wrap := func(s Schedule) Schedule {
		return Between(Excluding(s, calendar(t, "UTC", "2026-12-24")), at(t, "2026-12-01T00:00:00Z"), time.Time{})
	}
	plain := wrap(mustEvery(t, time.Minute, time.Time{}))
	if i, ok := IntervalOf(plain); !ok || i.Anchored() || i.Interval() != time.Minute {
		t.Errorf("IntervalOf = %v, %t", i, ok)
	}
	anchored := WithAnchor(plain, start)
	if i, ok := IntervalOf(anchored); !ok || !i.Anchor().Equal(start) {
		t.Errorf("anchored: %v, %t", i, ok)
	}
	if i, _ := IntervalOf(plain); i.Anchored() {
		t.Error("WithAnchor changed its argument")
	}
	next, _ := anchored.Next(at(t, "2026-12-23T23:59:31Z"))
	if !next.Equal(at(t, "2026-12-25T00:00:30Z")) {
		t.Errorf("the calendar was lost: %s", next)
	}
	if first, _ := anchored.Next(time.Time{}); !first.Equal(start) {
		t.Errorf("first tick: %s", first)
	}
	cron := wrap(mustCron(t, "0 8 * * *", berlin))
	if _, ok := IntervalOf(cron); ok || WithAnchor(cron, start).String() != cron.String() {
		t.Error("a cron has no anchor")
	}
	for s, want := range map[Schedule]*time.Location{cron: berlin, plain: time.UTC, once(t, "2026-12-01T07:00:00Z"): time.UTC} {
		if got := ZoneOf(s); got != want {
			t.Errorf("ZoneOf(%s) = %s", s, got)
		}
	}
}

func TestJitter(t *testing.T) {
	minute := at(t, "2026-12-01T07:00:00Z")
	if a, b := Jitter("digest", minute, time.Minute, time.Hour), Jitter("digest", minute.In(zone(t, "Europe/Berlin")), time.Minute, time.Hour); a != b {
		t.Errorf("%s and %s for one moment", a, b)
	}
	const want = 29790 * time.Millisecond // it must never change: a preview and a restart rely on it
	if got := Jitter("digest", minute, time.Minute, time.Hour); got != want {
		t.Errorf("Jitter = %s, want %s", got, want)
	}
	for _, most := range []time.Duration{0, -1, time.Nanosecond} {
		if got := Jitter("digest", minute, most, time.Minute); got != 0 {
			t.Errorf("at most %s: %s", most, got)
		}
	}
	var buckets [10]int
	var last time.Time
	const n = 10_000
	for i := range n {
		nominal := minute.Add(time.Duration(i) * 10 * time.Second)
		j := Jitter("digest", nominal, time.Minute, 10*time.Second) // more than the gap: ticks must not pass one another
		if due := nominal.Add(j); j < 0 || j >= 10*time.Second || !due.After(last) {
			t.Fatalf("tick %s is due %s after %s", nominal, due, last)
		}
		last = nominal.Add(j)
		buckets[j/time.Second]++
	}
	for i, got := range buckets {
		if got < n/10*8/10 || got > n/10*12/10 {
			t.Errorf("%d of %d between %d and %d s: not spread evenly", got, n, i, i+1)
		}
	}
	same := 0
	for i := range n {
		if Jitter("a", minute.Add(time.Duration(i)*time.Minute), time.Minute, time.Minute) ==
			Jitter("b", minute.Add(time.Duration(i)*time.Minute), time.Minute, time.Minute) {
			same++
		}
	}
	if same > n/1000 {
		t.Errorf("two runners share %d of %d delays", same, n)
	}
}

// slow is how much longer than on a machine of its own something may take, with other work beside it or the race detector in it.
const slow = 8

// TestYearOfMinutes holds the bound of issue 3: half a second for a year of minutely ticks, counted one by one.
func TestYearOfMinutes(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	after, until := at(t, "2025-06-01T00:00:00Z"), at(t, "2026-06-01T00:00:30Z")
	for name, s := range map[string]Schedule{
		"cron": mustCron(t, "* * * * *", berlin), "interval": minutely(t),
		"weekends left out": Excluding(mustCron(t, "* * * * *", berlin), calendar(t, "Europe/Berlin", "* * * * sat,sun", "2025-12-24..2026-01-06")),
		"bounded":           Between(mustCron(t, "* * * * *", berlin), after.AddDate(0, 1, 0), until),
	} {
		begin := time.Now()
		latest, n := Latest(s, after, until, 10_000_000)
		took := time.Since(begin)
		if n < 365*1440*2/3 || latest.IsZero() {
			t.Errorf("%s: %s, %d", name, latest, n)
		}
		if most := 500 * time.Millisecond; took > most*slow {
			t.Errorf("%s: %d ticks in %s", name, n, took)
		}
		t.Logf("%s: %d ticks in %s", name, n, took)
	}
}

// TestNothingLeft holds the bound of a search without a result: the worst calendars hold each single tick of nine years.
func TestNothingLeft(t *testing.T) {
	for name, s := range map[string]Schedule{
		"every day":            Excluding(minutely(t), calendar(t, "Europe/Berlin", "* * * * *")),
		"each tick":            Excluding(mustCron(t, "*/2 * * * *", nil), calendar(t, "UTC", "*/2 * * * *")),
		"two calendars":        Excluding(mustCron(t, "* * * * *", nil), calendar(t, "UTC", "*/2 * * * *"), calendar(t, "Europe/Berlin", "1-59/2 * * * *")),
		"seconds, each minute": Excluding(mustCron(t, "*/10 */2 * * * *", nil), calendar(t, "UTC", "*/2 * * * *")),
	} {
		begin := time.Now()
		if next, ok := s.Next(at(t, "2026-01-01T00:00:00Z")); ok {
			t.Errorf("%s: %s", name, next)
		}
		if took := time.Since(begin); took > 5*time.Second*slow {
			t.Errorf("%s: %s", name, took)
		} else {
			t.Logf("%s: %s", name, took)
		}
	}
}
