package store

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// TestConformance is what the engine relies on, on both SQLites. The tests that stand elsewhere have run on the first one under
// their own names.
func TestConformance(t *testing.T) {
	t.Parallel()
	own := map[string]func(*testing.T){
		"group commit": groupCommit, "readers during writes": readersDuringWrites, "what is acknowledged is in the files": acknowledgedIsInTheFiles,
		"keys across lives": keysAcrossLives,
	}
	suite := map[string]func(*testing.T){
		// runs and ticks
		"one row per tick and key": TestOneRowPerTickAndKey, "ended runs stay": TestEndedRunsStayAsTheyAre, "new fields": TestRunsKeepTheirNewFields,
		"idle rows fold": TestIdleRowsFoldIntoTheNewest, "ticks fold": TestTicksThatDidNotRunFold, "folds count": TestFoldedRowsCountEveryTick,
		"a fold keeps counts": TestAFoldKeepsWhatARerunRowCounted, "epoch fences": TestALateWriterOfAnEarlierLife,
		"backfills take ticks": TestABackfillTakesTheTickOfARowThatDidNotRun,
		// cursors and the rest of the state
		"cursors are monotone": TestCursorsOnlyMoveForward, "cursors count": TestCursorsCountRuns, "pauses and events": TestPausesAndEvents,
		"holds and resources": TestHoldsAndResources, "outbox": TestOutboxHoldsEachThingOnce, "approvals": TestApprovalsAreAnsweredOnce,
		"backfills": TestBackfillsGoForward, "files": TestFilesSeen, "steps": TestStepsAndAttemptsRoundTrip,
		"steps are forgotten": TestOneStepAndWhatIsUnderItIsDoneAgain,
		// the writer
		"neighbours": TestOneFailingWriteLeavesItsNeighboursAlone, "close": TestCloseWritesWhatWasQueuedAndRefusesMore,
		"log flood": TestLogFloodDropsWithACountedMark, "long logs": TestALongLogKeepsItsBeginningAndItsEnd,
		"left transactions": TestALeftTransactionIsEnded,
		// disks, retention, migration
		"full": TestAFullDisk, "really full": TestARealFullDisk, "failing": TestAFailingDisk, "read-only": TestAReadOnlyHistory,
		"logs give way": TestStateGoesOnWhereLogsDoNotFit, "retention": TestPruneKeepsTheNewestAndFailuresLonger,
		"retention by bytes": TestPruneByBytes, "migration": TestMigrationKeepsEveryRow, "backups": TestTheNewestBackupsStay,
		"other files": TestOpenRefusesWhatItCannotRead,
	}
	run := func(suites ...map[string]func(*testing.T)) func(*testing.T) {
		return func(t *testing.T) {
			for _, tests := range suites {
				for what, fn := range tests {
					t.Run(what, fn)
				}
			}
		}
	}
	t.Run("modernc", run(own))
	t.Run("ncruces", run(own, suite)) // see driverOf
}

// groupCommit queues more writes than one group holds: each is acknowledged once, in order, and all of them are there.
func groupCommit(t *testing.T) {
	t.Parallel()
	s := open(t)
	const n = 3 * maxStatePerCommit
	var order []int // of the writer's goroutine until done
	var wg sync.WaitGroup
	wg.Add(n)
	for i := range n {
		err := s.WriteAsync(t.Context(), func(tx *Tx) error {
			_, err := tx.InsertRun(runAt(i+1, noon.Add(time.Duration(i)*time.Second), orchestrator.Pending), "", 1)
			return err
		}, func(err error) {
			if err != nil {
				t.Error(err)
			}
			order = append(order, i)
			wg.Done()
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	for i := range order {
		if order[i] != i {
			t.Fatalf("write %d was acknowledged as number %d", order[i], i)
		}
	}
	if runs, err := s.LiveRuns(t.Context()); err != nil || len(runs) != n {
		t.Errorf("%d runs, %v", len(runs), err)
	}
	if s.WriteDelay() <= 0 {
		t.Error("no delay was measured")
	}
}

// readersDuringWrites: a reader sees whole transactions only, and never waits for the writer.
func readersDuringWrites(t *testing.T) {
	t.Parallel()
	s := open(t)
	var stop atomic.Bool
	var wg sync.WaitGroup
	var reads atomic.Int64
	for range 4 {
		wg.Go(func() {
			for !stop.Load() {
				runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 10_000})
				if err != nil || len(runs)%2 != 0 {
					t.Errorf("%d runs are seen, which are written in pairs: %v", len(runs), err)
					return
				}
				reads.Add(1)
			}
		})
	}
	for i := range 200 {
		must(t, s, func(tx *Tx) error {
			for j := range 2 {
				seq := 2*i + j + 1
				if _, err := tx.InsertRun(runAt(seq, noon.Add(time.Duration(seq)*time.Second), orchestrator.Completed), "", 1); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for reads.Load() < 20 && !t.Failed() {
		must(t, s, func(*Tx) error { return nil })
	}
	stop.Store(true)
	wg.Wait()
}

// acknowledgedIsInTheFiles copies the files of an open history, as a crash would leave them: all that was acknowledged is in
// them, and no more than that.
func acknowledgedIsInTheFiles(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 50 {
		insert(t, s, runAt(i+1, noon.Add(time.Duration(i)*time.Second), orchestrator.Running), "")
	}
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		copyFile(t, filepath.Join(s.dir, FileName+suffix), filepath.Join(dir, FileName+suffix))
	}
	back := openWith(t, dir, Options{})
	defer func() { _ = back.Close() }()
	if err := back.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if runs, err := back.LiveRuns(t.Context()); err != nil || len(runs) != 50 || back.LastRun() != 50 {
		t.Errorf("%d runs, the last is %d, %v", len(runs), back.LastRun(), err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// keysAcrossLives: ticks, keys, the epoch and the identity are the history's, not the process's.
func keysAcrossLives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	identity := ""
	for life := 1; life <= 3; life++ {
		s := openWith(t, dir, Options{})
		must(t, s, func(tx *Tx) error {
			epoch, err := tx.NextEpoch()
			if err != nil || epoch != int64(life) {
				return fmt.Errorf("epoch %d in life %d: %w", epoch, life, err)
			}
			id, err := tx.Identity("name " + strconv.Itoa(life))
			if err != nil || (identity != "" && id != identity) {
				return fmt.Errorf("identity %q was %q: %w", id, identity, err)
			}
			identity = id
			return nil
		})
		tick, keyed := runAt(life*10, noon, orchestrator.Pending), runAt(life*10+1, time.Time{}, orchestrator.Pending)
		keyed.CreatedAt, keyed.DueAt, keyed.FirstAt = noon, noon, noon
		if first := life == 1; insert(t, s, tick, "") != first || insert(t, s, keyed, "k") != first {
			t.Errorf("life %d: a tick or key was taken twice, or not at all", life)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Write(context.WithoutCancel(t.Context()), func(*Tx) error { return nil }); err == nil {
			t.Error("a closed history takes writes")
		}
	}
}
