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
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, free of cgo
)

// FileName is the history file inside the state directory.
const FileName = "history.db"

// minVersion is the first SQLite without the WAL-reset race that can corrupt a database with several connections.
var minVersion = [3]int{3, 51, 3}

// Options of Open. The zero value opens for writing.
type Options struct {
	ReadOnly bool
	Hooks    Hooks
}

// Store is one open history file.
type Store struct {
	dir    string
	read   *sql.DB
	write  *sql.DB // nil when read only
	writer *writer
	seq    int64 // newest run number at open
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
	s := &Store{dir: dir}
	if err := s.open(ctx, path, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string, o Options) error {
	if !o.ReadOnly {
		if err := s.openWriter(ctx, path, o); err != nil {
			return fmt.Errorf("open history %s: %w", path, err)
		}
	}
	var err error
	s.read, err = sql.Open("sqlite", dsn(path, "query_only(1)", "busy_timeout(5000)", "temp_store(MEMORY)"))
	if err != nil {
		return fmt.Errorf("open history %s: %w", path, err)
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(2)
	if err := checkVersion(ctx, s.read); err != nil {
		return err
	}
	if o.ReadOnly {
		return checkSchema(ctx, s.read, path)
	}
	return nil
}

func (s *Store) openWriter(ctx context.Context, path string, o Options) error {
	var err error
	s.write, err = sql.Open("sqlite", dsn(path, "busy_timeout(5000)", "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)",
		"synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)", "journal_size_limit(67108864)")+"&_txlock=immediate")
	if err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := checkVersion(ctx, s.write); err != nil {
		return err
	}
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if err := s.write.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM run`).Scan(&s.seq); err != nil {
		return err
	}
	s.writer, err = startWriter(ctx, s.write, o.Hooks)
	return err
}

func dsn(path string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?")
	for i, p := range pragmas {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString("_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

func checkVersion(ctx context.Context, db *sql.DB) error {
	var v string
	if err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&v); err != nil {
		return err
	}
	var have [3]int
	for i, part := range strings.SplitN(v, ".", 3) {
		have[i], _ = strconv.Atoi(part)
	}
	for i := range have {
		if have[i] != minVersion[i] {
			if have[i] < minVersion[i] {
				return fmt.Errorf("SQLite %s is too old: %d.%d.%d or newer is needed (older ones can corrupt a WAL)",
					v, minVersion[0], minVersion[1], minVersion[2])
			}
			break
		}
	}
	return nil
}

// LastRun is the newest run number at the time of opening; the engine counts on from there.
func (s *Store) LastRun() int64 { return s.seq }

// WriteDelay is how long the latest group commit took, from its first waiting write to its end.
func (s *Store) WriteDelay() time.Duration { return time.Duration(s.writer.delay.Load()) }

// Close writes what is queued, checkpoints and closes. Writes after it fail.
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
