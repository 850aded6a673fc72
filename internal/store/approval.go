package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// ApprovalRow is a question to a person with what was answered.
type ApprovalRow struct {
	orchestrator.Approval
	Answer     string    // JSON of the answer; "" = open
	AnsweredAt time.Time // zero = open
}

// PutApproval keeps a question. One that is asked again is open again.
func (t *Tx) PutApproval(a *orchestrator.Approval) error {
	what := "ask at " + a.Step + " of run " + a.Run
	seq, err := runSeq(a.Run)
	if err != nil {
		return err
	}
	subject, err := json.Marshal(a.Subject)
	if err != nil {
		return fail(what, err)
	}
	input, err := json.Marshal(a.Input)
	if err != nil {
		return fail(what, err)
	}
	review, err := encodeReview(a.Review)
	if err != nil {
		return fail(what, err)
	}
	err = t.w.exec(`INSERT OR REPLACE INTO approval(run, path, runner, question, subject, input, asked, until, review)
		VALUES(?,?,?,?,?,?,?,?,?)`, seq, a.Step, a.Runner, a.Question, string(subject), string(input), a.At.UnixNano(), nanos(a.Until), review)
	return fail(what, err)
}

// AnswerApproval keeps the answer, a JSON text, of an open question. It reports false, and changes nothing, when there is none:
// the first answer counts. A review's text has served then.
func (t *Tx) AnswerApproval(run, path, answer string, at time.Time) (bool, error) {
	seq, err := runSeq(run)
	if err != nil {
		return false, err
	}
	return t.changed("answer "+path+" of run "+run,
		`UPDATE approval SET answer=?, answered=?, review=CASE review WHEN '' THEN '' ELSE json_remove(review, '$.Text') END
		WHERE run=? AND path=? AND answer IS NULL`, answer, at.UnixNano(), seq, path)
}

// CloseApprovals forgets the open questions of a run that has ended otherwise.
func (t *Tx) CloseApprovals(run string) error {
	seq, err := runSeq(run)
	if err != nil {
		return err
	}
	if err := t.closeDecisions(seq); err != nil {
		return err
	}
	return fail("close approvals of run "+run, t.w.exec(`DELETE FROM approval WHERE run=? AND answer IS NULL`, seq))
}

const approvalColumns = `SELECT run, path, runner, question, subject, input, asked, until, coalesce(answer, ''), answered, review
	FROM approval `

func scanApproval(rows *sql.Rows, a *ApprovalRow) error {
	var run, asked int64
	var until, answered sql.NullInt64
	var subject, input, review string
	err := rows.Scan(&run, &a.Step, &a.Runner, &a.Question, &subject, &input, &asked, &until, &a.Answer, &answered, &review)
	if err != nil {
		return err
	}
	a.Run, a.At, a.Until, a.AnsweredAt = seqID(run), fromNanos(asked), fromNull(until), fromNull(answered)
	if review != "" {
		a.Review = &orchestrator.Review{}
		err = json.Unmarshal([]byte(review), a.Review)
	}
	return errors.Join(err, json.Unmarshal([]byte(subject), &a.Subject), json.Unmarshal([]byte(input), &a.Input))
}

// OpenApprovals gives the questions without an answer, oldest first.
func (s *Store) OpenApprovals(ctx context.Context) ([]ApprovalRow, error) {
	return collect(ctx, s, "approvals", scanApproval, approvalColumns+`WHERE answer IS NULL ORDER BY asked, run, path`)
}

// RunApprovals gives a run's questions, answered or not, oldest first.
func (s *Store) RunApprovals(ctx context.Context, run string) ([]ApprovalRow, error) {
	seq, err := runSeq(run)
	if err != nil {
		return nil, err
	}
	return collect(ctx, s, "approvals of run "+run, scanApproval, approvalColumns+`WHERE run=? ORDER BY asked, path`, seq)
}

// Approval gives the question of a step; false when it has none.
func (s *Store) Approval(ctx context.Context, run, path string) (ApprovalRow, bool, error) {
	seq, err := runSeq(run)
	if err != nil {
		return ApprovalRow{}, false, err
	}
	rows, err := collect(ctx, s, "approval of run "+run, scanApproval, approvalColumns+`WHERE run=? AND path=?`, seq, path)
	if err != nil || len(rows) == 0 {
		return ApprovalRow{}, false, err
	}
	return rows[0], true, nil
}
