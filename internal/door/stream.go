package door

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Times of a live view. Each update, or the sign of life between them, must be taken within takeTime; a viewer that is sent nothing for
// three signs gives the engine up.
const (
	signEvery = 10 * time.Second
	takeTime  = 20 * time.Second
)

// stream serves a live view: one orchestrator.Update a line, the empty one as a sign of life. The first asks for a snapshot, which from
// then on misses nothing. A viewer that reads slowly gets
// merged updates, one that does not read is dropped; the engine never waits.
func stream(views context.Context, o orchestrator.Orchestrator, sign time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sub := o.Subscribe()
		defer sub.Close()
		w.Header().Set("Content-Type", "application/x-ndjson")
		out, enc := http.NewResponseController(w), json.NewEncoder(w)
		_ = out.SetReadDeadline(time.Time{}) // see handler
		send := func(u orchestrator.Update) error {
			if err := out.SetWriteDeadline(time.Now().Add(takeTime)); err != nil {
				return err
			}
			if err := enc.Encode(u); err != nil {
				return err
			}
			return out.Flush()
		}
		ctx, stop := context.WithCancel(r.Context())
		defer stop()
		defer context.AfterFunc(views, stop)()
		first := orchestrator.Update{Resync: true}
		if snap, err := o.Snapshot(ctx); err == nil {
			first.Engine = &snap.Engine
		}
		if send(first) != nil {
			return
		}
		for {
			err := sendNext(ctx, sub, sign, send)
			if err != nil && !errors.Is(err, context.DeadlineExceeded) {
				return
			}
			if err != nil && send(orchestrator.Update{}) != nil {
				return
			}
		}
	}
}

// sendNext sends merged updates for as long as a sign of life is not due.
func sendNext(ctx context.Context, sub orchestrator.Subscription, sign time.Duration, send func(orchestrator.Update) error) error {
	ctx, stop := context.WithTimeout(ctx, sign)
	defer stop()
	var failed error
	err := feed.Pump(ctx, sub, func() int { return feed.MaxPerSecond }, func(u orchestrator.Update) {
		if failed = send(u); failed != nil {
			stop()
		}
	})
	if failed != nil {
		return failed
	}
	return err
}
