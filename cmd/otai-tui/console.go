package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui"
	"github.com/openticketai/otai-tui/internal/ui/keep"
)

// console shows the engine that runs here; where none does, it runs one, and leaving the screen stops that.
func (a *app) console(ctx context.Context) error {
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	switch {
	case c != nil:
		return a.attached(ctx, c)
	case a.attach:
		return a.nobody()
	}
	ctx, w, done, err := a.ownEngine(ctx)
	if err != nil {
		return err
	}
	defer done()
	o := a.uiOptions(w.engine, w.stateDir)
	o.Settings = w.consoleSettings
	o.StallTimeout = -1 // dropping the terminal would end the engine
	o.OnPanic = func(where string, what any, stack []byte) { w.noteCrash(where, what, stack) }
	uiErr := ui.Run(ctx, o)
	if errors.Is(uiErr, ui.ErrPanicked) {
		a.errorf("otai-tui: %s; the engine runs on. Another otai-tui opens a console on it, ctrl-c stops it. See %s\n", uiErr,
			filepath.Join(w.stateDir, crashFile))
		<-ctx.Done()
	}
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

// ownEngine starts an engine that a console shows. The context ends with a signal, or when the terminal is gone; done closes what was
// opened, once the engine was stopped.
func (a *app) ownEngine(ctx context.Context) (_ context.Context, w *works, done func(), err error) {
	var undo []func()
	closeAll := func() {
		for _, f := range slices.Backward(undo) {
			f()
		}
	}
	defer func() {
		if err != nil {
			closeAll()
		}
	}()
	ctx, stop := a.untilSignal(ctx)
	undo = append(undo, stop)
	hup, ignore := hangups()
	undo = append(undo, ignore)
	if w, err = a.open(ctx, openOptions{}); err != nil {
		return ctx, nil, nil, err
	}
	undo = append(undo, w.close)
	if err = w.engine.Start(context.WithoutCancel(ctx)); err != nil {
		const meanwhile = "It has no door for a second console. Read its history meanwhile: otai-tui runs, otai-tui logs RUN."
		return ctx, nil, nil, explainHeld(err, meanwhile)
	}
	ctx, gone := context.WithCancel(ctx)
	undo = append(undo, gone)
	a.followConfig(ctx, w, hup, gone)
	undo = append(undo, w.openDoor(ctx, a))
	return ctx, w, closeAll, nil
}

// crashFile is where errors of the console itself are, inside the state directory; crashBytes is how large it may grow.
const (
	crashFile  = "console-errors.log"
	crashBytes = 1 << 20
)

// noteCrash keeps an error of the console for whoever mends it.
func (w *works) noteCrash(where string, what any, stack []byte) {
	w.log.Error("the console stumbled", "where", where, "error", fmt.Sprint(what))
	path := filepath.Join(w.stateDir, crashFile)
	if info, err := os.Stat(path); err == nil && info.Size() > crashBytes {
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return // it is in the log
	}
	_, _ = fmt.Fprintf(f, "%s %s %s\n%v\n%s\n", time.Now().UTC().Format(time.RFC3339), version, where, what, stack)
	_ = f.Close() // as good as it gets
}

// attached shows an engine of another process. Leaving the screen leaves that alone; when it ends, the screen says so and waits for the
// next one.
func (a *app) attached(ctx context.Context, c *door.Client) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	dir, err := a.stateDirectory()
	if err != nil {
		return err
	}
	o := a.uiOptions(c, dir)
	o.Detached = true
	if cfg, _, err := a.load(ctx, nil); err == nil { // without its file the console has its own keys
		o.Settings = func() ui.Settings { return settingsOf(cfg) }
	}
	if err := ui.Run(ctx, o); err != nil {
		return fmt.Errorf("console: %w", err)
	}
	return nil
}

// uiOptions are those of a console whose engine keeps its state in stateDir.
func (a *app) uiOptions(o orchestrator.Orchestrator, stateDir string) ui.Options {
	via := "console"
	if tty, _ := a.env("SSH_TTY"); tty != "" {
		via = "ssh"
	}
	return ui.Options{
		Orchestrator: o, In: a.in, Out: a.out, Environ: a.environ, Theme: a.theme, Glyphs: a.glyphs, OverSSH: via == "ssh",
		Actor: orchestrator.Actor{Name: a.userName(), Via: via}, Role: a.role(),
		Memory:  keep.ForUser(filepath.Join(stateDir, "console"), a.userName()),
		CopyDir: filepath.Join(stateDir, "console", "copies"),
	}
}

// stopContext gives the engine its drain; the first signal after the screen is gone cuts it short. When a signal ended the
// screen, the drain is full and a second signal ends the process (untilSignal).
func (a *app) stopContext(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx.Err() != nil {
		return context.WithCancel(context.WithoutCancel(ctx))
	}
	return context.WithCancel(ctx)
}
