package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Overlapping gives the runs that waited, ran or were to run in [from, to), oldest first, at most limit of them: the newest.
// Skipped ticks and runs that did nothing are left out.
func (s *Store) Overlapping(ctx context.Context, from, to time.Time, limit int) ([]orchestrator.Run, error) {
	runs, err := collectRuns(s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE seq IN (
			SELECT seq FROM run WHERE ended>=? AND idle=0 AND state<>'skipped' AND coalesce(started, due)<?
			UNION ALL SELECT seq FROM run WHERE ended IS NULL)
		AND coalesce(started, due)<? ORDER BY seq DESC LIMIT ?`, from.UnixNano(), to.UnixNano(), to.UnixNano(), limit))
	slices.Reverse(runs)
	return runs, err
}

// maxWaits bounds the waits that one trend is computed of; of more runs every second, third, … is taken.
const maxWaits = 20_000

// Trend counts the runs that ended in a window. buckets must be positive and the window not empty.
func (s *Store) Trend(ctx context.Context, runner string, from, to time.Time, buckets int) (orchestrator.Trend, error) {
	t := orchestrator.Trend{
		From: from, To: to, Runs: make([]int, buckets), Failed: make([]int, buckets), Wait: make([]time.Duration, buckets),
	}
	width := max(int64(to.Sub(from))/int64(buckets), 1)
	where := ` FROM run WHERE ended>=? AND ended<? AND idle=0 AND state NOT IN ('skipped', 'missed', 'dropped')`
	args := []any{from.UnixNano(), to.UnixNano()}
	if runner != "" {
		where, args = where+` AND runner=?`, append(args, runner)
	}
	all := 0
	err := s.each(ctx, "trend", func(rows *sql.Rows) error {
		var bucket, n, failed int
		if err := rows.Scan(&bucket, &n, &failed); err != nil {
			return err
		}
		bucket = min(bucket, buckets-1) // the last one takes what division left over
		t.Runs[bucket] += n
		t.Failed[bucket] += failed
		all += n
		return nil
	}, `SELECT (ended-?)/?, count(*), sum(state IN ('failed', 'crashed'))`+where+` GROUP BY 1`, append([]any{from.UnixNano(), width}, args...)...)
	if err != nil {
		return t, err
	}
	waits := make([][]time.Duration, buckets)
	err = s.each(ctx, "trend", func(rows *sql.Rows) error {
		var bucket int
		var wait int64
		if err := rows.Scan(&bucket, &wait); err != nil {
			return err
		}
		bucket = min(bucket, buckets-1)
		waits[bucket] = append(waits[bucket], time.Duration(max(wait, 0)))
		return nil
	}, `SELECT (ended-?)/?, started-due`+where+` AND started IS NOT NULL AND seq%?=0`,
		append(append([]any{from.UnixNano(), width}, args...), all/maxWaits+1)...)
	for i, w := range waits {
		if t.Wait[i] = -1; len(w) > 0 {
			slices.Sort(w)
			t.Wait[i] = w[(len(w)*95+99)/100-1]
		}
	}
	return t, err
}

// Failures gives the runs that failed in a window, newest first, at most limit.
func (s *Store) Failures(ctx context.Context, runner string, from, to time.Time, limit int) ([]orchestrator.Failure, error) {
	var out []orchestrator.Failure
	err := s.each(ctx, "failures", func(rows *sql.Rows) error {
		var f orchestrator.Failure
		var seq, at int64
		if err := rows.Scan(&seq, &f.Runner, &f.Step, &f.Error, &f.Class, &at); err != nil {
			return err
		}
		f.Run, f.At = seqID(seq), fromNanos(at)
		out = append(out, f)
		return nil
	}, `SELECT seq, runner, failed_step, error, error_class, ended FROM run WHERE state IN ('failed', 'crashed') AND ended>=? AND ended<?
		AND (?='' OR runner=?) ORDER BY ended DESC LIMIT ?`, from.UnixNano(), to.UnixNano(), runner, runner, limit)
	return out, err
}

// each runs a query and gives its rows to f.
func (s *Store) each(ctx context.Context, what string, f func(*sql.Rows) error, q string, args ...any) error {
	rows, err := s.read.QueryContext(ctx, q, args...)
	if err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return fmt.Errorf("read %s: %w", what, err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", what, err)
	}
	return nil
}
