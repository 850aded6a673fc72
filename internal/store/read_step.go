package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

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
		max_attempts, started, ended, next, error, error_class, coalesce(result, ''), kind
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
			&st.Attempt, &st.Base, &st.MaxAttempts, &started, &ended, &next, &st.Error, &st.ErrorClass, &st.Result,
			&st.Kind)
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
