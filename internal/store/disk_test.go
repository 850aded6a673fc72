package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/failpoint"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// ledger writes runs one by one and remembers which were acknowledged and which were refused.
type ledger struct {
	next           int
	acked, refused []int
}

// put writes one run with a long text, so that a small disk fills soon.
func (l *ledger) put(t *testing.T, s *Store) error {
	t.Helper()
	l.next++
	r := runAt(l.next, noon.Add(time.Duration(l.next)*time.Second), orchestrator.Pending)
	r.Reason = strings.Repeat("x", 20_000)
	err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.InsertRun(r, "", 1); return err })
	if err != nil {
		l.refused = append(l.refused, l.next)
		return err
	}
	l.acked = append(l.acked, l.next)
	return nil
}

// fill writes until the disk is full and says which error that gave.
func (l *ledger) fill(t *testing.T, s *Store) error {
	t.Helper()
	for range 5000 {
		if err := l.put(t, s); err != nil {
			return err
		}
	}
	t.Fatal("the disk takes everything")
	return nil
}

// check looks for what was acknowledged, and for what was not.
func (l *ledger) check(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	runs, err := s.LiveRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for i := range runs {
		there[runs[i].ID] = true
	}
	for _, n := range l.acked {
		if !there[strconv.Itoa(n)] {
			t.Errorf("run %d was acknowledged and is lost", n)
		}
	}
	for _, n := range l.refused {
		if there[strconv.Itoa(n)] {
			t.Errorf("run %d was refused and is there", n)
		}
	}
	if len(l.acked) == 0 || len(l.refused) == 0 {
		t.Errorf("%d acknowledged, %d refused: this proves nothing", len(l.acked), len(l.refused))
	}
}

// loseLogs appends lines while the disk is bad, and gives the count that the next line must say.
func loseLogs(t *testing.T, s *Store, first, n int) {
	t.Helper()
	before := s.LostLogs()
	for i := range n {
		s.AppendLog(orchestrator.LogLine{
			Run: "1", Runner: "r", Seq: int64(first + i), At: noon, Level: "info", Msg: strings.Repeat("l", 16_000),
		})
	}
	for s.writer.logsWaiting() {
		_ = s.Write(t.Context(), func(*Tx) error { return nil }) // it may fail as they do
	}
	_ = s.Write(t.Context(), func(*Tx) error { return nil })
	if lost := s.LostLogs() - before; lost < 1 || lost > int64(n) {
		t.Errorf("%d of %d lines are counted as lost", lost, n)
	}
}

// checkCounted writes one more line and finds every line of the run there or counted.
func checkCounted(t *testing.T, s *Store, seq int64) {
	t.Helper()
	s.AppendLog(orchestrator.LogLine{Run: "1", Runner: "r", Seq: seq, At: noon, Level: "info", Msg: "good again"})
	for s.writer.logsWaiting() {
		must(t, s, func(*Tx) error { return nil })
	}
	must(t, s, func(*Tx) error { return nil })
	lines, err := s.Logs(t.Context(), orchestrator.LogFilter{Run: "1"})
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	var expect int64 = 1
	for i := range lines {
		if expect += int64(lines[i].Gap); lines[i].Seq != expect {
			t.Fatalf("line %d counts %d before it, which makes it line %d", lines[i].Seq, lines[i].Gap, expect)
		}
		expect++
	}
	if expect != seq+1 {
		t.Errorf("the last line is %d, want %d", expect-1, seq)
	}
}

func TestAFullDisk(t *testing.T) {
	t.Parallel()
	s := open(t)
	var l ledger
	bound := func(pages string) {
		must(t, s, func(tx *Tx) error { return tx.w.exec("PRAGMA max_page_count=" + pages) })
	}
	if err := l.put(t, s); err != nil {
		t.Fatal(err)
	}
	bound("300")
	if err := l.fill(t, s); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "free space") {
		t.Errorf("a full disk says: %v", err)
	}
	loseLogs(t, s, 1, 300)
	must(t, s, func(*Tx) error { return nil }) // what needs no room goes on
	bound("100000")
	if err := l.put(t, s); err != nil {
		t.Errorf("there is room again: %v", err)
	}
	checkCounted(t, s, 301)
	l.check(t, s)
}

func TestAFailingDisk(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"store.begin", "store.before-commit"} {
		for action, class := range map[string]error{"eio": ErrDisk, "full": ErrFull, "readonly": ErrReadOnly} {
			fail, err := failpoint.Parse(point + "=error(" + action + ")@4-12")
			if err != nil {
				t.Fatal(err)
			}
			s := openWith(t, t.TempDir(), Options{Fail: fail})
			var l ledger
			for range 30 {
				if err := l.put(t, s); err != nil && !errors.Is(err, class) {
					t.Errorf("%s at %s says: %v", action, point, err)
				}
			}
			if len(l.refused) != 9 {
				t.Errorf("%d refused at %s, want 9", len(l.refused), point)
			}
			l.check(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestStateGoesOnWhereLogsDoNotFit(t *testing.T) {
	t.Parallel()
	s := open(t)
	must(t, s, func(tx *Tx) error { return tx.w.exec("PRAGMA max_page_count=100") })
	hold := make(chan struct{})
	if err := s.WriteAsync(t.Context(), func(*Tx) error { <-hold; return nil }, func(error) {}); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		s.AppendLog(orchestrator.LogLine{Run: "1", Runner: "r", Seq: int64(i + 1), At: noon, Level: "info", Msg: strings.Repeat("l", 16_000)})
	}
	done := make(chan error, 1)
	err := s.WriteAsync(t.Context(), func(tx *Tx) error {
		_, err := tx.InsertRun(runAt(1, noon, orchestrator.Pending), "", 1)
		return err
	}, func(err error) { done <- err })
	if err != nil {
		t.Fatal(err)
	}
	close(hold)
	if err := <-done; err != nil {
		t.Errorf("a log that does not fit took a run with it: %v", err)
	}
	if s.LostLogs() == 0 {
		t.Error("the log fitted: this proves nothing")
	}
}

func TestAReadOnlyHistory(t *testing.T) {
	t.Parallel()
	s := open(t)
	if err := s.writerDo(t, func(w *writer) error { return w.exec("PRAGMA query_only=1") }); err != nil {
		t.Fatal(err)
	}
	var l ledger
	if err := l.put(t, s); !errors.Is(err, ErrReadOnly) {
		t.Errorf("it says: %v", err)
	}
	if err := s.writerDo(t, func(w *writer) error { return w.exec("PRAGMA query_only=0") }); err != nil {
		t.Fatal(err)
	}
	if err := l.put(t, s); err != nil {
		t.Error(err)
	}
	l.check(t, s)
}

// TestALeftTransactionIsEnded is a rollback that failed: the next write must not find its transaction still open.
func TestALeftTransactionIsEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	err := s.Write(t.Context(), func(tx *Tx) error {
		if err := tx.w.exec("COMMIT"); err != nil {
			return err
		}
		return tx.w.exec("BEGIN") // the writer's own COMMIT ends this one; its next BEGIN must find none
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.writerDo(t, func(w *writer) error { return w.exec("BEGIN IMMEDIATE") }); err != nil {
		t.Fatal(err)
	}
	insert(t, s, runAt(1, noon, orchestrator.Pending), "")
}

// writerDo runs fn on the writer's goroutine after a commit, outside of any transaction.
func (s *Store) writerDo(t *testing.T, fn func(*writer) error) error {
	t.Helper()
	done := make(chan error, 1)
	// The write itself may fail: the callback comes after its transaction in any case.
	if err := s.WriteAsync(t.Context(), func(*Tx) error { return nil }, func(error) { done <- fn(s.writer) }); err != nil {
		return err
	}
	return <-done
}

// smallDisk mounts a file system of its own.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs a small tmpfs: linux only")
	}
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size="+size, "otai-test", dir).CombinedOutput()
	if err != nil {
		t.Skipf("needs a small tmpfs, and mount is refused: %v %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil { //nolint:noctx // the test's context has ended
			t.Errorf("umount: %v %s", err, out)
		}
	})
	return dir
}

// TestARealFullDisk fills a real file system: it goes on when there is room again, and closes in good order when there is none.
func TestARealFullDisk(t *testing.T) {
	t.Parallel()
	full := ErrFull
	if driverOf(t).name == "sqlite3" {
		full = ErrDisk // the second SQLite does not tell the one from the other
	}
	dir := smallDisk(t, "12m")
	ballast := filepath.Join(dir, "ballast")
	load := func() {
		t.Helper()
		for size := 6 << 20; size >= 4<<10; size /= 2 { // takes what is left
			f, err := os.OpenFile(ballast, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			for {
				if _, err := f.Write(make([]byte, size)); err != nil {
					break
				}
			}
			_ = f.Close()
		}
	}
	s := openWith(t, dir, Options{driver: driverOf(t)})
	var l ledger
	if err := l.put(t, s); err != nil {
		t.Fatal(err)
	}
	load()
	err := l.fill(t, s)
	if !errors.Is(err, full) {
		t.Errorf("a full disk says: %v", err)
	}
	loseLogs(t, s, 1, 300)
	if r, err := s.GetRun(t.Context(), "1"); err != nil || r.ID != "1" {
		t.Errorf("a full disk cannot be read: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := l.put(t, s); err != nil {
			t.Fatalf("there is room again: %v", err)
		}
	}
	checkCounted(t, s, 301)
	load()
	_ = l.fill(t, s)
	t.Logf("%d acknowledged, closing a full disk: %v", len(l.acked), s.Close())
	l.refused = append(l.refused, l.next+1)
	if s, err = Open(t.Context(), dir, Options{driver: driverOf(t)}); err == nil {
		t.Errorf("it opens on a full disk: %v", s.Close())
	} else if !errors.Is(err, full) {
		t.Errorf("opening on a full disk says: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	s = openWith(t, dir, Options{driver: driverOf(t)})
	l.check(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestARealReadOnlyDisk mounts the disk read-only under a history.
func TestARealReadOnlyDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t, "12m")
	s := openWith(t, dir, Options{driver: driverOf(t)})
	insert(t, s, runAt(1, noon, orchestrator.Completed), "")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Skipf("remount is refused: %v %s", err, out)
	}
	if _, err := Open(t.Context(), dir, Options{driver: driverOf(t)}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("opening for writing says: %v", err)
	}
	s, err := Open(t.Context(), dir, Options{ReadOnly: true, driver: driverOf(t)})
	if err != nil {
		t.Fatalf("opening for reading says: %v", err)
	}
	defer func() { _ = s.Close() }()
	if r, err := s.GetRun(t.Context(), "1"); err != nil || r.State != orchestrator.Completed {
		t.Errorf("run: %+v, %v", r, err)
	}
}

// TestADirectoryThatIsNoDirectory is the simplest of bad disks.
func TestADirectoryThatIsNoDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), filepath.Join(file, "state"), Options{driver: driverOf(t)}); err == nil {
		t.Error("it opened")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(fmt.Sprintf("%04000d", 7)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{driver: driverOf(t)}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a file that is no history says: %v", err)
	}
}
