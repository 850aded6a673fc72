package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// logLines writes n lines of so many bytes each, from a number on, no faster than the disk takes them.
func logLines(t *testing.T, s *Store, run string, from, n, size int) {
	t.Helper()
	msg := strings.Repeat("x", size)
	for i := range n {
		s.AppendLog(orchestrator.LogLine{Run: run, Runner: "r", Seq: int64(from + i), Step: "p", At: noon, Level: "info", Msg: msg})
		if i%1000 == 999 {
			must(t, s, func(*Tx) error { return nil })
			for s.writer.logsWaiting() {
				must(t, s, func(*Tx) error { return nil })
			}
		}
	}
	for s.writer.logsWaiting() {
		must(t, s, func(*Tx) error { return nil })
	}
	must(t, s, func(*Tx) error { return nil })
}

// checkLog fails when a run's log takes more than its room, or when a line that is not there is not counted.
func checkLog(t *testing.T, s *Store, run string, newest, room int64) (head int64) {
	t.Helper()
	lines, err := s.Logs(t.Context(), orchestrator.LogFilter{Run: run, Limit: 1 << 20})
	if err != nil || len(lines) == 0 {
		t.Fatalf("%d lines, %v", len(lines), err)
	}
	var bytes, expect int64 = 0, 1
	gaps := 0
	for i := range lines {
		bytes += lineBytes(&lines[i])
		if lines[i].Gap > 0 {
			gaps++
			if head == 0 {
				head = expect - 1
			}
		}
		if expect += int64(lines[i].Gap); lines[i].Seq != expect {
			t.Fatalf("line %d says that %d are missing before it, which makes it line %d", lines[i].Seq, lines[i].Gap, expect)
		}
		expect++
	}
	if expect != newest+1 {
		t.Errorf("the log ends with line %d, want %d", expect-1, newest)
	}
	if bytes > room || (gaps > 0 && bytes < room*3/4) {
		t.Errorf("the log takes %d bytes of the %d it may", bytes, room)
	}
	if gaps > 1 {
		t.Errorf("%d gaps, want one", gaps)
	}
	return head
}

func TestALongLogKeepsItsBeginningAndItsEnd(t *testing.T) {
	t.Parallel()
	const room = 256 << 10
	dir := t.TempDir()
	s := openWith(t, dir, Options{LogBytesPerRun: room})
	logLines(t, s, "1", 1, 200, 100)
	if checkLog(t, s, "1", 200, room) != 0 {
		t.Error("a short log has a gap")
	}
	logLines(t, s, "1", 201, 20_000, 100)
	head := checkLog(t, s, "1", 20_200, room+room/16)
	if head*151 > room || head*151 < room/4 {
		t.Errorf("the beginning has %d lines", head)
	}
	logLines(t, s, "2", 1, 300, 100) // another run has a room of its own
	checkLog(t, s, "2", 300, room)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openWith(t, dir, Options{LogBytesPerRun: room}) // a later life goes on with the same room
	logLines(t, s, "1", 20_201, 5000, 100)
	if again := checkLog(t, s, "1", 25_200, room+room/16); again < head || again > head+10 {
		t.Errorf("the beginning had %d lines and has %d", head, again)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestARunThatLogs200MiB holds the disk to about the room of the log.
func TestARunThatLogs200MiB(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("writes 200 MiB")
	}
	const room, size, lines = 2 << 20, 16 << 10, 200 << 20 / (16 << 10)
	dir := t.TempDir()
	s := openWith(t, dir, Options{LogBytesPerRun: room})
	defer func() { _ = s.Close() }()
	var most int64
	for from := 1; from <= lines; from += 500 {
		logLines(t, s, "1", from, min(500, lines-from+1), size)
		info, err := os.Stat(filepath.Join(dir, FileName))
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, info.Size())
	}
	checkLog(t, s, "1", lines, room+room/16)
	if most > 4*room { // a group of 200 such lines is 3 MiB before it is trimmed
		t.Errorf("the history took %d bytes for a log of %d", most, int64(room))
	}
	t.Logf("200 MiB logged, at most %.1f MiB on the disk for a room of %d MiB", float64(most)/(1<<20), room>>20)
}
