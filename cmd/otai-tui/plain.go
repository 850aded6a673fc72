package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/plain"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// lines is --plain: the console in lines, on the engine that runs here or on one of its own.
func (a *app) lines(ctx context.Context) error {
	gone := make(chan os.Signal, 1)
	signal.Notify(gone, syscall.SIGPIPE) // a reader that has gone ends the lines, and an engine of our own in order; see linesOf
	defer signal.Stop(gone)
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	switch {
	case c != nil:
		ctx, stop := a.untilInterrupt(ctx)
		defer stop()
		return a.linesOf(ctx, c)
	case a.attach:
		return a.nobody()
	}
	ctx, w, done, err := a.ownEngine(ctx)
	if err != nil {
		return err
	}
	defer done()
	uiErr := a.linesOf(ctx, w.engine)
	stopCtx, cancelStop := a.stopContext(ctx)
	defer cancelStop()
	if err := w.engine.Stop(stopCtx); err != nil {
		return errors.Join(uiErr, fmt.Errorf("stop the engine: %w", err))
	}
	return uiErr
}

func (a *app) linesOf(ctx context.Context, o orchestrator.Orchestrator) error {
	name := a.theme
	if name == "" || name == "auto" {
		name = "terminal"
	}
	look, _ := theme.Named(name)
	err := plain.Run(ctx, plain.Options{
		Orchestrator: o, In: a.in, Out: a.out, Actor: orchestrator.Actor{Name: a.userName(), Via: "console"},
		Theme: look, Colour: a.colour && !theme.NoColor(a.environ), ASCII: a.asciiLines(),
	})
	if errors.Is(err, syscall.EPIPE) {
		return nil // as with head(1): its reader has seen enough
	}
	return err
}

// asciiLines says that lines are written in ASCII: asked for, or the locale is not UTF-8. TERM says nothing of a pipe or a reader.
func (a *app) asciiLines() bool {
	if a.glyphs == "ascii" || a.glyphs == "unicode" {
		return a.glyphs == "ascii"
	}
	return theme.UseASCII("auto", append(a.environ[:len(a.environ):len(a.environ)], "TERM=xterm"))
}
