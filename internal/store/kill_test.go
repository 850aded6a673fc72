package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/failpoint"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// killDir names the state directory when this binary is the child of the kill loop; its points are in failpoint.Env.
const killDir = "OTAI_KILL_DIR"

// killRoom is small, so that the logs of the child are trimmed all the time.
const killRoom = 64 << 10

// killChild writes runs with logs, events, deliveries and a cursor, prunes them, and says what was acknowledged, until a point
// kills it.
func killChild(dir string) error {
	ctx := context.Background()
	fail, err := failpoint.Parse(os.Getenv(failpoint.Env))
	if err != nil {
		return err
	}
	s, err := Open(ctx, dir, Options{Fail: fail, LogBytesPerRun: killRoom})
	if err != nil {
		return err
	}
	fmt.Println("started", s.LastRun())
	go func() {
		for ctx.Err() == nil {
			if _, err := s.Prune(ctx, "old", Keep{Runs: 20, Bytes: 50_000}, noon); err != nil {
				fmt.Println("error", err)
				os.Exit(1)
			}
		}
	}()
	for n := int(s.LastRun()) + 1; ; n++ {
		if err := killWrite(ctx, s, n); err != nil {
			return err
		}
		fmt.Println("acked", n)
	}
}

// killWrite is one transaction with everything that belongs together.
func killWrite(ctx context.Context, s *Store, n int) error {
	r := runAt(n, noon.Add(time.Duration(n)*time.Second), orchestrator.Completed)
	if n%2 == 0 {
		r.Runner = "old"
	}
	for i := range 30 { // a few hundred writes fill the room
		s.AppendLog(orchestrator.LogLine{Run: "1", Runner: "r", Seq: int64(n*30 + i), At: noon, Level: "info", Msg: strings.Repeat("x", 200)})
	}
	return s.Write(ctx, func(tx *Tx) error {
		ok, err := tx.InsertRun(r, "", 1)
		if err != nil || !ok {
			return fmt.Errorf("run %d is there already: %w", n, err)
		}
		if err := tx.SetCursor(Cursor{Runner: "r", Trigger: "t", Spec: "s", Anchor: noon, Nominal: r.Nominal, Runs: n}); err != nil {
			return err
		}
		_, err = tx.AddOutbox(&Delivery{Kind: "after", Target: "x", Key: r.ID, Created: noon, Next: noon})
		return err
	})
}

// TestKilledAtEveryCommitBoundary kills a writing process at each of the writer's points, at random times.
func TestKilledAtEveryCommitBoundary(t *testing.T) {
	t.Parallel()
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	if text := os.Getenv("OTAI_KILLS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		rounds = n / 5
	}
	dir := t.TempDir()
	newest, kills := 0, 0
	for range rounds {
		for _, point := range []string{"store.begin", "store.before-commit", "store.after-commit", "store.prune", "store.trim"} {
			newest = killOnce(t, dir, point, newest)
			kills++
		}
	}
	if newest < kills {
		t.Errorf("%d writes acknowledged in %d lives: this proves nothing", newest, kills)
	}
	t.Logf("%d kills, %d acknowledged writes, none lost", kills, newest)
}

// killOnce lets a child live until its point and gives the newest acknowledged write.
func killOnce(t *testing.T, dir, point string, newest int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), killDir+"="+dir, failpoint.Env+"="+point+"=kill@"+strconv.Itoa(2+rand.IntN(25)))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(rest)
		switch {
		case word == "error":
			t.Fatal(lines.Text())
		case word == "started" && (err != nil || n < newest):
			t.Fatalf("%s: it starts at run %s and %d was acknowledged", point, rest, newest)
		case word == "acked" && err == nil:
			newest = max(newest, n)
		}
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.Exited() {
		t.Fatalf("%s: the child was not killed: %v", point, err)
	}
	checkKilled(t, dir, point, newest)
	return newest
}

// checkKilled: every acknowledged write is there, whole; at most one more is.
func checkKilled(t *testing.T, dir, point string, newest int) {
	t.Helper()
	s := openWith(t, dir, Options{LogBytesPerRun: killRoom})
	defer func() { _ = s.Close() }()
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("%s: %v", point, err)
	}
	last := int(s.LastRun())
	if last != newest && last != newest+1 {
		t.Errorf("%s: the newest run is %d, acknowledged was %d", point, last, newest)
	}
	kept, err := s.Runs(t.Context(), orchestrator.RunFilter{Runner: "r", WithIdle: true, Limit: 1 << 20})
	if err != nil || len(kept) != (last+1)/2 {
		t.Errorf("%s: %d runs that nobody prunes, %v; want %d", point, len(kept), err, (last+1)/2)
	}
	cursors, err := s.Cursors(t.Context())
	if err != nil || (last > 0 && (len(cursors) != 1 || cursors[0].Runs != last)) {
		t.Errorf("%s: the cursor %+v does not go with run %d: %v", point, cursors, last, err)
	}
	if n, err := s.OutboxCount(t.Context(), "after"); err != nil || n != last {
		t.Errorf("%s: %d deliveries for %d runs, %v", point, n, last, err)
	}
	logs, err := s.Logs(t.Context(), orchestrator.LogFilter{Run: "1", Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	var bytes int64
	for i := range logs {
		bytes += lineBytes(&logs[i])
	}
	if bytes > killRoom*5/4 {
		t.Errorf("%s: the log takes %d bytes", point, bytes)
	}
}

// TestKilledInAMigration kills a process that migrates: before its backup has a name, and before it commits.
func TestKilledInAMigration(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"store.backup", "store.migrate"} {
		dir := t.TempDir()
		writeOld(t, dir, 7)
		before, _ := content(t, dir+"/"+FileName)
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killDir+"="+dir, failpoint.Env+"="+point+"=kill")
		var exit *exec.ExitError
		if out, err := cmd.Output(); !errors.As(err, &exit) || exit.Exited() {
			t.Fatalf("%s: the child was not killed: %v %s", point, err, out)
		}
		after, version := content(t, dir+"/"+FileName)
		if version != 1 {
			t.Errorf("%s: schema %d", point, version)
		}
		same(t, "after a kill at "+point, after, before)
		s := openWith(t, dir, Options{})
		after, _ = content(t, dir+"/"+FileName)
		same(t, "after the next start", after, before)
		saved, _ := content(t, s.Backup())
		same(t, "in the backup", saved, before)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for _, name := range backups(t, dir) {
			if strings.HasSuffix(name, ".part") {
				t.Errorf("half a backup is left: %s", name)
			}
		}
	}
}
