package main

import (
	"context"
	"errors"
	"io"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
)

// printFrame is --once: what the console would show now.
func (a *app) printFrame(ctx context.Context) error {
	ctx, stop := a.untilInterrupt(ctx)
	defer stop()
	o, _, end, err := a.look(ctx)
	if err != nil {
		return err
	}
	defer end()
	w, h := a.frameSize()
	frame, err := ui.Once(ctx, ui.Options{
		Orchestrator: o, Environ: a.environ, Theme: a.theme, Glyphs: a.glyphs, Width: w, Height: h, Detached: true,
		Actor: orchestrator.Actor{Name: a.userName(), Via: "console"},
	}, a.screen, a.colour)
	if errors.Is(err, ui.ErrNoScreen) {
		return refusal{err}
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.out, frame)
	return err
}
