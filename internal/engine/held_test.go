package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// A step whose service is known to be down waits for it, over a restart, too. That costs no attempt: after far more refusals than
// the policy has attempts, it still has all of them.
func TestRefusalsCostNoAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("mail")
		def.Retry = retries(1, time.Second)
		b := newBench(t, runnerOf(def))
		calls := 0
		b.do["mail"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			switch calls++; {
			case calls <= 8:
				return pipe.Result{}, fault.NewUntried(fault.Transient, 30*time.Second, errors.New("the circuit is open"))
			case calls == 9:
				return pipe.Result{}, errors.New("connection refused")
			}
			return pipe.Success("sent", nil), nil
		}
		b.start()
		id := b.fire("mail")
		defer func() { b.stop() }()
		pass(time.Second)
		if v := b.view("mail"); v.State != orchestrator.AwaitingRetry || !strings.Contains(v.Reason, "waits with attempt 1 of 2: the circuit is open") {
			t.Errorf("%s: %s", v.State, v.Reason)
		}
		pass(2 * time.Minute)
		if calls > 5 {
			t.Errorf("%d calls in two minutes: it does not wait as long as it was told to", calls)
		}
		b.stop()
		b.start()
		pass(10 * time.Minute)
		d := b.detail(id)
		if st := d.Steps[0]; d.Run.State != orchestrator.Completed || st.Attempt != 2 || calls != 10 || len(st.Attempts) != 2 {
			t.Errorf("%s, attempt %d of %d, %d calls, attempts %+v", d.Run.State, st.Attempt, st.MaxAttempts, calls, st.Attempts)
		}
	})
}

// Without retries nothing waits: the refusal is the run's end.
func TestRefusalWithoutRetriesFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("mail")
		def.Retry = retries(0, 0)
		b := newBench(t, runnerOf(def))
		b.do["mail"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{}, fault.NewUntried(fault.Transient, 30*time.Second, errors.New("the circuit is open"))
		}
		b.start()
		defer b.stop()
		id := b.fire("mail")
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Failed {
			t.Errorf("%s", d.Run.State)
		}
	})
}
