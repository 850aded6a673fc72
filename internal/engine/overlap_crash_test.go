package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// TestOverlapOverACrash dies while a run executes and others wait behind it.
func TestOverlapOverACrash(t *testing.T) {
	t.Parallel()
	want := map[config.Overlap]string{ // the first run lost an attempt and waits for its retry of 30 s
		config.OverlapBufferOne: "awaiting_retry pending skipped×2",
		config.OverlapBufferAll: "awaiting_retry pending pending pending",
		config.OverlapAllowAll:  "awaiting_retry awaiting_retry awaiting_retry awaiting_retry",
	}
	for policy, story := range want {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Minute)))
			r.Policy.Overlap = policy
			b := newBench(t, r)
			var count atOnce
			b.do["p"] = count.wrap(untilDone(time.Hour))
			b.start()
			b.fire("p")
			pass(190 * time.Second)
			b.die()
			var order []string
			b.mu.Lock()
			b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				order = append(order, c.Run)
				return pipe.Success("", nil), nil
			}
			b.mu.Unlock()
			b.start()
			pass(time.Second)
			if got := b.story("p", 4); got != story {
				t.Errorf("%s: %s, want %s", policy, got, story)
			}
			pass(48 * time.Second) // the retry, and before the next tick
			b.mu.Lock()
			if policy == config.OverlapBufferAll && fmt.Sprint(order) != "[1 2 3 4]" {
				t.Errorf("%s: order %v", policy, order)
			}
			b.mu.Unlock()
			b.stop()
		})
	}
}

// TestEvictionOverACrash dies between the durable claim of a run that ends the others and the end of those.
func TestEvictionOverACrash(t *testing.T) {
	t.Parallel()
	for _, policy := range []config.Overlap{config.OverlapCancelOther, config.OverlapTerminateOther} {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"))
			r.Policy.Overlap = policy
			b := newBench(t, r)
			b.do["p"] = untilDone(time.Hour)
			b.start()
			b.fire("p")
			pass(time.Second)
			// the second claim reaches the disk, its acknowledgement the loop only when the store is closed
			id := ""
			b.e.box.post(func() {
				l := b.e.loop
				lv := l.newLive(l.order[0], "", "manual", time.Time{}, l.e.clock())
				c := claim{run: lv.run, live: lv}
				id = lv.run.ID
				_ = b.e.store.WriteAsync(l.ctx, func(tx *store.Tx) error {
					_, err := insertClaim(tx, &c, l.epoch)
					return err
				}, func(error) {})
			})
			pass(time.Second)
			b.die()
			b.start()
			pass(time.Second)
			if d := b.detail("1"); d.Run.State != orchestrator.Cancelled || !strings.Contains(d.Run.Reason, "by run "+id) {
				t.Errorf("%s: run 1 %s %q", policy, d.Run.State, d.Run.Reason)
			}
			if d := b.detail(id); d.Run.State != orchestrator.Running {
				t.Errorf("%s: run %s %s %q", policy, id, d.Run.State, d.Run.Reason)
			}
			b.stop()
		})
	}
}
