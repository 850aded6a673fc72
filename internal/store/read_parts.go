package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// countedRuns is how far CountRuns counts: what is beyond would take long, and nobody reads it.
const countedRuns = 100_000

// clockSlack is how much earlier than its due time a run may have been made, and how far the clock may have been set back, without
// Since leaving it out.
const clockSlack = time.Hour

// filterPart is one of the queries that a filter is made of.
type filterPart struct {
	from string // from FROM on, without its order
	args []any
}

// partsOf splits what a filter selects by number, highest first, so that no more of the history is looked through than can hold
// it: with Since, the runs made since then, and rows that were begun before and stand for newer ticks too.
func (s *Store) partsOf(ctx context.Context, f orchestrator.RunFilter) ([]filterPart, error) {
	where, args, err := runWhere(f)
	if err != nil {
		return nil, err
	}
	and := func(cond string) string {
		if where == "" {
			return " WHERE " + cond
		}
		return where + " AND " + cond
	}
	if index, cond := indexFor(f); index != "" { // few rows are in it: no bound is needed
		return []filterPart{{" FROM run INDEXED BY " + index + and(cond), args}}, nil
	}
	if f.Since.IsZero() {
		return []filterPart{{" FROM run" + where, args}}, nil
	}
	first, err := s.firstSince(ctx, f.Since.Add(-clockSlack))
	if err != nil {
		return nil, err
	}
	return []filterPart{
		{" FROM run" + and("seq>=?"), append(slices.Clone(args), first)},
		{" FROM run INDEXED BY run_folded" + and("seq<? AND count>1"), append(slices.Clone(args), first)},
	}, nil
}

// indexFor gives the index that has only runs of the states that are asked for and few others, with the condition that it wants to
// hear; "" = there is none.
func indexFor(f orchestrator.RunFilter) (index, cond string) {
	switch {
	case len(f.States) == 0 || f.Runner != "":
		return "", ""
	case !slices.ContainsFunc(f.States, func(s orchestrator.State) bool { return !s.Terminal() || s == orchestrator.Completed }):
		return "run_odd", "ended IS NOT NULL AND state<>'completed'"
	case !slices.ContainsFunc(f.States, orchestrator.State.Terminal):
		return "run_live", "ended IS NULL"
	}
	return "", ""
}

// firstSince gives the number of the first run that was made since then, about: numbers rise with the time at which runs are
// made, so a search by halves finds it in a few steps.
func (s *Store) firstSince(ctx context.Context, since time.Time) (int64, error) {
	var low, high sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT (SELECT min(seq) FROM run), (SELECT max(seq)+1 FROM run)`).Scan(&low, &high)
	if err != nil {
		return 0, fmt.Errorf("read runs: %w", err)
	}
	lo, hi := low.Int64, high.Int64
	for lo < hi {
		mid := lo + (hi-lo)/2
		var seq, created int64
		err := s.read.QueryRowContext(ctx, `SELECT seq, created FROM run WHERE seq>=? ORDER BY seq LIMIT 1`, mid).Scan(&seq, &created)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			hi = mid
		case err != nil:
			return 0, fmt.Errorf("read runs: %w", err)
		case fromNanos(created).Before(since):
			lo = seq + 1
		default:
			hi = mid
		}
	}
	return lo, nil
}

// CountRuns gives how many runs a filter selects, 100,000 at most.
func (s *Store) CountRuns(ctx context.Context, f orchestrator.RunFilter) (int, error) {
	f.Before = ""
	parts, err := s.partsOf(ctx, f)
	total := 0
	for i := 0; i < len(parts) && err == nil && total < countedRuns; i++ {
		n := 0
		err = s.read.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1"+parts[i].from+" LIMIT ?)",
			append(parts[i].args, countedRuns-total)...).Scan(&n)
		total += n
	}
	return total, fail("count runs", err)
}
