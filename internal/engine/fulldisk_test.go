package engine

import (
	"context"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/test/bubble"
)

// TestAFullDiskIsSaidAndGotOver: the engine is degraded with a reason while its history cannot be written, forgets nothing, and
// stops in good order on a disk that is still full.
func TestAFullDiskIsSaidAndGotOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, time.Minute, time.Now())))
		var full atomic.Bool
		b.e = New(Options{
			Config: b.cfg, Pipes: b.registry(), Services: noServices{}, Renderer: render.New(), StateDir: b.dir, Version: "test",
			Fail: func(point string) error {
				if full.Load() && point == "store.before-commit" {
					return syscall.ENOSPC
				}
				return nil
			},
		})
		if err := b.e.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		health := func() orchestrator.Engine {
			t.Helper()
			snap, err := b.e.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return snap.Engine
		}
		full.Store(true)
		bubble.Advance(3 * time.Minute)
		if h := health(); h.Health != "degraded" || !strings.Contains(strings.Join(h.Problems, " "), "the disk is full: free space") {
			t.Errorf("on a full disk: %s, %q", h.Health, h.Problems)
		}
		full.Store(false)
		bubble.Advance(3 * time.Minute)
		if h := health(); h.Health != "ok" {
			t.Errorf("with room again: %s, %q", h.Health, h.Problems)
		}
		runs, err := b.e.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true})
		if err != nil {
			t.Fatal(err)
		}
		ticks := 0
		for i := range runs {
			ticks += runs[i].Count
		}
		if ticks < 5 {
			t.Errorf("%d ticks in six minutes: %+v", ticks, runs)
		}
		full.Store(true)
		bubble.Advance(2 * time.Minute)
		done := make(chan error, 1)
		go func() { done <- b.e.Stop(context.WithoutCancel(t.Context())) }()
		bubble.Advance(2 * time.Minute)
		select {
		case err := <-done:
			t.Logf("stopped: %v", err)
		default:
			t.Error("it does not stop on a full disk")
		}
	})
}
