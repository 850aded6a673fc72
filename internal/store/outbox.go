package store

import (
	"context"
	"database/sql"
	"time"
)

// Delivery is one entry of the outbox: something that must happen at least once, written in the transaction that made it
// due. Kind, Target and Key together are its identity while it is open.
type Delivery struct {
	ID       int64
	Kind     string // "after", "notify"
	Target   string // the runner or notification it is for
	Key      string // of what it tells, such as the upstream run's id
	Payload  string // for the deliverer alone
	Created  time.Time
	Next     time.Time // not tried before
	Attempts int       // made so far
	Error    string    // of the latest attempt
}

// AddOutbox adds an entry and sets its ID. It reports false, and changes nothing, when one with this identity is open already.
func (t *Tx) AddOutbox(d *Delivery) (bool, error) {
	what := "add " + d.Kind + " for " + d.Target + " to the outbox"
	st, err := t.w.stmt(`INSERT INTO outbox(kind, target, key, payload, created, next, attempts, error) VALUES(?,?,?,?,?,?,?,?)
		ON CONFLICT DO NOTHING`)
	if err != nil {
		return false, fail(what, err)
	}
	res, err := st.ExecContext(t.w.bg, d.Kind, d.Target, d.Key, d.Payload, d.Created.UnixNano(), d.Next.UnixNano(), d.Attempts, d.Error)
	if err != nil {
		return false, fail(what, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return false, fail(what, err)
	}
	d.ID, err = res.LastInsertId()
	return true, fail(what, err)
}

// RetryOutbox counts a failed attempt and says when the next one is due. It reports false when the entry is gone.
func (t *Tx) RetryOutbox(id int64, next time.Time, cause string) (bool, error) {
	return t.changed("delay delivery", `UPDATE outbox SET next=?, attempts=attempts+1, error=? WHERE id=?`, next.UnixNano(), cause, id)
}

// DropOutbox removes a delivered entry, or one given up. It reports false when it is gone already.
func (t *Tx) DropOutbox(id int64) (bool, error) {
	return t.changed("end delivery", `DELETE FROM outbox WHERE id=?`, id)
}

// CountOutbox gives how many entries of a target are open, those of this transaction included.
func (t *Tx) CountOutbox(kind, target string) (int, error) {
	what := "count outbox of " + target
	row, err := t.row(`SELECT count(*) FROM outbox WHERE kind=? AND target=?`, kind, target)
	if err != nil {
		return 0, fail(what, err)
	}
	var n int
	err = row.Scan(&n)
	return n, fail(what, err)
}

// TrimOutbox removes the oldest entries of a target beyond the newest keep, and gives how many that were.
func (t *Tx) TrimOutbox(kind, target string, keep int) (int, error) {
	what := "trim outbox of " + target
	st, err := t.w.stmt(`DELETE FROM outbox WHERE kind=? AND target=? AND id <=
		(SELECT id FROM outbox WHERE kind=? AND target=? ORDER BY id DESC LIMIT 1 OFFSET ?)`)
	if err != nil {
		return 0, fail(what, err)
	}
	res, err := st.ExecContext(t.w.bg, kind, target, kind, target, keep)
	if err != nil {
		return 0, fail(what, err)
	}
	n, err := res.RowsAffected()
	return int(n), fail(what, err)
}

// OutboxDue gives the entries of a kind ("" = every one) that are due at now, the longest due first.
func (s *Store) OutboxDue(ctx context.Context, kind string, now time.Time, limit int) ([]Delivery, error) {
	return s.outbox(ctx, kind, `next<=? ORDER BY next, id`, limit, now.UnixNano())
}

// Outbox gives the open entries of a kind ("" = every one), oldest first.
func (s *Store) Outbox(ctx context.Context, kind string, limit int) ([]Delivery, error) {
	return s.outbox(ctx, kind, `true ORDER BY id`, limit)
}

// OutboxOf gives the open entries of a target, oldest first.
func (s *Store) OutboxOf(ctx context.Context, kind, target string, limit int) ([]Delivery, error) {
	return s.outbox(ctx, kind, `target=? ORDER BY id`, limit, target)
}

// OutboxCounts gives the number of open entries of a kind, by target.
func (s *Store) OutboxCounts(ctx context.Context, kind string) (map[string]int, error) {
	type count struct {
		target string
		n      int
	}
	counts, err := collect(ctx, s, "outbox", func(rows *sql.Rows, c *count) error { return rows.Scan(&c.target, &c.n) },
		`SELECT target, count(*) FROM outbox WHERE kind=? GROUP BY target`, kind)
	out := make(map[string]int, len(counts))
	for _, c := range counts {
		out[c.target] = c.n
	}
	return out, err
}

func (s *Store) outbox(ctx context.Context, kind, where string, limit int, args ...any) ([]Delivery, error) {
	ofKind := ""
	if kind != "" {
		ofKind, args = "kind=? AND ", append([]any{kind}, args...)
	}
	return collect(ctx, s, "outbox", func(rows *sql.Rows, d *Delivery) error {
		var created, next int64
		err := rows.Scan(&d.ID, &d.Kind, &d.Target, &d.Key, &d.Payload, &created, &next, &d.Attempts, &d.Error)
		d.Created, d.Next = fromNanos(created), fromNanos(next)
		return err
	}, `SELECT id, kind, target, key, payload, created, next, attempts, error FROM outbox
		WHERE `+ofKind+where+` LIMIT ?`, append(args, limit)...)
}

// OutboxCount gives the number of open entries of a kind ("" = every one).
func (s *Store) OutboxCount(ctx context.Context, kind string) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE ?='' OR kind=?`, kind, kind).Scan(&n)
	return n, fail("count outbox", err)
}
