package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
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

// Levels as they are stored and compared.
func levelNumber(level string) int {
	switch level {
	case "debug":
		return 0
	case "warn":
		return 2
	case "error":
		return 3
	default:
		return 1
	}
}

func levelName(n int) string { return [...]string{"debug", "info", "warn", "error"}[min(max(n, 0), 3)] }

const runColumns = `seq, runner, trigger, nominal, state, reason, created, due, started, ended, next, attempt, attempts,
	max_attempts, failed_step, error, error_class, warnings, count, first_at, idle, by, params`

func scanRun(rows interface{ Scan(...any) error }) (orchestrator.Run, error) {
	var r orchestrator.Run
	var seq, created, due, first int64
	var nominal, started, ended, next sql.NullInt64
	var params string
	err := rows.Scan(&seq, &r.Runner, &r.Trigger, &nominal, &r.State, &r.Reason, &created, &due, &started, &ended, &next,
		&r.Attempt, &r.Attempts, &r.MaxAttempts, &r.FailedStep, &r.Error, &r.ErrorClass, &r.Warnings, &r.Count, &first,
		&r.Idle, &r.By, &params)
	if err != nil {
		return r, err
	}
	r.ID = strconv.FormatInt(seq, 10)
	r.Nominal, r.StartedAt, r.EndedAt, r.NextAt = fromNull(nominal), fromNull(started), fromNull(ended), fromNull(next)
	r.CreatedAt, r.DueAt, r.FirstAt = fromNanos(created), fromNanos(due), fromNanos(first)
	r.LastAt = r.DueAt
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
	var where []string
	var args []any
	add := func(cond string, a ...any) { where, args = append(where, cond), append(args, a...) }
	if f.Runner != "" {
		add("runner=?", f.Runner)
	}
	if len(f.States) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("?,", len(f.States)), ",")
		states := make([]any, len(f.States))
		for i, st := range f.States {
			states[i] = string(st)
		}
		add("state IN ("+marks+")", states...)
	} else if !f.WithIdle {
		add("idle=0 AND state<>'skipped'")
	}
	if !f.Since.IsZero() {
		add("due>=?", f.Since.UnixNano())
	}
	if f.Before != "" {
		seq, err := runSeq(f.Before)
		if err != nil {
			return nil, err
		}
		add("seq<?", seq)
	}
	q := "SELECT " + runColumns + " FROM run"
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	return collectRuns(s.read.QueryContext(ctx, q+" ORDER BY seq DESC LIMIT ?", append(args, limit)...))
}

// LiveRuns gives the runs that have not ended, oldest first.
func (s *Store) LiveRuns(ctx context.Context) ([]orchestrator.Run, error) {
	return collectRuns(s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE ended IS NULL ORDER BY seq`))
}

// Recent gives a runner's newest ended runs that really ran, newest first.
func (s *Store) Recent(ctx context.Context, runner string, n int) ([]orchestrator.Run, error) {
	return collectRuns(s.read.QueryContext(ctx, `SELECT `+runColumns+` FROM run WHERE runner=? AND ended IS NOT NULL
		AND started IS NOT NULL AND idle=0 ORDER BY seq DESC LIMIT ?`, runner, n))
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

// Steps gives a run's steps, each with its attempts and its number among its siblings.
func (s *Store) Steps(ctx context.Context, run string) ([]StepRow, error) {
	seq, err := runSeq(run)
	if err != nil {
		return nil, err
	}
	attempts, err := s.attempts(ctx, run, seq)
	if err != nil {
		return nil, err
	}
	rows, err := s.read.QueryContext(ctx, `SELECT path, ord, depth, id, use, composite, state, reason, message, attempt, base,
		max_attempts, started, ended, next, error, error_class, coalesce(result, '')
		FROM step WHERE run=? ORDER BY depth, ord, path`, seq)
	if err != nil {
		return nil, fmt.Errorf("read steps of run %s: %w", run, err)
	}
	defer func() { _ = rows.Close() }()
	var out []StepRow
	for rows.Next() {
		var st StepRow
		var started, ended, next sql.NullInt64
		err := rows.Scan(&st.Path, &st.Order, &st.Depth, &st.ID, &st.Use, &st.Composite, &st.State, &st.Reason, &st.Message,
			&st.Attempt, &st.Base, &st.MaxAttempts, &started, &ended, &next, &st.Error, &st.ErrorClass, &st.Result)
		if err != nil {
			return nil, fmt.Errorf("read steps of run %s: %w", run, err)
		}
		st.Run, st.StartedAt, st.EndedAt, st.NextAt = run, fromNull(started), fromNull(ended), fromNull(next)
		st.Attempts = attempts[st.Path]
		out = append(out, st)
	}
	return out, rows.Err()
}

func (s *Store) attempts(ctx context.Context, run string, seq int64) (map[string][]orchestrator.Attempt, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT path, n, state, started, ended, error, class, exit_code FROM attempt
		WHERE run=? ORDER BY path, n`, seq)
	if err != nil {
		return nil, fmt.Errorf("read attempts of run %s: %w", run, err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string][]orchestrator.Attempt{}
	for rows.Next() {
		var path string
		var a orchestrator.Attempt
		var started, ended sql.NullInt64
		if err := rows.Scan(&path, &a.N, &a.State, &started, &ended, &a.Error, &a.Class, &a.ExitCode); err != nil {
			return nil, fmt.Errorf("read attempts of run %s: %w", run, err)
		}
		a.StartedAt, a.EndedAt = fromNull(started), fromNull(ended)
		out[path] = append(out[path], a)
	}
	return out, rows.Err()
}

// RunDetail gives a run with its steps.
func (s *Store) RunDetail(ctx context.Context, id string) (orchestrator.RunDetail, error) {
	r, err := s.GetRun(ctx, id)
	if err != nil {
		return orchestrator.RunDetail{}, err
	}
	steps, err := s.Steps(ctx, id)
	if err != nil {
		return orchestrator.RunDetail{}, err
	}
	d := orchestrator.RunDetail{Run: r}
	d.Steps = inTree(steps)
	return d, nil
}

// inTree puts steps depth first and numbers them through. Their own numbers are those among their siblings.
func inTree(rows []StepRow) []orchestrator.Step {
	known := make(map[string]bool, len(rows))
	for i := range rows {
		known[rows[i].Path] = true
	}
	under := map[string][]int{} // "" = the root, and what lost its parent
	for i := range rows {
		parent := rows[i].Path[:max(strings.LastIndexByte(rows[i].Path, '/'), 0)]
		if !known[parent] {
			parent = ""
		}
		under[parent] = append(under[parent], i)
	}
	out := make([]orchestrator.Step, 0, len(rows))
	var add func(parent string)
	add = func(parent string) {
		for _, i := range under[parent] {
			st := rows[i].Step
			st.Order = len(out) + 1
			out = append(out, st)
			add(st.Path)
		}
	}
	add("")
	return out
}

// Logs gives log lines, oldest first.
func (s *Store) Logs(ctx context.Context, f orchestrator.LogFilter) ([]orchestrator.LogLine, error) {
	where, args := []string{"level>=?"}, []any{levelFloor(f.Level)}
	order := "at, run, seq"
	if f.Run != "" {
		seq, err := runSeq(f.Run)
		if err != nil {
			return nil, err
		}
		where, args, order = append(where, "run=?", "seq>?"), append(args, seq, f.After), "seq"
	}
	if f.Runner != "" {
		where, args = append(where, "runner=?"), append(args, f.Runner)
	}
	if f.Step != "" {
		where, args = append(where, "(step=? OR substr(step,1,?)=?)"), append(args, f.Step, len(f.Step)+1, f.Step+"/")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 10_000
	}
	cols := "SELECT run, seq, runner, step, attempt, at, level, msg, gap FROM log WHERE " + strings.Join(where, " AND ")
	q := cols + " ORDER BY " + order + " LIMIT ?"
	if f.Tail > 0 {
		limit = min(limit, f.Tail)
		back := "run DESC, seq DESC" // follows the primary key: the newest lines without a sort of all
		q = "SELECT * FROM (" + cols + " ORDER BY " + back + " LIMIT ?) ORDER BY " + order
	}
	return s.scanLogs(s.read.QueryContext(ctx, q, append(args, limit)...))
}

func levelFloor(level string) int {
	if level == "" {
		return 0
	}
	return levelNumber(level)
}

func (s *Store) scanLogs(rows *sql.Rows, err error) ([]orchestrator.LogLine, error) {
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.LogLine
	for rows.Next() {
		var l orchestrator.LogLine
		var run, at int64
		var level int
		if err := rows.Scan(&run, &l.Seq, &l.Runner, &l.Step, &l.Attempt, &at, &level, &l.Msg, &l.Gap); err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		l.Run, l.At, l.Level = strconv.FormatInt(run, 10), fromNanos(at), levelName(level)
		out = append(out, l)
	}
	return out, rows.Err()
}

// LastLogSeq gives the number of a run's newest log line, 0 when it has none. Lines that wait for the disk count.
func (s *Store) LastLogSeq(ctx context.Context, run string) (int64, error) {
	seq, err := runSeq(run)
	if err != nil {
		return 0, err
	}
	var waiting, n int64
	if s.writer != nil { // first: what lands between the two looks is seen by the second
		waiting = s.writer.newestLog(run)
	}
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM log WHERE run=?`, seq).Scan(&n)
	return max(n, waiting), fail("read log of run "+run, err)
}

// Events gives the newest events, newest first.
func (s *Store) Events(ctx context.Context, limit int) ([]orchestrator.Event, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, at, kind, runner, run, state, text, by FROM event ORDER BY id DESC LIMIT ?`,
		limit)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.Event
	for rows.Next() {
		var e orchestrator.Event
		var at, run int64
		if err := rows.Scan(&e.ID, &at, &e.Kind, &e.Runner, &run, &e.State, &e.Text, &e.By); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		e.At = fromNanos(at)
		if run > 0 {
			e.Run = strconv.FormatInt(run, 10)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Cursors gives every trigger's cursor.
func (s *Store) Cursors(ctx context.Context) ([]Cursor, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT runner, trigger, spec, anchor, nominal FROM cursor`)
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []Cursor
	for rows.Next() {
		var c Cursor
		var anchor, nominal int64
		if err := rows.Scan(&c.Runner, &c.Trigger, &c.Spec, &anchor, &nominal); err != nil {
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
