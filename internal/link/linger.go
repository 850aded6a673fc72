package link

import (
	"context"
	"time"
)

// LingerFor is how long a write that is under way may still take when its run is cancelled, stopped or out of time.
const LingerFor = 2 * time.Second

// Linger gives a context for a write that is about to be sent: when ctx ends, the answer may still come for a while. A write that
// is cut off at once may be carried out or not; one whose answer is waited for is known. The values of ctx stay, its deadline does
// not: give the write a timeout of its own. Call the function when the write has ended.
func Linger(ctx context.Context) (context.Context, context.CancelFunc) {
	out, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(LingerFor)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-out.Done():
		}
	})
	return out, func() {
		stop()
		cancel(context.Canceled)
	}
}
