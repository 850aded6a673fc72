package store

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// sector is what a disk writes whole.
const sector = 512

// change is a write, or a new length of a file when data is nil.
type change struct {
	at   int64
	data []byte
}

func (c change) apply(img []byte) []byte {
	if c.data == nil {
		return append(img[:min(int64(len(img)), c.at)], make([]byte, max(0, c.at-int64(len(img))))...)
	}
	if need := c.at + int64(len(c.data)); need > int64(len(img)) {
		img = append(img, make([]byte, need-int64(len(img)))...)
	}
	copy(img[c.at:], c.data)
	return img
}

// image is a file as the disk has it: what was synced, and what may or may not have arrived since.
type image struct {
	synced  []byte
	pending []change
}

// badDisk is a disk whose power can be cut and whose writes and syncs can fail, under the second SQLite.
type badDisk struct {
	vfs.VFS
	mu     sync.Mutex // guards files and all writing
	files  map[string]*image
	lies   bool                    // it says that it has synced and has not
	broken func(what string) error // "write", "sync", "truncate"; nil = it works
}

var diskNumber atomic.Int64 // the registry of file systems is the driver's and global

// newBadDisk gives a disk and a driver that stores on it.
func newBadDisk(t *testing.T) (*badDisk, driver) {
	t.Helper()
	d := &badDisk{VFS: vfs.Find("os"), files: map[string]*image{}}
	name := "bad" + strconv.FormatInt(diskNumber.Add(1), 10)
	vfs.Register(name, d)
	t.Cleanup(func() { vfs.Unregister(name) })
	drv := ncruces()
	drv.more = "&vfs=" + name
	return d, drv
}

func (d *badDisk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil || flags&(vfs.OPEN_MAIN_DB|vfs.OPEN_WAL) == 0 {
		return f, flags, err
	}
	base := filepath.Base(name.String())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.files[base] == nil {
		old, err := os.ReadFile(name.String())
		if err != nil {
			return nil, 0, err
		}
		d.files[base] = &image{synced: old}
	}
	return &badFile{File: f, d: d, img: d.files[base]}, flags, nil
}

type badFile struct {
	vfs.File
	d   *badDisk
	img *image
}

func (f *badFile) SharedMemory() vfs.SharedMemory {
	if s, ok := f.File.(vfs.FileSharedMemory); ok {
		return s.SharedMemory()
	}
	return nil
}

func (f *badFile) do(what string, fn func() error) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.broken != nil {
		if err := f.d.broken(what); err != nil {
			return err
		}
	}
	return fn()
}

func (f *badFile) WriteAt(p []byte, at int64) (n int, err error) {
	err = f.do("write", func() (err error) {
		n, err = f.File.WriteAt(p, at)
		f.img.pending = append(f.img.pending, change{at: at, data: append([]byte{}, p[:n]...)})
		return err
	})
	return n, err
}

func (f *badFile) Truncate(size int64) error {
	return f.do("truncate", func() error {
		f.img.pending = append(f.img.pending, change{at: size})
		return f.File.Truncate(size)
	})
}

func (f *badFile) Sync(vfs.SyncFlag) error {
	return f.do("sync", func() error { // a real sync adds nothing to the proof
		if !f.d.lies {
			for _, c := range f.img.pending {
				f.img.synced = c.apply(f.img.synced)
			}
			f.img.pending = nil
		}
		return nil
	})
}

// cut gives the files as they are found after the power came back: all that was synced, and of the rest any sectors.
func (d *badDisk) cut(t *testing.T, rnd *rand.Rand) string {
	t.Helper()
	dir := t.TempDir()
	d.mu.Lock()
	defer d.mu.Unlock()
	for name, img := range d.files {
		found := append([]byte{}, img.synced...)
		odds := rnd.IntN(5) // of 4: from nothing to everything arrived
		for _, c := range img.pending {
			if c.data == nil {
				if rnd.IntN(4) < odds {
					found = c.apply(found)
				}
				continue
			}
			for at := 0; at < len(c.data); at += sector {
				if rnd.IntN(4) < odds {
					found = change{at: c.at + int64(at), data: c.data[at:min(at+sector, len(c.data))]}.apply(found)
				}
			}
		}
		if err := os.WriteFile(filepath.Join(dir, name), found, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// lostAfterCuts writes and cuts the power again and again, and gives how many acknowledged runs the copies lack.
func lostAfterCuts(t *testing.T, lies bool, cuts int) (lost, acked int) {
	t.Helper()
	disk, drv := newBadDisk(t)
	s, err := Open(t.Context(), t.TempDir(), Options{driver: drv})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	disk.mu.Lock()
	disk.lies = lies
	disk.mu.Unlock()
	var newest atomic.Int64
	tokens := make(chan struct{}, 1000) // one a write: it waits while a copy is looked at
	var wg sync.WaitGroup
	wg.Go(func() {
		n := 0
		for range tokens {
			n++
			r := runAt(n, noon.Add(time.Duration(n)*time.Second), orchestrator.Pending)
			r.Reason = strings.Repeat("x", n%3000)
			s.AppendLog(orchestrator.LogLine{Run: r.ID, Runner: "r", Seq: 1, At: noon, Level: "info", Msg: r.Reason})
			if err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.InsertRun(r, "", 1); return err }); err != nil {
				t.Error(err)
				return
			}
			newest.Store(int64(n))
		}
	})
	defer wg.Wait()
	defer close(tokens)
	rnd := rand.New(rand.NewPCG(1, uint64(cuts)))
	for i := range cuts {
		until := newest.Load() + int64(1+rnd.IntN(40))
		for range 50 { // more than that: there is always a write on its way when the power goes
			select {
			case tokens <- struct{}{}:
			default:
			}
		}
		for newest.Load() < until && !t.Failed() {
			<-time.After(100 * time.Microsecond)
		}
		acked = int(newest.Load())
		lost += missingAfter(t, disk.cut(t, rnd), acked, lies, i)
	}
	return lost, acked
}

// missingAfter opens what a cut left, on the SQLite that we ship, and counts the acknowledged runs that it lacks.
func missingAfter(t *testing.T, dir string, acked int, lies bool, i int) int {
	t.Helper()
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		if lies {
			return acked
		}
		t.Fatalf("after cut %d: %v", i, err)
	}
	defer func() { _ = s.Close() }()
	if err := s.Check(t.Context()); err != nil && !lies {
		t.Errorf("after cut %d: %v", i, err)
	}
	runs, err := s.LiveRuns(t.Context())
	if err != nil && !lies {
		t.Fatal(err)
	}
	there := 0
	for _, r := range runs {
		if n, err := strconv.Atoi(r.ID); err == nil && n <= acked {
			there++
		}
	}
	return acked - there
}

// TestPowerCut is promise 3: what was acknowledged survives a power cut at any moment, with any of the sectors that were not yet
// synced lost or torn.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	cuts := 60
	if testing.Short() {
		cuts = 10
	}
	lost, acked := lostAfterCuts(t, false, cuts)
	if lost > 0 || acked < cuts {
		t.Errorf("%d of %d acknowledged runs are lost", lost, acked)
	}
	t.Logf("%d cuts, %d acknowledged runs, %d lost", cuts, acked, lost)
}

// TestPowerCutOnADiskThatLies shows that TestPowerCut can see a loss.
func TestPowerCutOnADiskThatLies(t *testing.T) {
	t.Parallel()
	if lost, acked := lostAfterCuts(t, true, 5); lost == 0 {
		t.Errorf("a disk that never syncs lost none of %d runs", acked)
	}
}

// TestWritesAndSyncsThatFail lets every kind of disk access fail now and then. Nothing acknowledged is lost, and when the disk is
// good again the history goes on.
func TestWritesAndSyncsThatFail(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"write", "sync", "truncate"} {
		for cause, want := range map[error]error{syscall.EIO: ErrDisk, sqlite3.FULL: ErrFull} {
			disk, drv := newBadDisk(t)
			dir := t.TempDir()
			s, err := Open(t.Context(), dir, Options{driver: drv})
			if err != nil {
				t.Fatal(err)
			}
			calls := 0
			breakIt := func(on bool) {
				disk.mu.Lock()
				defer disk.mu.Unlock()
				disk.broken = nil
				if on {
					disk.broken = func(what string) error {
						if what != kind && kind != "truncate" {
							return nil
						}
						if calls++; calls%7 < 3 {
							return cause
						}
						return nil
					}
				}
			}
			breakIt(true)
			var l ledger
			for range 120 {
				if err := l.put(t, s); err != nil && !errors.Is(err, want) {
					t.Errorf("%v at %s says: %v", cause, kind, err)
				}
			}
			breakIt(false)
			for range 5 {
				if err := l.put(t, s); err != nil {
					t.Errorf("the disk is good again: %v", err)
				}
			}
			l.check(t, s)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			s = openWith(t, dir, Options{})
			l.check(t, s)
			_ = s.Close()
		}
	}
}
