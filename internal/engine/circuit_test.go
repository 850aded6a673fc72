package engine

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// breakers is a bench whose runners x and y share a resource that works only while up is true.
func breakers(t *testing.T) (b *bench, setUp func(bool)) {
	t.Helper()
	var mu sync.Mutex
	up := false
	var runners []config.Runner
	for _, id := range []string{"x", "y", "z"} {
		def := probe(id)
		def.Retry = retries(0, 0)
		r := taking(runnerOf(def), map[string]int{"otobo": 1})
		r.Policy.Overlap = config.OverlapAllowAll
		runners = append(runners, r)
	}
	b = newBench(t, runners...)
	b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {BreakerFailures: 3, BreakerOpenFor: 30 * time.Second}}
	for _, id := range []string{"x", "y"} {
		b.do[id] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(time.Second)
			mu.Lock()
			defer mu.Unlock()
			if !up {
				return pipe.Result{}, errors.New("connection refused")
			}
			return pipe.Success("", nil), nil
		}
	}
	b.do["z"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Result{}, fault.Permanentf("no such ticket")
	}
	return b, func(v bool) {
		mu.Lock()
		defer mu.Unlock()
		up = v
	}
}

func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, setUp := breakers(t)
		b.start()
		for _, id := range []string{"z", "z", "z", "z", "x", "y"} { // permanent errors say nothing of the resource
			b.fire(id)
			pass(2 * time.Second)
		}
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "closed" {
			t.Errorf("after two failures: %s", m.Breaker)
		}
		b.fire("x")
		pass(1500 * time.Millisecond)
		opened := "open until 00:00:43Z: connection refused"
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != opened {
			t.Errorf("after three: %s", m.Breaker)
		}
		for _, id := range []string{"x", "y", "y"} {
			b.fire(id)
		}
		pass(time.Second)
		if v := b.view("x"); v.Reason != "run 8 waits: circuit of resource otobo is "+opened {
			t.Error(v.Reason)
		}
		b.stop() // the state is durable
		b.start()
		pass(time.Second)
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != opened || m.Waiting != 3 || len(b.callsOf("x")) != 2 {
			t.Errorf("after a restart: %+v", m)
		}
		pass(29 * time.Second) // one tries, and fails: open again
		if n := len(b.callsOf("x")) + len(b.callsOf("y")); n != 4 {
			t.Errorf("%d calls, want one that tries", n)
		}
		if m := limitNamed(t, b.e, "resource otobo"); !strings.HasPrefix(m.Breaker, "open until 00:01:14Z") {
			t.Error(m.Breaker)
		}
		setUp(true)
		pass(30 * time.Second) // half open again
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "half open" || m.Used != 1 || m.Waiting != 1 {
			t.Errorf("half open: %+v", m)
		}
		pass(5 * time.Second)
		if m := limitNamed(t, b.e, "resource otobo"); m.Breaker != "closed" || m.Waiting != 0 {
			t.Errorf("after a success: %+v", m)
		}
		b.check(true)
		b.stop()
	})
}

// TestRetryAfterHoldsTheResource: one run is told to wait, and all that share the resource do.
func TestRetryAfterHoldsTheResource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, setUp := breakers(t)
		setUp(true)
		b.do["z"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{}, fault.NewRateLimited(errors.New("429"), 40*time.Second)
		}
		b.start()
		b.fire("z")
		pass(time.Second)
		b.fire("x")
		pass(time.Second)
		if v := b.view("x"); v.Reason != "run 2 waits: resource otobo asked to wait until 00:00:40Z: 429" {
			t.Error(v.Reason)
		}
		b.die()
		b.start()
		pass(37 * time.Second)
		if n := len(b.callsOf("x")); n != 0 {
			t.Errorf("%d calls before the time", n)
		}
		pass(2 * time.Second)
		if n := len(b.callsOf("x")); n != 1 {
			t.Errorf("%d calls after it", n)
		}
		b.stop()
	})
}
