package pool_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/pool"
	"github.com/openticketai/otai-tui/test/bubble"
)

// world counts the models in memory.
type world struct {
	open, most, loads atomic.Int64
}

type model struct {
	w      *world
	closed atomic.Bool
}

func (m *model) Close() error {
	if m.closed.Swap(true) {
		return errors.New("closed twice")
	}
	m.w.open.Add(-1)
	return nil
}

func (w *world) source() pool.Source[*model] {
	return pool.Source[*model]{Open: w.load, Known: func(name string) error {
		if name == "nope" {
			return fmt.Errorf("%w: %s", pool.ErrUnknown, name)
		}
		return nil
	}}
}

func (w *world) load(context.Context, string) (*model, error) {
	work(time.Second)
	w.loads.Add(1)
	w.most.Store(max(w.most.Load(), w.open.Add(1)))
	return &model{w: w}, nil
}

// work takes its time in the bubble.
func work(d time.Duration) { <-time.After(d) }

func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		p := pool.New(2, 10*time.Minute, time.Now, w.source())
		use := func(name string) error { return p.With(t.Context(), name, func(*model) error { return nil }) }
		for _, name := range []string{"a", "b", "a", "c"} { // b is used longest ago
			if err := use(name); err != nil {
				t.Fatal(err)
			}
			bubble.Advance(time.Minute)
		}
		if !p.Loaded("a") || p.Loaded("b") || !p.Loaded("c") || w.loads.Load() != 3 {
			t.Errorf("a %v, b %v, c %v, %d loads", p.Loaded("a"), p.Loaded("b"), p.Loaded("c"), w.loads.Load())
		}
		if err := use("nope"); !errors.Is(err, pool.ErrUnknown) {
			t.Errorf("unknown model: %v", err)
		}
		bubble.Advance(8 * time.Minute) // a: 10 m and more, c: 9 m
		if names, err := p.Sweep(); err != nil || fmt.Sprint(names) != "[a]" {
			t.Errorf("swept %v, %v", names, err)
		}
		if err := p.Close(); err != nil || w.open.Load() != 0 {
			t.Errorf("close: %v, %d left", err, w.open.Load())
		}
		if err := use("a"); err == nil {
			t.Error("a closed pool serves")
		}
	})
}

func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		p := pool.New(1, 0, time.Now, w.source())
		err := p.With(t.Context(), "a", func(m *model) error {
			inner := p.With(t.Context(), "b", func(*model) error { return nil })
			if !errors.Is(inner, pool.ErrBusy) || m.closed.Load() {
				t.Errorf("b beside a in use: %v, closed %v", inner, m.closed.Load())
			}
			if names, err := p.Sweep(); names != nil || err != nil {
				t.Errorf("swept %v, %v", names, err)
			}
			return inner
		})
		if !errors.Is(err, pool.ErrBusy) {
			t.Errorf("the user's error is lost: %v", err)
		}
		if err := p.With(t.Context(), "b", func(*model) error { return nil }); err != nil {
			t.Errorf("b after a: %v", err)
		}
	})
}

// TestCrowd lets many users at it: never more models than places, none closed while in use, each loaded once at a time.
func TestCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		p := pool.New(3, time.Minute, time.Now, w.source())
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				r := rand.New(rand.NewPCG(uint64(g), 7)) //nolint:gosec // a test's dice
				for range 200 {
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.IntN(5000))*time.Millisecond)
					_ = p.With(ctx, string(rune('a'+r.IntN(5))), func(m *model) error {
						work(time.Duration(r.IntN(3000)) * time.Millisecond)
						if m.closed.Load() {
							t.Error("closed while in use")
						}
						return nil
					})
					cancel()
					if _, err := p.Sweep(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if w.most.Load() > 3 || w.loads.Load() < 10 {
			t.Errorf("%d models at a time, %d loads", w.most.Load(), w.loads.Load())
		}
		if err := p.Close(); err != nil || w.open.Load() != 0 {
			t.Errorf("close: %v, %d left", err, w.open.Load())
		}
	})
}
