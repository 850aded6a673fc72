package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// Approvals gives the steps that wait for a person, oldest first.
func (e *Engine) Approvals(ctx context.Context) ([]orchestrator.Approval, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	rows, err := e.store.OpenApprovals(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]orchestrator.Approval, len(rows))
	reviews := 0
	for i := range rows {
		if out[i] = rows[i].Approval; out[i].Review != nil {
			if reviews++; reviews > fullTexts {
				out[i].Review.Text = shortText(out[i].Review.Text)
			}
		}
	}
	return out, nil
}

// Answer answers a step that waits for a person: its run goes on. The first answer counts; a second one is refused and learns
// of the first.
func (e *Engine) Answer(ctx context.Context, req orchestrator.AnswerRequest) error {
	if !e.running() {
		return ErrStopped
	}
	row, err := e.questionOf(ctx, req)
	if err != nil {
		return err
	}
	if e.secrets.holds(req.Note) {
		return fault.Permanentf("the note holds a secret of the configuration: answers are kept in history")
	}
	answer := pipe.Answer{Approved: req.Approve, By: req.By.Name, Note: e.secrets.line(req.Note, maxError)}
	if answer.Input, err = e.typedInput(row.Input, req); err != nil {
		return err
	}
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error { return l.answer(&row.Approval, answer, req.By, done) })
}

// questionOf finds the question that a request answers, and refuses what cannot be answered.
func (e *Engine) questionOf(ctx context.Context, req orchestrator.AnswerRequest) (store.ApprovalRow, error) {
	none := store.ApprovalRow{}
	run, err := e.store.GetRun(ctx, req.Run)
	if err != nil {
		return none, err
	}
	rows, err := e.store.RunApprovals(ctx, req.Run)
	if err != nil {
		return none, err
	}
	var open []store.ApprovalRow
	for i := range rows {
		switch {
		case rows[i].Step == req.Step && rows[i].Answer != "":
			return none, alreadyAnswered(&rows[i])
		case rows[i].Answer == "" && (req.Step == "" || rows[i].Step == req.Step):
			open = append(open, rows[i])
		}
	}
	switch {
	case len(open) == 1:
		return open[0], nil
	case len(open) > 1:
		steps := make([]string, len(open))
		for i := range open {
			steps[i] = open[i].Step
		}
		return none, notNow("run %s has %d open questions, name the step: %s", req.Run, len(open), strings.Join(steps, ", "))
	case req.Step == "" && len(rows) > 0 && !run.State.Terminal():
		return none, alreadyAnswered(&rows[len(rows)-1])
	case req.Step != "" && !run.State.Terminal():
		return none, notNow("step %s of run %s waits for no answer", req.Step, req.Run)
	}
	return none, notNow("run %s waits for no answer: it is %s", req.Run, stateWords(run.State))
}

func alreadyAnswered(row *store.ApprovalRow) error {
	a, err := decodeAnswer(row.Answer)
	if err != nil {
		return err
	}
	return notNow("step %s of run %s is answered already: %s", row.Step, row.Run, answerText(a, a.By))
}

// answerText is "approved by kim at 2026-11-25 14:03:10Z".
func answerText(a *pipe.Answer, by string) string {
	return answerWord(a) + " by " + cmp.Or(by, "unknown") + " at " + a.At.Format("2006-01-02 15:04:05Z")
}

func answerWord(a *pipe.Answer) string {
	switch {
	case a.Skipped:
		return "skipped"
	case a.Label != "":
		return "labelled " + a.Label
	case a.Expired:
		return "expired"
	case a.Approved:
		return "approved"
	}
	return "rejected"
}

// typedInput checks an answer's input against what was asked for. A rejection needs none.
func (e *Engine) typedInput(want map[string]string, req orchestrator.AnswerRequest) (map[string]any, error) {
	names := slices.Sorted(maps.Keys(want))
	for _, name := range slices.Sorted(maps.Keys(req.Input)) {
		if _, ok := want[name]; !ok {
			return nil, fault.Permanentf("there is no input %q: the question takes %s", name, cmp.Or(strings.Join(names, ", "), "none"))
		}
	}
	out := map[string]any{}
	for _, name := range names {
		text, given := req.Input[name]
		if !given {
			if req.Approve {
				return nil, fault.Permanentf("input %s (%s) is missing", name, want[name])
			}
			continue
		}
		if e.secrets.holds(text) {
			return nil, fault.Permanentf("input %s holds a secret of the configuration: answers are kept in history", name)
		}
		v, err := typedValue(want[name], text)
		if err != nil {
			return nil, fault.Permanentf("input %s: %w", name, err)
		}
		out[name] = v
	}
	return out, nil
}

func typedValue(kind, text string) (any, error) {
	s := strings.TrimSpace(text)
	switch kind {
	case inputNumber:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && f-f == 0 { // neither endless nor no number
			return f, nil
		}
		return nil, fmt.Errorf("expected a number, got %q", text)
	case inputBool:
		switch strings.ToLower(s) {
		case "true", "yes", "y", "1":
			return true, nil
		case "false", "no", "n", "0":
			return false, nil
		}
		return nil, fmt.Errorf("expected yes or no, got %q", text)
	}
	return text, nil
}

// answer makes an answer durable and lets its run go on.
func (l *loop) answer(a *orchestrator.Approval, answer pipe.Answer, by orchestrator.Actor, done func(error)) error {
	now := l.e.clock()
	lv := l.lives[a.Run]
	switch {
	case lv == nil || lv.run.State.Terminal() || lv.run.State == orchestrator.Cancelling:
		return notNow("run %s waits for no answer any more", a.Run)
	case lv.asks[a.Step].by != "" && lv.asks[a.Step].at.Equal(a.At):
		return notNow("step %s of run %s is answered already, by %s", a.Step, a.Run, lv.asks[a.Step].by)
	case !a.Until.IsZero() && !now.Before(a.Until):
		return notNow("the deadline of step %s of run %s passed at %s", a.Step, a.Run, a.Until.Format("2006-01-02 15:04:05Z"))
	}
	answer.At = now
	b, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer step %s of run %s: %w", a.Step, a.Run, err)
	}
	ev := l.audit(action{
		kind: "answer", runner: lv.run.Runner, run: a.Run, state: orchestrator.Pending, by: by,
		text: "run " + a.Run + ", " + a.Step + ": " + answerText(&answer, actorText(by)), before: "open", after: answerWord(&answer),
	})
	asleep := lv.sleeps()
	lv.wake = !asleep
	if asleep {
		l.timetable.drop(lv.it)
		lv.run.State, lv.run.Reason, lv.run.NextAt = orchestrator.Pending, "", time.Time{}
	}
	if lv.asks == nil {
		lv.asks = map[string]question{}
	}
	answered := question{at: a.At, by: actorText(by)}
	lv.asks[a.Step] = answered
	run, epoch, first := lv.run, l.epoch, false
	l.write(func(tx *store.Tx) error {
		var err error
		if first, err = tx.AnswerApproval(a.Run, a.Step, string(b), now); err != nil || !first {
			return err
		}
		if asleep {
			if _, err := tx.UpdateRun(&run, epoch, false); err != nil {
				return err
			}
		}
		return tx.AddEvent(&ev)
	}, func() {
		if asleep && lv.run.State == orchestrator.Pending {
			l.letIn(lv)
		}
		if !first {
			done(notNow("step %s of run %s has its answer already", a.Step, a.Run))
			return
		}
		l.noteQuestion(lv, a.Step, answered, ev)
		done(nil)
	})
	return nil
}
