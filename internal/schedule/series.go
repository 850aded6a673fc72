package schedule

import "time"

// NextN gives the first n nominal times after the given one; fewer when the schedule ends. None for n < 1.
func NextN(s Schedule, after time.Time, n int) []time.Time {
	var out []time.Time
	for len(out) < n {
		next, ok := s.Next(after)
		if !ok || !next.After(after) { // the second: a foreign Schedule that stands still must not hang us
			break
		}
		out = append(out, next)
		after = next
	}
	return out
}

// Latest says how many nominal times lie in (after, until] and which one is the last. Counting stops at limit (a limit below 1
// counts nothing), the latest is exact all the same: a year of missed ticks costs at most limit steps and one binary search.
// The zero time and 0 mean that there is none.
func Latest(s Schedule, after, until time.Time, limit int) (latest time.Time, count int) {
	if !until.After(after) {
		return time.Time{}, 0
	}
	if l, ok := s.(interface {
		latest(after, until time.Time, limit int) (time.Time, int)
	}); ok {
		return l.latest(after, until, limit)
	}
	cursor := after
	for {
		next, ok := s.Next(cursor)
		if !ok || next.After(until) || !next.After(cursor) {
			return latest, count
		}
		latest, cursor = next, next
		if count >= limit {
			return lastIn(s, cursor, until), count
		}
		count++
	}
}

// lastIn gives the last nominal time in (known, until], where known is itself one and the answer when no later one exists.
func lastIn(s Schedule, known, until time.Time) time.Time {
	// Invariant: known is a tick, and none lies in (high, until].
	for high := until; high.Sub(known) > time.Second; {
		mid := known.Add(high.Sub(known) / 2)
		if next, ok := s.Next(mid); ok && !next.After(until) {
			known = next
		} else {
			high = mid
		}
	}
	// A schedule of ours with ticks closer than a second is an Interval, which does not come here; walk what is left.
	for {
		next, ok := s.Next(known)
		if !ok || next.After(until) || !next.After(known) {
			return known
		}
		known = next
	}
}
