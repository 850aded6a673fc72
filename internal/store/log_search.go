package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// Bounds of one piece of a search.
const (
	searchParts = 2 // looked through beside each other
	searchHits  = 200
	searchMost  = 2000
)

// part is a stretch of the primary key, newest line first: from is outside, to inside of it.
type part struct{ fromRun, fromSeq, toRun, toSeq int64 }

// SearchLog looks for a text in a log, the newest run first and in each the newest line first. No index helps it: looking through the
// lines is quick enough, see docs/benchmarks.md, and costs the writer nothing.
func (s *Store) SearchLog(ctx context.Context, q orchestrator.LogSearch) (orchestrator.LogHits, error) {
	pat, err := text.ParsePattern(q.Query)
	if err != nil {
		return orchestrator.LogHits{}, err
	}
	if pat.Empty() {
		return orchestrator.LogHits{Done: true}, nil
	}
	limit := q.Limit
	if limit <= 0 {
		limit = searchHits
	}
	limit = min(limit, searchMost)
	h, err := s.searchPiece(ctx, &q, &pat, limit)
	if err != nil {
		return orchestrator.LogHits{}, fmt.Errorf("search the log: %w", err)
	}
	return h, nil
}

func (s *Store) searchPiece(ctx context.Context, q *orchestrator.LogSearch, pat *text.Pattern, limit int) (orchestrator.LogHits, error) {
	var h orchestrator.LogHits
	parts, looks, done, err := s.searchParts(ctx, q, pat)
	if err != nil {
		return h, err
	}
	found, errs := make([][]orchestrator.LogLine, len(parts)), make([]error, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { found[i], errs[i] = s.searchPart(ctx, q, pat, parts[i], limit) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return h, err
	}
	h.Done, h.Looked = done, looks
	for i, lines := range found {
		h.Lines = append(h.Lines, lines...)
		h.Cursor = cursorText(parts[i].toRun, parts[i].toSeq)
		if len(h.Lines) >= limit { // go on behind the last hit that is given back
			h.Lines = h.Lines[:limit]
			last := &h.Lines[limit-1]
			run, err := runSeq(last.Run)
			if err != nil {
				return h, err
			}
			h.Cursor, h.Done = cursorText(run, last.Seq), false
			break
		}
	}
	slices.SortFunc(h.Lines, func(a, b orchestrator.LogLine) int { return orchestrator.PlaceOf(&a).Compare(orchestrator.PlaceOf(&b)) })
	return h, nil
}

// searchParts finds where the parts of this piece end, by counting along the primary key; looks is about how many lines they have.
func (s *Store) searchParts(ctx context.Context, q *orchestrator.LogSearch, pat *text.Pattern) (parts []part, looks int, done bool, err error) {
	size := s.looks.text
	if _, _, ok := literalFor(pat); !ok {
		size = s.looks.expr
	}
	var p part
	if p.fromRun, p.fromSeq, err = parseCursor(q.Cursor); err != nil {
		return nil, 0, false, err
	}
	where, more := "(run,seq)<(?,?)", []any{}
	if q.Run != "" {
		run, err := runSeq(q.Run)
		if err != nil {
			return nil, 0, false, err
		}
		where, more = where+" AND run=?", append(more, run)
	}
	for range searchParts {
		args := append(append([]any{p.fromRun, p.fromSeq}, more...), size-1)
		err := s.read.QueryRowContext(ctx, "SELECT run, seq FROM log WHERE "+where+" ORDER BY run DESC, seq DESC LIMIT 1 OFFSET ?", args...).
			Scan(&p.toRun, &p.toSeq)
		if errors.Is(err, sql.ErrNoRows) {
			p.toRun, p.toSeq = 0, 0
			return append(parts, p), looks + size, true, nil
		}
		if err != nil {
			return nil, 0, false, err
		}
		parts, looks = append(parts, p), looks+size
		p.fromRun, p.fromSeq = p.toRun, p.toSeq
	}
	return parts, looks, false, nil
}

// literalFor gives a plain text that SQLite can look for: every line that matches has it. Of a text that goes for both cases only
// letters of ASCII are the same for SQLite.
func literalFor(pat *text.Pattern) (lit string, fold, ok bool) {
	lit, fold, ok = pat.Literal()
	if !ok || fold && strings.ContainsFunc(lit, func(r rune) bool { return r > 0x7e || r == 'k' || r == 's' || r == 'i' }) {
		return strictest(lit), fold, ok && strictest(lit) != ""
	}
	return lit, fold, ok
}

// strictest is the longest piece of a text in which small and capital letters differ in ASCII only. "k", "s" and "i" have relatives
// beyond it (the Kelvin sign, the long s, the dotted I), and lines with those match here too.
func strictest(lit string) string {
	best := ""
	for _, f := range strings.FieldsFunc(lit, func(r rune) bool { return r > 0x7e || r == 'k' || r == 's' || r == 'i' }) {
		if len(f) > len(best) {
			best = f
		}
	}
	return best
}

// searchPart gives the newest matching lines of one part, newest first.
func (s *Store) searchPart(ctx context.Context, q *orchestrator.LogSearch, pat *text.Pattern, p part, limit int) ([]orchestrator.LogLine, error) {
	where, args := logScope(&q.LogScope)
	where, args = append([]string{"(run,seq)<(?,?)", "(run,seq)>=(?,?)"}, where...), append([]any{p.fromRun, p.fromSeq, p.toRun, p.toSeq}, args...)
	if q.Run != "" {
		run, err := runSeq(q.Run)
		if err != nil {
			return nil, err
		}
		where, args = append(where, "run=?"), append(args, run)
	}
	if lit, fold, ok := literalFor(pat); ok && fold {
		where, args = append(where, `msg LIKE ? ESCAPE '\'`), append(args, "%"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(lit)+"%")
	} else if ok {
		where, args = append(where, "instr(msg,?)>0"), append(args, lit)
	}
	query := "SELECT " + logColumns + " FROM log WHERE " + strings.Join(where, " AND ") + " ORDER BY run DESC, seq DESC"
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []orchestrator.LogLine
	for rows.Next() && len(out) < limit {
		l, err := scanLog(rows)
		if err != nil {
			return nil, err
		}
		if pat.Match(l.Msg) {
			out = append(out, l)
		}
	}
	return out, rows.Err()
}
