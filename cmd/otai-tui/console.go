package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/keep"
)

// console runs the engine with a screen. Leaving the screen stops the engine.
func (a *app) console(ctx context.Context) error {
	ctx, stop := a.untilSignal(ctx)
	defer stop()
	hup, ignore := hangups()
	defer ignore()
	w, err := a.open(ctx, openOptions{})
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.engine.Start(context.WithoutCancel(ctx)); err != nil {
		return explainHeld(err, "Read its history meanwhile: otai-tui runs, otai-tui logs RUN.")
	}
	ctx, gone := context.WithCancel(ctx)
	defer gone()
	a.followConfig(ctx, w, hup, gone)
	defer w.openDoor(ctx, a)()
	uiErr := ui.Run(ctx, ui.Options{
		Orchestrator: w.engine, In: a.in, Out: a.out, Environ: a.environ, Theme: a.theme, Glyphs: a.glyphs,
		Memory: keep.ForUser(filepath.Join(w.stateDir, "console"), a.userName()), CopyDir: filepath.Join(w.stateDir, "console", "copies"),
		Settings: w.consoleSettings, Role: a.role(),
		Actor: orchestrator.Actor{Name: a.userName(), Via: "console"},
	})
	if ctx.Err() == nil {
		if snap, err := w.engine.Snapshot(ctx); err == nil && snap.Engine.Busy > 0 {
			a.errorf("otai-tui: waiting up to %s for %d running runs; ctrl-c interrupts them, they go on at the next start\n",
				w.cfg.Engine.DrainTimeout, snap.Engine.Busy)
		}
	}
	stopCtx, cancelStop := a.stopContext(ctx)
	defer cancelStop()
	if err := w.engine.Stop(stopCtx); err != nil {
		return errors.Join(uiErr, fmt.Errorf("stop the engine: %w", err))
	}
	if uiErr != nil && ctx.Err() == nil {
		return fmt.Errorf("console: %w", uiErr)
	}
	return nil
}

// stopContext gives the engine its drain; the first signal after the screen is gone cuts it short. When a signal ended the
// screen, the drain is full and a second signal ends the process (untilSignal).
func (a *app) stopContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return context.WithCancel(context.WithoutCancel(ctx))
	}
	return context.WithCancel(ctx)
}
