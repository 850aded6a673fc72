package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// maxTries bounds the attempts that one picture shows.
const maxTries = 4000

// Tries gives the ended attempts of steps of those runs that needed more than one for a step, by run, oldest first.
func (s *Store) Tries(ctx context.Context, runs []orchestrator.Run) (map[string][]orchestrator.TryAt, error) {
	var seqs []int64
	for i := range runs {
		if r := &runs[i]; r.Attempts > 1 || r.State == orchestrator.AwaitingRetry {
			seq, err := runSeq(r.ID)
			if err != nil {
				return nil, err
			}
			seqs = append(seqs, seq)
		}
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	asked, err := json.Marshal(seqs)
	if err != nil {
		return nil, fail("read attempts", err)
	}
	out := map[string][]orchestrator.TryAt{}
	err = s.each(ctx, "attempts", func(rows *sql.Rows) error {
		var run, started, ended int64
		var t orchestrator.TryAt
		if err := rows.Scan(&run, &started, &ended, &t.Failed); err != nil {
			return err
		}
		t.StartedAt, t.EndedAt = fromNanos(started), fromNanos(ended)
		out[seqID(run)] = append(out[seqID(run)], t)
		return nil
	}, `SELECT a.run, a.started, a.ended, a.state='failed' FROM json_each(?) AS q JOIN attempt AS a ON a.run=q.value
		JOIN step ON step.run=a.run AND step.path=a.path
		WHERE a.started IS NOT NULL AND a.ended IS NOT NULL AND step.composite=0 AND step.kind=''
		ORDER BY a.started LIMIT ?`, string(asked), maxTries)
	return out, err
}

// PauseSpans gives the stretches of a window in which runners were held by pauses of their own, as far as the events still tell.
func (s *Store) PauseSpans(ctx context.Context, from, to time.Time) (map[string][]orchestrator.PauseSpan, error) {
	all := map[string][]orchestrator.PauseSpan{}
	err := s.each(ctx, "pauses", func(rows *sql.Rows) error {
		var at int64
		var kind, runner, by string
		if err := rows.Scan(&at, &kind, &runner, &by); err != nil {
			return err
		}
		list := all[runner]
		n := len(list)
		open := n > 0 && list[n-1].To.IsZero()
		switch {
		case kind == "paused" && !open:
			all[runner] = append(list, orchestrator.PauseSpan{From: fromNanos(at), By: by})
		case kind == "resumed" && open:
			list[n-1].To = fromNanos(at)
		}
		return nil
	}, `SELECT at, kind, runner, by FROM event WHERE kind IN ('paused', 'resumed') AND runner<>'' AND at<? ORDER BY id`, to.UnixNano())
	out := map[string][]orchestrator.PauseSpan{}
	for id, list := range all {
		for _, p := range list {
			if p.To.IsZero() || p.To.After(from) {
				out[id] = append(out[id], p)
			}
		}
	}
	return out, err
}
