package link

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/text"
)

// The states of a Health.
const (
	Unused   = "unused"    // no call yet
	OK       = "ok"        //
	Degraded = "degraded"  // the latest call failed, one in five of the latest did, or none of the latest went well
	Waiting  = "waiting"   // the service asked to wait
	Open     = "open"      // the circuit is open: no calls
	HalfOpen = "half open" // the next call tries
)

// Health is how a service does, as the link sees it. Times are zero when there was none.
type Health struct {
	State     string
	Until     time.Time // open, waiting: when it is called again
	InRow     int       // failures in a row
	Calls     int64     // that had an outcome
	Failed    int64     // of them, those that the service or the way to it is to blame for
	Refused   int64     // not even tried: the circuit was open, or the service had asked to wait
	RateWaits int64     // calls that waited for the rate
	InFlight  int
	Waiting   int           // calls that wait for a place, the rate, or the one that tries
	P50, P95  time.Duration // of the latest calls, failures included
	LastOK    time.Time
	LastError string // of any class, one line
	ErrorAt   time.Time
}

// Named is the health of a service of a configuration.
type Named struct {
	ID    string // in the configuration
	Type  string // for people: "OTOBO/Znuny"
	Where string // as the service describes itself
	Health
}

// latest is how many calls the figures are made of.
const latest = 256

// noneWell is how many errors in a row, of any class, make a service degraded: it answers, but says no to everything, such as a
// wrong password.
const noneWell = 5

// recent is how many of the latest calls decide on degraded: one in five of them.
const recent = 50

// figures are what Health tells. The link's mutex guards them.
type figures struct {
	calls, failures, refused, rateWaits int64
	took                                [latest]time.Duration // a ring: the next one goes to calls % latest
	bad                                 [recent]bool
	errors                              int // in a row, of any class
	lastOK, errorAt                     time.Time
	err                                 string
}

func (f *figures) add(now time.Time, took time.Duration, err error, failed bool) {
	f.took[f.calls%latest] = took
	f.bad[f.calls%recent] = failed
	f.calls++
	if failed {
		f.failures++
	}
	if err == nil {
		f.lastOK, f.errors = now, 0
		return
	}
	f.errors++
	f.err, f.errorAt = line(err), now
}

func (f *figures) quantiles() (p50, p95 time.Duration) {
	n := int(min(f.calls, latest))
	if n == 0 {
		return 0, 0
	}
	sorted := slices.Clone(f.took[:n])
	slices.Sort(sorted)
	return sorted[(n-1)/2], sorted[(n-1)*95/100]
}

func (f *figures) badOfRecent() (bad, of int) {
	of = int(min(f.calls, recent))
	for _, b := range f.bad[:of] {
		if b {
			bad++
		}
	}
	return bad, of
}

// Health gives the figures of this moment.
func (l *Link) Health() Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, f := l.o.Clock(), &l.figures
	h := Health{
		State: OK, InRow: l.breaker.failures, Calls: f.calls, Failed: f.failures, Refused: f.refused, RateWaits: f.rateWaits,
		InFlight: l.flying, Waiting: l.waiting, LastOK: f.lastOK, LastError: f.err, ErrorAt: f.errorAt,
	}
	h.P50, h.P95 = f.quantiles()
	bad, of := f.badOfRecent()
	switch {
	case l.breaker.openAt(now):
		h.State, h.Until = Open, l.breaker.until
	case now.Before(l.hold):
		h.State, h.Until = Waiting, l.hold
	case l.breaker.halfOpenAt(now):
		h.State = HalfOpen
	case f.calls == 0:
		h.State = Unused
	case h.InRow > 0 || bad*5 >= of || f.errors >= noneWell:
		h.State = Degraded
	}
	return h
}

// line is an error for screens: bounded, one line.
func line(err error) string { return text.Line(err.Error(), 300) }
