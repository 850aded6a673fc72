package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// finding is one line of the doctor's report.
type finding struct {
	ok   bool
	what string
	says string
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check configuration, state directory, history, disk, clock and services", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			bad := 0
			for _, f := range a.examine(cmd.Context()) {
				mark := "ok  "
				if !f.ok {
					mark = "BAD "
					bad++
				}
				if _, err := fmt.Fprintf(a.out, "%s %-14s %s\n", mark, f.what, f.says); err != nil {
					return err
				}
			}
			if bad > 0 {
				return quietError{exitFailed}
			}
			return nil
		},
	}
}

func (a *app) examine(ctx context.Context) []finding {
	dir, err := a.stateDirectory()
	if err != nil {
		return []finding{{false, "state dir", err.Error()}}
	}
	out := []finding{a.examineDir(dir), examineDisk(dir)}
	out = append(out, a.examineEngine(ctx, dir)...)
	out = append(out, a.examineHistory(ctx, dir), examineClock(time.Now()))
	return append(out, a.examineServices(ctx)...)
}

func (a *app) examineDir(dir string) finding {
	f := finding{what: "state dir"}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		f.says = err.Error()
		return f
	}
	probe, err := os.CreateTemp(dir, "doctor-*")
	if err == nil {
		_, err = probe.Write(make([]byte, 1<<20))
		err = errors.Join(err, probe.Sync(), probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		f.says = "cannot be written: " + err.Error()
		return f
	}
	return finding{true, f.what, dir + " can be written"}
}

// leastRoom is how much free disk history should find, in bytes: below it a running engine is degraded too.
const leastRoom = 200 << 20

func examineDisk(dir string) finding {
	free, _ := engine.DiskRoom(dir)
	if free < 0 {
		return finding{true, "disk", "its free room is not known on this system"}
	}
	f := finding{free >= leastRoom, "disk", fmt.Sprintf("%.1f GB are free", float64(free)/1e9)}
	if !f.ok {
		f.says += ": make room, history needs at least 0.2 GB"
	}
	return f
}

// examineEngine says whether an engine runs here, and how it is.
func (a *app) examineEngine(ctx context.Context, dir string) []finding {
	lock, err := store.TakeLock(dir)
	var held *store.HeldError
	switch {
	case errors.As(err, &held):
		return examineHealth(ctx, dir, fmt.Sprintf("runs with pid %d", held.PID))
	case err != nil:
		return []finding{{false, "engine", err.Error()}}
	}
	if err := lock.Release(); err != nil {
		return []finding{{false, "engine", err.Error()}}
	}
	return []finding{{true, "engine", "does not run on this state directory"}}
}

func examineHealth(ctx context.Context, dir, runs string) []finding {
	c, err := door.Dial(dir)
	if err != nil {
		return []finding{{true, "engine", runs + "; it cannot be asked: " + err.Error()}}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	snap, err := c.Snapshot(ctx)
	if err != nil {
		return []finding{{false, "engine", runs + ", but does not answer: " + err.Error()}}
	}
	out := []finding{{true, "engine", runs + ", health " + snap.Engine.Health}}
	for _, p := range snap.Engine.Problems {
		out = append(out, finding{false, "engine", p})
	}
	return out
}

func (a *app) examineHistory(ctx context.Context, dir string) finding {
	f := finding{what: "history"}
	st, err := store.Open(ctx, dir, store.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return finding{true, f.what, "there is none yet"}
	}
	if err != nil {
		f.says = err.Error()
		return f
	}
	defer func() { _ = st.Close() }()
	if err := st.Check(ctx); err != nil {
		f.says = err.Error()
		return f
	}
	size := int64(0)
	for _, name := range []string{store.FileName, store.FileName + "-wal"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
			size += info.Size()
		}
	}
	version, err := st.SQLite(ctx)
	if err != nil {
		f.says = err.Error()
		return f
	}
	return finding{true, f.what, fmt.Sprintf("is sound, %.1f MB, SQLite %s", float64(size)/1e6, version)}
}

// examineClock knows no other clock than this machine's: it only sees one that was never set.
func examineClock(now time.Time) finding {
	says := now.Format(time.RFC3339)
	if zone, offset := now.Zone(); offset != 0 && zone != "" { // the Z of UTC says it all
		says += " " + zone
	}
	return finding{now.Year() >= 2026, "clock", says}
}

func (a *app) examineServices(ctx context.Context) []finding {
	w, err := a.open(ctx, openOptions{runOnly: true})
	if err != nil {
		return []finding{{false, "configuration", "\n" + err.Error()}}
	}
	defer w.close()
	says := fmt.Sprintf("%s is valid: %d runners, %d warnings", w.cfg.File, len(w.cfg.Runners), len(w.cfg.Warnings))
	out := []finding{{true, "configuration", says}}
	for _, id := range slices.Sorted(maps.Keys(w.cfg.Services)) {
		var what interface{ Describe() string }
		var err error
		switch w.cfg.Services[id].Kind {
		case pipe.KindTicketSystem:
			what, err = w.services.Ticket(id)
		case pipe.KindClassifier:
			what, err = w.services.Classifier(id)
		default:
			continue
		}
		if err != nil {
			out = append(out, finding{false, "service " + id, err.Error()})
			continue
		}
		out = append(out, a.reach(ctx, id, what))
	}
	for _, n := range w.notices {
		out = append(out, finding{true, "note", n})
	}
	return out
}

// reach asks a service that can tell whether it answers.
func (a *app) reach(ctx context.Context, id string, what interface{ Describe() string }) finding {
	f := finding{true, "service " + id, what.Describe()}
	checker, ok := what.(interface {
		Check(ctx context.Context) error
	})
	if !ok {
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if err := checker.Check(ctx); err != nil {
		return finding{false, f.what, f.says + ": " + err.Error()}
	}
	f.says += " answers"
	return f
}
