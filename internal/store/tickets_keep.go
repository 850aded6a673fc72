package store

import (
	"context"
	"time"
)

// maxTicketLog is how many entries of the ticket journal are kept: the newest. It bounds the journal as Keep bounds runs.
const maxTicketLog = 200_000

// PruneTickets cuts the ticket journal back, in small transactions: entries older than age (0 = no limit) go, and the oldest
// beyond maxTicketLog, then tickets of which nothing is left. What a run read goes with the run already; what was decided and
// written is kept after it, so that "who moved this ticket" has an answer for as long as the age says.
func (s *Store) PruneTickets(ctx context.Context, age time.Duration, now time.Time) error {
	cutoff := before(now, age)
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`DELETE FROM ticket_log WHERE id IN (SELECT id FROM ticket_log WHERE outcome<>'open' AND (at<? OR
			id<=(SELECT coalesce(max(id), 0) FROM ticket_log)-?) ORDER BY id LIMIT ?)`, []any{cutoff, maxTicketLog, pruneRows}},
		{`DELETE FROM ticket WHERE (service, ticket) IN (SELECT service, ticket FROM ticket t WHERE NOT EXISTS
			(SELECT 1 FROM ticket_log l WHERE l.ticket=t.ticket AND l.service=t.service) LIMIT ?)`, []any{pruneRows}},
	} {
		for more := true; more; {
			err := s.Write(ctx, func(tx *Tx) error {
				var err error
				more, err = tx.changed("prune the ticket journal", q.query, q.args...)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
