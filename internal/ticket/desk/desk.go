// Package desk is the embedded ticket system: queues, priorities, states, notes and a full history in one SQLite file.
//
// It is what the demo, the tests and dry runs use, and what stands in where a configuration names no ticket system. Any
// number of processes may use one file at the same time: the engine and the command line do.
package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, free of cgo

	"github.com/openticketai/otai-tui/internal/ticket"
)

// FileName is the desk's file inside the state directory.
const FileName = "desk.db"

// Names that a new desk has.
const (
	DefaultQueue    = "Raw"
	DefaultPriority = "3 normal"
	DefaultState    = "new"
)

// Options of Open. The zero value is a lenient desk with the real clock.
type Options struct {
	Clock  func() time.Time // nil = time.Now
	Author string           // who is named in notes and history; "" = "otai-tui"
	// StrictQueues refuses queues, priorities and states that the desk does not have yet. Otherwise the first use of a
	// name creates it.
	StrictQueues bool
	Queues       []string // created when missing, also by a strict desk
}

// Desk is one open desk. It is safe for concurrent use: writes go through one connection, one after the other.
type Desk struct {
	path   string
	clock  func() time.Time
	author string
	strict bool
	write  *sql.DB // one connection
	read   *sql.DB
}

var _ ticket.System = (*Desk)(nil)

const schema = `
CREATE TABLE IF NOT EXISTS entity (
	id   INTEGER PRIMARY KEY,
	kind TEXT NOT NULL,
	name TEXT NOT NULL COLLATE NOCASE,
	UNIQUE (kind, name)
);
CREATE TABLE IF NOT EXISTS ticket (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	key TEXT UNIQUE,
	number TEXT NOT NULL DEFAULT '',
	subject TEXT NOT NULL DEFAULT '',
	body TEXT NOT NULL DEFAULT '',
	queue INTEGER NOT NULL REFERENCES entity (id),
	priority INTEGER NOT NULL REFERENCES entity (id),
	state INTEGER NOT NULL REFERENCES entity (id),
	customer TEXT NOT NULL DEFAULT '',
	owner TEXT NOT NULL DEFAULT '',
	locked INTEGER NOT NULL DEFAULT 0,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS ticket_queue ON ticket (queue, created_at, id);
CREATE INDEX IF NOT EXISTS ticket_age ON ticket (created_at, id);
CREATE TABLE IF NOT EXISTS note (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	ticket INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
	key TEXT,
	subject TEXT NOT NULL,
	body TEXT NOT NULL,
	content_type TEXT NOT NULL,
	visible INTEGER NOT NULL,
	author TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	UNIQUE (ticket, key)
);
CREATE TABLE IF NOT EXISTS field (
	ticket INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	value TEXT NOT NULL, -- JSON
	text TEXT NOT NULL,  -- to search by
	PRIMARY KEY (ticket, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS change (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	ticket INTEGER NOT NULL REFERENCES ticket (id) ON DELETE CASCADE,
	at INTEGER NOT NULL,
	who TEXT NOT NULL,
	what TEXT NOT NULL,
	before TEXT NOT NULL,
	after TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS change_ticket ON change (ticket, id);
`

// Open opens the desk in the file path and creates both when missing.
func Open(ctx context.Context, path string, o Options) (*Desk, error) {
	if path == "" {
		return nil, errors.New("open desk: no file is named")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("open desk: create its directory: %w", err)
	}
	// Tickets are personal data: the file is for its owner only.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open desk: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open desk %s: %w", path, err)
	}
	d := &Desk{path: path, clock: o.Clock, author: o.Author, strict: o.StrictQueues}
	if d.clock == nil {
		d.clock = time.Now
	}
	if d.author == "" {
		d.author = "otai-tui"
	}
	if err := d.connect(ctx, o.Queues); err != nil {
		return nil, errors.Join(fmt.Errorf("open desk %s: %w", path, err), d.Close())
	}
	return d, nil
}

func (d *Desk) connect(ctx context.Context, queues []string) error {
	var err error
	common := []string{"busy_timeout(5000)", "foreign_keys(ON)", "temp_store(MEMORY)"}
	if d.write, err = sql.Open("sqlite", dsn(d.path, append(common, "journal_mode(WAL)", "synchronous(FULL)")...)+"&_txlock=immediate"); err != nil {
		return err
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite", dsn(d.path, append(common, "query_only(1)")...)); err != nil {
		return err
	}
	d.read.SetMaxOpenConns(4)
	return d.tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, schema); err != nil {
			return err
		}
		return seed(ctx, tx, queues)
	})
}

func seed(ctx context.Context, tx *sql.Tx, queues []string) error {
	names := map[string][]string{
		kindQueue:    append([]string{DefaultQueue}, queues...),
		kindPriority: {"1 very low", "2 low", "3 normal", "4 high", "5 very high"},
		kindState:    {"new", "open", "pending", "closed"},
	}
	for _, kind := range []string{kindState, kindPriority, kindQueue} {
		for _, name := range names[kind] {
			if _, err := tx.ExecContext(ctx, `INSERT INTO entity (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING`, kind, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func dsn(path string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath())
	for i, p := range pragmas {
		b.WriteString([]string{"?", "&"}[min(i, 1)] + "_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

// Close closes the desk. Calls after it fail.
func (d *Desk) Close() error {
	var errs []error
	for _, db := range []*sql.DB{d.read, d.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// Describe names the desk for screens.
func (d *Desk) Describe() string { return "embedded desk" }

// Path is the desk's file.
func (d *Desk) Path() string { return d.path }

// tx runs f in one write transaction.
func (d *Desk) tx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("desk is busy: %w", err)
	}
	if err := f(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	return tx.Commit()
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// now is the desk's time, to the millisecond that is stored.
func (d *Desk) now() int64 { return d.clock().UnixMilli() }

func fromMilli(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
