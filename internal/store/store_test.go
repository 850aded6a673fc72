package store

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// open opens a new history, on the SQLite that the test is for.
func open(t *testing.T) *Store {
	t.Helper()
	s := openWith(t, t.TempDir(), Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// openWith opens the history in dir with options.
func openWith(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	o.driver = driverOf(t)
	s, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func must(t *testing.T, s *Store, fn func(*Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func runAt(seq int, nominal time.Time, state orchestrator.State) *orchestrator.Run {
	r := &orchestrator.Run{
		ID: strconv.Itoa(seq), Runner: "r", Trigger: "interval", Nominal: nominal, State: state, CreatedAt: nominal, DueAt: nominal,
		FirstAt: nominal, Attempt: 1, Count: 1,
	}
	if state.Terminal() {
		r.StartedAt, r.EndedAt = nominal, nominal.Add(time.Second)
	}
	return r
}

func insert(t *testing.T, s *Store, r *orchestrator.Run, key string) bool {
	t.Helper()
	var ok bool
	must(t, s, func(tx *Tx) (err error) { ok, err = tx.InsertRun(r, key, 1); return err })
	return ok
}

func TestOneRowPerTickAndKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	if !insert(t, s, runAt(1, noon, orchestrator.Pending), "") {
		t.Fatal("first row refused")
	}
	if insert(t, s, runAt(2, noon, orchestrator.Pending), "") {
		t.Error("a second row for the same tick was taken")
	}
	manual := runAt(3, time.Time{}, orchestrator.Pending)
	manual.DueAt, manual.CreatedAt, manual.FirstAt = noon, noon, noon
	if !insert(t, s, manual, "k") {
		t.Error("a manual run was refused")
	}
	again := *manual
	again.ID = "4"
	if insert(t, s, &again, "k") {
		t.Error("a second run for the same key was taken")
	}
	if got, err := s.RunByKey(t.Context(), "r", "k"); err != nil || got.ID != "3" {
		t.Errorf("run by key: %+v, %v", got, err)
	}
}

func TestEndedRunsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := runAt(1, noon, orchestrator.Completed)
	insert(t, s, r, "")
	late := *r
	late.State, late.EndedAt = orchestrator.Failed, noon.Add(time.Hour)
	update := func(reopen bool) (ok bool) {
		must(t, s, func(tx *Tx) (err error) { ok, err = tx.UpdateRun(&late, 1, reopen); return err })
		return ok
	}
	if update(false) {
		t.Error("a late writer changed an ended run")
	}
	if got, err := s.GetRun(t.Context(), "1"); err != nil || got.State != orchestrator.Completed {
		t.Errorf("run: %+v, %v", got, err)
	}
	if !update(true) {
		t.Error("a rerun could not open the run again")
	}
}

func TestIdleRowsFoldIntoTheNewest(t *testing.T) {
	t.Parallel()
	s := open(t)
	for i := range 5 {
		r := runAt(i+1, noon.Add(time.Duration(i)*time.Minute), orchestrator.Running)
		insert(t, s, r, "")
		s.AppendLog(orchestrator.LogLine{Run: r.ID, Runner: "r", Seq: 1, At: noon, Level: "info", Msg: "looked"})
		r.State, r.StartedAt, r.EndedAt, r.Idle = orchestrator.Completed, r.Nominal, r.Nominal.Add(time.Second), i != 2
		must(t, s, func(tx *Tx) error {
			if _, err := tx.UpdateRun(r, 1, false); err != nil {
				return err
			}
			if r.Idle {
				return tx.FoldIdle(r)
			}
			return nil
		})
	}
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 3 || runs[0].ID != "5" || runs[0].Count != 2 || !runs[0].FirstAt.Equal(noon.Add(3*time.Minute)) || runs[1].ID != "3" ||
		runs[2].ID != "2" || runs[2].Count != 2 {
		t.Errorf("rows: %+v", runs)
	}
	if logs, err := s.Logs(t.Context(), orchestrator.LogFilter{Run: "1"}); err != nil || len(logs) != 0 {
		t.Errorf("log of a folded run: %v, %v", logs, err)
	}
}

func TestTicksThatDidNotRunFold(t *testing.T) {
	t.Parallel()
	s := open(t)
	fold := func(seq int, reason string) {
		t.Helper()
		r := runAt(seq, noon.Add(time.Duration(seq)*time.Minute), orchestrator.Skipped)
		r.Reason, r.StartedAt = reason, time.Time{}
		must(t, s, func(tx *Tx) error {
			ok, err := tx.FoldTick(r)
			if err != nil || ok {
				return err
			}
			_, err = tx.InsertRun(r, "", 1)
			return err
		})
	}
	for i, reason := range []string{"a", "a", "a", "b", "a"} {
		fold(i+1, reason)
	}
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 3 || runs[2].Count != 3 || !runs[2].Nominal.Equal(noon.Add(3*time.Minute)) || !runs[2].FirstAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("rows: %+v", runs)
	}
}

func TestCursorsOnlyMoveForward(t *testing.T) {
	t.Parallel()
	s := open(t)
	set := func(spec string, nominal time.Time) {
		must(t, s, func(tx *Tx) error {
			return tx.SetCursor(Cursor{Runner: "r", Trigger: "cron", Spec: spec, Anchor: noon, Nominal: nominal})
		})
	}
	set("a", noon)
	set("a", noon.Add(-time.Hour))
	cursors, err := s.Cursors(t.Context())
	if err != nil || len(cursors) != 1 || !cursors[0].Nominal.Equal(noon) {
		t.Fatalf("cursor moved back: %+v, %v", cursors, err)
	}
	set("b", noon.Add(-time.Hour)) // another schedule is another cursor
	if cursors, _ = s.Cursors(t.Context()); !cursors[0].Nominal.Equal(noon.Add(-time.Hour)) {
		t.Errorf("a changed schedule kept the old cursor: %+v", cursors)
	}
}

func TestOneFailingWriteLeavesItsNeighboursAlone(t *testing.T) {
	t.Parallel()
	s := open(t)
	bad := errors.New("no")
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		wg.Go(func() {
			errs[i] = s.Write(context.WithoutCancel(t.Context()), func(tx *Tx) error {
				if _, err := tx.InsertRun(runAt(i+1, noon.Add(time.Duration(i)*time.Second), orchestrator.Pending), "", 1); err != nil {
					return err
				}
				if i%10 == 3 {
					return bad
				}
				return nil
			})
		})
	}
	wg.Wait()
	for i, err := range errs {
		if want := i%10 == 3; want != errors.Is(err, bad) || (!want && err != nil) {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if runs, err := s.Runs(t.Context(), orchestrator.RunFilter{Limit: 100}); err != nil || len(runs) != 45 {
		t.Errorf("%d rows, %v; want 45", len(runs), err)
	}
}

func TestLogFloodDropsWithACountedMark(t *testing.T) {
	t.Parallel()
	s := open(t)
	hold := make(chan struct{})
	if err := s.WriteAsync(t.Context(), func(*Tx) error { <-hold; return nil }, func(error) {}); err != nil {
		t.Fatal(err)
	}
	const lines = logQueue + 500
	for i := range lines {
		s.AppendLog(orchestrator.LogLine{Run: "1", Runner: "r", Seq: int64(i + 1), At: noon, Level: "info", Msg: "x"})
	}
	close(hold)
	must(t, s, func(*Tx) error { return nil })
	s.AppendLog(orchestrator.LogLine{Run: "1", Runner: "r", Seq: lines + 1, At: noon, Level: "warn", Msg: "after"})
	dir := s.dir
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := Open(t.Context(), dir, Options{ReadOnly: true, driver: driverOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = back.Close() }()
	kept, err := back.Logs(t.Context(), orchestrator.LogFilter{Run: "1", Limit: lines * 2})
	if err != nil {
		t.Fatal(err)
	}
	gaps := 0
	for _, l := range kept {
		gaps += l.Gap
	}
	if len(kept)+gaps != lines+1 || gaps == 0 {
		t.Errorf("%d lines kept and %d marked as missing of %d", len(kept), gaps, lines+1)
	}
	tail, err := back.Logs(t.Context(), orchestrator.LogFilter{Tail: 2})
	if err != nil || len(tail) != 2 || tail[1].Msg != "after" {
		t.Errorf("tail: %+v, %v", tail, err)
	}
	if warn, err := back.Logs(t.Context(), orchestrator.LogFilter{Run: "1", Level: "warn"}); err != nil || len(warn) != 1 {
		t.Errorf("level filter: %+v, %v", warn, err)
	}
}

func TestStepsAndAttemptsRoundTrip(t *testing.T) {
	t.Parallel()
	s := open(t)
	st := StepRow{Step: orchestrator.Step{
		Run: "1", Path: "g/a", ID: "a", Use: "base:X", Depth: 1, Order: 2, State: orchestrator.AwaitingRetry, Reason: "why", Attempt: 1,
		MaxAttempts: 3, StartedAt: noon, NextAt: noon.Add(time.Minute), Error: "e", ErrorClass: "transient",
	}, Base: 0, Result: `{"succeeded":true}`}
	a := orchestrator.Attempt{N: 1, State: orchestrator.Failed, StartedAt: noon, EndedAt: noon.Add(time.Second), Error: "e", Class: "transient", ExitCode: 3}
	must(t, s, func(tx *Tx) error {
		if err := tx.PutStep(&st); err != nil {
			return err
		}
		return tx.PutAttempt("1", "g/a", a)
	})
	got, err := s.Steps(t.Context(), "1")
	if err != nil || len(got) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got[0].Result != st.Result || !got[0].NextAt.Equal(st.NextAt) || len(got[0].Attempts) != 1 || got[0].Attempts[0] != a {
		t.Errorf("step came back as %+v", got[0])
	}
	must(t, s, func(tx *Tx) error { return tx.DropSteps("1", false) })
	if got, err = s.Steps(t.Context(), "1"); err != nil || got[0].State != orchestrator.Pending || got[0].Base != 1 || len(got[0].Attempts) != 1 {
		t.Errorf("after reset: %+v, %v", got, err)
	}
}

func TestCloseWritesWhatWasQueuedAndRefusesMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{driver: driverOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		err := s.WriteAsync(t.Context(), func(tx *Tx) error {
			_, err := tx.InsertRun(runAt(i+1, noon.Add(time.Duration(i)*time.Second), orchestrator.Pending), "", 1)
			return err
		}, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(*Tx) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	back, err := Open(t.Context(), dir, Options{ReadOnly: true, driver: driverOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = back.Close() }()
	if runs, err := back.LiveRuns(t.Context()); err != nil || len(runs) != 100 {
		t.Errorf("%d rows, %v", len(runs), err)
	}
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), t.TempDir(), Options{ReadOnly: true, driver: driverOf(t)}); err == nil || !strings.Contains(err.Error(), "no history") {
		t.Errorf("missing history: %v", err)
	}
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{driver: driverOf(t)})
	if err != nil {
		t.Fatal(err)
	}
	must(t, s, func(tx *Tx) error { return tx.w.exec("PRAGMA user_version=99") })
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{driver: driverOf(t)}); err == nil || !strings.Contains(err.Error(), "newer otai-tui") {
		t.Errorf("history of a newer version: %v", err)
	}
}

func TestPausesAndEvents(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := orchestrator.Pause{By: "kim", Reason: "drill", At: noon, Until: noon.Add(time.Hour)}
	ev := orchestrator.Event{
		At: noon, Kind: "paused", Runner: "r", Run: "7", State: orchestrator.Paused, Text: "paused", By: "kim", Via: "cli",
		Before: "scheduled", After: "paused",
	}
	must(t, s, func(tx *Tx) error {
		if err := tx.SetPause("r", &p); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	})
	if got, err := s.Pauses(t.Context()); err != nil || got["r"] != p {
		t.Errorf("pauses: %+v, %v", got, err)
	}
	if got, err := s.Events(t.Context(), 10); err != nil || len(got) != 1 || got[0] != ev {
		t.Errorf("events: %+v, %v; want %+v", got, err, ev)
	}
	must(t, s, func(tx *Tx) error { return tx.SetPause("r", nil) })
	if got, err := s.Pauses(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("after resume: %+v, %v", got, err)
	}
}
