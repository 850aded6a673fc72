package door

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/uitest"
)

// TestALiveViewOutlivesTheEngine: a viewer hears that the engine is gone, and of the next one, which it is told to look at anew.
func TestALiveViewOutlivesTheEngine(t *testing.T) {
	dir, err := os.MkdirTemp("", "d") //nolint:usetesting // t.TempDir has the test's name in it: too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	first := uitest.New(uitest.Tickets())
	s, err := Open(t.Context(), dir, first)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	sub := c.subscribe(signEvery, 10*time.Millisecond)
	defer sub.Close()
	take(t, sub, "the first engine", func(u orchestrator.Update) bool { return u.Resync })
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := first.Hub.Viewers(); n != 0 {
		t.Errorf("%d viewers are left on the closed engine", n)
	}
	take(t, sub, "the loss", func(u orchestrator.Update) bool {
		return u.Engine != nil && u.Engine.Health == "degraded" && slices.Contains(u.Engine.Problems, Lost) && u.Engine.Name != ""
	})
	s, err = Open(t.Context(), dir, uitest.New(uitest.Promises()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	well, resync := false, false // they may come one after the other
	take(t, sub, "the second engine", func(u orchestrator.Update) bool {
		well = well || u.Engine != nil && !slices.Contains(u.Engine.Problems, Lost)
		resync = resync || u.Resync
		return well && resync
	})
}

// TestASilentEngineIsLost: one that is stopped (SIGSTOP), or whose machine hangs, does not leave a viewer with an old picture.
func TestASilentEngineIsLost(t *testing.T) {
	dir, err := os.MkdirTemp("", "d") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s, err := Open(t.Context(), dir, uitest.New(uitest.Tickets()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(t.Context()) }()
	c, err := Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	// The server's signs of life come every ten seconds; this viewer gives up after thirty milliseconds and what dialling may take.
	sub := c.subscribe(10*time.Millisecond, 10*time.Millisecond)
	defer sub.Close()
	take(t, sub, "the loss", func(u orchestrator.Update) bool {
		return u.Engine != nil && slices.Contains(u.Engine.Problems, Lost)
	})
}

func take(t *testing.T, sub orchestrator.Subscription, what string, ok func(orchestrator.Update) bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), uitest.Patience)
	defer stop()
	for {
		if err := sub.Wait(ctx); err != nil {
			t.Fatalf("%s did not come: %v", what, err)
		}
		if ok(sub.Take()) {
			return
		}
	}
}
