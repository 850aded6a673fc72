// Package feed carries what happens in the engine to any number of viewers without ever waiting for one of them: the
// latest value per runner, a bounded log with counted gaps and a bounded list of events for each viewer.
package feed

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Options bound what one viewer that does not read can cost. Zero values mean the defaults.
type Options struct {
	LogRing int // log lines kept per viewer; default 2000
	Events  int // events kept per viewer; default 200
}

// Hub takes everything the engine publishes. All methods are safe for concurrent use and never block on a viewer.
// Without viewers, publishing is two atomic operations.
type Hub struct {
	opts     Options
	revision atomic.Uint64
	viewers  atomic.Pointer[[]*viewer] // copied on every change; nil = none

	mu     sync.Mutex // guards changes of viewers, and closed
	closed bool
}

// NewHub makes a hub without viewers.
func NewHub(o Options) *Hub {
	if o.LogRing <= 0 {
		o.LogRing = 2000
	}
	if o.Events <= 0 {
		o.Events = 200
	}
	return &Hub{opts: o}
}

// Revision counts what was published so far; a Snapshot taken now carries this number.
func (h *Hub) Revision() uint64 { return h.revision.Load() }

// Runner publishes the latest value of a runner. The caller does not change what the value points to afterwards.
func (h *Hub) Runner(r orchestrator.Runner) {
	h.each(func(v *viewer, rev uint64) { v.runner(r, rev) })
}

// Log publishes one log line.
func (h *Hub) Log(l orchestrator.LogLine) {
	h.each(func(v *viewer, rev uint64) { v.log(l, rev) })
}

// Event publishes one entry of the event feed.
func (h *Hub) Event(e orchestrator.Event) {
	h.each(func(v *viewer, rev uint64) { v.event(e, rev) })
}

// Engine publishes the latest figures of the engine itself.
func (h *Hub) Engine(e orchestrator.Engine) {
	h.each(func(v *viewer, rev uint64) { v.engine(e, rev) })
}

// Resync tells every viewer to take a new Snapshot, because the set of runners changed.
func (h *Hub) Resync() {
	h.each(func(v *viewer, rev uint64) { v.resync(rev) })
}

func (h *Hub) each(publish func(*viewer, uint64)) {
	rev := h.revision.Add(1)
	vs := h.viewers.Load()
	if vs == nil {
		return
	}
	for _, v := range *vs {
		publish(v, rev)
	}
}

// Viewers is the number of open subscriptions.
func (h *Hub) Viewers() int {
	if vs := h.viewers.Load(); vs != nil {
		return len(*vs)
	}
	return 0
}

// Lag is the number of log lines that the slowest viewer has yet to take, or has missed since it took the last ones.
func (h *Hub) Lag() int {
	slowest := 0
	if vs := h.viewers.Load(); vs != nil {
		for _, v := range *vs {
			v.mu.Lock()
			slowest = max(slowest, len(v.logs.buf)+v.gap)
			v.mu.Unlock()
		}
	}
	return slowest
}

// Subscribe opens a viewer's feed. It holds only what is published from now on. After Close of the hub it gives a
// closed subscription.
func (h *Hub) Subscribe() orchestrator.Subscription {
	v := newViewer(h)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		v.end()
		return v
	}
	var vs []*viewer
	if old := h.viewers.Load(); old != nil {
		vs = slices.Clone(*old)
	}
	vs = append(vs, v)
	h.viewers.Store(&vs)
	return v
}

func (h *Hub) remove(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := h.viewers.Load()
	if old == nil {
		return
	}
	vs := slices.DeleteFunc(slices.Clone(*old), func(o *viewer) bool { return o == v })
	if len(vs) == 0 {
		h.viewers.Store(nil)
		return
	}
	h.viewers.Store(&vs)
}

// Close ends every subscription; publishing afterwards does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	if vs := h.viewers.Swap(nil); vs != nil {
		for _, v := range *vs {
			v.end()
		}
	}
}
