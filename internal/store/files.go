package store

import (
	"context"
	"database/sql"
	"fmt"
)

// SetFile keeps what a file trigger has seen at a path; its row and the run it made belong in one transaction.
func (t *Tx) SetFile(runner, trigger, path, identity string) error {
	err := t.w.exec(`INSERT OR REPLACE INTO file_seen(runner, trigger, path, identity) VALUES(?,?,?,?)`, runner, trigger, path, identity)
	return fail("remember file "+path+" of "+runner, err)
}

// DropFile forgets a path that is gone, so that a new file there is a change.
func (t *Tx) DropFile(runner, trigger, path string) error {
	err := t.w.exec(`DELETE FROM file_seen WHERE runner=? AND trigger=? AND path=?`, runner, trigger, path)
	return fail("forget file "+path+" of "+runner, err)
}

// Files gives what a file trigger has seen: path -> identity.
func (s *Store) Files(ctx context.Context, runner, trigger string) (map[string]string, error) {
	rows, err := collect(ctx, s, "files of "+runner, func(rows *sql.Rows, f *[2]string) error { return rows.Scan(&f[0], &f[1]) },
		`SELECT path, identity FROM file_seen WHERE runner=? AND trigger=?`, runner, trigger)
	if err != nil {
		return nil, fmt.Errorf("file trigger: %w", err)
	}
	out := make(map[string]string, len(rows))
	for _, f := range rows {
		out[f[0]] = f[1]
	}
	return out, nil
}
