package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// applicationID marks our files ("otai").
const applicationID = 0x6f746169

// keepBackups is how many backups of earlier migrations stay.
const keepBackups = 2

// migrate brings the history to this version's schema, in one transaction: it is migrated whole or stays as it was. An older
// history is copied first; the copy's path is given.
func migrate(ctx context.Context, db *sql.DB, path string, o *Options) (string, error) {
	all := migrations()
	version, err := schemaVersion(ctx, db)
	switch {
	case err != nil:
		return "", err
	case version == len(all):
		return "", nil
	case version > len(all):
		return "", fmt.Errorf("the history was written by a newer otai-tui (schema %d, this one knows %d): use that version",
			version, len(all))
	}
	backup := ""
	if version > 0 {
		if backup, err = backupBefore(ctx, db, path, version, o); err != nil {
			return "", fmt.Errorf("the history must be migrated from schema %d to %d, and a backup could not be made first; it is as it was: %w",
				version, len(all), err)
		}
	}
	if err := apply(ctx, db, version, o); err != nil {
		err = fmt.Errorf("migrate history from schema %d to %d: %w; it is as it was", version, len(all), err)
		if backup != "" {
			err = fmt.Errorf("%w, and a copy of it is %s", err, backup)
		}
		return backup, err
	}
	return backup, nil
}

func apply(ctx context.Context, db *sql.DB, version int, o *Options) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	all := migrations()
	for ; version < len(all) && err == nil; version++ {
		_, err = tx.ExecContext(ctx, all[version])
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version=%d; PRAGMA application_id=%d;", version, applicationID))
	}
	if err == nil {
		err = o.fail("store.migrate")
	}
	if err == nil {
		return tx.Commit()
	}
	return errors.Join(err, tx.Rollback())
}

// backupBefore copies the history beside itself, as history.db.v1-20261125T101500Z. The copy gets its name when it is whole.
func backupBefore(ctx context.Context, db *sql.DB, path string, version int, o *Options) (string, error) {
	half := path + ".backup.part"
	if err := os.Remove(half); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, half); err != nil {
		return "", errors.Join(err, removeIfThere(half))
	}
	if err := o.fail("store.backup"); err != nil {
		return "", errors.Join(err, removeIfThere(half))
	}
	name := fmt.Sprintf("%s.v%d-%s", path, version, o.Now().UTC().Format("20060102T150405Z"))
	for n := 2; exists(name); n++ {
		name = fmt.Sprintf("%s.v%d-%s-%d", path, version, o.Now().UTC().Format("20060102T150405Z"), n)
	}
	if err := os.Rename(half, name); err != nil {
		return "", err
	}
	return name, dropOldBackups(path)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// dropOldBackups keeps the newest backups. They are ordered by the time in their names.
func dropOldBackups(path string) error {
	dir, base := filepath.Split(path)
	entries, err := os.ReadDir(filepath.Clean(dir))
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if stamp(base, e.Name()) != "" {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(stamp(base, a), stamp(base, b)) })
	for _, old := range names[:max(len(names)-keepBackups, 0)] {
		if err := os.Remove(filepath.Join(dir, old)); err != nil {
			return err
		}
	}
	return nil
}

// stamp is the time in a backup's name; "" when it is none.
func stamp(base, name string) string {
	rest, ok := strings.CutPrefix(name, base+".v")
	if !ok {
		return ""
	}
	_, at, _ := strings.Cut(rest, "-")
	return at
}

func schemaVersion(ctx context.Context, db *sql.DB) (int, error) {
	var version int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return version, nil
}

func checkSchema(ctx context.Context, db *sql.DB, path string) error {
	version, err := schemaVersion(ctx, db)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if version != len(migrations()) {
		return fmt.Errorf("%s has schema %d, this otai-tui reads %d: start the engine once with this version", path, version,
			len(migrations()))
	}
	return nil
}
