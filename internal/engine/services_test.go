package engine

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/link"
)

// told are services that say how they do.
type told struct {
	noServices
	mu   sync.Mutex
	list []link.Named
}

func (s *told) Health() []link.Named {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.list
}

func (s *told) set(list ...link.Named) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = list
}

func TestServicesAreWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		s := &told{}
		b.opts = func(o *Options) { o.Services, o.Secrets = s, []string{"hunter22hunter22"} }
		b.start()
		defer b.stop()
		sub := b.e.Subscribe()
		defer sub.Close()
		pass(3 * time.Second)
		b.mustSay(0, "")
		otobo := link.Named{ID: "otobo", Type: "OTOBO/Znuny", Health: link.Health{State: link.OK, Calls: 1}}
		s.set(otobo)
		sub.Take()
		pass(3 * time.Second)
		if u := sub.Take(); u.Engine == nil || len(u.Engine.Services) != 1 || u.Engine.Services[0].Calls != 1 {
			t.Errorf("viewers are not told: %+v", u.Engine)
		}
		pass(3 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := sub.Wait(ctx); err == nil && sub.Take().Engine != nil {
			t.Error("told again without a change")
		}
		otobo.State, otobo.InRow, otobo.LastError = link.Open, 5, "AuthFail with hunter22hunter22"
		s.set(otobo)
		b.mustSay(3*time.Second, "service otobo (OTOBO/Znuny) is not called: its circuit is open after 5 failures in a row")
		if strings.Contains(b.problems(), "hunter22") || strings.Contains(b.engine().Services[0].LastError, "hunter22") {
			t.Error("a secret shows")
		}
		otobo.State = link.OK
		s.set(otobo)
		b.mustSay(3*time.Second, "")
		otobo.State = link.HalfOpen
		s.set(otobo)
		b.mustSay(3*time.Second, "half open")
		s.set() // a reload took it away
		b.mustSay(3*time.Second, "")
	})
}
