package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Bounds of one group commit and of the queues. State writers wait when their queue is full; log lines are dropped and
// counted instead, because a log must never hold up a run.
const (
	maxStatePerCommit = 512
	maxLogsPerCommit  = 200
	maxLogsBeside     = 100 // log lines in one commit with state, which does not wait for more than these
	stateQueue        = 1024
	logQueue          = 20_000
)

// ErrClosed is what a write gets after Close.
var ErrClosed = errors.New("history is closed")

// op is one state write: fn runs inside the group's transaction, done gets the outcome of the commit.
//
// fn may run twice: when a neighbour in the group fails, every fn of the group is run again in a transaction of its own.
type op struct {
	fn   func(*Tx) error
	done func(error)
	at   time.Time
}

// writer is the one goroutine that writes. It owns the write connection and its prepared statements.
type writer struct {
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	bg    context.Context // never cancelled: a commit is finished or failed, not abandoned

	state chan op
	quit  chan struct{}
	idle  chan struct{} // closed when the goroutine has ended
	once  sync.Once
	err   error

	logMu   sync.Mutex // guards logs, flight and lost: producers append, the writer takes
	logs    []orchestrator.LogLine
	flight  []orchestrator.LogLine // taken, not yet on the disk
	lost    map[string]int         // run -> lines dropped since its last kept line
	logWake chan struct{}

	delay     atomic.Int64
	lostLines atomic.Int64

	o    *Options
	kept map[int64]*logRoom // run -> what its log takes, see logroom.go; the goroutine's own
}

func startWriter(ctx context.Context, db *sql.DB, o *Options) (*writer, error) {
	bg := context.WithoutCancel(ctx)
	conn, err := db.Conn(bg)
	if err != nil {
		return nil, err
	}
	w := &writer{
		db: db, conn: conn, stmts: map[string]*sql.Stmt{}, bg: bg,
		state: make(chan op, stateQueue), quit: make(chan struct{}), idle: make(chan struct{}),
		lost: map[string]int{}, logWake: make(chan struct{}, 1), o: o, kept: map[int64]*logRoom{},
	}
	go w.run()
	return w, nil
}

func (w *writer) stop() error {
	w.once.Do(func() { close(w.quit) })
	<-w.idle
	return w.err
}

// Write runs fn in the next group commit and waits until it is durable. It returns fn's error, or the commit's. When ctx
// ends first the write may still happen.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	done := make(chan error, 1)
	if err := s.WriteAsync(ctx, fn, func(err error) { done <- err }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-s.writer.idle: // closed under us: written by the last drain, or not at all
		select {
		case err := <-done:
			return err
		default:
			return ErrClosed
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WriteAsync queues fn; done is called by the writer's goroutine once it is durable or failed and must not block. The
// error says that fn was not queued.
func (s *Store) WriteAsync(ctx context.Context, fn func(*Tx) error, done func(error)) error {
	if s.writer == nil {
		return errors.New("history is open for reading only")
	}
	o := op{fn: fn, done: done, at: time.Now()} //nolint:forbidigo // measures the commit, decides nothing
	select {
	case <-s.writer.quit:
		return ErrClosed
	default:
	}
	select {
	case s.writer.state <- o:
		return nil
	case <-s.writer.quit:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) run() {
	defer close(w.idle)
	defer func() { w.err = errors.Join(w.err, w.shut()) }()
	for {
		select {
		case o := <-w.state:
			w.commit(w.gather(o))
		case <-w.logWake:
			w.commit(nil)
		case <-w.quit:
			w.drain()
			return
		}
	}
}

// drain writes all that was queued before the stop.
func (w *writer) drain() {
	for {
		select {
		case o := <-w.state:
			w.commit(w.gather(o))
		default:
			for w.logsWaiting() {
				w.commit(nil)
			}
			return
		}
	}
}

func (w *writer) gather(first op) []op {
	group := []op{first}
	for len(group) < maxStatePerCommit {
		select {
		case o := <-w.state:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

func (w *writer) commit(group []op) {
	most := maxLogsPerCommit
	if len(group) > 0 {
		most = maxLogsBeside
	}
	logs := w.takeLogs(most)
	defer w.logsLanded()
	if len(group) == 0 && len(logs) == 0 {
		return
	}
	all := func(tx *Tx) error {
		for i := range group {
			if err := group[i].fn(tx); err != nil {
				return err
			}
		}
		return nil
	}
	err := w.inTx(func(tx *Tx) error {
		if err := all(tx); err != nil {
			return err
		}
		return tx.insertLogs(logs)
	})
	switch {
	case err == nil:
	case w.o.driver.wholeDisk(err): // what is wrong is not one of the group: one more try, without what may be lost
		w.logsFailed(logs)
		if len(group) > 0 && len(logs) > 0 {
			err = w.inTx(all)
		}
	default:
		w.commitApart(group, logs)
		return
	}
	if len(group) > 0 {
		w.delay.Store(int64(time.Since(group[0].at))) //nolint:forbidigo // measures the commit, decides nothing
	}
	for i := range group {
		group[i].done(err)
	}
}

// commitApart writes each op on its own, so that one failing op does not take its neighbours with it.
func (w *writer) commitApart(group []op, logs []orchestrator.LogLine) {
	for i := range group {
		group[i].done(w.inTx(group[i].fn))
	}
	if len(logs) == 0 {
		return
	}
	if err := w.inTx(func(tx *Tx) error { return tx.insertLogs(logs) }); err != nil {
		w.logsFailed(logs)
	}
}

// inTx runs fn in a transaction. After an error nothing of it is in the history, and the next transaction can begin.
func (w *writer) inTx(fn func(*Tx) error) error {
	if err := w.begin(); err != nil {
		return w.o.driver.class(fmt.Errorf("begin: %w", err))
	}
	tx := &Tx{w: w}
	err := fn(tx)
	if err == nil {
		err = w.o.fail("store.before-commit")
	}
	if err == nil {
		if err = w.exec("COMMIT"); err == nil {
			_ = w.o.fail("store.after-commit") // it is durable, whatever happens here
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
	}
	for _, run := range tx.touched {
		delete(w.kept, run)
	}
	// SQLite rolls back by itself after some errors; then there is no transaction left to end.
	_ = w.exec("ROLLBACK") // begin tries again when there still is one
	return w.o.driver.class(err)
}

// begin starts a transaction. One that could not be rolled back is ended first.
func (w *writer) begin() error {
	if err := w.o.fail("store.begin"); err != nil {
		return err
	}
	err := w.exec("BEGIN IMMEDIATE")
	if err != nil && w.exec("ROLLBACK") == nil {
		err = w.exec("BEGIN IMMEDIATE")
	}
	return err
}

func (w *writer) exec(query string, args ...any) error {
	st, err := w.stmt(query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(w.bg, args...)
	return err
}

func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if st, ok := w.stmts[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(w.bg, query)
	if err != nil {
		return nil, err
	}
	w.stmts[query] = st
	return st, nil
}

func (w *writer) shut() error {
	var errs []error
	for _, st := range w.stmts {
		errs = append(errs, st.Close())
	}
	err := w.o.fail("store.checkpoint")
	if err == nil {
		_, err = w.conn.ExecContext(w.bg, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	if err != nil {
		errs = append(errs, w.o.driver.class(fmt.Errorf("checkpoint: %w", err)))
	}
	return errors.Join(append(errs, w.conn.Close())...)
}
