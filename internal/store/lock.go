package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// Lock is the proof that this process is the only engine on a state directory. The operating system lets it go when
// the process ends, however it ends.
type Lock struct {
	f   *flock.Flock
	dir *flock.Flock // nil where a directory cannot be locked
}

// HeldError says who holds the state directory.
type HeldError struct {
	Dir string
	PID int // 0 = not known
}

func (e *HeldError) Error() string {
	who := "another otai-tui"
	if e.PID > 0 {
		who = fmt.Sprintf("the otai-tui with pid %d", e.PID)
	}
	return fmt.Sprintf("state directory %s is in use by %s: stop it, or use another --state-dir", e.Dir, who)
}

// TakeLock takes the engine lock of dir, which it creates when missing. A held lock is a *HeldError.
func TakeLock(dir string) (*Lock, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	pidFile := filepath.Join(dir, "engine.pid")
	f := flock.New(filepath.Join(dir, "engine.lock"))
	ok, err := f.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock state directory %s: %w", dir, err)
	}
	if !ok {
		return nil, &HeldError{Dir: dir, PID: readPID(pidFile)}
	}
	// The directory itself too: someone who removes the lock file must not let a second engine in.
	d := flock.New(dir, flock.SetFlag(os.O_RDONLY))
	switch ok, err := d.TryLock(); {
	case err != nil: // Windows, and some network file systems
		d = nil
	case !ok:
		return nil, errors.Join(&HeldError{Dir: dir, PID: readPID(pidFile)}, f.Unlock())
	}
	l := &Lock{f: f, dir: d}
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o640); err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", pidFile, err), l.Release())
	}
	return l, nil
}

// Release lets the state directory go.
func (l *Lock) Release() error {
	if l.dir == nil {
		return l.f.Unlock()
	}
	return errors.Join(l.dir.Unlock(), l.f.Unlock())
}

func readPID(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
