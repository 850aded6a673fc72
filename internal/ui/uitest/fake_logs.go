package uitest

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// AddLogs puts lines into the history, without telling the viewers.
func (f *Fake) AddLogs(lines ...orchestrator.LogLine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logs = append(slices.Clone(f.logs), lines...)
}

// scoped gives the lines of a scope in their order.
func (f *Fake) scoped(sc *orchestrator.LogScope) []orchestrator.LogLine {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []orchestrator.LogLine
	for _, l := range f.logs {
		if (sc.Run == "" || l.Run == sc.Run) && (len(sc.Runners) == 0 || slices.Contains(sc.Runners, l.Runner)) &&
			(sc.Step == "" || l.Step == sc.Step || strings.HasPrefix(l.Step, sc.Step+"/")) && levelAt(l.Level) >= levelAt(sc.Level) {
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b orchestrator.LogLine) int { return orchestrator.PlaceOf(&a).Compare(orchestrator.PlaceOf(&b)) })
	return out
}

func levelAt(s string) int { return slices.Index([]string{"debug", "info", "warn", "error"}, s) }

// ReadLog gives a page of the lines.
func (f *Fake) ReadLog(_ context.Context, q orchestrator.LogQuery) (orchestrator.LogPage, error) {
	all := f.scoped(&q.LogScope)
	limit := cmp.Or(q.Limit, 1000)
	side := func(l orchestrator.LogLine) int {
		if q.Run != "" && (q.From.Seq > 0 || q.From.At.IsZero()) {
			return cmp.Compare(l.Seq, q.From.Seq)
		}
		return orchestrator.PlaceOf(&l).Compare(q.From)
	}
	var out []orchestrator.LogLine
	if q.Back {
		for _, l := range all {
			if q.From.Zero() || side(l) < 0 {
				out = append(out, l)
			}
		}
		p := orchestrator.LogPage{Done: len(out) < limit}
		p.Lines = out[max(len(out)-limit, 0):]
		if len(p.Lines) > 0 {
			p.Next = orchestrator.PlaceOf(&p.Lines[0])
		}
		return p, nil
	}
	for _, l := range all {
		if q.From.Zero() || side(l) > 0 {
			out = append(out, l)
		}
	}
	p := orchestrator.LogPage{Done: len(out) < limit, Lines: out[:min(len(out), limit)]}
	if n := len(p.Lines); n > 0 {
		p.Next = orchestrator.PlaceOf(&p.Lines[n-1])
	}
	return p, nil
}

// SearchLog looks through 500 lines, newest first.
func (f *Fake) SearchLog(_ context.Context, q orchestrator.LogSearch) (orchestrator.LogHits, error) {
	pat, err := text.ParsePattern(q.Query)
	if err != nil {
		return orchestrator.LogHits{}, err
	}
	all := f.scoped(&q.LogScope)
	end := len(all)
	if q.Cursor != "" {
		if end, err = strconv.Atoi(q.Cursor); err != nil {
			return orchestrator.LogHits{}, err
		}
	}
	from := max(end-500, 0)
	h := orchestrator.LogHits{Cursor: strconv.Itoa(from), Done: from == 0, Looked: end - from}
	for _, l := range all[from:end] {
		if pat.Match(l.Msg) {
			h.Lines = append(h.Lines, l)
		}
	}
	return h, nil
}
