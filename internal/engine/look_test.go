package engine

import (
	"context"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

// looker makes an engine that is only looked at.
func (b *bench) looker() *Engine {
	b.t.Helper()
	e := New(Options{Config: b.cfg, Pipes: b.registry(), Renderer: render.New(), StateDir: b.dir, Version: "test"})
	if err := e.Look(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		if err := e.Stop(context.WithoutCancel(b.t.Context())); err != nil {
			b.t.Error(err)
		}
	})
	return e
}

// TestALookWritesNothing: an engine that died is seen as it left its history, and the history stays as it is.
func TestALookWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Minute))), runnerOf(probe("held")), runnerOf(probe("long")))
		b.do["long"] = untilDone(time.Hour)
		b.start()
		kim := orchestrator.Actor{Name: "kim"}
		if err := b.e.Pause(t.Context(), "held", orchestrator.PauseRequest{Reason: "release", By: kim}); err != nil {
			t.Fatal(err)
		}
		b.fire("long")
		pass(130 * time.Second)
		b.die()
		before := history(t, b.dir)

		e := b.looker()
		pass(10 * time.Minute) // ticks are due: none is taken
		s, err := e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		by := map[string]orchestrator.Runner{}
		for _, r := range s.Runners {
			by[r.ID] = r
		}
		p, held, long := by["p"], by["held"], by["long"]
		if p.Runs != 2 || p.State != orchestrator.Completed || p.NextAt.IsZero() || len(p.Strip) != 2 {
			t.Errorf("p: %+v", p)
		}
		if held.Pause == nil || held.Pause.Reason != "release" || held.State != orchestrator.Paused {
			t.Errorf("held: %+v", held)
		}
		if long.State != orchestrator.Interrupted || long.Current == nil || !strings.Contains(long.Reason, "cut off") {
			t.Errorf("long: %s %q", long.State, long.Reason)
		}
		if len(s.Engine.Notices) == 0 || s.Engine.Notices[0] != NotRunning || s.Engine.Health != "stopped" || !s.Engine.StartedAt.IsZero() {
			t.Errorf("the engine: %+v", s.Engine)
		}
		if runs, err := e.Runs(t.Context(), orchestrator.RunFilter{}); err != nil || len(runs) != 3 {
			t.Errorf("%d runs, %v", len(runs), err)
		}
		if _, err := e.RunOnce(t.Context(), "p", orchestrator.FireRequest{By: kim}); err == nil {
			t.Error("an engine that is only looked at ran something")
		}
		if err := e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim}); err == nil {
			t.Error("an engine that is only looked at was paused")
		}
		if after := history(t, b.dir); after != before {
			t.Error("the look changed the history")
		}
	})
}

func history(t *testing.T, dir string) [32]byte {
	t.Helper()
	var all []byte
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !os.IsNotExist(err) { // a closed history has no log beside it
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return sha256.Sum256(all)
}

// TestALookWithoutHistory shows what a first start would, and leaves the directory alone.
func TestALookWithoutHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Minute))))
		b.dir = filepath.Join(b.dir, "none")
		s, err := b.looker().Snapshot(t.Context())
		if err != nil || len(s.Runners) != 1 || s.Runners[0].State != orchestrator.Scheduled || s.Runners[0].NextAt.IsZero() {
			t.Fatalf("%+v, %v", s.Runners, err)
		}
		if _, err := os.Stat(b.dir); !os.IsNotExist(err) {
			t.Errorf("the look made the state directory: %v", err)
		}
	})
}
