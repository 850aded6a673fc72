package store

import (
	"errors"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// idle ends a run with nothing to do and folds it, in a group whose first try fails: the fold runs twice, once for nothing.
func endIdle(t *testing.T, s *Store, r *orchestrator.Run, reopen bool) {
	t.Helper()
	r.State, r.StartedAt, r.EndedAt, r.Idle = orchestrator.Completed, r.DueAt, r.DueAt.Add(time.Second), true
	hold := make(chan struct{})
	ctx := t.Context()
	if err := s.WriteAsync(ctx, func(*Tx) error { <-hold; return nil }, func(error) {}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	err := s.WriteAsync(ctx, func(tx *Tx) error {
		if _, err := tx.UpdateRun(r, 1, reopen); err != nil {
			return err
		}
		return tx.FoldIdle(r)
	}, func(err error) { done <- err })
	if err != nil {
		t.Fatal(err)
	}
	_ = s.WriteAsync(ctx, func(*Tx) error { return errors.New("a failing neighbour") }, func(error) {})
	close(hold)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestFoldedRowsCountEveryTick looks at what a fold must keep: every tick of its own trigger counted once, runs by hand and
// runs of other triggers left alone, and the counts that a rerun row had already.
func TestFoldedRowsCountEveryTick(t *testing.T) {
	t.Parallel()
	s := open(t)
	add := func(seq int, trigger, key string) *orchestrator.Run {
		t.Helper()
		at := noon.Add(time.Duration(seq) * time.Minute)
		r := runAt(seq, at, orchestrator.Running)
		r.Trigger = trigger
		if trigger == "manual" {
			r.Nominal = time.Time{}
		}
		if !insert(t, s, r, key) {
			t.Fatal("row refused")
		}
		endIdle(t, s, r, false)
		return r
	}
	add(1, "interval", "")
	if r := add(2, "interval", ""); r.Count != 2 {
		t.Errorf("the engine is told of %d ticks, want 2", r.Count)
	}
	add(3, "manual", "k1")
	add(4, "manual", "")
	add(5, "interval", "")
	add(6, "interval", "")
	add(7, "interval", "")
	add(8, "cron", "")
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"2": 2, "3": 1, "4": 1, "7": 3, "8": 1}
	for _, r := range runs {
		if want[r.ID] != r.Count {
			t.Errorf("row %s (%s) counts %d, want %d", r.ID, r.Trigger, r.Count, want[r.ID])
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("rows are missing: %v", want)
	}
	if r, err := s.RunByKey(t.Context(), "r", "k1"); err != nil || r.ID != "3" {
		t.Errorf("the key has lost its run: %+v, %v", r, err)
	}
}

func TestAFoldKeepsWhatARerunRowCounted(t *testing.T) {
	t.Parallel()
	s := open(t)
	worked := runAt(1, noon, orchestrator.Running)
	insert(t, s, worked, "")
	worked.State, worked.StartedAt, worked.EndedAt = orchestrator.Completed, noon, noon
	must(t, s, func(tx *Tx) error { _, err := tx.UpdateRun(worked, 1, false); return err })
	var last *orchestrator.Run
	for i := 2; i <= 4; i++ {
		last = runAt(i, noon.Add(time.Duration(i)*time.Minute), orchestrator.Running)
		insert(t, s, last, "")
		endIdle(t, s, last, false)
	}
	endIdle(t, s, worked, true) // both are run again and find nothing to do
	endIdle(t, s, last, true)
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 1 || runs[0].Count != 4 || !runs[0].FirstAt.Equal(noon) {
		t.Errorf("rows: %+v, want one that counts 4 since noon", runs)
	}
}

// TestALateWriterOfAnEarlierLife is the compare-and-set on the epoch: what an earlier engine still writes changes nothing.
func TestALateWriterOfAnEarlierLife(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := runAt(1, noon, orchestrator.Running)
	insert(t, s, r, "")
	update := func(state orchestrator.State, epoch int64) (ok bool) {
		t.Helper()
		r.State = state
		must(t, s, func(tx *Tx) (err error) { ok, err = tx.UpdateRun(r, epoch, false); return err })
		return ok
	}
	if !update(orchestrator.AwaitingRetry, 2) {
		t.Fatal("the next life could not take the run over")
	}
	if update(orchestrator.Running, 1) {
		t.Error("a writer of an earlier life changed the run")
	}
	if got, err := s.GetRun(t.Context(), "1"); err != nil || got.State != orchestrator.AwaitingRetry {
		t.Errorf("run: %+v, %v", got, err)
	}
}

// TestNumbersNeverComeTwice: idempotency keys are made of run numbers, so a pruned history must not start again at one.
func TestNumbersNeverComeTwice(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := 1; i <= 3; i++ {
		insert(t, s, runAt(i, noon.Add(time.Duration(i)*time.Minute), orchestrator.Completed), "")
	}
	if _, err := s.Prune(t.Context(), "r", Keep{Age: time.Hour}, noon.Add(48*time.Hour)); err != nil {
		t.Fatal(err)
	}
	var newest int64
	if err := s.read.QueryRowContext(t.Context(), `SELECT max(seq) FROM run`).Scan(&newest); err != nil || newest != 3 {
		t.Errorf("the newest number is %d, %v: the next run would get one that was given before", newest, err)
	}
}
