package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	defaultOpenFor = time.Minute // config.Resource.BreakerOpenFor when it is not set
	maxFailing     = 100         // failing steps that a breaker remembers
)

// resource is what a limit on something shared has besides its use: a rate, a circuit breaker, and a time that was asked
// for. The loop owns it.
type resource struct {
	name    string
	limit   *limit
	cfg     config.Resource
	bucket  bucket
	breaker breaker
	wait    time.Time // nobody starts before: a server asked for it
	waitFor string    // what it said
	probe   *live     // the run that tries while the breaker is half open
}

// bucket is a token bucket, kept as the moment at which it is full again (the generic cell rate algorithm). The zero value is
// full.
type bucket struct{ full time.Time }

// rate gives the time one token takes, and how far behind a full bucket may be for one more start.
func rate(c *config.Resource) (each, slack time.Duration) {
	each = max(cmp.Or(c.Per, time.Second)/time.Duration(c.Rate), 1)
	return each, each * time.Duration(max(cmp.Or(c.Burst, c.Rate), 1)-1)
}

// next gives when the next start may be; not after now = at once.
func (b *bucket) next(c *config.Resource, now time.Time) time.Time {
	if c.Rate <= 0 {
		return now
	}
	each, slack := rate(c)
	full := b.full
	if most := now.Add(slack + each); full.After(most) { // the clock went back
		full = most
	}
	return full.Add(-slack)
}

func (b *bucket) take(c *config.Resource, now time.Time) {
	if c.Rate <= 0 {
		return
	}
	each, slack := rate(c)
	if most := now.Add(slack + each); b.full.After(most) {
		b.full = most
	}
	b.full = later(b.full, now).Add(each)
}

// shut says why nobody may take the resource now; "" = it is open.
func (s *resource) shut(now time.Time) string {
	switch {
	case s.breaker.openAt(now):
		return "circuit of resource " + s.name + " is " + s.breakerText(now)
	case s.breaker.halfOpenAt(now) && s.probe != nil:
		return "circuit of resource " + s.name + " is half open: run " + s.probe.run.ID + " of " + s.probe.run.Runner + " tries it"
	case now.Before(s.wait):
		return "resource " + s.name + " asked to wait until " + clockText(s.wait) + ": " + s.waitFor
	}
	if at := s.bucket.next(&s.cfg, now); at.After(now) {
		return "rate of resource " + s.name + ": " + s.rateText() + ", next at " + at.Format("15:04:05.000Z")
	}
	return ""
}

// opens gives when time alone may open the resource; zero = it is open, or time alone does not help.
func (s *resource) opens(now time.Time) time.Time {
	switch {
	case s.breaker.halfOpenAt(now) && s.probe != nil:
		return time.Time{}
	case s.breaker.openAt(now):
		return s.breaker.until
	case now.Before(s.wait):
		return s.wait
	}
	if at := s.bucket.next(&s.cfg, now); at.After(now) {
		return at
	}
	return time.Time{}
}

// taken notes that a run starts with the resource.
func (s *resource) taken(lv *live, now time.Time) {
	s.bucket.take(&s.cfg, now)
	if s.breaker.halfOpenAt(now) {
		s.probe = lv
	}
}

// returned notes that a run holds the resource no more. When it said nothing, the next one tries.
func (s *resource) returned(lv *live) {
	if s.probe == lv {
		s.probe = nil
	}
}

func (s *resource) rateText() string {
	if s.cfg.Rate <= 0 {
		return ""
	}
	return fmt.Sprintf("%d in %s", s.cfg.Rate, shortDuration(cmp.Or(s.cfg.Per, time.Second)))
}

func (s *resource) breakerText(now time.Time) string {
	switch {
	case s.cfg.BreakerFailures <= 0 && s.breaker.until.IsZero():
		return ""
	case s.breaker.openAt(now):
		return "open until " + clockText(s.breaker.until) + ": " + s.breaker.err
	case s.breaker.halfOpenAt(now):
		return "half open"
	}
	return "closed"
}

func clockText(t time.Time) string { return t.Format("15:04:05Z") }

// said is what an attempt of a step, or the end of a run, says of the resources that the run holds.
type said struct {
	path    string // of the step; "" = the run as a whole
	started time.Time
	class   fault.Class // "" = it went well
	after   time.Duration
	text    string
}

// hear takes what a step said into account. The first word of a new state is kept and told.
func (l *loop) hear(lv *live, w said) {
	if lv.fenced.Load() {
		return
	}
	now := l.e.clock()
	for _, m := range lv.grips {
		if m.res != nil {
			l.hearOf(m.res, lv, w, now)
		}
	}
}

func (l *loop) hearOf(s *resource, lv *live, w said, now time.Time) {
	was, changed := s.breaker.until, false
	step := ""
	if w.path != "" {
		step = lv.run.Runner + "/" + w.path
	}
	switch w.class {
	case "":
		changed = s.breaker.succeeded(step, w.started)
	case fault.Transient, fault.Timeout, fault.RateLimited:
		changed = s.breaker.failed(&s.cfg, step, w.text, w.started, now)
	}
	if w.class == fault.RateLimited && w.after > 0 {
		if until := now.Add(min(w.after, maxRetryAfter)); until.After(s.wait) {
			s.wait, s.waitFor, changed = until, w.text, true
		}
	}
	if !changed {
		return
	}
	if opened := s.breaker.until; !opened.Equal(was) {
		l.event(orchestrator.Event{
			At: now, Kind: "circuit", Runner: lv.run.Runner, Run: lv.run.ID, By: "engine",
			Text: "circuit of resource " + s.name + " is " + s.breakerText(now),
		})
		s.probe = nil
	}
	l.keepResource(s)
	l.queue.stir(s.limit)
}

func (l *loop) keepResource(s *resource) {
	row := store.ResourceState{
		Name: s.name, Failures: s.breaker.failures, OpenUntil: s.breaker.until, WaitUntil: s.wait, Error: cmp.Or(s.breaker.err, s.waitFor),
	}
	l.write(func(tx *store.Tx) error { return tx.PutResource(&row) }, nil)
}

// loadResources takes back what an earlier life knew of the resources.
func (l *loop) loadResources(ctx context.Context) error {
	rows, err := l.e.store.Resources(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		m, ok := l.limits["resource "+row.Name]
		if !ok || m.res == nil {
			continue // no longer in the configuration
		}
		s := m.res
		s.wait, s.waitFor = row.WaitUntil, row.Error
		if s.cfg.BreakerFailures <= 0 {
			continue
		}
		s.breaker = breaker{failures: row.Failures, until: row.OpenUntil, err: row.Error}
		if !row.OpenUntil.IsZero() {
			s.breaker.opened = row.OpenUntil.Add(-cmp.Or(s.cfg.BreakerOpenFor, defaultOpenFor))
		}
	}
	return nil
}
