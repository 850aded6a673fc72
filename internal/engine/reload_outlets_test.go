package engine

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
)

// TestReloadSwapsWhatIsNoClock: triggers that wait for something to happen, notifications and the dead-man rule are those of the
// configuration in force, and what goes on is not disturbed.
func TestReloadSwapsWhatIsNoClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := filepath.Join(t.TempDir(), "one"), filepath.Join(t.TempDir(), "two")
		up, down := runnerOf(probe("up")), runnerOf(probe("down"), whenEnds("up", ""))
		file, kept := runnerOf(probe("file"), fileTrigger(one)), runnerOf(probe("kept"), fileTrigger(one))
		b := newReloadable(t, up, down, file, kept)
		r := withReceivers(b.bench)
		set := b.opts
		b.opts = func(o *Options) { set(o); o.PollFiles = true }
		b.cfg.Notify = []config.Notification{ops("old", "completed")}
		b.start()
		b.fire("up")
		pass(time.Second)

		down.Triggers = nil
		other := runnerOf(probe("other"), whenEnds("up", ""), webhook("hook"))
		other.Policy.ExpectSuccessWithin = time.Hour
		file.Triggers = []config.Trigger{fileTrigger(two)}
		past := runnerOf(probe("past"), atMoment(t, time.Now().Add(-time.Minute)))
		b.set(up, down, file, kept, other, past)
		read := b.next
		b.next = func() (*Loaded, error) {
			n, err := read()
			n.Config.Notify = []config.Notification{ops("new", "completed")}
			return n, err
		}
		if err := b.e.Reload(t.Context(), kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		b.fire("up")
		put(t, one, "1")
		pass(20 * time.Second)
		put(t, two, "1")
		pass(20 * time.Second)
		for step, want := range map[string]int{"up": 2, "down": 1, "other": 1, "file": 1, "kept": 1, "past": 1} {
			if n := len(b.callsOf(step)); n != want {
				t.Errorf("%s ran %d times, want %d", step, n, want)
			}
		}
		if n := len(r.taken("old")); n != 2 { // up and down
			t.Errorf("the notification that is gone was told %d times, want 2", n)
		}
		if n := len(r.taken("new")); n != 5 { // past, up, other, kept and file
			t.Errorf("the new notification was told %d times, want 5", n)
		}
		if _, err := b.request("other", "", "1"); err != nil {
			t.Error(err)
		}
		pass(2 * time.Hour)
		if n := len(b.texts("overdue")); n != 1 {
			t.Errorf("%d events of the new dead-man rule", n)
		}
		b.reload(up, down)
		pass(3 * time.Hour)
		put(t, one, "12")
		pass(time.Minute)
		if n := len(b.texts("overdue")); n != 1 || len(b.callsOf("kept")) != 1 {
			t.Errorf("%d events, %d runs of runners that are gone", n, len(b.callsOf("kept")))
		}
		b.stop()
	})
}

// TestMessagesAreCountedOnce when more come while a notification's successor waits for the last delivery of the one before.
func TestMessagesAreCountedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, runnerOf(probe("p")))
		r := withReceivers(b.bench)
		gate := make(chan struct{})
		r.do["ops"] = func(int, context.Context) error {
			<-gate
			return errors.New("down")
		}
		b.cfg.Notify = []config.Notification{ops("ops", "completed")}
		b.start()
		b.fire("p")
		pass(time.Second)
		moved := ops("ops", "completed")
		moved.URL += "moved"
		b.set(runnerOf(probe("p")))
		read := b.next
		b.next = func() (*Loaded, error) {
			n, err := read()
			n.Config.Notify = []config.Notification{moved}
			return n, err
		}
		if err := b.e.Reload(t.Context(), kim); err != nil {
			t.Fatal(err)
		}
		b.fire("p")
		pass(time.Second)
		close(gate)
		pass(time.Second)
		if n := b.engine().Undelivered; n != 2 {
			t.Errorf("the engine counts %d messages, there are 2", n)
		}
		b.stop()
	})
}
