package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// NotRunning is the notice of an engine that is only looked at.
const NotRunning = "no engine runs here; this is its history"

// Look makes the engine ready for queries only, in place of Start: the configuration, the timetable and what history says. It takes no
// lock, writes nothing, runs nothing and recovers nothing; commands fail. Runs that an earlier life left behind are shown as
// interrupted. Without a history it shows what a first start would. Services may be nil. Stop ends it.
func (e *Engine) Look(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != created {
		return errors.New("look at the engine: it was started before")
	}
	st, err := e.openToLook(ctx)
	if err != nil {
		return errors.Join(err, e.forget())
	}
	e.store, e.box = st, newMailbox()
	e.o.Notices = append([]string{NotRunning}, e.o.Notices...)
	e.loop = newLoop(ctx, e)
	if err := e.loop.see(ctx); err != nil {
		return errors.Join(fmt.Errorf("read history: %w", err), st.Close(), e.forget())
	}
	e.state = started
	go e.loop.look()
	return nil
}

// openToLook opens the history for reading; where there is none, an empty one in a directory that forget removes.
func (e *Engine) openToLook(ctx context.Context) (*store.Store, error) {
	_, err := os.Stat(filepath.Join(e.o.StateDir, store.FileName))
	if !errors.Is(err, os.ErrNotExist) {
		return store.Open(ctx, e.o.StateDir, store.Options{ReadOnly: true})
	}
	dir, err := os.MkdirTemp("", "otai-look")
	if err != nil {
		return nil, fmt.Errorf("look at an engine without history: %w", err)
	}
	e.nowhere = dir
	empty, err := store.Open(ctx, dir, store.Options{Now: e.clock})
	if err != nil {
		return nil, err
	}
	if err := empty.Close(); err != nil {
		return nil, err
	}
	return store.Open(ctx, dir, store.Options{ReadOnly: true})
}

// looks says that the engine is only looked at.
func (e *Engine) looks() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.state != created && e.lock == nil
}

func (e *Engine) forget() error {
	if e.nowhere == "" {
		return nil
	}
	return os.RemoveAll(e.nowhere)
}

// see takes what the configuration and history say. It runs before the loop's goroutine.
func (l *loop) see(ctx context.Context) error {
	l.startedAt = time.Time{}
	l.seq = 1 // there may be a history; LastRun is the writer's
	if err := l.loadRunners(ctx, l.e.o.Config.Runners); err != nil {
		return err
	}
	l.nameRunners()
	l.applyLimits()
	for _, load := range []func(context.Context) error{l.loadResources, l.loadPauses, l.loadHolds, l.seeRuns} {
		if err := load(ctx); err != nil {
			return err
		}
	}
	stored, err := l.e.cursors(ctx)
	if err != nil {
		return err
	}
	now := l.e.clock()
	for _, r := range l.order {
		for i := range r.cfg.Triggers {
			if r.cfg.Enabled {
				l.arm(l.newTrigger(r, r.cfg.Triggers[i], stored, now))
			}
		}
	}
	return nil
}

// seeRuns puts the runs that have not ended beside their runners. What ran was cut off: it goes on at the next start.
func (l *loop) seeRuns(ctx context.Context) error {
	runs, err := l.e.store.LiveRuns(ctx)
	if err != nil {
		return err
	}
	for i := range runs {
		run := runs[i]
		r, known := l.runners[run.Runner]
		if !known {
			continue
		}
		switch run.State {
		case orchestrator.Running, orchestrator.Pending, orchestrator.Cancelling:
			run.State, run.Reason = orchestrator.Interrupted, "run "+run.ID+" was cut off when the engine stopped"
		}
		r.lives = append(r.lives, &live{r: r, cfg: r.cfg, run: run})
	}
	return nil
}

// look answers queries until Stop.
func (l *loop) look() {
	defer close(l.done)
	defer l.endLife()
	for !l.draining {
		<-l.e.box.wake
		for _, f := range l.e.box.take() {
			f()
		}
	}
}
