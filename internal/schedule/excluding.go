package schedule

import (
	"strings"
	"time"
)

// Excluded is a schedule without the ticks that some calendars hold. It is immutable.
type Excluded struct {
	inner     Schedule
	calendars []*Calendar
}

// Excluding leaves out the nominal times that any of the calendars holds; without calendars it gives s itself. Next gives
// false when all ticks of the nine years after the first one are left out.
func Excluding(s Schedule, calendars ...*Calendar) Schedule {
	if len(calendars) == 0 {
		return s
	}
	return &Excluded{inner: s, calendars: calendars}
}

// Next gives the first nominal time after t that no calendar holds. It steps over whole held stretches, not over ticks.
func (e *Excluded) Next(t time.Time) (time.Time, bool) {
	next, ok := e.inner.Next(t)
	if !ok {
		return time.Time{}, false
	}
	limit := min(next.Unix()+searchBound, maxUnix)
	for next.Unix() <= limit {
		free := e.freeFrom(next.Unix(), limit+1)
		if free == next.Unix() {
			return next, true
		}
		before := time.Unix(free, 0).Add(-1)
		if next, ok = e.inner.Next(before); !ok || !next.After(before) { // a foreign Schedule that stands still must not hang us
			break
		}
	}
	return time.Time{}, false
}

// freeFrom gives the first second from unix on that no calendar holds, limit when there is none before.
func (e *Excluded) freeFrom(unix, limit int64) int64 {
	for {
		before := unix
		for _, c := range e.calendars {
			unix = c.freeFrom(unix, limit)
		}
		if unix == before || unix >= limit {
			return unix
		}
	}
}

// latest counts the ticks of each free stretch at once.
func (e *Excluded) latest(after, until time.Time, limit int) (latest time.Time, count int) {
	for cursor := after; ; cursor = latest {
		next, ok := e.Next(cursor)
		if !ok || next.After(until) {
			return latest, count
		}
		latest = next
		if count >= limit {
			return lastIn(e, latest, until), count
		}
		end := until
		if held := e.heldFrom(next.Unix(), min(until.Unix(), maxUnix)+1); held <= min(until.Unix(), maxUnix) {
			end = time.Unix(held, 0).Add(-1)
		}
		last, n := Latest(e.inner, next.Add(-1), end, limit-count)
		if latest, count = last, count+n; count >= limit {
			return lastIn(e, latest, until), count
		}
	}
}

// heldFrom gives the first second from unix on that a calendar holds, limit when there is none before.
func (e *Excluded) heldFrom(unix, limit int64) int64 {
	for _, c := range e.calendars {
		limit = c.heldFrom(unix, limit)
	}
	return limit
}

// String gives "0 8 * * * except holidays 5f3a09c1".
func (e *Excluded) String() string {
	names := make([]string, len(e.calendars))
	for i, c := range e.calendars {
		names[i] = c.String()
	}
	return e.inner.String() + " except " + strings.Join(names, ", ")
}

func (e *Excluded) unwrap() Schedule { return e.inner }

func (e *Excluded) rewrap(s Schedule) Schedule {
	out := *e
	out.inner = s
	return &out
}
