package main

import (
	"context"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/watch"
)

// reloadQuiet is how long a changed configuration must be left alone before it is read.
const reloadQuiet = 500 * time.Millisecond

// source is where the configuration in force came from, and what it says about reloads.
type source struct {
	latest atomic.Pointer[config.Config] // read last; it may not have been taken
	files  map[string]string             // what was there before the first reading, see watch.Identity; nil = no files
}

// look notes the files of a configuration before it is read, so that no change from then on is overlooked.
func (s *source) look(path string) {
	s.files = map[string]string{}
	for _, p := range []string{path, filepath.Join(filepath.Dir(path), ".env")} {
		s.files[p] = watch.Identity(p)
	}
}

// reader gives the engine its way to read the configuration again.
func (w *works) reader(a *app, d *demo) func(context.Context) (*engine.Loaded, error) {
	return func(ctx context.Context) (*engine.Loaded, error) {
		cfg, _, err := a.load(ctx, d)
		if err != nil {
			return nil, err
		}
		services, err := w.openServices(ctx, a, cfg)
		if err != nil {
			return nil, err
		}
		w.source.latest.Store(cfg)
		return &engine.Loaded{
			Config: cfg, Services: services, Env: cfg.Env, Notices: services.Notices(), Secrets: a.secrets(cfg),
			Close: func() { _ = services.Close() }, // nothing was written through it
		}, nil
	}
}

// hangups takes SIGHUP from the start on, so that it never ends the process. Started with it ignored (nohup), it stays ignored.
func hangups() (<-chan os.Signal, func()) {
	ch := make(chan os.Signal, 1)
	if signal.Ignored(syscall.SIGHUP) {
		return ch, func() {}
	}
	signal.Notify(ch, syscall.SIGHUP)
	return ch, func() { signal.Stop(ch) }
}

// followConfig reloads on SIGHUP, and when the configuration or the .env file beside it was saved, until ctx ends. A terminal
// that is gone sends SIGHUP as well: then it calls stop.
func (a *app) followConfig(ctx context.Context, w *works, hup <-chan os.Signal, stop func()) {
	var files <-chan watch.Event
	if known := w.source.files; len(known) > 0 {
		var err error
		files, err = watch.Files(ctx, slices.Sorted(maps.Keys(known)), watch.Options{Debounce: reloadQuiet, Known: known})
		if err != nil {
			w.log.Warn("the configuration is not watched", "error", err)
		}
	}
	terminal := a.terminals()
	go func() {
		for {
			by := orchestrator.Actor{Name: a.userName(), Via: "SIGHUP"}
			select {
			case <-ctx.Done():
				return
			case <-hup:
				if terminal && !a.terminals() {
					a.errorf("otai-tui: the terminal is gone: finishing what runs\n")
					stop()
					return
				}
			case ev, ok := <-files:
				if !ok {
					files = nil
					continue
				}
				if latest := w.source.latest.Load(); latest != nil && !latest.Engine.Reload {
					continue // engine.reload: false
				}
				by = orchestrator.Actor{Name: "file", Via: "change of " + filepath.Base(ev.Path)}
			}
			if err := w.engine.Reload(ctx, by); err != nil && ctx.Err() == nil {
				w.log.Error("reload", "error", err)
			}
		}
	}()
}

// terminals says that one of the standard streams is a terminal that answers.
func (a *app) terminals() bool {
	return a.hasTerminalAt(a.in) || a.hasTerminalAt(a.out)
}
