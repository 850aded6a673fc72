package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/engine"
	"github.com/openticketai/otai-tui/internal/store"
)

// verdict is the mark of a finding. The zero value is fine.
type verdict int

const (
	fine   verdict = iota
	untold         // nobody can tell
	bad
)

func (v verdict) String() string { return [...]string{"ok", "?", "BAD"}[v] }

// finding is one line of the doctor's report.
type finding struct {
	mark verdict
	what string
	says string
}

// judged is a finding that is fine or bad.
func judged(ok bool, what, says string) finding {
	if ok {
		return finding{what: what, says: says}
	}
	return finding{mark: bad, what: what, says: says}
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Check configuration, state directory, history, disk, clock and services", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wrong := 0
			for _, f := range a.examine(cmd.Context()) {
				if f.mark == bad {
					wrong++
				}
				if _, err := fmt.Fprintf(a.out, "%-4s %-14s %s\n", f.mark, f.what, f.says); err != nil {
					return err
				}
			}
			if wrong > 0 {
				return quietError{exitFailed}
			}
			return nil
		},
	}
}

func (a *app) examine(ctx context.Context) []finding {
	dir, err := a.stateDirectory()
	if err != nil {
		return []finding{{mark: bad, what: "state dir", says: err.Error()}}
	}
	out := []finding{a.examineDir(dir), examineDisk(dir)}
	out = append(out, a.examineEngine(ctx, dir)...)
	out = append(out, a.examineHistory(ctx, dir), examineClock(time.Now()))
	return append(out, a.examineServices(ctx)...)
}

func (a *app) examineDir(dir string) finding {
	f := finding{mark: bad, what: "state dir"}
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
	return finding{what: f.what, says: dir + " can be written"}
}

// leastRoom is how much free disk history should find, in bytes: below it a running engine is degraded too.
const leastRoom = 200 << 20

func examineDisk(dir string) finding {
	free, _ := engine.DiskRoom(dir)
	if free < 0 {
		return finding{what: "disk", says: "its free room is not known on this system"}
	}
	f := judged(free >= leastRoom, "disk", fmt.Sprintf("%.1f GB are free", float64(free)/1e9))
	if f.mark == bad {
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
		return []finding{{mark: bad, what: "engine", says: err.Error()}}
	}
	if err := lock.Release(); err != nil {
		return []finding{{mark: bad, what: "engine", says: err.Error()}}
	}
	return []finding{{what: "engine", says: "does not run on this state directory"}}
}

func examineHealth(ctx context.Context, dir, runs string) []finding {
	c, err := door.Dial(dir)
	if err != nil {
		return []finding{{what: "engine", says: runs + "; it cannot be asked: " + err.Error()}}
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	snap, err := c.Snapshot(ctx)
	if err != nil {
		return []finding{{mark: bad, what: "engine", says: runs + ", but does not answer: " + err.Error()}}
	}
	out := []finding{{what: "engine", says: runs + ", health " + snap.Engine.Health}}
	for _, p := range snap.Engine.Problems {
		out = append(out, finding{mark: bad, what: "engine", says: p})
	}
	return append(out, healthOf(snap.Engine.Services)...)
}

func (a *app) examineHistory(ctx context.Context, dir string) finding {
	f := finding{mark: bad, what: "history"}
	st, err := store.Open(ctx, dir, store.Options{ReadOnly: true})
	if errors.Is(err, fs.ErrNotExist) {
		return finding{what: f.what, says: "there is none yet"}
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
	return finding{what: f.what, says: fmt.Sprintf("is sound, %.1f MB, SQLite %s", float64(size)/1e6, version)}
}

// examineClock knows no other clock than this machine's: it only sees one that was never set.
func examineClock(now time.Time) finding {
	says := now.Format(time.RFC3339)
	if zone, offset := now.Zone(); offset != 0 && zone != "" { // the Z of UTC says it all
		says += " " + zone
	}
	return judged(now.Year() >= 2026, "clock", says)
}
