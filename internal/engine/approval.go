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

// sooner gives the earlier of two moments; zero = never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// Kinds of values that an answer may hold.
const (
	inputText   = "text"
	inputNumber = "number"
	inputBool   = "bool"
)

// mayAsk refuses questions that nobody could answer.
func (x *execution) mayAsk(w *pipe.Wait) error {
	if x.after {
		return fault.Permanentf("a handler cannot wait for an answer: its run has ended")
	}
	for name, kind := range w.Input {
		if kind != inputText && kind != inputNumber && kind != inputBool {
			return fault.Permanentf("input %s has the type %q, expected text, number or bool", name, kind)
		}
	}
	return nil
}

// ask makes a step's question durable. The run gives its slot back and goes on once there is an answer, or the deadline has
// passed. Asking is not an attempt.
func (x *execution) ask(ctx context.Context, st *store.StepRow, w *pipe.Wait) nodeOutcome {
	now := x.e.clock()
	a := orchestrator.Approval{
		Run: x.id, Step: st.Path, Runner: x.name, Question: x.line(w.Question), Subject: x.keepSubject(w.Subject), Input: w.Input,
		At: now, Until: w.Until.Round(0).UTC(),
	}
	if w.Until.IsZero() {
		a.Until = time.Time{}
		if w.For > 0 {
			a.Until = now.Add(w.For)
		}
	}
	st.Attempt--
	st.State, st.NextAt, st.Reason = orchestrator.Paused, a.Until, "waits for an answer: "+a.Question
	x.put(st, nil)
	x.markWorked() // whatever comes of it: somebody was asked
	ev := orchestrator.Event{
		At: now, Kind: "approval", Runner: x.name, Run: x.id, State: orchestrator.Paused, By: "engine",
		Text: "run " + x.id + " waits for an answer at " + st.Path + ": " + a.Question,
	}
	asked := false
	err := x.commitWith(ctx, func(tx *store.Tx) error {
		var err error
		if asked, err = tx.StepsOpen(x.id, x.from.Attempt, x.after); err != nil || !asked {
			return err
		}
		if err := tx.PutApproval(&a); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	})
	if err != nil {
		return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}
	}
	x.logger(st.Path, st.Attempt+1).Info("waits for an answer: " + a.Question)
	if asked {
		x.e.box.post(func() { x.e.loop.noteQuestion(x.lv, st.Path, question{at: now}, ev) })
	}
	return nodeOutcome{kind: nodePaused, next: a.Until, step: st.Path, err: fmt.Errorf("%s", a.Question)}
}

// keepSubject gives what a question is about as history keeps it: without secrets, and not without bound.
func (x *execution) keepSubject(subject map[string]any) map[string]any {
	b, err := marshal(subject)
	switch {
	case err != nil:
		return map[string]any{"note": "what it is about cannot be shown: " + x.line(err.Error())}
	case len(b) > maxResult:
		return map[string]any{"note": "what it is about is too large to be kept"}
	case x.e.secrets.holds(string(b)):
		return map[string]any{"note": "what it is about holds a secret"}
	}
	return subject
}

// loadAnswers takes what was answered to earlier goes' questions.
func (x *execution) loadAnswers(ctx context.Context) error {
	rows, err := x.e.store.RunApprovals(ctx, x.id)
	if err != nil {
		return err
	}
	x.answers = map[string]*pipe.Answer{}
	for i := range rows {
		x.worked = true
		if rows[i].Answer == "" {
			continue
		}
		if x.answers[rows[i].Step], err = decodeAnswer(rows[i].Answer); err != nil {
			return fmt.Errorf("run %s, step %s: %w", x.id, rows[i].Step, err)
		}
	}
	return nil
}

func decodeAnswer(s string) (*pipe.Answer, error) {
	var a pipe.Answer
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(&a); err != nil {
		return nil, fmt.Errorf("read stored answer: %w", err)
	}
	for k := range a.Input {
		a.Input[k] = numbers(a.Input[k])
	}
	return &a, nil
}

func (x *execution) answerOf(path string) *pipe.Answer {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answers[path]
}

// stillAsks gives the outcome of a step whose question is open. One whose deadline has passed is answered by it, unless a
// person was quicker.
func (x *execution) stillAsks(ctx context.Context, st *store.StepRow) (nodeOutcome, bool) {
	if x.answerOf(st.Path) != nil {
		return nodeOutcome{}, false
	}
	now := x.e.clock()
	if st.NextAt.IsZero() || st.NextAt.After(now) {
		question := strings.TrimPrefix(st.Reason, "waits for an answer: ")
		return nodeOutcome{kind: nodePaused, next: st.NextAt, step: st.Path, err: fmt.Errorf("%s", question)}, true
	}
	expired := pipe.Answer{Expired: true, By: "the deadline", At: now}
	b, err := json.Marshal(expired)
	if err != nil {
		return x.failed(st, err), true
	}
	ev := orchestrator.Event{
		At: now, Kind: "answer", Runner: x.name, Run: x.id, State: orchestrator.Paused, By: "engine",
		Text: "run " + x.id + " got no answer at " + st.Path + " before its deadline", Before: "open", After: "expired",
	}
	first := false
	err = x.commitWith(ctx, func(tx *store.Tx) error {
		var err error
		if first, err = tx.AnswerApproval(x.id, st.Path, string(b), now); err != nil || !first {
			return err
		}
		return tx.AddEvent(&ev)
	})
	if err != nil {
		return nodeOutcome{kind: nodeEnded, step: st.Path, err: err}, true
	}
	answer := &expired
	if !first {
		row, _, err := x.e.store.Approval(ctx, x.id, st.Path)
		if err == nil {
			answer, err = decodeAnswer(row.Answer)
		}
		if err != nil {
			return x.failed(st, err), true
		}
	}
	x.mu.Lock()
	x.answers[st.Path] = answer
	x.mu.Unlock()
	if first {
		x.e.box.post(func() { x.e.loop.noteQuestion(x.lv, st.Path, question{at: now, by: answer.By}, ev) })
	}
	return nodeOutcome{}, false
}

// noteQuestion notes a question of a live run, or its answer, and shows the event. An answer may be noted before its question.
func (l *loop) noteQuestion(lv *live, path string, q question, ev orchestrator.Event) {
	if old, known := lv.asks[path]; !known || old.at.Before(q.at) || old.at.Equal(q.at) && q.by != "" {
		if lv.asks == nil {
			lv.asks = map[string]question{}
		}
		lv.asks[path] = q
	}
	l.touch(lv.r)
	l.publishEngine()
	l.e.hub.Event(ev)
}

// openQuestions counts the steps that wait for a person.
func (l *loop) openQuestions() int {
	n := 0
	for _, lv := range l.lives {
		for _, q := range lv.asks {
			if q.by == "" {
				n++
			}
		}
	}
	return n
}

// loadQuestions ties the open questions of an earlier life to their runs.
func (l *loop) loadQuestions(ctx context.Context) error {
	rows, err := l.e.store.OpenApprovals(ctx)
	if err != nil {
		return err
	}
	for i := range rows {
		if lv := l.lives[rows[i].Run]; lv != nil {
			if lv.asks == nil {
				lv.asks = map[string]question{}
			}
			lv.asks[rows[i].Step] = question{at: rows[i].At}
		}
	}
	return nil
}

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
	for i := range rows {
		out[i] = rows[i].Approval
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
	word := "rejected"
	switch {
	case a.Expired:
		word = "expired"
	case a.Approved:
		word = "approved"
	}
	return word + " by " + cmp.Or(by, "unknown") + " at " + a.At.Format("2006-01-02 15:04:05Z")
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
	ev := orchestrator.Event{
		At: now, Kind: "answer", Runner: lv.run.Runner, Run: a.Run, State: orchestrator.Pending, By: actorText(by), Via: by.Via,
		Text: "run " + a.Run + ", " + a.Step + ": " + answerText(&answer, actorText(by)), Before: "open", After: strings.Fields(answerText(&answer, ""))[0],
	}
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
