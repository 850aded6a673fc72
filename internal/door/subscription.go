package door

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/feed"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// again is how long to wait before a lost engine is called again.
const again = time.Second

// Lost is the engine's problem while it does not answer.
const Lost = "the engine does not answer; calling it again"

// Subscribe opens a live view of the running engine. It outlives the engine: while none answers, Engine says so among its problems,
// and when one answers again the viewer is told to take a new snapshot.
func (c *Client) Subscribe() orchestrator.Subscription { return c.subscribe(signEvery, again) }

func (c *Client) subscribe(sign, pause time.Duration) orchestrator.Subscription {
	hub := feed.NewHub(feed.Options{})
	ctx, stop := context.WithCancel(context.Background()) //nolint:forbidigo // ends with Close, as the seam has it
	s := &subscription{Subscription: hub.Subscribe(), c: c, hub: hub, stop: stop, sign: sign, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.follow(ctx, pause)
	}()
	return s
}

// subscription takes the engine's updates into a hub of its own, which merges them until the viewer takes them. Its goroutine owns the
// fields below stop.
type subscription struct {
	orchestrator.Subscription
	stop context.CancelFunc
	once sync.Once
	done chan struct{}

	c      *Client
	hub    *feed.Hub
	sign   time.Duration
	engine orchestrator.Engine // as it was told last
}

// Close ends the live view.
func (s *subscription) Close() {
	s.once.Do(func() {
		s.stop()
		<-s.done
		s.hub.Close()
	})
}

func (s *subscription) follow(ctx context.Context, pause time.Duration) {
	lost := false
	for ctx.Err() == nil {
		began := s.read(ctx)
		if ctx.Err() != nil {
			return
		}
		if began || !lost {
			lost = true
			e := s.engine
			e.Health, e.Problems = "degraded", append([]string{Lost}, slices.Clone(e.Problems)...)
			s.hub.Engine(e)
		}
		t := time.NewTimer(pause)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// read takes updates until the engine ends or says nothing for too long. It gives false when there was none.
func (s *subscription) read(ctx context.Context) (began bool) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	silent := time.AfterFunc(dialTimeout+3*s.sign, stop)
	defer silent.Stop()
	resp, err := s.c.post(ctx, "Subscribe", nil)
	if err != nil {
		return false
	}
	defer func() { _ = resp.Body.Close() }()
	lines := json.NewDecoder(resp.Body)
	for {
		var u orchestrator.Update
		if err := lines.Decode(&u); err != nil {
			return began
		}
		silent.Reset(3 * s.sign)
		began = true
		s.publish(&u)
	}
}

func (s *subscription) publish(u *orchestrator.Update) {
	for i := range u.Runners {
		s.hub.Runner(u.Runners[i])
	}
	if u.Engine != nil {
		s.engine = *u.Engine
		s.hub.Engine(*u.Engine)
	}
	for i := range u.Logs {
		if i == 0 {
			u.Logs[i].Gap += u.LogGap
		}
		s.hub.Log(u.Logs[i])
	}
	for i := range u.Events {
		s.hub.Event(u.Events[i])
	}
	if u.Resync {
		s.hub.Resync()
	}
}
