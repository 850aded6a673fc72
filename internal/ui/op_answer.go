package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// approvalsEvery is how often approvals are read while they are on show: one can take another's place without a change of
// their number.
const approvalsEvery = 5 * time.Second

// approvals is how fresh the shared approvals are.
type approvals struct {
	on    bool // a question is on its way
	stale bool // something was done: read again
	known int  // the engine's number of them when they were read
	at    time.Time
}

type approvalsMsg struct {
	all   []orchestrator.Approval
	known int
	err   error
}

// askApprovals reads the approvals when their number changed.
func (a *App) askApprovals() {
	s, n := &a.answers, a.data.Engine.Approvals
	_, shown := a.top().(*screen.Approvals)
	late := (shown || n != len(a.data.Approvals)) && a.now.Sub(s.at) >= approvalsEvery
	if s.on || !a.data.Loaded || n == s.known && !s.stale && !late {
		return
	}
	s.on, s.stale = true, false
	o, ctx := a.o, a.ctx
	a.run(func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, queryTime)
		defer cancel()
		m := approvalsMsg{known: n}
		m.all, m.err = o.Approvals(ctx)
		return m
	})
}

func (a *App) takeApprovals(m approvalsMsg) {
	a.answers = approvals{known: m.known, at: a.now, stale: a.answers.stale}
	if m.err != nil {
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" the approvals cannot be read: "+text.Line(m.err.Error(), 400))
		return
	}
	a.data.SetApprovals(m.all)
}

// toAnswer is the approval that the answer key would answer: that under the cursor, or of the run under it.
func (a *App) toAnswer() *orchestrator.Approval {
	if s, ok := a.top().(*screen.Approvals); ok && a.aim == nil {
		return s.Approval(&a.data)
	}
	_, run := a.chosen()
	if run == nil {
		return nil
	}
	if s, ok := a.top().(screen.Stepper); ok && a.aim == nil {
		if st := s.StepAt(); st != nil {
			if found := a.data.Approval(run.ID, st.Path); found != nil {
				return found
			}
		}
	}
	return a.data.Approval(run.ID, "")
}

func (a *App) whyAnswer() string {
	if a.toAnswer() == nil {
		return "nothing here waits for an answer"
	}
	return ""
}

// giveAnswer opens the form for the answer; a decision of a classifier is judged where its text is.
func (a *App) giveAnswer() {
	ap := *a.toAnswer()
	if ap.Review == nil {
		a.openForm(a.answerForm(ap, answerOpen, ""))
		return
	}
	a.goTab(tabApprovals)
	if s, ok := a.top().(*screen.Approvals); ok {
		s.Select(a.env(), &ap)
	}
}

// What may be answered.
const (
	answerYes  = "approve"
	answerNo   = "reject"
	answerOpen = "choose"
)

// answerForm asks for the answer to an approval.
func (a *App) answerForm(ap orchestrator.Approval, answer, note string) *form {
	yes := choiceField("answer", answerOpen, answerYes, answerNo)
	yes.pick, yes.hint = indexOf(yes.options, answer), "left and right choose"
	yes.check = func(_ *App, v string) error {
		if v == answerOpen {
			return errors.New("choose approve or reject")
		}
		return nil
	}
	f := &form{title: "answer" + theme.Sep + ap.Runner, verb: "answer", fields: []*field{yes}}
	for _, name := range slices.Sorted(maps.Keys(ap.Input)) {
		f.fields = append(f.fields, inputField(name, ap.Input[name]))
	}
	f.fields = append(f.fields, textField("note", note, "why; it is kept with the answer"))
	run, step := ap.Run, ap.Step
	f.facts = func(a *App, _ *form) facts {
		if a.data.Approval(run, step) == nil {
			return facts{why: "it no longer waits for an answer: see the run"}
		}
		return facts{stamp: run + step, lines: []fact{{theme.Title, ap.Question}, {theme.Muted, a.recorded() + "; an answer cannot be taken back"}}}
	}
	f.submit = func(a *App, f *form) {
		req := orchestrator.AnswerRequest{
			Run: run, Step: step, Approve: f.get("answer") == answerYes, Note: f.get("note"), By: a.opts.Actor, Input: map[string]string{},
		}
		for name := range ap.Input {
			if v := f.get(name); v != "" {
				req.Input[name] = v
			}
		}
		said := map[bool]string{true: "approved", false: "rejected"}[req.Approve]
		o := a.o
		a.send(f, "answer", func(ctx context.Context) (string, error) {
			return said + ": " + ap.Runner + theme.Sep + "run " + screen.ShortID(run) + " goes on", o.Answer(ctx, req)
		}, nil)
	}
	return f
}

// inputField is a field for a value of a type: text, number or bool.
func inputField(name, kind string) *field {
	if kind == "bool" {
		return choiceField(name, "false", "true")
	}
	f := textField(name, "", kind)
	if kind == "number" {
		f.check = func(_ *App, v string) error {
			if _, err := strconv.ParseFloat(v, 64); v != "" && err != nil {
				return fmt.Errorf("%q is not a number", v)
			}
			return nil
		}
	}
	return f
}

// answerOffers are ":approve RUN [NOTE]" and ":reject RUN [NOTE]".
func answerOffers(verb string) func(a *App, rest string) []action.Offer[*App] {
	return func(a *App, rest string) []action.Offer[*App] {
		run, note := cutWord(rest)
		var out []action.Offer[*App]
		for _, ap := range a.data.Approvals {
			if ap.Review != nil {
				continue
			}
			id := screen.ShortID(ap.Run)
			if run != "" && run != id && run != ap.Run && (note != "" || !hasPrefixFold(id, run) && !hasPrefixFold(ap.Runner, run)) {
				continue
			}
			out = append(out, action.Offer[*App]{
				Line: join(verb, id, quoted(note)), Title: ap.Runner + ": " + ap.Question,
				Do: func(a *App) { a.openForm(a.answerForm(ap, verb, note)) },
			})
		}
		return out
	}
}
