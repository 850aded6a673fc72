package ui_test

import (
	"context"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// counting counts how often the whole picture is asked for.
type counting struct {
	*uitest.Fake
	n int
}

func (c *counting) Snapshot(ctx context.Context) (orchestrator.Snapshot, error) {
	c.n++
	return c.Fake.Snapshot(ctx)
}

// TestTheWholePictureIsReadOnceASecond: however often the engine says that it changed, a console asks for it once a second, and does not
// miss the last change.
func TestTheWholePictureIsReadOnceASecond(t *testing.T) {
	c := &counting{Fake: uitest.New(uitest.Tickets())}
	d := uitest.Drive(t, c.Fake, func(o *ui.Options) { o.Orchestrator = c })
	begin := c.n
	for range 5 {
		for range 10 { // within one second
			c.Hub.Resync()
			d.Live().Advance(100 * time.Millisecond)
		}
	}
	if n := c.n - begin; n < 5 || n > 6 {
		t.Errorf("read %d times in five seconds", n)
	}
	d.Advance(2 * time.Second)
	before := c.n
	d.Advance(10 * time.Second)
	if c.n != before {
		t.Errorf("read %d times more although nothing changed", c.n-before)
	}
	c.Hub.Resync()
	d.Live()
	if c.n != before+1 {
		t.Error("a change after a quiet time waits")
	}
}
