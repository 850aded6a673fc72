package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// untilSignal gives a context that ends with the first SIGINT or SIGTERM. The second ends the process at once: the next
// start recovers what was running.
func (a *app) untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-ch:
			a.errorf("otai-tui: %s: finishing what runs; a second signal exits now\n", s)
			cancel()
		case <-done:
			return
		}
		select {
		case <-ch:
			os.Exit(exitFailed)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(ch)
		close(done)
		cancel()
	}
}

// untilInterrupt gives a context that ends with SIGINT or SIGTERM, for commands that just stop.
func (a *app) untilInterrupt(ctx context.Context) (context.Context, func()) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
