package engine

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// problems gives the engine's problems as one text; "" = it is well.
func (b *bench) problems() string {
	b.t.Helper()
	v := b.engine()
	if (v.Health == "ok") != (len(v.Problems) == 0) {
		b.t.Errorf("health %s with the problems %q", v.Health, v.Problems)
	}
	return strings.Join(v.Problems, "; ")
}

// mustSay waits for d and expects a problem that contains text; "" = none.
func (b *bench) mustSay(d time.Duration, text string) {
	b.t.Helper()
	pass(d)
	if got := b.problems(); text == "" && got != "" || !strings.Contains(got, text) {
		b.t.Errorf("problems %q, want %q", got, text)
	}
}

func TestProblemsOfTheDiskComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		type answer struct {
			disk  orchestrator.Disk
			total int64
			err   error
		}
		var now atomic.Pointer[answer]
		well := answer{orchestrator.Disk{History: 5 << 20, WAL: 1 << 20, Free: 100 << 30}, 200 << 30, nil}
		now.Store(&well)
		b.opts = func(o *Options) {
			o.measure = func(string) (orchestrator.Disk, int64, error) {
				a := now.Load()
				return a.disk, a.total, a.err
			}
		}
		b.start()
		b.mustSay(time.Second, "")
		if d := b.engine().Disk; d != well.disk {
			t.Errorf("disk %+v", d)
		}
		for text, a := range map[string]answer{
			"the write-ahead log has grown to 300 MiB": {orchestrator.Disk{WAL: 300 << 20, Free: 100 << 30}, 200 << 30, nil},
			"is nearly full, 150 MiB are free":         {orchestrator.Disk{Free: 150 << 20}, 1 << 30, nil},
			"is nearly full, 3072 MiB are free":        {orchestrator.Disk{Free: 3 << 30}, 200 << 30, nil},
			"cannot be looked at: gone":                {orchestrator.Disk{}, 0, errors.New("gone")},
		} {
			now.Store(&a)
			b.mustSay(31*time.Second, text)
			now.Store(&well)
			b.mustSay(31*time.Second, "")
		}
		unknown := answer{orchestrator.Disk{Free: -1}, -1, nil} // a system that does not tell is not full
		now.Store(&unknown)
		b.mustSay(31*time.Second, "")
		if n := b.eventsOf("degraded"); n != 3 { // the two of the full disk are one problem that came again soon
			t.Errorf("%d events tell of three problems", n)
		}
		b.stop()
	})
}

func TestMeasuresOfARealDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.start()
		b.fire("p")
		pass(31 * time.Second)
		d := b.engine().Disk
		if d.History < 4096 || d.WAL <= 0 || d.WAL >= d.History || d.Free == 0 {
			t.Errorf("disk %+v", d)
		}
		b.stop()
	})
}

// TestAStalledWriterIsAProblem: a commit that does not end, the ticks that wait behind it, and their end.
func TestAStalledWriterIsAProblem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, 30*time.Second, time.Now().Add(time.Minute))))
		b.start()
		b.mustSay(50*time.Second, "")
		hold := make(chan struct{})
		if err := b.e.store.WriteAsync(t.Context(), func(*store.Tx) error { <-hold; return nil }, func(error) {}); err != nil {
			t.Fatal(err)
		}
		b.mustSay(4*time.Second, "")
		b.mustSay(7*time.Second, "history is slow to write")
		if got := b.problems(); strings.Contains(got, "ticks have been waiting") {
			t.Errorf("too early: %q", got)
		}
		b.mustSay(95*time.Second, "ticks have been waiting for more than 1m0s")
		close(hold)
		b.mustSay(6*time.Second, "")
		if _, total := ticksOf(b.runs("p")); total != 4 {
			t.Errorf("%d ticks have rows, want 4", total)
		}
		b.stop()
	})
}

// TestDegradedIsNotified with the event, once.
func TestDegradedIsNotified(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		r := withReceivers(b)
		b.cfg.Notify = []config.Notification{ops("ops", "degraded")}
		set := b.opts
		b.opts = func(o *Options) {
			set(o)
			o.measure = func(string) (orchestrator.Disk, int64, error) { return orchestrator.Disk{Free: 1 << 20}, 1 << 30, nil }
		}
		b.start()
		pass(time.Hour)
		if m := r.taken("ops"); len(m) != 1 || m[0].Kind != "degraded" || !strings.Contains(m[0].Reason, "nearly full") || m[0].Runner != "" {
			t.Errorf("messages %+v", m)
		}
		b.stop()
	})
}
