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

// pruneChunk is how many runs one transaction deletes: some milliseconds, so that claims never wait for it.
const pruneChunk = 200

// maxEvents is how many events are kept.
const maxEvents = 20_000

// Keep says how much history of one runner is kept. Runs that have not ended, and the newest run of all, are always kept.
type Keep struct {
	Runs      int           // newest rows kept; 0 = all
	Age       time.Duration // older ones go; 0 = no limit
	FailedAge time.Duration // failed and crashed runs stay this long, whatever Runs and Age say; 0 = as the others
}

// Prune deletes what Keep does not keep of a runner, a chunk at a time with room for other writes between them, and gives
// how many rows went.
func (s *Store) Prune(ctx context.Context, runner string, k Keep, now time.Time) (int, error) {
	total := 0
	for {
		n := 0
		err := s.Write(ctx, func(tx *Tx) error {
			var err error
			n, err = tx.prune(runner, k, now)
			return err
		})
		total += n
		if err != nil || n < pruneChunk {
			return total, err
		}
	}
}

func (t *Tx) prune(runner string, k Keep, now time.Time) (int, error) {
	var oldest int64 // rows below this number are beyond the count
	if k.Runs > 0 {
		row, err := t.row(`SELECT coalesce((SELECT seq FROM run WHERE runner=? ORDER BY seq DESC LIMIT 1 OFFSET ?), 0)`, runner, k.Runs-1)
		if err != nil {
			return 0, fail("prune "+runner, err)
		}
		if err := row.Scan(&oldest); err != nil {
			return 0, fail("prune "+runner, err)
		}
	}
	seqs, err := t.beyond(runner, oldest, before(now, k.Age), before(now, k.FailedAge))
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		if err := t.deleteRun(seq); err != nil {
			return 0, err
		}
	}
	return len(seqs), nil
}

// before is the time that an age points to; 0 when there is no limit.
func before(now time.Time, age time.Duration) int64 {
	if age <= 0 {
		return 0
	}
	return now.Add(-age).UnixNano()
}

func (t *Tx) beyond(runner string, oldest, cutoff, failedCutoff int64) ([]int64, error) {
	// The newest run of all stays: the engine counts on from its number, and a number must never come twice.
	st, err := t.w.stmt( //nolint:sqlclosecheck // the writer keeps its statements
		`SELECT seq FROM run WHERE runner=? AND ended IS NOT NULL AND (seq<? OR ended<?) AND seq<(SELECT max(seq) FROM run)
		AND (?=0 OR state NOT IN ('failed', 'crashed') OR ended<?) ORDER BY seq LIMIT ?`)
	if err != nil {
		return nil, fail("prune "+runner, err)
	}
	rows, err := st.QueryContext(t.w.bg, runner, oldest, cutoff, failedCutoff, failedCutoff, pruneChunk)
	if err != nil {
		return nil, fail("prune "+runner, err)
	}
	defer func() { _ = rows.Close() }()
	var out []int64
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, fail("prune "+runner, err)
		}
		out = append(out, seq)
	}
	return out, fail("prune "+runner, rows.Err())
}

// PruneEvents keeps the newest events and gives freed pages back to the file system.
func (s *Store) PruneEvents(ctx context.Context) error {
	return s.Write(ctx, func(tx *Tx) error {
		err := tx.w.exec(`DELETE FROM event WHERE id<=(SELECT coalesce(max(id), 0) FROM event)-?`, maxEvents)
		if err == nil {
			err = tx.w.exec(`PRAGMA incremental_vacuum(2000)`)
		}
		return fail("prune events", err)
	})
}

// Backup writes a consistent copy of the history in dir to a new file, also while an engine runs on it.
func Backup(ctx context.Context, dir, path string) error {
	from := filepath.Join(dir, FileName)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("no history in %s: %w", dir, err)
	}
	db, err := sql.Open("sqlite", dsn(from, "busy_timeout(5000)"))
	if err != nil {
		return fmt.Errorf("open history %s: %w", from, err)
	}
	_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
	return errors.Join(fail("back up history to "+path, err), db.Close())
}
