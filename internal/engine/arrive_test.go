package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/test/bubble"
)

// TestAWriteOfAnEarlierLifeMayStillArrive: it is looked for two seconds after the start at the earliest, any other at once.
func TestAWriteOfAnEarlierLifeMayStillArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.start()
		defer b.stop()
		start := time.Now()
		took := func(ctx context.Context, noted time.Time) (time.Duration, error) {
			began := time.Now()
			err := b.e.letArrive(ctx, noted)
			return time.Since(began), err
		}
		if d, err := took(t.Context(), start.Add(time.Second)); d != 0 || err != nil {
			t.Errorf("a write of this life: %s, %v", d, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if d, err := took(ctx, start.Add(-time.Hour)); d != 500*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a step that is out of time: %s, %v", d, err)
		}
		if d, err := took(t.Context(), start.Add(-time.Second)); d != lateWrite-500*time.Millisecond || err != nil {
			t.Errorf("a write of an earlier life: %s, %v", d, err)
		}
		bubble.Advance(time.Second)
		if d, err := took(t.Context(), start.Add(-time.Second)); d != 0 || err != nil {
			t.Errorf("later: %s, %v", d, err)
		}
	})
}
