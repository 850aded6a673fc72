package engine

import (
	"cmp"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
)

// breaker is a circuit breaker. It is closed, open until a moment, or half open after it: then one run tries. The zero value is
// closed.
//
// Only what began after it opened is news to it: a request that was under way tells of the time before. A success counts when
// the step has failed before, or when a whole run went well: most steps of a pipe never touch the resource.
type breaker struct {
	failures int // in a row
	opened   time.Time
	until    time.Time // zero = closed
	err      string    // the latest failure
	failing  map[string]struct{}
}

func (b *breaker) openAt(now time.Time) bool { return now.Before(b.until) }
func (b *breaker) halfOpenAt(now time.Time) bool {
	return !b.until.IsZero() && !now.Before(b.until)
}

// failed takes a failure of a step into account and says whether anything changed.
func (b *breaker) failed(c *config.Resource, step, text string, started, now time.Time) bool {
	if c.BreakerFailures <= 0 || started.Before(b.opened) || b.openAt(now) {
		return false
	}
	b.failures++
	b.err = text
	if b.failing == nil {
		b.failing = map[string]struct{}{}
	}
	if len(b.failing) < maxFailing {
		b.failing[step] = struct{}{}
	}
	if b.failures >= c.BreakerFailures || b.halfOpenAt(now) {
		b.opened, b.until = now, now.Add(cmp.Or(c.BreakerOpenFor, defaultOpenFor))
	}
	return true
}

// succeeded takes a success into account, of a run when step is "", and says whether anything changed.
func (b *breaker) succeeded(step string, started time.Time) bool {
	if b.failures == 0 && b.until.IsZero() || started.Before(b.opened) {
		return false
	}
	if _, known := b.failing[step]; step != "" && !known {
		return false
	}
	*b = breaker{}
	return true
}
