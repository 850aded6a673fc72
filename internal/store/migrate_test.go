package store

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/failpoint"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// oldTables are those of version 1 with the columns it had.
func oldTables() map[string]string {
	return map[string]string{
		"meta": "key, value", "runner": "id, paused_at, paused_by, paused_reason, paused_until",
		"cursor": "runner, trigger, spec, anchor, nominal",
		"run": `seq, runner, trigger, nominal, key, state, reason, created, due, started, ended, next, attempt, attempts, max_attempts,
			failed_step, error, error_class, warnings, count, first_at, idle, by, params, epoch`,
		"step": `run, path, ord, depth, id, use, composite, state, reason, message, attempt, base, max_attempts, started, ended, next, error,
			error_class, result`,
		"attempt": "run, path, n, state, started, ended, error, class, exit_code",
		"log":     "run, seq, runner, step, attempt, at, level, msg, gap",
		"event":   "id, at, kind, runner, run, state, text, by",
	}
}

// writeOld makes a history as version 1 made it, with random rows in every table.
func writeOld(t testing.TB, dir string, seed uint64) {
	t.Helper()
	db, err := modernc().open(filepath.Join(dir, FileName), "", writePragmas()...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), migrations()[0]+fmt.Sprintf("PRAGMA user_version=1; PRAGMA application_id=%d;", applicationID)); err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 1))
	text := func() string {
		return []string{"", "x", "it's", "ä\x00b", strings.Repeat("long ", rnd.IntN(3000)), "{\"a\":1}", "\n"}[rnd.IntN(7)]
	}
	for table := range oldTables() {
		rows, err := db.QueryContext(t.Context(), `SELECT name, type, "notnull", pk FROM pragma_table_info(?)`, table)
		if err != nil {
			t.Fatal(err)
		}
		type column struct {
			name, kind string
			notNull    bool
			pk         int
		}
		var cols []column
		for rows.Next() {
			var c column
			if err := rows.Scan(&c.name, &c.kind, &c.notNull, &c.pk); err != nil {
				t.Fatal(err)
			}
			cols = append(cols, c)
		}
		if rows.Err() != nil || rows.Close() != nil || len(cols) == 0 {
			t.Fatal(table, rows.Err())
		}
		for range rnd.IntN(60) {
			var args []any
			for _, c := range cols {
				switch {
				case c.name == "idle" || c.name == "composite":
					args = append(args, rnd.IntN(2))
				case c.name == "params":
					args = append(args, []string{"", `{"queue":"Raw"}`}[rnd.IntN(2)])
				case !c.notNull && c.pk == 0 && rnd.IntN(3) == 0:
					args = append(args, nil)
				case c.kind == "INTEGER" && c.name != "seq" && c.name != "id":
					args = append(args, rnd.Int64()>>rnd.IntN(63))
				case c.kind == "INTEGER":
					args = append(args, rnd.IntN(1<<30)+1)
				default:
					args = append(args, text())
				}
			}
			marks := strings.TrimSuffix(strings.Repeat("?,", len(cols)), ",")
			if _, err := db.ExecContext(t.Context(), "INSERT OR IGNORE INTO "+table+" VALUES("+marks+")", args...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// content gives the rows of version 1's columns, sorted, and the version of a file.
func content(t testing.TB, path string) (map[string][]string, int) {
	t.Helper()
	db, err := modernc().open(path, "", "query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	version, err := schemaVersion(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for table, columns := range oldTables() {
		out[table] = dump(t, db, "SELECT "+columns+" FROM "+table)
	}
	return out, version
}

func dump(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	cols, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for rows.Next() {
		values, ptrs := make([]any, len(cols)), make([]any, len(cols))
		for i := range values {
			ptrs[i] = &values[i]
		}
		if err := rows.Scan(ptrs...); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%#v", values))
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	slices.Sort(out)
	return out
}

func backups(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, FileName+".*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// checkMigration migrates random content of version 1, once with a failure in the middle, and compares row by row.
func checkMigration(t *testing.T, seed uint64, point string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	writeOld(t, dir, seed)
	before, _ := content(t, path)
	fail, err := failpoint.Parse(point + "=error(full)@1")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return noon }
	_, err = Open(t.Context(), dir, Options{Fail: fail, Now: now, driver: driverOf(t)})
	if err == nil || !strings.Contains(err.Error(), "it is as it was") || !strings.Contains(err.Error(), "the disk is full") {
		t.Fatalf("a failed migration says: %v", err)
	}
	if after, version := content(t, path); version != 1 {
		t.Fatalf("a failed migration left schema %d", version)
	} else {
		same(t, "after a failed migration", after, before)
	}
	if point == "store.migrate" && !strings.Contains(err.Error(), FileName+".v1-20261124T120000Z") {
		t.Errorf("the error does not name the backup: %v", err)
	}
	s := openWith(t, dir, Options{Now: now})
	defer func() { _ = s.Close() }()
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
	after, version := content(t, path)
	same(t, "after the migration", after, before)
	if version != len(migrations()) {
		t.Errorf("schema %d", version)
	}
	saved, version := content(t, s.Backup())
	same(t, "in the backup", saved, before)
	if version != 1 {
		t.Errorf("the backup has schema %d", version)
	}
	runs, err := s.Runs(t.Context(), orchestrator.RunFilter{WithIdle: true, Limit: 1000})
	if err != nil || len(runs) != len(before["run"]) {
		t.Errorf("%d of %d runs are read, %v", len(runs), len(before["run"]), err)
	}
	if logs, err := s.Logs(t.Context(), orchestrator.LogFilter{}); err != nil || len(logs) != len(before["log"]) {
		t.Errorf("%d of %d log lines are read, %v", len(logs), len(before["log"]), err)
	}
}

func TestMigrationKeepsEveryRow(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		checkMigration(t, seed, []string{"store.migrate", "store.backup"}[seed%2])
	}
}

func FuzzMigration(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { checkMigration(t, seed, "store.migrate") })
}

func TestTheNewestBackupsStay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fail, err := failpoint.Parse("store.migrate=error(eio)@-4")
	if err == nil {
		t.Fatal("a range without a beginning was taken")
	}
	if fail, err = failpoint.Parse("store.migrate=error(eio)"); err != nil {
		t.Fatal(err)
	}
	writeOld(t, dir, 1)
	mine := filepath.Join(dir, FileName+".mine")
	if err := os.WriteFile(mine, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		now := func() time.Time { return noon.Add(time.Duration(i/2) * time.Second) } // two within one second
		if _, err := Open(t.Context(), dir, Options{Fail: fail, Now: now, driver: driverOf(t)}); err == nil {
			t.Fatal("the migration did not fail")
		}
	}
	base := filepath.Join(dir, FileName)
	same(t, "backups", backups(t, dir), []string{mine, base + ".v1-20261124T120001Z", base + ".v1-20261124T120001Z-2"})
	s := openWith(t, dir, Options{driver: driverOf(t)})
	if s.Backup() == "" {
		t.Error("no backup is named")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s = openWith(t, dir, Options{driver: driverOf(t)})
	if s.Backup() != "" || len(backups(t, dir)) != 3 {
		t.Errorf("a history of this version was backed up: %q, %q", s.Backup(), backups(t, dir))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestMigrationDefaults looks at what rows of version 1 are in version 2.
func TestMigrationDefaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := modernc().open(filepath.Join(dir, FileName), "", writePragmas()...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), migrations()[0]+`PRAGMA user_version=1;
		INSERT INTO run(seq, runner, trigger, nominal, state, created, due, first_at, epoch) VALUES(4, 'r', 'cron', 5, 'running', 5, 5, 5, 1);
		INSERT INTO cursor VALUES('r', 'cron', 's', 0, 5); INSERT INTO event VALUES(1, 5, 'fired', 'r', 4, '', 'x', 'kim');`)
	if err != nil || db.Close() != nil {
		t.Fatal(err)
	}
	s := openWith(t, dir, Options{driver: driverOf(t)})
	defer func() { _ = s.Close() }()
	r, err := s.GetRun(t.Context(), "4")
	if err != nil || r.Priority != defaultPriority || r.Parent != "" || r.Backfill != "" || r.Handlers != "" || r.State != orchestrator.Running {
		t.Errorf("run %+v, %v", r, err)
	}
	if insert(t, s, runAt(4, noon, orchestrator.Pending), "") {
		t.Error("the run's number was taken again")
	}
	if c, err := s.Cursors(t.Context()); err != nil || len(c) != 1 || c[0].Runs != 0 {
		t.Errorf("cursors %+v, %v", c, err)
	}
	if p, err := s.PendingHandlers(t.Context()); err != nil || len(p) != 0 {
		t.Errorf("pending handlers of an old history: %+v, %v", p, err)
	}
}
