// Package store keeps history: runners, cursors, runs, steps, attempts, logs and events in one SQLite file.
//
// It is the only room with SQL. One goroutine writes (see writer.go); readers have a small pool of their own. An
// acknowledged write survives kill -9 and, on a disk that honours fsync, a power cut: WAL with synchronous=FULL.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// FileName is the history file inside the state directory.
const FileName = "history.db"

// defaultLogBytes is the room of one run's log.
const defaultLogBytes = 10 << 20

// Options of Open. The zero value opens for writing.
type Options struct {
	ReadOnly bool
	Hooks    Hooks
	// LogBytesPerRun is about how many bytes of one run's log are kept: the older half from its beginning, the rest from its end;
	// 0 = 10 MiB.
	LogBytesPerRun int64
	// Now names migration backups; nil = the wall clock.
	Now func() time.Time
	// Fail is called at points where a disk or a process may fail, and what it returns happens there; nil = never. For tests, see
	// internal/failpoint. The points: store.begin, store.before-commit, store.after-commit (durable, not yet acknowledged: an error is
	// ignored there), store.prune
	// and store.trim (rows deleted, not yet committed), store.backup (written, not yet named), store.migrate (done, not yet committed),
	// store.checkpoint (at Close).
	Fail func(point string) error

	driver driver // another SQLite, in tests; zero = the one built in
}

// fail is Fail at a point.
func (o *Options) fail(point string) error {
	if o.Fail == nil {
		return nil
	}
	if err := o.Fail(point); err != nil {
		return fmt.Errorf("failpoint %s: %w", point, err)
	}
	return nil
}

// Store is one open history file.
type Store struct {
	dir    string
	o      Options
	read   *sql.DB
	write  *sql.DB // nil when read only
	writer *writer
	seq    int64  // newest run number at open
	backup string // made before a migration at open; "" = none
	looks  looks  // how much one piece of work on the log looks at
}

// Open opens, or creates, the history in dir. A missing history is an error only when read only.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	path := filepath.Join(dir, FileName)
	if o.ReadOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("no history in %s yet (run the engine once, or name its --state-dir): %w", dir, err)
		}
	} else if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create state directory: %w", err)
	}
	if o.driver.name == "" {
		o.driver = modernc()
	}
	if o.LogBytesPerRun <= 0 {
		o.LogBytesPerRun = defaultLogBytes
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // names a file, decides nothing
	}
	s := &Store{dir: dir, o: o, looks: defaultLooks()}
	if err := s.open(ctx, path); err != nil {
		if o.driver.code(err) == codeCantOpen && !o.ReadOnly {
			err = errors.Join(err, probe(dir)) // SQLite does not say why
		}
		return nil, errors.Join(o.driver.class(err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	if !s.o.ReadOnly {
		if err := s.openWriter(ctx, path); err != nil {
			return fmt.Errorf("open history %s: %w", path, err)
		}
	}
	var err error
	if s.read, err = s.openReader(ctx, path); err != nil {
		return fmt.Errorf("open history %s: %w", path, err)
	}
	if s.o.ReadOnly {
		return checkSchema(ctx, s.read, path)
	}
	return nil
}

// probe gives what the system says when a file is made in dir.
func probe(dir string) error {
	f, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func (s *Store) openReader(ctx context.Context, path string) (*sql.DB, error) {
	pragmas := []string{"query_only(1)", "busy_timeout(5000)", "temp_store(MEMORY)"}
	db, err := s.o.driver.open(path, "", pragmas...)
	if err != nil {
		return nil, err
	}
	err = checkVersion(ctx, db)
	if s.o.driver.code(err) == codeCantOpen && s.o.ReadOnly && !exists(path+"-wal") {
		// A read-only disk has no place for the file that readers and a writer share; there is no writer either.
		_ = db.Close() // it never held a connection
		if db, err = s.o.driver.open(path, "&immutable=1", pragmas...); err != nil {
			return nil, err
		}
		err = checkVersion(ctx, db)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(2)
	return db, err
}

func (s *Store) openWriter(ctx context.Context, path string) error {
	var err error
	s.write, err = s.o.driver.open(path, "&_txlock=immediate", writePragmas()...)
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := checkVersion(ctx, s.write); err != nil {
		return err
	}
	if s.backup, err = migrate(ctx, s.write, path, &s.o); err != nil {
		return err
	}
	if err := s.write.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM run`).Scan(&s.seq); err != nil {
		return err
	}
	s.writer, err = startWriter(ctx, s.write, &s.o)
	return err
}

// LastRun is the newest run number at the time of opening; the engine counts on from there.
func (s *Store) LastRun() int64 { return s.seq }

// Backup is the copy of the history that was made before it was migrated at open; "" = it was not.
func (s *Store) Backup() string { return s.backup }

// LostLogs is the number of log lines that were dropped since the opening, because the queue was full or the disk failed.
func (s *Store) LostLogs() int64 {
	if s.writer == nil {
		return 0
	}
	return s.writer.lostLines.Load()
}

// Waiting is the number of changes and log lines that wait for their commit.
func (s *Store) Waiting() int {
	if s.writer == nil { // read only
		return 0
	}
	s.writer.logMu.Lock()
	defer s.writer.logMu.Unlock()
	return len(s.writer.state) + len(s.writer.logs)
}

// WriteDelay is how long the latest group commit took, from its first waiting write to its end.
func (s *Store) WriteDelay() time.Duration {
	if s.writer == nil { // read only
		return 0
	}
	return time.Duration(s.writer.delay.Load())
}

// Close writes what is queued, checkpoints and closes. Writes after it fail. An error of Close takes back nothing that was
// acknowledged: what could not be moved out of the write-ahead log is still in it, and the next Open finds it there.
func (s *Store) Close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.stop())
	}
	if s.read != nil {
		errs = append(errs, s.read.Close())
	}
	if s.write != nil {
		errs = append(errs, s.write.Close())
	}
	return errors.Join(errs...)
}

// SQLite is the version of the built-in database.
func (s *Store) SQLite(ctx context.Context) (string, error) {
	var v string
	err := s.read.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&v)
	return v, fail("read SQLite's version", err)
}

// Check runs SQLite's integrity check.
func (s *Store) Check(ctx context.Context) error {
	var answer string
	if err := s.read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&answer); err != nil {
		return fmt.Errorf("integrity check: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("integrity check: %s", answer)
	}
	return nil
}
