package schedule

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestParseEntryRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "expected a date",
		"christmas":                "expected a date",
		"2026-02-30":               "expected a date",
		"2026-12-24..":             `"": expected a date such as 2026-12-26`,
		"..2026-12-24":             `"": expected a date such as 2026-12-24`,
		"2026-12-24..2026-13-01":   `"2026-13-01": expected a date`,
		"2026-12-26..2026-12-24":   "runs backwards",
		"* * 30 2 *":               "never fires",
		"0 * * * * sat":            "whole minutes",
		"* * * sat":                "expected 5 fields",
		"2026-12-24 08:00":         "expected 5 fields",
		"* 25 * * *":               "hour",
		"TZ=UTC * * * * *":         "whole minutes",
		strings.Repeat("* ", 5000): "expected 5 fields",
	} {
		_, _, err := ParseEntry(text)
		var pe *ParseError
		if !errors.As(err, &pe) || (!strings.Contains(err.Error(), want) && !strings.Contains(err.Error(), "too long")) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	for text, warned := range map[string]bool{
		"2026-12-24": false, "2026-12-24..2026-12-24": false, "* * * * sat,sun": false, "0 0 25 12 *": true, "@daily": true, "@hourly": false,
		"0-30 8 * * *": false,
	} {
		if _, warnings, err := ParseEntry(text); err != nil || (len(warnings) > 0) != warned {
			t.Errorf("%q: %q, %v", text, warnings, err)
		}
	}
}

func TestCalendarHolds(t *testing.T) {
	c := calendar(t, "Europe/Berlin", "2026-12-24..2026-12-26", "2026-05-01", "* * * * sat,sun", "0-29 12 * * mon-fri")
	for moment, want := range map[string]bool{
		"2026-12-23T22:59:59Z": false, "2026-12-23T23:00:00Z": true, "2026-12-25T12:00:00Z": true, "2026-12-26T22:59:59.9Z": true,
		"2026-04-30T21:59:59Z": false, "2026-04-30T22:00:00Z": true, "2026-05-01T21:59:59Z": true,
		"2026-05-08T21:59:59Z": false, "2026-05-08T22:00:00Z": true, "2026-05-10T21:59:59Z": true, "2026-05-10T22:00:00Z": false,
		"2026-05-05T10:29:59Z": true, "2026-05-05T10:30:00Z": false, "2026-05-05T09:59:59Z": false,
	} {
		if got := c.Holds(at(t, moment)); got != want {
			t.Errorf("%s: %t", moment, got)
		}
	}
	for _, far := range []time.Time{time.Unix(1<<62, 0), time.Unix(-1<<62, 0)} {
		if c.Holds(far) {
			t.Errorf("holds %d", far.Unix())
		}
	}
	if NewCalendar("none", nil, []Entry{{}}).Holds(time.Unix(0, 0)) {
		t.Error("an empty calendar holds something")
	}
}

// TestCalendarString: the name and content decide, the order and spelling do not.
func TestCalendarString(t *testing.T) {
	base := calendar(t, "UTC", "2026-12-24..2026-12-26", "* * * * sat,sun").String()
	same := [][]string{
		{"* * * * 6,0", "2026-12-24..2026-12-26"},
		{"2026-12-26", "2026-12-24..2026-12-25", "* * * * sat,sun", "* * * * sat,sun"},
		{"2026-12-24..2026-12-26", "2026-12-25", "*/1 0-23 * * sat,sun"},
	}
	for _, entries := range same {
		if got := calendar(t, "UTC", entries...).String(); got != base {
			t.Errorf("%q: %q, want %q", entries, got, base)
		}
	}
	others := []*Calendar{
		calendar(t, "Europe/Berlin", "2026-12-24..2026-12-26", "* * * * sat,sun"), calendar(t, "UTC", "2026-12-24..2026-12-26"),
		calendar(t, "UTC", "2026-12-24..2026-12-27", "* * * * sat,sun"), calendar(t, "UTC", "2026-12-24..2026-12-26", "* * * * sat"),
		calendar(t, "UTC", "2026-12-24", "2026-12-26", "* * * * sat,sun"), calendar(t, "UTC"),
	}
	for i, c := range others {
		if c.String() == base {
			t.Errorf("%d: the content differs, the string does not: %q", i, base)
		}
	}
}

// TestExcluding is exclusion by example.
func TestExcluding(t *testing.T) {
	berlin := zone(t, "Europe/Berlin")
	tests := []struct {
		name  string
		s     Schedule
		after string
		want  string // "" = none
	}{
		{"a holiday", Excluding(mustCron(t, "0 8 * * *", berlin), calendar(t, "Europe/Berlin", "2026-12-24..2026-12-26")), "2026-12-23T08:00:00Z", "2026-12-27T07:00:00Z"},
		{"a weekend, minutely", Excluding(mustCron(t, "* * * * *", berlin), calendar(t, "Europe/Berlin", "* * * * sat,sun")), "2026-05-08T21:59:30Z", "2026-05-10T22:00:00Z"},
		{"several calendars", Excluding(minutely(t), calendar(t, "UTC", "* * * * sat,sun"), calendar(t, "UTC", "2026-05-11..2026-05-12")), "2026-05-08T23:59:00Z", "2026-05-13T00:00:00Z"},
		{"other zones", Excluding(mustCron(t, "0 * * * *", nil), calendar(t, "America/New_York", "2026-05-01")), "2026-05-01T03:30:00Z", "2026-05-02T04:00:00Z"},
		{"a moment", Excluding(once(t, "2026-12-24T08:00:00Z"), calendar(t, "UTC", "2026-12-24")), "2026-01-01T00:00:00Z", ""},
		{"everything", Excluding(minutely(t), calendar(t, "UTC", "* * * * *")), "2026-01-01T00:00:00Z", ""},
		{"every tick", Excluding(mustCron(t, "*/2 * * * *", nil), calendar(t, "UTC", "*/2 * * * *")), "2026-01-01T00:00:00Z", ""},
		{"all years but the last", Excluding(minutely(t), calendar(t, "UTC", "0001-01-01..2034-12-30")), "2026-01-01T00:00:00Z", "2034-12-31T00:00:00Z"},
		{"more than nine years", Excluding(minutely(t), calendar(t, "UTC", "0001-01-01..2035-12-31")), "2026-01-01T00:00:00Z", ""},
		{"the nine years begin with the first tick", Excluding(Between(minutely(t), at(t, "2046-01-01T00:00:00Z"), time.Time{}), calendar(t, "UTC", "2046-01-01")), "2026-01-01T00:00:00Z", "2046-01-02T00:00:00Z"},
		{"nothing", Excluding(minutely(t)), "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
		{"a repeated hour is held both times", Excluding(mustCron(t, "30 * * * *", berlin), calendar(t, "Europe/Berlin", "* 2 * * *")), "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z"},
		{"a day that was not", Excluding(mustCron(t, "0 12 1 * *", zone(t, "Pacific/Apia")), calendar(t, "Pacific/Apia", "2011-12-30..2012-01-05")), "2011-12-05T00:00:00Z", "2012-01-31T22:00:00Z"},
		{"the end of the calendar", Excluding(minutely(t), calendar(t, "UTC", "9999-12-31")), "9999-12-30T23:59:00Z", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := tt.s.Next(at(t, tt.after))
			if ok != (tt.want != "") || (ok && !got.Equal(at(t, tt.want))) {
				t.Errorf("Next = %s, %t, want %q", got, ok, tt.want)
			}
		})
	}
}

func TestExcludingStandsNotStill(t *testing.T) {
	if got, ok := Excluding(still{}, calendar(t, "UTC", "2026-05-01")).Next(at(t, "2026-05-01T12:00:00Z")); ok {
		t.Errorf("a schedule that stands still has the tick %s", got)
	}
}

// TestExcludingAgainstEachTick compares with asking each tick's own wall clock.
func TestExcludingAgainstEachTick(t *testing.T) {
	rnd := seeded(t)
	fields := fieldTable()
	zones, compared, left := someZones(t, rnd), 0, 0
	for _, name := range zones {
		loc := zone(t, name)
		from := time.Unix(1700000000+rnd.Int64N(200_000_000), 0).UTC()
		first := from.In(loc).AddDate(0, 0, 2)
		entries := []string{
			first.Format(time.DateOnly) + ".." + first.AddDate(0, 0, rnd.IntN(3)).Format(time.DateOnly),
			randomField(rnd, fields[1]) + " " + randomField(rnd, fields[2]) + " " + []string{"* * *", "*/2 * sat", "* * mon-fri"}[rnd.IntN(3)],
		}
		cal := calendar(t, name, entries...)
		inner := randomSchedule(t, rnd, loc, from)
		s := Excluding(inner, cal)
		held := naive(t, loc, entries)
		cursor, after := from, from
		for range 3000 {
			tick, ok := inner.Next(cursor)
			if !ok {
				break
			}
			cursor = tick
			compared++
			if held(tick) {
				left++
				continue
			}
			got, ok := s.Next(after)
			if !ok || !got.Equal(tick) {
				t.Fatalf("%s without %q in %s, after %s: %s, want %s", inner, entries, name, after.In(loc), got.In(loc), tick.In(loc))
			}
			checkTick(t, after, got)
			after = got
		}
	}
	t.Logf("%d ticks compared, %d of them left out", compared, left)
	if compared < 1000 || left < 100 {
		t.Error("too little was compared")
	}
}

func randomSchedule(t *testing.T, rnd *rand.Rand, loc *time.Location, from time.Time) Schedule {
	if rnd.IntN(2) == 0 {
		return mustEvery(t, time.Duration(1+rnd.IntN(5000))*time.Second+time.Duration(rnd.IntN(2)*500)*time.Millisecond, from)
	}
	return mustCron(t, []string{"*/7 * * * *", "0 */3 * * *", "15,45 2 * * *", "*/20 * 9-17 * * mon-fri"}[rnd.IntN(4)], loc)
}

// naive says the same as a calendar of one range and one cron entry, by the standard library's clock and robfig's sets.
func naive(t *testing.T, loc *time.Location, entries []string) func(time.Time) bool {
	first, last, _ := strings.Cut(entries[0], "..")
	c := mustCron(t, entries[1], nil)
	return func(tick time.Time) bool {
		local := tick.In(loc)
		if day := local.Format(time.DateOnly); first <= day && day <= last {
			return true
		}
		wall := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC)
		next, ok := c.Next(wall.Add(-1))
		return ok && next.Equal(wall)
	}
}

// FuzzCalendar: no entry panics, and what is left advances, is not held, and comes soon.
func FuzzCalendar(f *testing.F) {
	f.Add("2026-12-24..2026-12-26", "* * * * sat,sun", "0 8 * * *", int64(1774750000))
	f.Add("2026-12-24", "*/2 * * * *", "*/2 * * * *", int64(1774750000))
	f.Add("@daily", "* 2 * * *", "30 * * * *", int64(1761435000))
	f.Add("* * * * *", "0001-01-01..9999-12-31", "* * * * * *", int64(0))
	berlin, apia := zone(f, "Europe/Berlin"), zone(f, "Pacific/Apia")
	f.Fuzz(func(t *testing.T, one, two, spec string, unix int64) {
		var entries []Entry
		for _, text := range []string{one, two} {
			e, _, err := ParseEntry(text)
			var pe *ParseError
			if err != nil && (!errors.As(err, &pe) || pe.Msg == "" || pe.Col > len(text)+1) {
				t.Fatalf("%q: %#v", text, err)
			}
			entries = append(entries, e)
		}
		inner, _, err := ParseCron(spec, berlin)
		if err != nil {
			return
		}
		cal := NewCalendar("fuzz", apia, entries)
		s := Between(Excluding(inner, cal), time.Unix(0, 0), time.Time{})
		after := time.Unix(unix, 0)
		for range 3 {
			next, ok := s.Next(after)
			if !ok {
				break
			}
			checkTick(t, after, next)
			if cal.Holds(next) {
				t.Fatalf("%s: %s is held by %q, %q", s, next.In(apia), one, two)
			}
			if latest, n := Latest(s, after, next, 10); n != 1 || !latest.Equal(next) {
				t.Fatalf("%s: Latest(%s, %s) = %s, %d", s, after, next, latest, n)
			}
			after = next
		}
	})
}
