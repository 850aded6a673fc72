package link

import "time"

// breaker is a circuit breaker: closed, open until a moment, or half open after it, when one call tries. The zero value is
// closed. The link's mutex guards it.
type breaker struct {
	failures int       // in a row
	openings int       // how often it has opened: what began before tells of the time before
	until    time.Time // zero = closed
	err      string    // the latest failure
}

func (b *breaker) openAt(now time.Time) bool { return now.Before(b.until) }

func (b *breaker) halfOpenAt(now time.Time) bool { return !b.until.IsZero() && !now.Before(b.until) }

func (b *breaker) failed(o Options, text string, now time.Time) {
	b.failures++
	b.err = text
	if o.Failures > 0 && (b.failures >= o.Failures || b.halfOpenAt(now)) {
		b.openings++
		b.until = now.Add(o.OpenFor)
	}
}
