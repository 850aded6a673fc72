package service

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
)

// breakerParams is the circuit breaker of a service; the words are those of orchestrator.resources.
type breakerParams struct {
	Failures int           `param:"failures" default:"5" doc:"failures in a row after which the service is left alone; 0 = never"`
	OpenFor  time.Duration `param:"open_for" default:"30s" doc:"for how long; then one call tries, and the others wait for what becomes of it"`
}

// linkOptions gives the bounds of a service's calls. rate is what the configuration says; b nil = the defaults.
func linkOptions(rate any, burst int, b *breakerParams) (link.Options, error) {
	o := link.Options{Burst: burst}
	var err error
	if o.Rate, err = perSecond(rate); err != nil {
		return o, err
	}
	if burst != 0 && o.Rate == 0 {
		return o, fault.Permanentf("burst belongs to a rate, and there is none")
	}
	if b == nil {
		return o, nil
	}
	o.Failures, o.OpenFor = b.Failures, b.OpenFor
	switch {
	case b.Failures < 0 || b.OpenFor <= 0:
		return o, fault.Permanentf("breaker: failures must not be negative, and open_for must be longer than 0")
	case b.Failures == 0:
		o.Failures = -1 // never
	}
	return o, nil
}

// perSecond reads "10/s", "100/min", "5/10s" or a number of calls a second; nil and 0 = no bound.
func perSecond(v any) (float64, error) {
	bad := fault.Permanentf("rate: want calls in a time, such as 10/s, 100/min or 5/10s, got %v", v)
	if v == nil {
		return 0, nil
	}
	number, unit, found := strings.Cut(fmt.Sprint(v), "/")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil || n < 0 || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, bad
	}
	if !found {
		return n, nil
	}
	unit = strings.TrimSpace(unit)
	per, known := map[string]time.Duration{"s": time.Second, "sec": time.Second, "min": time.Minute, "m": time.Minute, "h": time.Hour}[unit]
	if !known {
		if per, err = time.ParseDuration(unit); err != nil || per <= 0 {
			return 0, bad
		}
	}
	return n / per.Seconds(), nil
}

// Health gives those of the remote services that are open, in the order of their ids. It never waits: nothing is asked, and while a
// service is being opened it gives what it knew before.
func (s *Set) Health() []link.Named {
	if !s.mu.TryLock() {
		if known := s.health.Load(); known != nil {
			return *known
		}
		return nil
	}
	defer s.mu.Unlock()
	var out []link.Named
	for _, id := range slices.Sorted(maps.Keys(s.opened)) {
		v, ok := s.opened[id].(interface {
			Health() link.Health
			Describe() string
		})
		if !ok {
			continue
		}
		out = append(out, link.Named{ID: id, Type: s.specs[id].label, Where: v.Describe(), Health: v.Health()})
	}
	s.health.Store(&out)
	return out
}
