package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"modernc.org/sqlite" // the driver, free of cgo
)

// driver is all that depends on which SQLite is built in. Tests run the whole suite on a second one.
type driver struct {
	name string              // of database/sql
	code func(err error) int // SQLite's extended result code of a driver's error; 0 = it is none
}

func modernc() driver {
	return driver{name: "sqlite", code: func(err error) int {
		var e *sqlite.Error
		if errors.As(err, &e) {
			return e.Code()
		}
		return 0
	}}
}

// open opens a file without a look at it. Every connection gets the pragmas, in this order.
func (d driver) open(path, more string, pragmas ...string) (*sql.DB, error) {
	return sql.Open(d.name, dsn(path, pragmas...)+more)
}

// writePragmas are those of the one connection that writes. busy_timeout comes first: the others may have to wait.
func writePragmas() []string {
	return []string{
		"busy_timeout(5000)", "auto_vacuum(INCREMENTAL)", "journal_mode(WAL)", "synchronous(FULL)", "fullfsync(ON)", "foreign_keys(ON)",
		"temp_store(MEMORY)", "journal_size_limit(67108864)",
	}
}

// minVersion is the first SQLite without the WAL-reset race that can corrupt a database with several connections.
var minVersion = [3]int{3, 51, 3}

func dsn(path string, pragmas ...string) string {
	var b strings.Builder
	b.WriteString("file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?")
	for i, p := range pragmas {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString("_pragma=" + url.QueryEscape(p))
	}
	return b.String()
}

func checkVersion(ctx context.Context, db *sql.DB) error {
	var v string
	if err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&v); err != nil {
		return err
	}
	var have [3]int
	for i, part := range strings.SplitN(v, ".", 3) {
		have[i], _ = strconv.Atoi(part)
	}
	for i := range have {
		if have[i] != minVersion[i] {
			if have[i] < minVersion[i] {
				return fmt.Errorf("SQLite %s is too old: %d.%d.%d or newer is needed (older ones can corrupt a WAL)",
					v, minVersion[0], minVersion[1], minVersion[2])
			}
			break
		}
	}
	return nil
}
