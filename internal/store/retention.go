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

const (
	// pruneRows is how many rows (log lines, steps, attempts, runs) one transaction deletes, about: some milliseconds, so that
	// claims never wait for it.
	pruneRows = 500
	// measureChunk is how many ended runs are measured between two writes.
	measureChunk = 200
	// maxEvents is how many events are kept.
	maxEvents = 20_000
	// vacuumPages is how many freed pages one transaction gives back to the file system.
	vacuumPages = 500
)

// Keep says how much history of one runner is kept. Always kept are runs that have not ended or whose handlers have yet to run,
// the runner's newest run, and the newest run of all.
type Keep struct {
	Runs      int           // newest rows kept; 0 = all
	Age       time.Duration // older ones go; 0 = no limit
	FailedAge time.Duration // failed and crashed runs stay this long, whatever Runs and Age say; 0 = as the others
	// Bytes bounds what ended runs take with their steps and logs, about; 0 = no bound. The oldest go first, and failed and crashed
	// runs that FailedAge keeps only when there is nothing else to go.
	Bytes int64
}

// aged is an ended run as it was when it was found to be beyond what is kept. One that has been run again since stays.
type aged struct{ seq, ended int64 }

// Prune deletes what Keep does not keep of a runner, and gives how many runs went. What is to go is found by readers; it is
// deleted in small transactions with room for other writes between them.
func (s *Store) Prune(ctx context.Context, runner string, k Keep, now time.Time) (int, error) {
	what := "prune " + runner
	old, err := s.beyond(ctx, runner, k, now)
	if err != nil {
		return 0, fail(what, err)
	}
	total, err := s.remove(ctx, old)
	if err != nil || k.Bytes <= 0 {
		return total, fail(what, err)
	}
	if err := s.measureRuns(ctx, runner); err != nil {
		return total, fail(what, err)
	}
	if old, err = s.beyondBytes(ctx, runner, k, now); err != nil {
		return total, fail(what, err)
	}
	n, err := s.remove(ctx, old)
	return total + n, fail(what, err)
}

// before is the time that an age points to; 0 when there is no limit.
func before(now time.Time, age time.Duration) int64 {
	if age <= 0 {
		return 0
	}
	return now.Add(-age).UnixNano()
}

func scanAged(rows *sql.Rows, a *aged) error { return rows.Scan(&a.seq, &a.ended) }

// protected says in SQL which runs FailedAge keeps; its two arguments are the failures' cut-off.
const protected = `(?<>0 AND state IN ('failed', 'crashed') AND ended>=?)`

// beyond finds the runs that Runs and Age do not keep, oldest first.
func (s *Store) beyond(ctx context.Context, runner string, k Keep, now time.Time) ([]aged, error) {
	var oldest int64 // rows below this number are beyond the count
	if k.Runs > 0 {
		err := s.read.QueryRowContext(ctx, `SELECT coalesce((SELECT seq FROM run WHERE runner=? ORDER BY seq DESC LIMIT 1 OFFSET ?), 0)`,
			runner, k.Runs-1).Scan(&oldest)
		if err != nil {
			return nil, err
		}
	}
	cutoff, failed := before(now, k.Age), before(now, k.FailedAge)
	if oldest == 0 && cutoff == 0 {
		return nil, nil
	}
	return collect(ctx, s, "old runs", scanAged, `SELECT seq, ended FROM run WHERE runner=? AND ended IS NOT NULL AND (seq<? OR ended<?)
		AND handlers<>'pending' AND NOT `+protected+` AND seq<(SELECT max(seq) FROM run WHERE runner=?) ORDER BY seq`,
		runner, oldest, cutoff, failed, failed, runner)
}

// beyondBytes finds the runs that Bytes does not keep, oldest first.
func (s *Store) beyondBytes(ctx context.Context, runner string, k Keep, now time.Time) ([]aged, error) {
	failed := before(now, k.FailedAge)
	return collect(ctx, s, "large runs", scanAged, `SELECT seq, ended FROM (SELECT seq, ended, handlers,
			sum(coalesce(bytes, 0)) OVER (ORDER BY `+protected+` DESC, seq DESC ROWS UNBOUNDED PRECEDING) AS total
			FROM run WHERE runner=? AND ended IS NOT NULL)
		WHERE total>? AND handlers<>'pending' AND seq<(SELECT max(seq) FROM run WHERE runner=?) ORDER BY seq`,
		failed, failed, runner, k.Bytes, runner)
}

// measured is what an ended run takes.
type measured struct{ seq, ended, bytes int64 }

// runBytes is in SQL what a run takes on the disk, about: its rows' texts, and some bytes for the rest of each row.
const runBytes = `200+octet_length(reason)+octet_length(error)+octet_length(params)
	+coalesce((SELECT sum(` + lineSize + `) FROM log WHERE log.run=run.seq), 0)
	+coalesce((SELECT sum(octet_length(path)*2+octet_length(reason)+octet_length(message)+octet_length(error)
		+coalesce(octet_length(result), 0)+90) FROM step WHERE step.run=run.seq), 0)
	+coalesce((SELECT sum(octet_length(path)+octet_length(error)+40) FROM attempt WHERE attempt.run=run.seq), 0)`

// measureRuns measures the runs that have ended since the last time.
func (s *Store) measureRuns(ctx context.Context, runner string) error {
	for {
		found, err := collect(ctx, s, "sizes of runs", func(rows *sql.Rows, m *measured) error {
			return rows.Scan(&m.seq, &m.ended, &m.bytes)
		}, `SELECT seq, ended, `+runBytes+` FROM run WHERE runner=? AND ended IS NOT NULL AND bytes IS NULL ORDER BY seq LIMIT ?`,
			runner, measureChunk)
		if err != nil || len(found) == 0 {
			return err
		}
		err = s.Write(ctx, func(tx *Tx) error {
			for _, m := range found {
				if err := tx.w.exec(`UPDATE run SET bytes=? WHERE seq=? AND ended=?`, m.bytes, m.seq, m.ended); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(found) < measureChunk {
			return err
		}
	}
}

// remove deletes runs in small transactions and gives how many went.
func (s *Store) remove(ctx context.Context, old []aged) (int, error) {
	total := 0
	for len(old) > 0 {
		var done, gone int
		err := s.Write(ctx, func(tx *Tx) error {
			var err error
			done, gone, err = tx.removeSome(old)
			return err
		})
		if err != nil {
			return total, err
		}
		old, total = old[done:], total+gone
	}
	return total, nil
}

// removeSome deletes from the front of the list until enough rows went. It gives how many of the list are dealt with, and how
// many of those were there. A long run goes in parts, itself last.
func (t *Tx) removeSome(old []aged) (done, gone int, err error) {
	rows := 0
	for _, a := range old {
		if rows >= pruneRows {
			break
		}
		row, err := t.row(`SELECT count(*) FROM run WHERE seq=? AND ended=? AND seq<(SELECT max(seq) FROM run)`, a.seq, a.ended)
		if err != nil {
			return 0, 0, err
		}
		var there int
		if err := row.Scan(&there); err != nil {
			return 0, 0, err
		}
		rows++
		if there == 0 {
			done++
			continue
		}
		n, err := t.shorten(a.seq, pruneRows)
		if err != nil {
			return 0, 0, err
		}
		if rows += n; n >= pruneRows {
			break // it may have more
		}
		if err := t.deleteRun(a.seq); err != nil {
			return 0, 0, err
		}
		rows += 3
		done, gone = done+1, gone+1
	}
	return done, gone, t.w.o.fail("store.prune")
}

// shorten deletes at most so many of a run's log lines, attempts and steps, and gives how many went.
func (t *Tx) shorten(seq int64, most int) (int, error) {
	total := 0
	for _, q := range []string{
		`DELETE FROM log WHERE run=? AND seq IN (SELECT seq FROM log WHERE run=? ORDER BY seq LIMIT ?)`,
		`DELETE FROM ticket_log WHERE run=? AND kind='read' AND id IN (SELECT id FROM ticket_log WHERE run=? AND kind='read' ORDER BY id
			LIMIT ?)`,
		`DELETE FROM attempt WHERE run=? AND path IN (SELECT path FROM attempt WHERE run=? ORDER BY path LIMIT ?)`,
		`DELETE FROM step WHERE run=? AND path IN (SELECT path FROM step WHERE run=? ORDER BY path LIMIT ?)`,
	} {
		st, err := t.w.stmt(q)
		if err != nil {
			return 0, err
		}
		res, err := st.ExecContext(t.w.bg, seq, seq, most-total)
		if err != nil {
			return 0, err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		if total += int(n); total >= most {
			break
		}
	}
	delete(t.w.kept, seq)
	return total, nil
}

// PruneEvents keeps the newest events and gives freed pages back to the file system, in small transactions.
func (s *Store) PruneEvents(ctx context.Context) error {
	for more := true; more; {
		err := s.Write(ctx, func(tx *Tx) error {
			var err error
			more, err = tx.changed("prune events", `DELETE FROM event WHERE id IN (SELECT id FROM event
				WHERE id<=(SELECT coalesce(max(id), 0) FROM event)-? ORDER BY id LIMIT ?)`, maxEvents, pruneRows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return s.shrink(ctx)
}

// shrink gives free pages back until few are left.
func (s *Store) shrink(ctx context.Context) error {
	for {
		var free, pages int64
		err := errors.Join(s.read.QueryRowContext(ctx, `PRAGMA freelist_count`).Scan(&free),
			s.read.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages))
		if err != nil || free < vacuumPages || free < pages/10 { // what is left is used again soon
			return fail("shrink history", err)
		}
		err = s.Write(ctx, func(tx *Tx) error { return tx.w.exec(`PRAGMA incremental_vacuum(` + fmt.Sprint(vacuumPages) + `)`) })
		if err != nil {
			return fail("shrink history", err)
		}
	}
}

// Backup writes a consistent copy of the history in dir to a new file, also while an engine runs on it.
func Backup(ctx context.Context, dir, path string) error {
	from := filepath.Join(dir, FileName)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("no history in %s: %w", dir, err)
	}
	d := modernc()
	db, err := d.open(from, "", "busy_timeout(5000)")
	if err != nil {
		return fmt.Errorf("open history %s: %w", from, err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return errors.Join(d.class(fail("back up history to "+path, err)), db.Close())
}
