package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func fromNanos(n int64) time.Time { return time.Unix(0, n).UTC() }

func fromNull(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromNanos(n.Int64)
}

// seqID is the id of a run or backfill with this number; "" for 0.
func seqID(seq int64) string {
	if seq == 0 {
		return ""
	}
	return strconv.FormatInt(seq, 10)
}

const runColumns = `seq, runner, trigger, nominal, state, reason, created, due, started, ended, next, attempt, attempts,
	max_attempts, failed_step, error, error_class, warnings, count, first_at, idle, by, params,
	coalesce(parent, 0), coalesce(backfill, 0), priority, overlap, definition, handlers, dry, stopped, down`

func scanRun(rows interface{ Scan(...any) error }) (orchestrator.Run, error) {
	var r orchestrator.Run
	var seq, created, due, first, parent, backfill int64
	var nominal, started, ended, next, stopped sql.NullInt64
	var params string
	err := rows.Scan(&seq, &r.Runner, &r.Trigger, &nominal, &r.State, &r.Reason, &created, &due, &started, &ended, &next,
		&r.Attempt, &r.Attempts, &r.MaxAttempts, &r.FailedStep, &r.Error, &r.ErrorClass, &r.Warnings, &r.Count, &first,
		&r.Idle, &r.By, &params, &parent, &backfill, &r.Priority, &r.Overlap, &r.Definition, &r.Handlers, &r.DryRun, &stopped, &r.Down)
	if err != nil {
		return r, err
	}
	r.ID, r.Parent, r.Backfill = seqID(seq), seqID(parent), seqID(backfill)
	r.Nominal, r.StartedAt, r.EndedAt, r.NextAt = fromNull(nominal), fromNull(started), fromNull(ended), fromNull(next)
	r.CreatedAt, r.DueAt, r.FirstAt = fromNanos(created), fromNanos(due), fromNanos(first)
	r.LastAt, r.StoppedAt = r.DueAt, fromNull(stopped)
	if params != "" {
		err = json.Unmarshal([]byte(params), &r.Params)
	}
	return r, err
}

func collectRuns(rows *sql.Rows, err error) ([]orchestrator.Run, error) {
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.Run
	for rows.Next() {
		r, err := scanRun(rows)
		if err != nil {
			return nil, fmt.Errorf("read runs: %w", err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Runs gives runs, newest first.
func (s *Store) Runs(ctx context.Context, f orchestrator.RunFilter) ([]orchestrator.Run, error) {
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	parts, err := s.partsOf(ctx, f)
	var out []orchestrator.Run
	for i := 0; i < len(parts) && err == nil && len(out) < limit; i++ {
		var page []orchestrator.Run
		page, err = collectRuns(s.read.QueryContext(ctx, "SELECT "+runColumns+parts[i].from+" ORDER BY seq DESC LIMIT ?",
			append(parts[i].args, limit-len(out))...))
		out = append(out, page...)
	}
	return out, err
}

// runWhere is a filter as a condition of SQL.
func runWhere(f orchestrator.RunFilter) (string, []any, error) {
	var where []string
	var args []any
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	if f.Runner != "" {
		add("runner=?", f.Runner)
	}
	in := func(column string, values []any) {
		add(column+" IN ("+strings.TrimSuffix(strings.Repeat("?,", len(values)), ",")+")", values...)
	}
	if len(f.Runners) > 0 {
		in("runner", anySlice(f.Runners))
	}
	if len(f.States) > 0 {
		in("state", anySlice(f.States))
	} else if !f.WithIdle {
		add("idle=0 AND state<>'skipped'")
	}
	if !f.Since.IsZero() {
		add("due>=?", f.Since.UnixNano())
	}
	if f.By != "" {
		add("by LIKE ? ESCAPE '\\'", like(f.By))
	}
	for _, word := range f.Text {
		pattern := like(word)
		add(`(runner LIKE ? ESCAPE '\' OR error LIKE ? ESCAPE '\' OR reason LIKE ? ESCAPE '\' OR failed_step LIKE ? ESCAPE '\'
			OR trigger LIKE ? ESCAPE '\' OR by LIKE ? ESCAPE '\' OR CAST(seq AS TEXT) LIKE ? ESCAPE '\'
			OR state='pending')`, // what those wait for is not in their row
			pattern, pattern, pattern, pattern, pattern, pattern, pattern)
	}
	if f.Before != "" {
		seq, err := runSeq(f.Before)
		if err != nil {
			return "", nil, err
		}
		add("seq<?", seq)
	}
	if len(where) == 0 {
		return "", nil, nil
	}
	return " WHERE " + strings.Join(where, " AND "), args, nil
}

// like is a pattern that finds the text anywhere.
func like(s string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s) + "%"
}

func anySlice[T ~string](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = string(v)
	}
	return out
}

// LiveRuns gives the runs that have not ended, oldest first.
func (s *Store) LiveRuns(ctx context.Context) ([]orchestrator.Run, error) {
	return collectRuns(s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE ended IS NULL ORDER BY seq`))
}

// PendingHandlers gives the ended runs whose handlers have yet to run, oldest first.
func (s *Store) PendingHandlers(ctx context.Context) ([]orchestrator.Run, error) {
	return collectRuns(s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE handlers='pending' AND ended IS NOT NULL
		ORDER BY seq`))
}

// History gives what a start needs of each of these runners: its newest row, and its newest ended runs that really ran, at most
// n of each and newest first. Runners without history are absent. It is one query for all: ten thousand of them take a
// second more.
func (s *Store) History(ctx context.Context, runners []string, n int) (newest map[string]orchestrator.Run,
	recent map[string][]orchestrator.Run, err error,
) {
	ids, err := json.Marshal(runners)
	if err != nil {
		return nil, nil, fmt.Errorf("read runs: %w", err)
	}
	const from = `WITH asked(id) AS (SELECT value FROM json_each(?)) SELECT ` + runColumns + ` FROM asked JOIN run ON `
	rows, err := collectRuns(s.read.QueryContext(ctx, from+`seq=(SELECT max(seq) FROM run WHERE runner=asked.id)`, string(ids)))
	if err != nil {
		return nil, nil, err
	}
	newest = make(map[string]orchestrator.Run, len(rows))
	for i := range rows {
		newest[rows[i].Runner] = rows[i]
	}
	rows, err = collectRuns(s.read.QueryContext(ctx, from+`seq IN (SELECT seq FROM run WHERE runner=asked.id AND ended IS NOT NULL
		AND started IS NOT NULL AND idle=0 AND dry=0 ORDER BY seq DESC LIMIT ?) ORDER BY seq DESC`, string(ids), n))
	recent = make(map[string][]orchestrator.Run, len(newest))
	for i := range rows {
		recent[rows[i].Runner] = append(recent[rows[i].Runner], rows[i])
	}
	return newest, recent, err
}

// RunByKey gives the run that a request with this key made; ErrUnknownRun when there is none.
func (s *Store) RunByKey(ctx context.Context, runner, key string) (orchestrator.Run, error) {
	return s.oneRun(ctx, "key "+key, `runner=? AND key=?`, runner, key)
}

// GetRun gives one run; ErrUnknownRun when there is none.
func (s *Store) GetRun(ctx context.Context, id string) (orchestrator.Run, error) {
	seq, err := runSeq(id)
	if err != nil {
		return orchestrator.Run{}, err
	}
	return s.oneRun(ctx, id, `seq=?`, seq)
}

func (s *Store) oneRun(ctx context.Context, what, where string, args ...any) (orchestrator.Run, error) {
	r, err := scanRun(s.read.QueryRowContext(ctx, `SELECT `+runColumns+` FROM run WHERE `+where, args...))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return r, fmt.Errorf("%w: %s", orchestrator.ErrUnknownRun, what)
	case err != nil:
		return r, fmt.Errorf("read run %s: %w", what, err)
	}
	return r, nil
}

// Events gives the newest events, newest first.
func (s *Store) Events(ctx context.Context, limit int) ([]orchestrator.Event, error) {
	return collectEvents(s.read.QueryContext(ctx, `SELECT `+eventColumns+` FROM event ORDER BY id DESC LIMIT ?`, limit))
}

// RunEvents gives the newest events of a run, oldest first.
func (s *Store) RunEvents(ctx context.Context, run string, limit int) ([]orchestrator.Event, error) {
	seq, err := runSeq(run)
	if err != nil {
		return nil, err
	}
	out, err := collectEvents(s.read.QueryContext(ctx, `SELECT `+eventColumns+` FROM event WHERE run=? AND run<>0
		ORDER BY id DESC LIMIT ?`, seq, limit))
	slices.Reverse(out)
	return out, err
}

const eventColumns = `id, at, kind, runner, run, state, text, by, via, before, after`

func collectEvents(rows *sql.Rows, err error) ([]orchestrator.Event, error) {
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.Event
	for rows.Next() {
		var e orchestrator.Event
		var at, run int64
		if err := rows.Scan(&e.ID, &at, &e.Kind, &e.Runner, &run, &e.State, &e.Text, &e.By, &e.Via, &e.Before, &e.After); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		e.At, e.Run = fromNanos(at), seqID(run)
		out = append(out, e)
	}
	return out, rows.Err()
}

// Cursors gives every trigger's cursor.
func (s *Store) Cursors(ctx context.Context) ([]Cursor, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT runner, trigger, spec, anchor, nominal, runs FROM cursor`)
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Cursor
	for rows.Next() {
		var c Cursor
		var anchor, nominal int64
		if err := rows.Scan(&c.Runner, &c.Trigger, &c.Spec, &anchor, &nominal, &c.Runs); err != nil {
			return nil, fmt.Errorf("read cursors: %w", err)
		}
		c.Anchor, c.Nominal = fromNanos(anchor), fromNanos(nominal)
		out = append(out, c)
	}
	return out, rows.Err()
}

// Pauses gives the held runners.
func (s *Store) Pauses(ctx context.Context) (map[string]orchestrator.Pause, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, paused_at, paused_by, paused_reason, paused_until FROM runner
		WHERE paused_at IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("read pauses: %w", err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]orchestrator.Pause{}
	for rows.Next() {
		var id string
		var p orchestrator.Pause
		var at int64
		var until sql.NullInt64
		if err := rows.Scan(&id, &at, &p.By, &p.Reason, &until); err != nil {
			return nil, fmt.Errorf("read pauses: %w", err)
		}
		p.At, p.Until = fromNanos(at), fromNull(until)
		out[id] = p
	}
	return out, rows.Err()
}
