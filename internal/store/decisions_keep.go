package store

import (
	"context"
	"time"
)

// PruneDecisions keeps the newest decisions, at most so many (0 = all), and none older than age (0 = no limit). Those that wait
// stay.
func (s *Store) PruneDecisions(ctx context.Context, most int, age time.Duration, now time.Time) error {
	for more := most > 0 || age > 0; more; {
		err := s.Write(ctx, func(tx *Tx) error {
			var err error
			more, err = tx.changed("prune decisions", `DELETE FROM decision WHERE id IN (SELECT id FROM decision
				WHERE (?>0 AND id<=(SELECT coalesce(max(id), 0) FROM decision)-? OR at<?) AND source<>'waiting' ORDER BY id LIMIT ?)`,
				most, most, before(now, age), pruneRows)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
