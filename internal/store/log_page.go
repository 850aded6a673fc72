package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// Lines of a page: when nothing else is asked for, and at most.
const (
	pageLines = 1000
	pageMost  = 10_000
)

// looks are the lines that one piece of work looks at before it gives back what it has, so that nobody waits long: a page of a log in
// which few lines fit, and a part of a search. SQLite itself looks for plain texts, about 400 ns a line; expressions are matched here,
// about 2 µs a line, so their parts are smaller.
type looks struct{ page, text, expr int }

func defaultLooks() looks { return looks{page: 50_000, text: 60_000, expr: 15_000} }

const logColumns = "run, seq, runner, step, attempt, at, level, msg, gap"

// logScope gives the conditions of a log's lines, besides the run.
func logScope(sc *orchestrator.LogScope) (where []string, args []any) {
	if n := levelFloor(sc.Level); n > 0 {
		where, args = append(where, "level>=?"), append(args, n)
	}
	if len(sc.Runners) > 0 {
		where = append(where, "runner IN (?"+strings.Repeat(",?", len(sc.Runners)-1)+")")
		for _, r := range sc.Runners {
			args = append(args, r)
		}
	}
	if sc.Step != "" {
		where, args = append(where, "(step=? OR substr(step,1,?)=?)"), append(args, sc.Step, len(sc.Step)+1, sc.Step+"/")
	}
	return where, args
}

// bound is a place as the numbers of its columns.
type bound struct{ at, run, seq int64 }

func (b bound) args() []any { return []any{b.at, b.run, b.seq} }

func boundOf(p orchestrator.LogPlace, back bool) (bound, error) {
	if p.Zero() {
		if back {
			return bound{math.MaxInt64, math.MaxInt64, math.MaxInt64}, nil
		}
		return bound{math.MinInt64, 0, 0}, nil
	}
	b := bound{seq: p.Seq}
	if !p.At.IsZero() {
		b.at = p.At.UnixNano()
	}
	if p.Run == "" {
		return b, nil
	}
	var err error
	b.run, err = runSeq(p.Run)
	return b, err
}

func (b bound) place() orchestrator.LogPlace {
	return orchestrator.LogPlace{At: fromNanos(b.at), Run: seqID(b.run), Seq: b.seq}
}

// ReadLog gives a page of log lines, oldest first. A run's lines come in the order of their numbers, those of several runs by time,
// run and number.
func (s *Store) ReadLog(ctx context.Context, q orchestrator.LogQuery) (orchestrator.LogPage, error) {
	from, err := boundOf(q.From, q.Back)
	if err != nil {
		return orchestrator.LogPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = pageLines
	}
	limit = min(limit, pageMost)
	var page orchestrator.LogPage
	if q.Run != "" {
		page, err = s.readRunLog(ctx, &q, from, limit)
	} else {
		page, err = s.readAllLogs(ctx, &q, from, limit)
	}
	if err != nil {
		return orchestrator.LogPage{}, fmt.Errorf("read a page of the log: %w", err)
	}
	return page, nil
}

func (s *Store) readRunLog(ctx context.Context, q *orchestrator.LogQuery, from bound, limit int) (orchestrator.LogPage, error) {
	run, err := runSeq(q.Run)
	if err != nil {
		return orchestrator.LogPage{}, err
	}
	where, args := logScope(&q.LogScope)
	cond, order := "seq>?", "seq"
	if q.Back {
		cond, order = "seq<?", "seq DESC"
	}
	if q.From.Seq == 0 && !q.From.At.IsZero() && !q.Back { // from a moment on
		where, args = append(where, "at>=?"), append(args, from.at)
	}
	where, args = append([]string{"run=?", cond}, where...), append([]any{run, from.seq}, args...)
	query := "SELECT " + logColumns + " FROM log WHERE " + strings.Join(where, " AND ") + " ORDER BY " + order + " LIMIT ?"
	lines, err := s.scanLogs(s.read.QueryContext(ctx, query, append(args, limit)...))
	return pageOf(lines, q, limit, q.From), err
}

// readAllLogs follows the index log_at. When only some lines fit it first looks where looks.page lines end, and goes no further.
func (s *Store) readAllLogs(ctx context.Context, q *orchestrator.LogQuery, from bound, limit int) (orchestrator.LogPage, error) {
	where, more := logScope(&q.LogScope)
	beyond, inside, order := ">", "<=", "at, run, seq"
	if q.Back {
		beyond, inside, order = "<", ">=", "at DESC, run DESC, seq DESC"
	}
	sparse := len(where) > 0
	where, args := append([]string{"(at,run,seq)" + beyond + "(?,?,?)"}, where...), append(from.args(), more...)
	end, open := from, true
	if sparse {
		query := "SELECT at, run, seq FROM log INDEXED BY log_at WHERE (at,run,seq)" + beyond + "(?,?,?) ORDER BY " + order + " LIMIT 1 OFFSET ?"
		err := s.read.QueryRowContext(ctx, query, append(from.args(), s.looks.page-1)...).Scan(&end.at, &end.run, &end.seq)
		switch {
		case err == nil:
			open = false
			where, args = append(where, "(at,run,seq)"+inside+"(?,?,?)"), append(args, end.args()...)
		case !errors.Is(err, sql.ErrNoRows):
			return orchestrator.LogPage{}, err
		}
	}
	query := "SELECT " + logColumns + " FROM log INDEXED BY log_at WHERE " + strings.Join(where, " AND ") + " ORDER BY " + order + " LIMIT ?"
	lines, err := s.scanLogs(s.read.QueryContext(ctx, query, append(args, limit)...))
	p := pageOf(lines, q, limit, q.From)
	if p.Done && !open {
		p.Done, p.Next = false, end.place()
	}
	return p, err
}

// pageOf makes a page of lines in the order they were read.
func pageOf(lines []orchestrator.LogLine, q *orchestrator.LogQuery, limit int, from orchestrator.LogPlace) orchestrator.LogPage {
	p := orchestrator.LogPage{Lines: lines, Done: len(lines) < limit, Next: from}
	if n := len(lines); n > 0 {
		p.Next = orchestrator.PlaceOf(&lines[n-1])
	}
	if q.Back {
		for i, j := 0, len(lines)-1; i < j; i, j = i+1, j-1 {
			lines[i], lines[j] = lines[j], lines[i]
		}
	}
	return p
}

// cursorText and parseCursor carry a place of the primary key.
func cursorText(run, seq int64) string {
	return strconv.FormatInt(run, 10) + ":" + strconv.FormatInt(seq, 10)
}

func parseCursor(s string) (run, seq int64, err error) {
	if s == "" {
		return math.MaxInt64, math.MaxInt64, nil
	}
	a, b, _ := strings.Cut(s, ":")
	if run, err = strconv.ParseInt(a, 10, 64); err == nil {
		seq, err = strconv.ParseInt(b, 10, 64)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("search the log: %q is no place to go on from", s)
	}
	return run, seq, nil
}
