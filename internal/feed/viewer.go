package feed

import (
	"context"
	"errors"
	"sync"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// ErrClosed is what Wait gives after the subscription or its hub was closed.
var ErrClosed = errors.New("the live view is closed")

// viewer is one subscription: what changed since its last Take. mu guards it and is held only for copying values.
type viewer struct {
	hub    *Hub
	signal chan struct{} // capacity 1: something changed
	done   chan struct{}
	once   sync.Once

	mu      sync.Mutex
	rev     uint64
	index   map[string]int // runner id to its place in runners
	runners []orchestrator.Runner
	eng     *orchestrator.Engine
	logs    ring[orchestrator.LogLine]
	gap     int // log lines lost since the last Take
	events  ring[orchestrator.Event]
	again   bool // resync
}

func newViewer(h *Hub) *viewer {
	return &viewer{
		hub: h, signal: make(chan struct{}, 1), done: make(chan struct{}),
		index:  map[string]int{},
		logs:   ring[orchestrator.LogLine]{bound: h.opts.LogRing},
		events: ring[orchestrator.Event]{bound: h.opts.Events},
	}
}

func (v *viewer) wake() {
	select {
	case v.signal <- struct{}{}:
	default:
	}
}

func (v *viewer) runner(r orchestrator.Runner, rev uint64) {
	v.mu.Lock()
	v.rev = max(v.rev, rev)
	if i, ok := v.index[r.ID]; ok {
		v.runners[i] = r
	} else {
		v.index[r.ID] = len(v.runners)
		v.runners = append(v.runners, r)
	}
	v.mu.Unlock()
	v.wake()
}

func (v *viewer) log(l orchestrator.LogLine, rev uint64) {
	v.mu.Lock()
	v.rev = max(v.rev, rev)
	if old, lost := v.logs.push(l); lost {
		v.gap += 1 + old.Gap
	}
	v.mu.Unlock()
	v.wake()
}

// event keeps the newest events; a viewer that lost some is told to read them again.
func (v *viewer) event(e orchestrator.Event, rev uint64) {
	v.mu.Lock()
	v.rev = max(v.rev, rev)
	if _, lost := v.events.push(e); lost {
		v.again = true
	}
	v.mu.Unlock()
	v.wake()
}

func (v *viewer) engine(e orchestrator.Engine, rev uint64) {
	v.mu.Lock()
	v.rev = max(v.rev, rev)
	v.eng = &e
	v.mu.Unlock()
	v.wake()
}

func (v *viewer) resync(rev uint64) {
	v.mu.Lock()
	v.rev = max(v.rev, rev)
	v.again = true
	v.mu.Unlock()
	v.wake()
}

// Wait blocks until something changed, ctx ends, or the subscription is closed.
func (v *viewer) Wait(ctx context.Context) error {
	select {
	case <-v.signal:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-v.done:
		select {
		case <-v.signal: // what came before the close is still there to be taken
			return nil
		default:
			return ErrClosed
		}
	}
}

// Take gives what changed since the last Take.
func (v *viewer) Take() orchestrator.Update {
	v.mu.Lock()
	defer v.mu.Unlock()
	u := orchestrator.Update{
		Revision: v.rev, Runners: v.runners, Engine: v.eng,
		Logs: v.logs.take(), LogGap: v.gap, Events: v.events.take(), Resync: v.again,
	}
	v.runners, v.eng, v.gap, v.again = nil, nil, 0, false
	clear(v.index)
	return u
}

// Close ends the subscription. It may be called more than once.
func (v *viewer) Close() {
	v.hub.remove(v)
	v.end()
}

func (v *viewer) end() { v.once.Do(func() { close(v.done) }) }

// ring keeps the newest bound values. It grows as needed, so that a quiet viewer stays small.
type ring[T any] struct {
	bound int
	buf   []T
	start int
}

// push adds a value; when the ring is full it gives the oldest value, which is then lost.
func (r *ring[T]) push(x T) (old T, lost bool) {
	if len(r.buf) < r.bound {
		r.buf = append(r.buf, x)
		return old, false
	}
	old = r.buf[r.start]
	r.buf[r.start] = x
	r.start = (r.start + 1) % r.bound
	return old, true
}

// take gives all values, oldest first, and empties the ring.
func (r *ring[T]) take() []T {
	out := r.buf
	if r.start > 0 {
		out = make([]T, 0, len(r.buf))
		out = append(append(out, r.buf[r.start:]...), r.buf[:r.start]...)
	}
	r.buf, r.start = nil, 0
	return out
}
