package schedule

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"time"
)

const (
	// MinInterval is the shortest interval a schedule may have.
	MinInterval = 10 * time.Millisecond
	// MaxInterval is the longest interval a schedule may have: 365 days.
	MaxInterval = 8760 * time.Hour
)

// Times outside the years 1 to 9999 have no place in a timetable (RFC 3339 cannot even write them). Unix seconds.
const (
	minUnix = -62135596800 // 0001-01-01T00:00:00Z
	maxUnix = 253402300799 // 9999-12-31T23:59:59Z
)

// Interval fires at anchor + n*interval for n = 0, 1, 2, ... Each time is computed from the anchor, never from the one before,
// so it cannot drift. It is immutable.
type Interval struct {
	every  time.Duration
	anchor time.Time // UTC, no monotonic reading; zero = not anchored
}

// Every makes an interval schedule. interval is from 10 ms to 8760 h. anchor is the first nominal time and the phase of all
// later ones; the zero anchor is allowed and means "no anchor yet": the phase is then that of time.Time.Truncate (an interval
// of 5 m fires at :00, :05, ...), and the caller may set another one with WithAnchor.
func Every(interval time.Duration, anchor time.Time) (*Interval, error) {
	switch {
	case interval <= 0:
		return nil, fmt.Errorf("interval %s: expected more than 0", interval)
	case interval < MinInterval:
		return nil, fmt.Errorf("interval %s: expected at least %s", interval, MinInterval)
	case interval > MaxInterval:
		return nil, fmt.Errorf("interval %s: expected at most 8760h (365 days)", interval)
	case !inCalendar(anchor):
		return nil, fmt.Errorf("anchor: expected a time in the years 1 to 9999, found the year %d", anchor.Year())
	}
	return &Interval{every: interval, anchor: anchor.UTC().Round(0)}, nil
}

// WithAnchor gives a copy with another anchor.
func (i *Interval) WithAnchor(t time.Time) *Interval {
	return &Interval{every: i.every, anchor: t.UTC().Round(0)}
}

// Anchored says whether an anchor was set.
func (i *Interval) Anchored() bool { return !i.anchor.IsZero() }

// Anchor gives the first nominal time, in UTC; the zero time when none was set.
func (i *Interval) Anchor() time.Time { return i.anchor }

// Interval gives the distance between two nominal times.
func (i *Interval) Interval() time.Duration { return i.every }

// Next gives the first nominal time after t; the anchor itself when t is before it, however far. False after the year 9999.
func (i *Interval) Next(t time.Time) (time.Time, bool) {
	if t.Unix() > maxUnix { // asked first: time.Time's own comparison overflows far out
		return time.Time{}, false
	}
	next := i.anchor
	if !t.Before(next) {
		next = t.UTC().Round(0).Add(i.every - i.phase(t))
	}
	if next.Unix() > maxUnix {
		return time.Time{}, false
	}
	return next, true
}

// String gives "every 5m", and the anchor when it has one: "every 1h30m anchored 2026-12-01 00:00 UTC".
func (i *Interval) String() string {
	if !i.Anchored() {
		return i.Describe()
	}
	return i.Describe() + " anchored " + stamp(i.anchor, time.UTC)
}

// Describe gives "every 5m", "every 1h30m", "every 500ms".
func (i *Interval) Describe() string { return "every " + shortDuration(i.every) }

// phase gives how long before t the last nominal time at or before t was. t is not before the anchor.
func (i *Interval) phase(t time.Time) time.Duration {
	hi, lo := nanosBetween(i.anchor, t)
	return time.Duration(bits.Rem64(hi, lo, uint64(i.every)))
}

// latest answers Latest arithmetically.
func (i *Interval) latest(after, until time.Time, limit int) (time.Time, int) {
	if until.Unix() > maxUnix {
		until = time.Unix(maxUnix, 0)
	}
	first, ok := i.Next(after)
	if !ok || first.After(until) {
		return time.Time{}, 0
	}
	last := until.UTC().Round(0).Add(-i.phase(until))
	hi, lo := nanosBetween(first, last)
	steps := uint64(math.MaxInt64)
	if hi < uint64(i.every) {
		steps, _ = bits.Div64(hi, lo, uint64(i.every))
	}
	if steps >= uint64(max(limit, 0)) {
		return last, max(limit, 0)
	}
	return last, int(steps) + 1
}

// nanosBetween gives b - a in nanoseconds as 128 bits: time.Duration ends at 292 years, and a zero anchor is older. a <= b.
func nanosBetween(a, b time.Time) (hi, lo uint64) {
	seconds := uint64(b.Unix()) - uint64(a.Unix())
	nanos := b.Nanosecond() - a.Nanosecond()
	if nanos < 0 {
		seconds--
		nanos += int(time.Second)
	}
	hi, lo = bits.Mul64(seconds, uint64(time.Second))
	lo, carry := bits.Add64(lo, uint64(nanos), 0)
	return hi + carry, lo
}

func inCalendar(t time.Time) bool {
	u := t.Unix()
	return minUnix <= u && u <= maxUnix
}

// shortDuration is time.Duration's own form without its zero tails: "5m" for "5m0s", "1h" for "1h0m0s".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
