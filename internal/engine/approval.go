package engine

import (
	"context"
	"encoding/json"
	"fmt"
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
		At: now, Until: w.Until.Round(0).UTC(), Review: x.keepReview(w.Review),
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
	if a.Review != nil { // of its own kind: there may be many, and not everybody wants to be told of each
		ev.Kind = "review"
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
		if d := x.asked(&a); d != nil {
			if err := tx.PutDecision(d); err != nil {
				return err
			}
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
