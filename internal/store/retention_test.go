package store

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func TestPruneKeepsTheNewestAndFailuresLonger(t *testing.T) {
	t.Parallel()
	s := open(t)
	const n = 1000
	for i := range n {
		state := orchestrator.Completed
		if i%10 == 0 {
			state = orchestrator.Failed
		}
		r := runAt(i+1, noon.Add(time.Duration(i)*time.Minute), state)
		must(t, s, func(tx *Tx) error { _, err := tx.InsertRun(r, "", 1); return err })
		s.AppendLog(orchestrator.LogLine{Run: r.ID, Runner: "r", Seq: 1, At: noon, Level: "info", Msg: "x"})
	}
	live := runAt(n+1, time.Time{}, orchestrator.Running)
	live.CreatedAt, live.DueAt, live.FirstAt = noon, noon, noon
	must(t, s, func(tx *Tx) error { _, err := tx.InsertRun(live, "", 1); return err })
	now := noon.Add(n * time.Minute)
	gone, err := s.Prune(t.Context(), "r", Keep{Runs: 101, FailedAge: 500 * time.Minute}, now)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	for _, r := range runs {
		if r.State == orchestrator.Failed {
			failed++
		}
	}
	// 100 of the newest ended (10 of them failed) and the live one; of the older 900 the failures of the last 500 minutes.
	if len(runs) != 101+40 || failed != 10+40 || gone != n-100-40 {
		t.Errorf("%d rows left, %d failed, %d gone", len(runs), failed, gone)
	}
	if logs, err := s.Logs(t.Context(), orchestrator.LogFilter{Limit: 10_000}); err != nil || len(logs) != 140 {
		t.Errorf("%d log lines left, %v", len(logs), err)
	}
	if gone, err = s.Prune(t.Context(), "r", Keep{Age: 50 * time.Minute}, now); err != nil || gone != 140-50 {
		t.Errorf("by age %d went, %v", gone, err)
	}
	if err := s.PruneEvents(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPruneByBytes(t *testing.T) {
	t.Parallel()
	s := open(t)
	const n, lines = 60, 40
	for i := range n {
		state := orchestrator.Completed
		if i%10 == 0 {
			state = orchestrator.Failed
		}
		insert(t, s, runAt(i+1, noon.Add(time.Duration(i)*time.Minute), state), "")
		logLines(t, s, strconv.Itoa(i+1), 1, lines, 1000)
	}
	other := runAt(n+1, noon, orchestrator.Completed)
	other.Runner = "other"
	insert(t, s, other, "")
	one := int64(lines*(1000+1+1+logRowBytes) + 200) // of one run, about
	left := func(k Keep, gone int) (runs, failed int) {
		t.Helper()
		got, err := s.Prune(t.Context(), "r", k, noon.Add(n*time.Minute))
		if err != nil || got != gone {
			t.Errorf("%d went, %v; want %d", got, err, gone)
		}
		list, err := s.Runs(t.Context(), orchestrator.RunFilter{Runner: "r", WithIdle: true, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			if r.State == orchestrator.Failed {
				failed++
			}
		}
		return len(list), failed
	}
	year := 365 * 24 * time.Hour
	if runs, failed := left(Keep{Bytes: 100 * one, FailedAge: year}, 0); runs != n || failed != 6 {
		t.Errorf("%d runs, %d failed", runs, failed)
	}
	if runs, failed := left(Keep{Bytes: 30*one + one/2, FailedAge: year}, 30); runs != 30 || failed != 6 {
		t.Errorf("failures go last: %d runs, %d failed", runs, failed)
	}
	if runs, failed := left(Keep{Bytes: 3*one + one/2, FailedAge: year}, 26); runs != 4 || failed != 3 { // the newest run stays
		t.Errorf("but they go: %d runs, %d failed", runs, failed)
	}
	logs, err := s.Logs(t.Context(), orchestrator.LogFilter{})
	if err != nil || len(logs) != 4*lines {
		t.Errorf("%d log lines are left, %v", len(logs), err)
	}
	// A run that is run again is measured again.
	left(Keep{Bytes: 4*one + one/2}, 0)
	again := runAt(51, noon.Add(50*time.Minute), orchestrator.Failed)
	must(t, s, func(tx *Tx) error { _, err := tx.UpdateRun(again, 1, true); return err })
	logLines(t, s, "51", lines+1, lines, 1000)
	if runs, _ := left(Keep{Bytes: 4*one + one/2}, 1); runs != 3 {
		t.Errorf("%d runs are left beside one that has grown", runs)
	}
}

// TestPruneLeavesWhatIsStillNeeded looks at runs that are found to be old but are live again, or have handlers to run.
func TestPruneLeavesWhatIsStillNeeded(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 4 {
		insert(t, s, runAt(i+1, noon.Add(time.Duration(i)*time.Minute), orchestrator.Failed), "")
	}
	must(t, s, func(tx *Tx) error { _, err := tx.SetHandlers("1", "pending"); return err })
	old, err := s.beyond(t.Context(), "r", Keep{Runs: 1}, noon)
	if err != nil || len(old) != 2 {
		t.Fatalf("%v, %v", old, err)
	}
	rerun := runAt(2, noon.Add(time.Minute), orchestrator.Running)
	must(t, s, func(tx *Tx) error { _, err := tx.UpdateRun(rerun, 1, true); return err })
	if n, err := s.remove(t.Context(), old); n != 1 || err != nil {
		t.Errorf("%d went, %v; want the one that nobody needs", n, err)
	}
	if _, err := s.GetRun(t.Context(), "2"); err != nil {
		t.Errorf("a run that is live again was removed: %v", err)
	}
}

// TestALongRunGoesInParts holds the transactions of retention to their size.
func TestALongRunGoesInParts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	chunks := 0
	s := openWith(t, dir, Options{Fail: func(point string) error {
		if point == "store.prune" {
			chunks++
		}
		return nil
	}})
	insert(t, s, runAt(1, noon, orchestrator.Completed), "")
	logLines(t, s, "1", 1, 20*pruneRows, 10)
	insert(t, s, runAt(2, noon.Add(time.Minute), orchestrator.Completed), "")
	if n, err := s.Prune(t.Context(), "r", Keep{Runs: 1}, noon); n != 1 || err != nil {
		t.Errorf("%d went, %v", n, err)
	}
	if logs, err := s.Logs(t.Context(), orchestrator.LogFilter{}); err != nil || len(logs) != 0 {
		t.Errorf("%d lines left, %v", len(logs), err)
	}
	if err := s.PruneEvents(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if chunks < 20 {
		t.Errorf("%d log lines went in %d transactions", 20*pruneRows, chunks)
	}
}

func TestBackupIsAUsableHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, orchestrator.Completed), "")
	dir := t.TempDir()
	if err := Backup(t.Context(), s.dir, filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	back, err := Open(t.Context(), dir, Options{ReadOnly: true, driver: driverOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = back.Close() }()
	if r, err := back.GetRun(t.Context(), "1"); err != nil || r.State != orchestrator.Completed {
		t.Errorf("run in the backup: %+v, %v", r, err)
	}
}
