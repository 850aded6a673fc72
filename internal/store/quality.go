package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// qualityCell counts decisions that are alike.
type qualityCell struct {
	model, label, source           string
	uncalibrated, changed, skipped bool
	bucket, n                      int
}

type qualityKey struct{ model, label string }

// Quality counts the decisions by model and label. What it reads is small however many decisions there are.
func (s *Store) Quality(ctx context.Context, f orchestrator.QualityFilter) (orchestrator.Quality, error) {
	where, args := decisionWhere(f)
	cells, err := collect(ctx, s, "quality", func(rows *sql.Rows, c *qualityCell) error {
		return rows.Scan(&c.model, &c.label, &c.source, &c.uncalibrated, &c.changed, &c.skipped, &c.bucket, &c.n)
	}, `SELECT model, label, source, max(uncalibrated), final<>label AS changed, final='' AS skipped,
		max(min(CAST(confidence*20+1e-9 AS INTEGER), 19), 0) AS bucket, count(*) FROM decision WHERE `+where+`
		GROUP BY model, label, source, changed, skipped, bucket`, args...)
	if err != nil {
		return orchestrator.Quality{}, err
	}
	rows := map[qualityKey]*orchestrator.QualityRow{}
	for i := range cells {
		c := &cells[i]
		k := qualityKey{c.model, c.label}
		if rows[k] == nil {
			rows[k] = &orchestrator.QualityRow{Model: c.model, Label: c.label}
		}
		c.count(rows[k])
	}
	if err := s.medians(ctx, where, args, rows); err != nil {
		return orchestrator.Quality{}, err
	}
	return sorted(rows), nil
}

// count adds the cell to its row.
func (c *qualityCell) count(r *orchestrator.QualityRow) {
	r.Total += c.n
	r.All[c.bucket] += c.n
	r.Uncalibrated = r.Uncalibrated || c.uncalibrated
	switch c.source {
	case orchestrator.SourceWaiting:
		r.Waiting += c.n
	case orchestrator.SourceDeadline:
		r.Expired += c.n
	case orchestrator.SourceOperator:
		if c.skipped {
			r.Skipped += c.n
			return
		}
		r.Reviewed += c.n
		r.Judged[c.bucket] += c.n
		if c.changed {
			r.Corrected += c.n
		} else {
			r.Approved[c.bucket] += c.n
		}
	}
}

type medianRow struct {
	key  qualityKey
	wait int64
}

// medians adds how long operators took, from the question to the answer.
func (s *Store) medians(ctx context.Context, where string, args []any, rows map[qualityKey]*orchestrator.QualityRow) error {
	found, err := collect(ctx, s, "times to decide", func(r *sql.Rows, m *medianRow) error {
		return r.Scan(&m.key.model, &m.key.label, &m.wait)
	}, `SELECT model, label, wait FROM (SELECT model, label, decided-asked AS wait,
			row_number() OVER (PARTITION BY model, label ORDER BY decided-asked) AS place, count(*) OVER (PARTITION BY model, label) AS n
			FROM decision WHERE source='operator' AND asked IS NOT NULL AND decided IS NOT NULL AND `+where+`)
		WHERE place=(n+1)/2`, args...)
	for _, m := range found {
		if r := rows[m.key]; r != nil {
			r.Median = time.Duration(max(m.wait, 0))
		}
	}
	return err
}

func sorted(rows map[qualityKey]*orchestrator.QualityRow) orchestrator.Quality {
	var q orchestrator.Quality
	total := map[string]int{}
	for k, r := range rows {
		total[k.model] += r.Total
		q.Rows = append(q.Rows, *r)
	}
	slices.SortFunc(q.Rows, func(a, b orchestrator.QualityRow) int {
		return cmp.Or(cmp.Compare(total[b.Model], total[a.Model]), cmp.Compare(a.Model, b.Model), cmp.Compare(b.Total, a.Total),
			cmp.Compare(a.Label, b.Label))
	})
	return q
}
