package schedule

import "time"

// Bounded is a schedule with a first and a last moment. It is immutable.
type Bounded struct {
	inner      Schedule
	start, end time.Time // zero = none
}

// Between keeps the nominal times from start to end, both included. The zero time is no bound; with neither it gives s itself.
func Between(s Schedule, start, end time.Time) Schedule {
	if start.IsZero() && end.IsZero() {
		return s
	}
	return &Bounded{inner: s, start: plain(start), end: plain(end)}
}

// plain is UTC without a monotonic reading.
func plain(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Round(0)
}

// Next gives the first nominal time after t within the bounds.
func (b *Bounded) Next(t time.Time) (time.Time, bool) {
	next, ok := b.inner.Next(b.from(t))
	if !ok || (!b.end.IsZero() && next.After(b.end)) {
		return time.Time{}, false
	}
	return next, true
}

// from gives the moment to look on from: just before the start when t is before it.
func (b *Bounded) from(t time.Time) time.Time {
	if t.Unix() <= maxUnix && t.Before(b.start) {
		return b.start.Add(-1)
	}
	return t
}

func (b *Bounded) latest(after, until time.Time, limit int) (time.Time, int) {
	if !b.end.IsZero() && (until.Unix() > maxUnix || until.After(b.end)) {
		until = b.end
	}
	return Latest(b.inner, b.from(after), until, limit)
}

// String gives "every 5m from 2026-12-01 00:00 UTC until 2026-12-31 23:59 UTC", in the schedule's zone.
func (b *Bounded) String() string {
	out, zone := b.inner.String(), ZoneOf(b.inner)
	if !b.start.IsZero() {
		out += " from " + stamp(b.start, zone)
	}
	if !b.end.IsZero() {
		out += " until " + stamp(b.end, zone)
	}
	return out
}

func (b *Bounded) unwrap() Schedule { return b.inner }

func (b *Bounded) rewrap(s Schedule) Schedule {
	out := *b
	out.inner = s
	return &out
}
