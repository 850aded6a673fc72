package feed

import (
	"context"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// MaxPerSecond is the most messages Pump sends in a second, whatever it is asked for.
const MaxPerSecond = 10

// Pump sends what a subscription gathers, at most maxPerSecond (bounded to 1..MaxPerSecond, asked anew for every
// message) messages a second. The first change after a quiet time is sent at once, changes meanwhile are merged, and
// nothing is sent when nothing changed. send may block; only this viewer then falls behind. Pump returns when ctx ends
// or the subscription is closed.
func Pump(ctx context.Context, sub orchestrator.Subscription, maxPerSecond func() int, send func(orchestrator.Update)) error {
	var next time.Time
	for {
		if err := sub.Wait(ctx); err != nil {
			return err
		}
		if err := sleepUntil(ctx, next); err != nil {
			return err
		}
		u := sub.Take()
		if u.Empty() {
			continue
		}
		next = time.Now().Add(time.Second / time.Duration(min(max(maxPerSecond(), 1), MaxPerSecond)))
		send(u)
	}
}

func sleepUntil(ctx context.Context, at time.Time) error {
	d := time.Until(at)
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
