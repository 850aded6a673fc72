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
	rows, err := s.steps(ctx, `run=? ORDER BY depth, ord, path`, seq)
	for i := range rows {
		rows[i].Attempts = attempts[rows[i].Path]
	}
	return rows, err
}

func (s *Store) steps(ctx context.Context, where string, args ...any) ([]StepRow, error) {
	return collect(ctx, s, "steps", scanStep, `SELECT run, path, ord, depth, id, use, composite, state, reason, message, attempt, base,
		max_attempts, started, ended, next, error, error_class, coalesce(result, ''), kind FROM step WHERE `+where, args...)
}

func scanStep(rows *sql.Rows, st *StepRow) error {
	var seq int64
	var started, ended, next sql.NullInt64
	err := rows.Scan(&seq, &st.Path, &st.Order, &st.Depth, &st.ID, &st.Use, &st.Composite, &st.State, &st.Reason, &st.Message,
		&st.Attempt, &st.Base, &st.MaxAttempts, &started, &ended, &next, &st.Error, &st.ErrorClass, &st.Result, &st.Kind)
	st.Run, st.StartedAt, st.EndedAt, st.NextAt = seqID(seq), fromNull(started), fromNull(ended), fromNull(next)
	return err
}

// CutOff gives the steps that ran in runs that have not ended, by run, each run's in the order of Steps and without attempts; and
// the runs of them that have steps at all.
func (s *Store) CutOff(ctx context.Context) (steps map[string][]StepRow, begun map[string]bool, err error) {
	const live = `run IN (SELECT seq FROM run WHERE ended IS NULL AND state='running')`
	rows, err := s.steps(ctx, `state='running' AND NOT composite AND `+live+` ORDER BY run, depth, ord, path`)
	if err != nil {
		return nil, nil, err
	}
	steps = make(map[string][]StepRow, len(rows))
	for i := range rows {
		steps[rows[i].Run] = append(steps[rows[i].Run], rows[i])
	}
	runs, err := collect(ctx, s, "steps", func(rows *sql.Rows, seq *int64) error { return rows.Scan(seq) },
		`SELECT DISTINCT run FROM step WHERE `+live)
	begun = make(map[string]bool, len(runs))
	for _, seq := range runs {
		begun[seqID(seq)] = true
	}
	return steps, begun, err
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
