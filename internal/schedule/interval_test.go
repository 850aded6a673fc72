package schedule

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestEveryRefuses(t *testing.T) {
	tests := map[time.Duration]string{
		0: "more than 0", -time.Second: "more than 0", time.Millisecond: "at least 10ms", 10*time.Millisecond - 1: "at least 10ms",
		8760*time.Hour + 1: "at most 8760h", math.MaxInt64: "at most 8760h",
	}
	for d, want := range tests {
		if _, err := Every(d, time.Time{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Every(%s): error %v, want one with %q", d, err, want)
		}
	}
	for _, d := range []time.Duration{MinInterval, MaxInterval} {
		if _, err := Every(d, time.Time{}); err != nil {
			t.Errorf("Every(%s): %v", d, err)
		}
	}
	if _, err := Every(time.Hour, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("an anchor in the year 10000 is accepted")
	}
}

func TestIntervalNext(t *testing.T) {
	tests := []struct {
		name, anchor, after, want string
		every                     time.Duration
	}{
		{"the anchor is the first", "2026-03-01T10:00:00Z", "2026-03-01T09:59:59.999999999Z", "2026-03-01T10:00:00Z", time.Minute},
		{"the anchor, long before it", "2026-03-01T10:00:00Z", "1600-01-01T00:00:00Z", "2026-03-01T10:00:00Z", time.Minute},
		{"strictly after", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z", 5 * time.Minute},
		{"one nanosecond before", "2026-03-01T10:00:00Z", "2026-03-01T10:04:59.999999999Z", "2026-03-01T10:05:00Z", 5 * time.Minute},
		{"a late wake keeps the phase", "2026-03-01T10:00:00Z", "2026-03-01T10:07:31Z", "2026-03-01T10:10:00Z", 5 * time.Minute},
		{"an anchor with a fraction", "2026-03-01T10:00:00.125Z", "2026-03-01T10:00:01Z", "2026-03-01T10:00:01.125Z", time.Second},
		{"no drift in 400 years", "1626-01-01T00:00:07.5Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:07.5Z", time.Minute},
		{"across 2038", "2038-01-19T03:00:00Z", "2038-01-19T03:14:07Z", "2038-01-19T03:15:00Z", 15 * time.Minute},
		{"across a leap day", "2096-02-28T12:00:00Z", "2096-02-28T12:00:00Z", "2096-02-29T12:00:00Z", 24 * time.Hour},
		{"no leap day in 2100", "2100-02-28T12:00:00Z", "2100-02-28T12:00:00Z", "2100-03-01T12:00:00Z", 24 * time.Hour},
		{"elapsed time over a daylight change", "2026-03-28T01:30:00Z", "2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", 24 * time.Hour},
		{"without an anchor it is aligned", "0001-01-01T00:00:00Z", "2026-03-01T10:07:31Z", "2026-03-01T10:10:00Z", 5 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := mustEvery(t, tt.every, at(t, tt.anchor))
			got, ok := i.Next(at(t, tt.after))
			if !ok || !got.Equal(at(t, tt.want)) {
				t.Fatalf("Next(%s) = %s %v, want %s", tt.after, got, ok, tt.want)
			}
			checkTick(t, at(t, tt.after), got)
		})
	}
}

func TestIntervalEndsWithTheCalendar(t *testing.T) {
	i := mustEvery(t, time.Hour, time.Time{})
	if got, ok := i.WithAnchor(time.Unix(1<<60, 0)).Next(time.Unix(0, 0)); ok {
		t.Errorf("anchored beyond it: %s", got)
	}
	for _, after := range []time.Time{at(t, "9999-12-31T23:30:00Z"), time.Unix(math.MaxInt64, 0)} {
		if got, ok := i.Next(after); ok {
			t.Errorf("Next(%v) = %s", after, got)
		}
	}
}

func TestIntervalAnchor(t *testing.T) {
	i := mustEvery(t, time.Minute, time.Time{})
	if i.Anchored() {
		t.Error("anchored without an anchor")
	}
	local := time.Now().In(zone(t, "Europe/Berlin"))
	j := i.WithAnchor(local)
	if i.Anchored() || !j.Anchored() || !j.Anchor().Equal(local) || j.Interval() != time.Minute {
		t.Errorf("i = %+v, j = %+v", i, j)
	}
	if j.Anchor() != local.Round(0).UTC() {
		t.Errorf("anchor %#v keeps a zone or a monotonic reading", j.Anchor())
	}
}

func TestIntervalString(t *testing.T) {
	tests := map[time.Duration]string{
		5 * time.Minute: "every 5m", 90 * time.Minute: "every 1h30m", 500 * time.Millisecond: "every 500ms",
		10 * time.Minute: "every 10m", time.Hour: "every 1h", 10 * time.Second: "every 10s", 20 * time.Hour: "every 20h",
		100 * time.Minute: "every 1h40m", 1500 * time.Millisecond: "every 1.5s", time.Hour + 5*time.Second: "every 1h0m5s",
	}
	for d, want := range tests {
		i := mustEvery(t, d, time.Time{})
		if got := i.String(); got != want || i.Describe() != want {
			t.Errorf("%d: %q and %q, want %q", d, got, i.Describe(), want)
		}
	}
}

func FuzzInterval(f *testing.F) {
	f.Add(int64(time.Minute), int64(0), int64(0), int64(0), int64(0))
	f.Add(int64(10*time.Millisecond), int64(-62135596800), int64(0), int64(1772359651), int64(999999999))
	f.Add(int64(8760*time.Hour), int64(1772359651), int64(5), int64(-3), int64(1))
	f.Add(int64(7*time.Second+1), int64(math.MinInt64), int64(0), int64(math.MaxInt64), int64(0))
	f.Fuzz(func(t *testing.T, every, anchorSec, anchorNano, sec, nano int64) {
		anchor, after := time.Unix(anchorSec, anchorNano), time.Unix(sec, nano)
		i, err := Every(time.Duration(every), anchor)
		if err != nil {
			return
		}
		next, ok := i.Next(after)
		if !ok {
			if inCalendar(after.Add(i.Interval())) && sec < maxUnix-int64(MaxInterval/time.Second) {
				t.Fatalf("%s anchored %s: no tick after %s", i, anchor, after)
			}
			return
		}
		checkTick(t, after, next)
		// Congruent to the anchor, by another road: days and the rest apart.
		if hi, lo := nanosBetween(i.Anchor(), next); !divides(hi, lo, uint64(every)) {
			t.Fatalf("%s anchored %s: tick %s is off the grid", i, anchor, next)
		}
		if after.Before(i.Anchor()) != next.Equal(i.Anchor()) {
			t.Fatalf("%s anchored %s: first tick after %s is %s", i, anchor, after, next)
		}
		if !after.Before(i.Anchor()) && next.Sub(after) > i.Interval() {
			t.Fatalf("%s anchored %s: from %s to %s a tick was left out", i, anchor, after, next)
		}
		latest, n := Latest(i, after, next, 10)
		if n != 1 || !latest.Equal(next) {
			t.Fatalf("%s anchored %s: Latest(%s, %s) = %s, %d", i, anchor, after, next, latest, n)
		}
	})
}

// divides is long division bit by bit, to check math/bits' use by something else.
func divides(hi, lo, d uint64) bool {
	var rest uint64
	for bit := 127; bit >= 0; bit-- {
		word, shift := lo, bit
		if bit >= 64 {
			word, shift = hi, bit-64
		}
		if rest = rest<<1 | word>>shift&1; rest >= d {
			rest -= d
		}
	}
	return rest == 0
}
