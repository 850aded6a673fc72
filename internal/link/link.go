// Package link is the one way to a remote service: it bounds how many calls are there at a time and how fast they come,
// keeps away from a service that is down until it may be up again, and knows how the service does.
//
// It sends nothing itself and repeats nothing: trying again is the engine's work, which remembers attempts over a restart.
// A call that a link refuses has not been tried (fault.WasTried): it costs no attempt, and says when to come back.
package link

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
)

// Defaults of Options.
const (
	DefaultParallel = 4
	DefaultFailures = 5
	DefaultOpenFor  = 30 * time.Second
)

// maxHold is how long a call waits inside Do because the service asked for it. For longer it is refused, so that its run
// gives its slot to another one.
const maxHold = 2 * time.Second

// maxAsked bounds how long a service can make everybody wait.
const maxAsked = time.Hour

// Options of a Link. The zero value is usable.
type Options struct {
	Parallel int              // calls at a time; 0 = DefaultParallel
	Rate     float64          // calls a second; 0 = no bound
	Burst    int              // calls that may come at once before Rate bounds them; 0 = those of one second, at least 1
	Failures int              // failures in a row that open the circuit; 0 = DefaultFailures, below 0 = it never opens
	OpenFor  time.Duration    // how long the circuit stays open before one call tries; 0 = DefaultOpenFor
	Clock    func() time.Time // nil = time.Now
}

// Checked gives the options with their defaults, or a permanent error that names the service's parameter.
func (o Options) Checked() (Options, error) {
	switch {
	case o.Parallel < 0:
		return o, fault.Permanentf("parallelism must not be negative")
	case o.Rate < 0 || math.IsNaN(o.Rate) || math.IsInf(o.Rate, 0) || o.Burst < 0:
		return o, fault.Permanentf("rate_limit and rate_burst must not be negative")
	case o.OpenFor < 0:
		return o, fault.Permanentf("breaker_open_for must not be negative")
	}
	o.Parallel = cmp.Or(o.Parallel, DefaultParallel)
	o.Burst = cmp.Or(o.Burst, max(int(o.Rate), 1))
	o.Failures = cmp.Or(o.Failures, DefaultFailures)
	o.OpenFor = cmp.Or(o.OpenFor, DefaultOpenFor)
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o, nil
}

// Link is safe for concurrent use. mu guards all below it and is held for moments only.
type Link struct {
	o      Options
	places chan struct{} // one per call at a time

	mu      sync.Mutex
	full    time.Time     // when the bucket of the rate is full again
	breaker breaker       //
	hold    time.Time     // nobody calls before: the service asked for it
	said    string        // what it said
	figures figures       //
	waiting int           // calls that wait for a place, a rate, a hold or a probe
	flying  int           // calls that are there now
	probe   chan struct{} // closed when the call that tries has ended; nil = none tries
}

// New makes a link. Wrong options are a permanent error.
func New(o Options) (*Link, error) {
	o, err := o.Checked()
	if err != nil {
		return nil, err
	}
	return &Link{o: o, places: make(chan struct{}, o.Parallel)}, nil
}

// Parallel is how many calls may be there at a time.
func (l *Link) Parallel() int { return l.o.Parallel }

// Do makes one call once the link lets it through, and learns from its error, classed by package fault. It waits for a place
// and for the rate. When the circuit is open, or the service asked for a longer wait, the call is refused: the error says
// how long (fault.RetryAfterOf).
func (l *Link) Do(ctx context.Context, call func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.count(&l.waiting, 1)
	err := l.enter(ctx)
	var t ticket
	if err == nil {
		if t, err = l.admit(ctx); err != nil {
			<-l.places
		}
	}
	l.count(&l.waiting, -1)
	if err != nil {
		return err
	}
	defer func() { <-l.places }()
	l.count(&l.flying, 1)
	done := false
	defer func() {
		if !done { // the call panics: it tells nothing of the service
			l.settle(ctx, t, context.Canceled)
		}
	}()
	err = call(ctx)
	done = true
	l.settle(ctx, t, err)
	return err
}

func (l *Link) count(n *int, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*n += by
}

func (l *Link) enter(ctx context.Context) error {
	select {
	case l.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ticket is what a call took with it: whether its outcome is news.
type ticket struct {
	began   time.Time
	opening int  // how often the circuit had opened before
	probe   bool // it is the one that tries
}

// admit waits until the call may go.
func (l *Link) admit(ctx context.Context) (ticket, error) {
	for {
		l.mu.Lock()
		t, wait, probe, err := l.gate()
		l.mu.Unlock()
		switch {
		case err != nil:
			return t, err
		case probe != nil:
			select {
			case <-probe:
				continue
			case <-ctx.Done():
				return t, ctx.Err()
			}
		case wait <= 0:
			return t, nil
		}
		if err := sleep(ctx, wait); err != nil {
			return t, err
		}
	}
}

// gate decides under mu: go, wait and ask again, wait for the call that tries, or refuse.
func (l *Link) gate() (t ticket, wait time.Duration, probe chan struct{}, err error) {
	now := l.o.Clock()
	b := &l.breaker
	switch {
	case b.openAt(now):
		l.figures.refused++
		return t, 0, nil, fault.NewUntried(fault.Transient, b.until.Sub(now), fmt.Errorf(
			"the circuit is open after %d failures in a row, next call at %s; the latest: %s", b.failures, clock(b.until), b.err))
	case now.Before(l.hold) && l.hold.Sub(now) > maxHold:
		l.figures.refused++
		return t, 0, nil, fault.NewUntried(fault.RateLimited, l.hold.Sub(now),
			fmt.Errorf("the service asked to wait until %s: %s", clock(l.hold), l.said))
	case now.Before(l.hold):
		return t, l.hold.Sub(now), nil, nil
	case b.halfOpenAt(now) && l.probe != nil:
		return t, 0, l.probe, nil
	}
	if wait := l.rate(now); wait > 0 {
		l.figures.rateWaits++
		return t, wait, nil, nil
	}
	t = ticket{began: now, opening: b.openings, probe: b.halfOpenAt(now)}
	if t.probe {
		l.probe = make(chan struct{})
	}
	return t, 0, nil, nil
}

// rate takes a token, or says how long there is none (generic cell rate algorithm).
func (l *Link) rate(now time.Time) time.Duration {
	if l.o.Rate <= 0 {
		return 0
	}
	each := time.Duration(float64(time.Second) / l.o.Rate)
	slack := each * time.Duration(l.o.Burst-1)
	if most := now.Add(slack + each); l.full.After(most) { // the clock went back
		l.full = most
	}
	if wait := l.full.Add(-slack).Sub(now); wait > 0 {
		return wait
	}
	if l.full.Before(now) {
		l.full = now
	}
	l.full = l.full.Add(each)
	return 0
}

// settle takes the outcome of a call into account. One that its caller ended tells nothing of the service.
func (l *Link) settle(ctx context.Context, t ticket, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.o.Clock()
	l.flying--
	if t.probe {
		close(l.probe)
		l.probe = nil
	}
	if ctx.Err() != nil || fault.ClassOf(err) == fault.Cancelled {
		return
	}
	class := fault.ClassOf(err)
	failed := class == fault.Transient || class == fault.Timeout
	l.figures.add(now, now.Sub(t.began), err, failed)
	if after := fault.RetryAfterOf(err); class == fault.RateLimited && after > 0 {
		if until := now.Add(min(after, maxAsked)); until.After(l.hold) {
			l.hold, l.said = until, line(err)
		}
	}
	if t.opening != l.breaker.openings || class == fault.RateLimited { // it tells of the time before, or of neither
		return
	}
	if failed {
		l.breaker.failed(l.o, line(err), now)
		return
	}
	l.breaker = breaker{openings: l.breaker.openings}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05Z") }
