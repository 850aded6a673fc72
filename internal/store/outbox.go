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

// OutboxDue gives the entries of a kind ("" = every one) that are due at now, the longest due first.
func (s *Store) OutboxDue(ctx context.Context, kind string, now time.Time, limit int) ([]Delivery, error) {
	return s.outbox(ctx, kind, `next<=? ORDER BY next, id`, limit, now.UnixNano())
}

// Outbox gives the open entries of a kind ("" = every one), oldest first.
func (s *Store) Outbox(ctx context.Context, kind string, limit int) ([]Delivery, error) {
	return s.outbox(ctx, kind, `true ORDER BY id`, limit)
}

func (s *Store) outbox(ctx context.Context, kind, where string, limit int, args ...any) ([]Delivery, error) {
	return collect(ctx, s, "outbox", func(rows *sql.Rows, d *Delivery) error {
		var created, next int64
		err := rows.Scan(&d.ID, &d.Kind, &d.Target, &d.Key, &d.Payload, &created, &next, &d.Attempts, &d.Error)
		d.Created, d.Next = fromNanos(created), fromNanos(next)
		return err
	}, `SELECT id, kind, target, key, payload, created, next, attempts, error FROM outbox
		WHERE (?='' OR kind=?) AND `+where+` LIMIT ?`, append(append([]any{kind, kind}, args...), limit)...)
}

// OutboxCount gives the number of open entries of a kind ("" = every one).
func (s *Store) OutboxCount(ctx context.Context, kind string) (int, error) {
	var n int
	err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM outbox WHERE ?='' OR kind=?`, kind, kind).Scan(&n)
	return n, fail("count outbox", err)
}
