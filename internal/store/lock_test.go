package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// lockDir names the directory that a child process of these tests locks.
const lockDir = "OTAI_LOCK_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		if err := killChild(dir); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(lockDir); dir != "" {
		if _, err := TakeLock(dir); err != nil {
			fmt.Println("refused", err)
			return
		}
		fmt.Println("locked")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n') // until the parent lets go or kills
		return
	}
	os.Exit(m.Run())
}

type holder struct {
	cmd *exec.Cmd
	say *bufio.Reader
}

// hold starts a child that locks dir, and gives what it says.
func hold(t *testing.T, dir string) (holder, string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), lockDir+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := holder{cmd: cmd, say: bufio.NewReader(out)}
	line, err := h.say.ReadString('\n')
	if err != nil {
		t.Fatal(line, err)
	}
	return h, strings.TrimSpace(line)
}

func (h holder) kill(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = h.cmd.Wait() // killed
}

// refused takes the lock in vain and checks what is said.
func refused(t *testing.T, dir string, pid int) {
	t.Helper()
	l, err := TakeLock(dir)
	var held *HeldError
	if !errors.As(err, &held) {
		if l != nil {
			_ = l.Release()
		}
		t.Fatalf("a held lock gives %v", err)
	}
	if held.PID != pid || held.Dir != dir || !strings.Contains(err.Error(), fmt.Sprintf("pid %d", pid)) || !strings.Contains(err.Error(), "--state-dir") {
		t.Errorf("refused with %+v (%v), the holder is %d", held, err, pid)
	}
}

func take(t *testing.T, dir string) *Lock {
	t.Helper()
	l, err := TakeLock(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLockIsHeldUntilReleased(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "below") // made on the way
	for range 3 {
		l := take(t, dir)
		refused(t, dir, os.Getpid())
		if _, line := hold(t, dir); !strings.HasPrefix(line, "refused") || !strings.Contains(line, fmt.Sprint(os.Getpid())) {
			t.Errorf("another process: %s", line)
		}
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockOfAKilledProcessIsFree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		h, line := hold(t, dir)
		if line != "locked" {
			t.Fatal(line)
		}
		refused(t, dir, h.cmd.Process.Pid)
		h.kill(t)
		if err := take(t, dir).Release(); err != nil { // its pid file is still there
			t.Error(err)
		}
	}
}

func TestLockSurvivesItsFilesBeingTakenAway(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows does not remove open files")
	}
	dir := t.TempDir()
	l := take(t, dir)
	for _, name := range []string{"engine.lock", "engine.pid"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if other, err := TakeLock(dir); err == nil {
			_ = other.Release()
			t.Errorf("without %s a second engine is let in", name)
		}
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if err := take(t, dir).Release(); err != nil {
		t.Error(err)
	}
}

func TestLockWithABrokenPidFile(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "abc\n", "-5", "99999999999999999999999", "12 34"} {
		dir := t.TempDir()
		l := take(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "engine.pid"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var held *HeldError
		if _, err := TakeLock(dir); !errors.As(err, &held) || held.PID != 0 || !strings.Contains(err.Error(), "another otai-tui") {
			t.Errorf("pid file %q: %v", content, err)
		}
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestLockOnAnUnusableDirectory(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		var held *HeldError
		if _, err := TakeLock(dir); err == nil || errors.As(err, &held) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// TestOnlyOneOfManyGetsTheLock lets many try at once, over and over: never two at a time.
func TestOnlyOneOfManyGetsTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var inside, won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for range 50 {
				l, err := TakeLock(dir)
				if err != nil {
					continue
				}
				if n := inside.Add(1); n != 1 {
					t.Errorf("%d hold the lock at once", n)
				}
				won.Add(1)
				runtime.Gosched()
				inside.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if won.Load() == 0 {
		t.Error("nobody ever got the lock")
	}
}
