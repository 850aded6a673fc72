package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func fileTrigger(path string) config.Trigger {
	return config.Trigger{Name: "watch", Kind: config.TriggerFile, FileWatch: config.FileWatch{Path: path}}
}

func byClock(b *bench) *bench {
	b.opts = func(o *Options) { o.PollFiles = true }
	return b
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// save writes as an editor does: beside the file, then over it.
func save(t *testing.T, path, text string) {
	t.Helper()
	put(t, path+".tmp", text)
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

func TestFileChangesFireOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "orders.csv")
		put(t, path, "1")
		b := byClock(newBench(t, runnerOf(probe("p"), fileTrigger(path))))
		runs := func(want int, when string) {
			t.Helper()
			pass(15 * time.Second)
			if n := len(b.callsOf("p")); n != want || len(b.runs("p")) != want {
				t.Errorf("%s: %d runs, %d rows, want %d", when, n, len(b.runs("p")), want)
			}
		}
		b.start()
		runs(0, "seen for the first time")
		put(t, path, "12")
		runs(1, "written")
		save(t, path, "123")
		runs(2, "saved by rename")
		b.stop()
		b.start()
		runs(2, "restarted without a change")
		b.stop()
		save(t, path, "1234")
		save(t, path, "12345")
		b.start()
		runs(3, "changed twice while the engine was down")
		b.stop()
		b.start()
		runs(3, "restarted after that")
		for i := range 10 { // written without a pause: not before it is quiet
			put(t, path, strings.Repeat("x", 10+i))
			pass(900 * time.Millisecond)
		}
		runs(4, "written ten times")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		runs(5, "removed")
		put(t, path, "again")
		runs(6, "there again")
		if ev := b.eventsOf("fired"); ev != 6 {
			t.Errorf("%d events tell what changed", ev)
		}
		b.stop()
	})
}

// TestADirectoryTellsItsNames to a pipe that takes them.
func TestADirectoryTellsItsNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		def := probe("p")
		def.Params = map[string]any{"changed_path": "", "changed_names": ""}
		b := byClock(newBench(t, runnerOf(def, fileTrigger(dir)), runnerOf(probe("other"), fileTrigger(dir))))
		var mu sync.Mutex
		b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			if c.Params.Raw["changed_path"] != dir || c.Params.Raw["changed_names"] != "a.csv\nb.csv" {
				t.Errorf("the pipe got %v", c.Params.Raw)
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		pass(time.Second)
		put(t, filepath.Join(dir, "a.csv"), "1")
		put(t, filepath.Join(dir, "b.csv"), "1")
		pass(10 * time.Second)
		if runs := b.runs("p"); len(runs) != 1 || runs[0].Params["changed_names"] != "a.csv\nb.csv" {
			t.Errorf("rows %+v", runs)
		}
		if runs := b.runs("other"); len(runs) != 1 || runs[0].Params != nil || runs[0].State != orchestrator.Completed {
			t.Errorf("a pipe that takes no such parameters: rows %+v", runs)
		}
		b.stop()
	})
}

// TestAMissingDirectoryIsAProblem that goes away when it is there.
func TestAMissingDirectoryIsAProblem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "later")
		b := byClock(newBench(t, runnerOf(probe("p"), fileTrigger(filepath.Join(dir, "x")))))
		b.start()
		pass(time.Second)
		if v := b.engine(); v.Health != "degraded" || !strings.Contains(strings.Join(v.Problems, ""), "trigger watch of p") {
			t.Errorf("health %s %q", v.Health, v.Problems)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, "x"), "1")
		pass(15 * time.Second)
		if v := b.engine(); v.Health != "ok" || len(b.callsOf("p")) != 1 {
			t.Errorf("health %s %q, %d runs", v.Health, v.Problems, len(b.callsOf("p")))
		}
		b.stop()
	})
}

func TestFileChangesWhilePausedAreSkippedRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "x")
		b := byClock(newBench(t, runnerOf(probe("p"), fileTrigger(path))))
		b.start()
		synctest.Wait() // the first look is over: a file that it finds is no change
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{}); err != nil {
			t.Fatal(err)
		}
		put(t, path, "1")
		pass(15 * time.Second)
		if err := b.e.Resume(t.Context(), "p", orchestrator.Actor{}); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		if counts, total := ticksOf(b.runs("p")); counts[orchestrator.Skipped] != 1 || total != 1 {
			t.Errorf("rows %v", counts)
		}
		b.stop()
	})
}

// TestRealNoticesOfFiles goes without the simulated clock: the system tells of the change, long before a look would.
func TestRealNoticesOfFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x")
	tr := fileTrigger(path)
	tr.FileWatch.Debounce, tr.FileWatch.Poll = 20*time.Millisecond, time.Hour
	b := newBench(t, runnerOf(probe("p"), tr))
	b.start()
	for deadline := time.Now().Add(20 * time.Second); ; <-time.After(5 * time.Millisecond) { // until it is watched
		if known, err := b.e.store.Files(t.Context(), "p", "watch"); err == nil && len(known) == 1 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the file is not watched", err)
		}
	}
	for deadline := time.Now().Add(20 * time.Second); len(b.callsOf("p")) == 0; <-time.After(5 * time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			save(t, path, "1")
		}
		if time.Now().After(deadline) {
			t.Error("the change was not told")
			break
		}
	}
	b.stop()
}
