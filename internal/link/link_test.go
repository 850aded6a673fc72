package link_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/link"
	"github.com/openticketai/otai-tui/test/bubble"
)

func open(t *testing.T, o link.Options) *link.Link {
	t.Helper()
	l, err := link.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var errDown = fault.Transientf("connection refused")

func call(t *testing.T, l *link.Link, err error) error {
	t.Helper()
	return l.Do(t.Context(), func(context.Context) error { return err })
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []link.Options{{Parallel: -1}, {Rate: -1}, {Burst: -1}, {OpenFor: -1}} {
		if _, err := link.New(o); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o, err := link.Options{Rate: 2.5}.Checked()
	if err != nil || o.Parallel != link.DefaultParallel || o.Failures != link.DefaultFailures || o.OpenFor != link.DefaultOpenFor || o.Burst != 2 {
		t.Errorf("%+v, %v", o, err)
	}
}

// The circuit opens, refuses without a try, lets one call try after its time while the others wait for what becomes of it,
// and closes when that one succeeds.
func TestCircuit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, link.Options{Failures: 3, OpenFor: time.Minute})
		for range 3 {
			if err := call(t, l, errDown); !errors.Is(err, errDown) {
				t.Fatal(err)
			}
		}
		bubble.Advance(20 * time.Second)
		err := l.Do(t.Context(), func(context.Context) error { t.Error("called an open circuit"); return nil })
		if fault.ClassOf(err) != fault.Transient || fault.WasTried(err) || fault.RetryAfterOf(err) != 40*time.Second ||
			!strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%v (%s, tried %v, after %s)", err, fault.ClassOf(err), fault.WasTried(err), fault.RetryAfterOf(err))
		}
		if h := l.Health(); h.State != link.Open || h.Calls != 3 || h.Refused != 1 || h.InRow != 3 || time.Until(h.Until) != 40*time.Second {
			t.Errorf("health %+v", h)
		}
		bubble.Advance(40 * time.Second)
		if h := l.Health(); h.State != link.HalfOpen {
			t.Errorf("health %+v", h)
		}
		for _, becomes := range []error{errDown, nil} {
			var mu sync.Mutex
			calls, refused := 0, 0
			release := make(chan struct{})
			for range 4 {
				go func() {
					err := l.Do(t.Context(), func(context.Context) error {
						mu.Lock()
						calls++
						mu.Unlock()
						<-release
						return becomes
					})
					if !fault.WasTried(err) {
						mu.Lock()
						refused++
						mu.Unlock()
					}
				}()
			}
			synctest.Wait()
			if calls != 1 {
				t.Errorf("%d calls try a half open circuit", calls)
			}
			close(release)
			synctest.Wait()
			if want := map[bool]int{true: 1, false: 4}[becomes != nil]; calls != want || refused != 4-want {
				t.Errorf("after %v: %d calls, %d refused", becomes, calls, refused)
			}
			bubble.Advance(time.Minute)
		}
		if h := l.Health(); h.State != link.Degraded && h.State != link.OK || h.InRow != 0 {
			t.Errorf("health %+v", h)
		}
	})
}

// What began before the circuit opened tells of the time before: a late failure does not prolong, a late success does not close.
func TestLateOutcomes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, link.Options{Failures: 1, OpenFor: time.Minute})
		late := map[error]chan struct{}{errDown: make(chan struct{}), nil: make(chan struct{})}
		for outcome, release := range late {
			go func() { _ = l.Do(t.Context(), func(context.Context) error { <-release; return outcome }) }()
		}
		synctest.Wait()
		_ = call(t, l, errDown)
		until := l.Health().Until
		for _, release := range late {
			bubble.Advance(time.Second)
			close(release)
			synctest.Wait()
			if h := l.Health(); h.State != link.Open || !h.Until.Equal(until) {
				t.Errorf("%+v", h)
			}
		}
	})
}

func TestWhatCountsAsFailure(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		opens bool
	}{
		"refused":    {errDown, true},
		"timeout":    {fault.NewTimeout(errors.New("no answer")), true},
		"permanent":  {fault.Permanentf("no such ticket"), false},
		"limited":    {fault.NewRateLimited(errors.New("429"), 0), false},
		"cancelled":  {context.Canceled, false},
		"no failure": {nil, false},
	} {
		l := open(t, link.Options{Failures: 2})
		for range 3 {
			_ = call(t, l, c.err)
		}
		if got := l.Health().State == link.Open; got != c.opens {
			t.Errorf("%s: open %v", name, got)
		}
	}
	never := open(t, link.Options{Failures: -1})
	for range 100 {
		_ = call(t, never, errDown)
	}
	if h := never.Health(); h.State != link.Degraded || h.Failed != 100 {
		t.Errorf("switched off: %+v", h)
	}
}

// A caller that gives up while it tries tells nothing: the next one tries.
func TestProbeIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, link.Options{Failures: 1, OpenFor: time.Second})
		_ = call(t, l, errDown)
		bubble.Advance(time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		_ = l.Do(ctx, func(context.Context) error { cancel(); return fault.Transientf("cut off") })
		if h := l.Health(); h.State != link.HalfOpen {
			t.Errorf("%+v", h)
		}
		func() {
			defer func() { _ = recover() }()
			_ = l.Do(t.Context(), func(context.Context) error { panic("in a client") })
		}()
		if err := call(t, l, nil); err != nil || l.Health().InFlight != 0 {
			t.Errorf("%v, %+v", err, l.Health())
		}
	})
}

// A wait that the service asks for holds everybody: a short one inside Do, a long one is refused.
func TestServiceAsksToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, link.Options{})
		limited := func(after time.Duration) { _ = call(t, l, fault.NewRateLimited(errors.New("too many"), after)) }
		limited(time.Second)
		began := time.Now()
		if err := call(t, l, nil); err != nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		limited(time.Minute)
		bubble.Advance(10 * time.Second)
		err := call(t, l, nil)
		if fault.ClassOf(err) != fault.RateLimited || fault.WasTried(err) || fault.RetryAfterOf(err) != 50*time.Second {
			t.Errorf("%v, %s", err, fault.RetryAfterOf(err))
		}
		if h := l.Health(); h.State != link.Waiting {
			t.Errorf("%+v", h)
		}
		bubble.Advance(50 * time.Second)
		if err := call(t, l, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestRateAndPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, link.Options{Parallel: 3, Rate: 10, Burst: 2})
		began := time.Now()
		var mu sync.Mutex
		var wg sync.WaitGroup
		flying, most := 0, 0
		for range 22 {
			wg.Go(func() {
				err := l.Do(t.Context(), func(context.Context) error {
					mu.Lock()
					flying++
					most = max(most, flying)
					mu.Unlock()
					<-time.After(250 * time.Millisecond)
					mu.Lock()
					flying--
					mu.Unlock()
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(began); most > 3 || took < 2*time.Second || took > 2500*time.Millisecond {
			t.Errorf("most %d, took %s", most, took)
		}
		h := l.Health()
		if h.RateWaits == 0 || h.InFlight != 0 || h.Waiting != 0 || h.P50 != 250*time.Millisecond || h.P95 != 250*time.Millisecond || h.State != link.OK {
			t.Errorf("%+v", h)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for range 3 {
			_ = l.Do(ctx, func(context.Context) error { return nil })
		}
		if h := l.Health(); h.Waiting != 0 || h.InFlight != 0 {
			t.Errorf("given up: %+v", h)
		}
	})
}

func TestLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		write, end := link.Linger(ctx)
		_, limited := write.Deadline()
		cancel()
		bubble.Advance(link.LingerFor - time.Millisecond)
		if limited || write.Err() != nil {
			t.Errorf("cut off: deadline %v, %v", limited, write.Err())
		}
		bubble.Advance(time.Millisecond)
		if write.Err() == nil || !errors.Is(context.Cause(write), context.Canceled) {
			t.Errorf("it goes on for ever: %v", context.Cause(write))
		}
		end()
		began := time.Now()
		for _, over := range []bool{true, false} { // an ended write leaves nothing behind, whether its caller has ended or not
			ctx, cancel := context.WithCancel(t.Context())
			_, end := link.Linger(ctx)
			if over {
				cancel()
			}
			end()
			synctest.Wait()
			cancel()
		}
		if !time.Now().Equal(began) {
			t.Error("it waited")
		}
	})
}

func TestHealthOfAMix(t *testing.T) {
	l := open(t, link.Options{Failures: -1})
	if h := l.Health(); h.State != link.Unused {
		t.Errorf("%+v", h)
	}
	for i := range 300 {
		err := error(nil)
		if i%4 == 0 {
			err = fmt.Errorf("try %d: %w", i, errDown)
		}
		_ = call(t, l, err)
	}
	h := l.Health()
	if h.State != link.Degraded || h.Calls != 300 || h.Failed != 75 || !strings.Contains(h.LastError, "try 296") || h.LastOK.IsZero() {
		t.Errorf("%+v", h)
	}
	for range 50 {
		_ = call(t, l, nil)
	}
	if h := l.Health(); h.State != link.OK {
		t.Errorf("%+v", h)
	}
	for range 5 { // it answers, and says no to everything
		_ = call(t, l, fault.Permanentf("wrong password"))
	}
	if h := l.Health(); h.State != link.Degraded || h.InRow != 0 {
		t.Errorf("%+v", h)
	}
}
