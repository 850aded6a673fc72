package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Levels as they are stored and compared.
func levelNumber(level string) int {
	switch level {
	case "debug":
		return 0
	case "warn":
		return 2
	case "error":
		return 3
	default:
		return 1
	}
}

func levelName(n int) string { return [...]string{"debug", "info", "warn", "error"}[min(max(n, 0), 3)] }

// Logs gives log lines, oldest first.
func (s *Store) Logs(ctx context.Context, f orchestrator.LogFilter) ([]orchestrator.LogLine, error) {
	where, args := []string{"level>=?"}, []any{levelFloor(f.Level)}
	order := "at, run, seq"
	if f.Run != "" {
		seq, err := runSeq(f.Run)
		if err != nil {
			return nil, err
		}
		where, args, order = append(where, "run=?", "seq>?"), append(args, seq, f.After), "seq"
	}
	if f.Runner != "" {
		where, args = append(where, "runner=?"), append(args, f.Runner)
	}
	if f.Step != "" {
		where, args = append(where, "(step=? OR substr(step,1,?)=?)"), append(args, f.Step, len(f.Step)+1, f.Step+"/")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 10_000
	}
	cols := "SELECT " + logColumns + " FROM log WHERE " + strings.Join(where, " AND ")
	q := cols + " ORDER BY " + order + " LIMIT ?"
	if f.Tail > 0 {
		limit = min(limit, f.Tail)
		back := "at DESC, run DESC, seq DESC" // an old run that goes on has newer lines than many a later one; log_at has this order
		if f.Run != "" {
			back = "seq DESC"
		}
		q = "SELECT * FROM (" + cols + " ORDER BY " + back + " LIMIT ?) ORDER BY " + order
	}
	return s.scanLogs(s.read.QueryContext(ctx, q, append(args, limit)...))
}

func levelFloor(level string) int {
	if level == "" {
		return 0
	}
	return levelNumber(level)
}

func (s *Store) scanLogs(rows *sql.Rows, err error) ([]orchestrator.LogLine, error) {
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.LogLine
	for rows.Next() {
		l, err := scanLog(rows)
		if err != nil {
			return nil, fmt.Errorf("read log: %w", err)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// scanLog reads one line of the columns logColumns.
func scanLog(rows *sql.Rows) (l orchestrator.LogLine, err error) {
	var run, at int64
	var level int
	err = rows.Scan(&run, &l.Seq, &l.Runner, &l.Step, &l.Attempt, &at, &level, &l.Msg, &l.Gap)
	l.Run, l.At, l.Level = strconv.FormatInt(run, 10), fromNanos(at), levelName(level)
	return l, err
}

// LastLogSeq gives the number of a run's newest log line, 0 when it has none. Lines that wait for the disk count.
func (s *Store) LastLogSeq(ctx context.Context, run string) (int64, error) {
	seq, err := runSeq(run)
	if err != nil {
		return 0, err
	}
	var waiting, n int64
	if s.writer != nil { // first: what lands between the two looks is seen by the second
		waiting = s.writer.newestLog(run)
	}
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM log WHERE run=?`, seq).Scan(&n)
	return max(n, waiting), fail("read log of run "+run, err)
}
