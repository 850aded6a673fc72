package store

import (
	"context"
	"database/sql"
	"time"
)

// Watchdog is the state of the dead-man rule for one runner.
type Watchdog struct {
	Since   time.Time // first seen with the rule
	Overdue time.Time // beginning of the outage that has been told; zero = none
}

// SetWatchdog keeps the state of a runner's dead-man rule.
func (t *Tx) SetWatchdog(runner string, w Watchdog) error {
	err := t.w.exec(`INSERT OR REPLACE INTO watchdog(runner, since, overdue) VALUES(?,?,?)`, runner, w.Since.UnixNano(), nanos(w.Overdue))
	return fail("keep watchdog of "+runner, err)
}

// LastSuccess gives when a run of the runner completed last; zero = none is in history.
func (s *Store) LastSuccess(ctx context.Context, runner string) (time.Time, error) {
	var at sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT max(ended) FROM run WHERE runner=? AND state='completed' AND dry=0`, runner).Scan(&at)
	return fromNull(at), fail("read last success of "+runner, err)
}

// Watchdogs gives the state of every runner's dead-man rule.
func (s *Store) Watchdogs(ctx context.Context) (map[string]Watchdog, error) {
	type row struct {
		runner string
		w      Watchdog
	}
	rows, err := collect(ctx, s, "watchdogs", func(rows *sql.Rows, r *row) error {
		var since int64
		var overdue sql.NullInt64
		err := rows.Scan(&r.runner, &since, &overdue)
		r.w = Watchdog{Since: fromNanos(since), Overdue: fromNull(overdue)}
		return err
	}, `SELECT runner, since, overdue FROM watchdog`)
	out := make(map[string]Watchdog, len(rows))
	for _, r := range rows {
		out[r.runner] = r.w
	}
	return out, err
}
