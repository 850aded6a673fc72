package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// collect reads all rows of a query.
func collect[T any](ctx context.Context, s *Store, what string, scan func(*sql.Rows, *T) error, query string, args ...any) ([]T, error) {
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", what, err)
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		var v T
		if err := scan(rows, &v); err != nil {
			return nil, fmt.Errorf("read %s: %w", what, err)
		}
		out = append(out, v)
	}
	return out, fail("read "+what, rows.Err())
}

// SetHold keeps the pause of an engine, a tag or a resource. Pauses of runners are SetPause's.
func (t *Tx) SetHold(h orchestrator.Hold) error {
	err := t.w.exec(`INSERT OR REPLACE INTO hold(kind, name, at, by, reason, until, drain) VALUES(?,?,?,?,?,?,?)`,
		h.Scope.Kind, h.Scope.Name, h.Pause.At.UnixNano(), h.Pause.By, h.Pause.Reason, nanos(h.Pause.Until), h.Drain)
	return fail("pause "+h.Scope.String(), err)
}

// DropHold forgets a hold and reports whether there was one.
func (t *Tx) DropHold(s orchestrator.Scope) (bool, error) {
	return t.changed("resume "+s.String(), `DELETE FROM hold WHERE kind=? AND name=?`, s.Kind, s.Name)
}

// Holds gives what is held besides runners, by kind and name.
func (s *Store) Holds(ctx context.Context) ([]orchestrator.Hold, error) {
	return collect(ctx, s, "holds", func(rows *sql.Rows, h *orchestrator.Hold) error {
		var at int64
		var until sql.NullInt64
		err := rows.Scan(&h.Scope.Kind, &h.Scope.Name, &at, &h.Pause.By, &h.Pause.Reason, &until, &h.Drain)
		h.Pause.At, h.Pause.Until = fromNanos(at), fromNull(until)
		return err
	}, `SELECT kind, name, at, by, reason, until, drain FROM hold ORDER BY kind, name`)
}

// ResourceState is what of a named resource must survive the engine: its circuit breaker and the time a server asked to wait
// for. Its use is counted from live runs and is not kept.
type ResourceState struct {
	Name      string
	Failures  int       // in a row
	OpenUntil time.Time // the breaker is open until then; zero = closed
	WaitUntil time.Time // no run starts with it before, as Retry-After asked; zero = none
	Error     string    // the latest failure
}

// PutResource keeps the state of a resource.
func (t *Tx) PutResource(r *ResourceState) error {
	err := t.w.exec(`INSERT OR REPLACE INTO resource(name, failures, open_until, wait_until, error) VALUES(?,?,?,?,?)`,
		r.Name, r.Failures, nanos(r.OpenUntil), nanos(r.WaitUntil), r.Error)
	return fail("write resource "+r.Name, err)
}

// Resources gives the kept states, by name.
func (s *Store) Resources(ctx context.Context) ([]ResourceState, error) {
	return collect(ctx, s, "resources", func(rows *sql.Rows, r *ResourceState) error {
		var open, wait sql.NullInt64
		err := rows.Scan(&r.Name, &r.Failures, &open, &wait, &r.Error)
		r.OpenUntil, r.WaitUntil = fromNull(open), fromNull(wait)
		return err
	}, `SELECT name, failures, open_until, wait_until, error FROM resource ORDER BY name`)
}
