package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func encodeReview(r *orchestrator.Review) (string, error) {
	if r == nil {
		return "", nil
	}
	b, err := json.Marshal(r)
	return string(b), err
}

// PutDecision keeps what a classifier decided, or what became of it: a step has one decision. What an operator said stays when the
// same step decides again; what is not said anew (ticket, text, when it was asked) stays as it was.
func (t *Tx) PutDecision(d *orchestrator.Decision) error {
	seq, err := runSeq(d.Run)
	if err != nil {
		return err
	}
	if d.Source == "" { // the same is asked about elsewhere
		return fail("drop the decision of "+d.Step+" of run "+d.Run,
			t.w.exec(`DELETE FROM decision WHERE run=? AND path=? AND source='model'`, seq, d.Step))
	}
	err = t.w.exec(`INSERT INTO decision(run, path, runner, ticket, at, model, label, confidence, uncalibrated, final, source, by, note,
			asked, decided, text) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT(run, path) DO UPDATE SET at=min(at, excluded.at), model=excluded.model, label=excluded.label,
		confidence=excluded.confidence, uncalibrated=excluded.uncalibrated, final=excluded.final, source=excluded.source, by=excluded.by,
		note=excluded.note, asked=coalesce(excluded.asked, asked), decided=excluded.decided,
		ticket=CASE excluded.ticket WHEN '' THEN ticket ELSE excluded.ticket END,
		text=CASE excluded.text WHEN '' THEN text ELSE excluded.text END
		WHERE source<>'operator' OR excluded.source='operator'`,
		seq, d.Step, d.Runner, d.Ticket, d.At.UnixNano(), d.Model, d.Label, d.Confidence, d.Uncalibrated, d.Final, d.Source, d.By, d.Note,
		nanos(d.Asked), nanos(d.Decided), d.Text)
	return fail("keep the decision of "+d.Step+" of run "+d.Run, err)
}

// AskedAbout gives the oldest run of a runner, but not this one, in which a decision about a ticket waits; "" = none.
func (s *Store) AskedAbout(ctx context.Context, runner, ticket, but string) (string, error) {
	seq, err := runSeq(but)
	if err != nil {
		return "", err
	}
	var run int64
	err = s.read.QueryRowContext(ctx, `SELECT coalesce(min(run), 0) FROM decision WHERE source='waiting' AND ticket=? AND runner=? AND run<>?`,
		ticket, runner, seq).Scan(&run)
	return seqID(run), fail("look for a question about ticket "+ticket, err)
}

// closeDecisions says of a run's decisions that wait that nobody will answer them.
func (t *Tx) closeDecisions(seq int64) error {
	return fail("close decisions", t.w.exec(`UPDATE decision SET source='unanswered' WHERE run=? AND source='waiting'`, seq))
}

// decisionWhere gives the condition of a filter, and its arguments.
func decisionWhere(f orchestrator.QualityFilter) (string, []any) {
	where, args := []string{"1"}, []any{}
	add := func(cond string, arg any) { where, args = append(where, cond), append(args, arg) }
	if !f.Since.IsZero() {
		add("at>=?", f.Since.UnixNano())
	}
	if !f.Until.IsZero() {
		add("at<?", f.Until.UnixNano())
	}
	if f.Runner != "" {
		add("runner=?", f.Runner)
	}
	if f.Model != "" {
		add("model=?", f.Model)
	}
	return strings.Join(where, " AND "), args
}

// Decisions gives at most so many decisions with an id above after, oldest first.
func (s *Store) Decisions(ctx context.Context, f orchestrator.QualityFilter, after int64, limit int) ([]orchestrator.Decision, error) {
	where, args := decisionWhere(f)
	return collect(ctx, s, "decisions", func(rows *sql.Rows, d *orchestrator.Decision) error {
		var run, at int64
		var asked, decided sql.NullInt64
		err := rows.Scan(&d.ID, &run, &d.Step, &d.Runner, &d.Ticket, &at, &d.Model, &d.Label, &d.Confidence, &d.Uncalibrated, &d.Final,
			&d.Source, &d.By, &d.Note, &asked, &decided, &d.Text)
		d.Run, d.At, d.Asked, d.Decided = seqID(run), fromNanos(at), fromNull(asked), fromNull(decided)
		return err
	}, `SELECT id, run, path, runner, ticket, at, model, label, confidence, uncalibrated, final, source, by, note, asked, decided, text
		FROM decision WHERE `+where+` AND id>? ORDER BY id LIMIT ?`, append(args, after, limit)...)
}
