package store

import (
	"path/filepath"
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

func TestBackupIsAUsableHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	insert(t, s, runAt(1, noon, orchestrator.Completed), "")
	dir := t.TempDir()
	if err := Backup(t.Context(), s.dir, filepath.Join(dir, FileName)); err != nil {
		t.Fatal(err)
	}
	back, err := Open(t.Context(), dir, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = back.Close() }()
	if r, err := back.GetRun(t.Context(), "1"); err != nil || r.State != orchestrator.Completed {
		t.Errorf("run in the backup: %+v, %v", r, err)
	}
}
