package desk

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// The kinds of named things.
const (
	kindQueue    = "queue"
	kindPriority = "priority"
	kindState    = "state"
)

// entityID finds the row of a named thing, and makes one for a new name unless the desk is strict. The name wins over
// the id where both are given.
func (d *Desk) entityID(ctx context.Context, tx *sql.Tx, kind string, e *ticket.Entity, fallback string) (int64, error) {
	name := fallback
	if !e.IsZero() {
		name = strings.TrimSpace(e.Name)
	}
	if name == "" {
		return entityByID(ctx, tx, kind, e.ID)
	}
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT id FROM entity WHERE kind = ? AND name = ?`, kind, name).Scan(&id)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	if d.strict {
		return 0, unknown(ctx, tx, kind, name)
	}
	res, err := tx.ExecContext(ctx, `INSERT INTO entity (kind, name) VALUES (?, ?)`, kind, name)
	if err != nil {
		return 0, fmt.Errorf("create %s %q: %w", kind, name, err)
	}
	return res.LastInsertId()
}

func entityByID(ctx context.Context, tx *sql.Tx, kind, text string) (int64, error) {
	id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fault.Permanentf("%s id %q is not a number; give its name instead", kind, text)
	}
	err = tx.QueryRowContext(ctx, `SELECT id FROM entity WHERE kind = ? AND id = ?`, kind, id).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fault.Permanentf("the desk has no %s with the id %d", kind, id)
	}
	return id, err
}

// unknown is the strict desk's answer to a new name.
func unknown(ctx context.Context, tx *sql.Tx, kind, name string) error {
	names, err := entityNames(ctx, tx, kind)
	if err != nil {
		return err
	}
	if near := nearest(name, names); near != "" {
		return fault.Permanentf("the desk has no %s %q; the nearest is %q", kind, name, near)
	}
	return fault.Permanentf("the desk has no %s %q; it has %s", kind, name, strings.Join(names, ", "))
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func entityNames(ctx context.Context, q querier, kind string) (names []string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT name FROM entity WHERE kind = ? ORDER BY id`, kind)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// nearest gives the name with the smallest edit distance, "" when none is near.
func nearest(name string, names []string) string {
	best, bestAt := "", max(2, len([]rune(name))/2)+1
	for _, n := range names {
		if at := distance(strings.ToLower(name), strings.ToLower(n)); at < bestAt {
			best, bestAt = n, at
		}
	}
	return best
}

// distance is the number of letters to change, add or leave out.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := 1
			if r == s {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
