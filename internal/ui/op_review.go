package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// heldVerdict is a verdict that was given here and is sent when it can no longer be undone. A console that is cut off before that
// has sent nothing: the decision still waits. One that is left sends it at once.
type heldVerdict struct {
	approval orchestrator.Approval
	verdict  orchestrator.Verdict
	label    string
	said     string
	due      time.Time
}

// decidedMsg says what became of verdicts.
type decidedMsg struct {
	sent []heldVerdict
	out  []orchestrator.ReviewOutcome
	err  error
}

// toReview is the decision under the cursor of the approvals; nil = there is none.
func (a *App) toReview() *orchestrator.Approval {
	s, ok := a.top().(*screen.Approvals)
	if !ok || a.aim != nil {
		return nil
	}
	return s.Review(&a.data)
}

func (a *App) whyReview() string {
	if a.toReview() == nil {
		return "no decision is under the cursor"
	}
	return ""
}

// judge takes a verdict on a decision: it leaves the list, and is sent once it can no longer be undone.
func (a *App) judge(ap orchestrator.Approval, verdict orchestrator.Verdict, label string) {
	if verdict == orchestrator.VerdictAccept && ap.Review.Label == "" {
		a.notes.say(a.now, theme.Late, "no label is proposed: l chooses one")
		return
	}
	what := ap.Runner + theme.Sep + "run " + screen.ShortID(ap.Run)
	if ap.Review.Ticket != "" {
		what = "ticket " + ap.Review.Ticket
	}
	said := map[orchestrator.Verdict]string{
		orchestrator.VerdictAccept: "accepted " + screen.SafeLabel(ap.Review.Label), orchestrator.VerdictSkip: "skipped",
		orchestrator.VerdictLabel: "labelled " + screen.SafeLabel(label),
	}[verdict] + ": " + what
	a.data.HoldBack(screen.ReviewKey(&ap))
	a.held = append(a.held, heldVerdict{approval: ap, verdict: verdict, label: label, said: said, due: a.now.Add(undoTime)})
	a.top().Refresh(a.env())
	a.offerTakeBack()
}

// offerTakeBack lets u undo the newest verdict that is held back.
func (a *App) offerTakeBack() {
	if len(a.held) == 0 {
		return
	}
	last := a.held[len(a.held)-1]
	left := fmt.Sprintf("%s%s%d left", last.said, theme.Sep, len(a.data.Approvals))
	a.notes.sayUndo(a.now, theme.GlyphOK+" "+left, &undo{what: last.said, here: (*App).takeBack})
	a.notes.until, a.notes.undo.until = last.due, last.due
}

// takeBack puts the newest verdict that is held back on the list again.
func (a *App) takeBack() {
	n := len(a.held) - 1
	if n < 0 {
		a.notes.say(a.now, theme.Muted, "too late: it is sent")
		return
	}
	last := a.held[n]
	a.held = a.held[:n]
	a.data.PutBack(screen.ReviewKey(&last.approval), false)
	if s, ok := a.top().(*screen.Approvals); ok {
		s.Select(a.env(), &last.approval)
	}
	a.offerTakeBack() // the one before can still be undone, too
	a.notes.say(a.now, theme.OK, theme.GlyphOK+" undone: "+last.said)
}

// sendHeld sends the verdicts whose time to undo them is over; with all, every one.
func (a *App) sendHeld(all bool) {
	for len(a.held) > 0 && (all || !a.now.Before(a.held[0].due)) {
		n := 1 // alike ones go together
		for n < len(a.held) && a.held[n].verdict == a.held[0].verdict && a.held[n].label == a.held[0].label && (all || !a.now.Before(a.held[n].due)) {
			n++
		}
		sent := slices.Clone(a.held[:n])
		a.held = a.held[n:]
		a.sendVerdicts(sent, "")
	}
}

// farewell ends the program, after what is held back was sent.
func (a *App) farewell() tea.Cmd {
	a.cmds = nil
	a.sendHeld(true)
	last, bye := a.cmds, a.goodbye()
	if len(last) == 0 {
		return bye
	}
	return func() tea.Msg {
		for _, send := range last {
			send()
		}
		return bye()
	}
}

// sendVerdicts sends verdicts that are alike.
func (a *App) sendVerdicts(sent []heldVerdict, note string) {
	req := orchestrator.ReviewRequest{Verdict: sent[0].verdict, Label: sent[0].label, Note: note, By: a.opts.Actor}
	for i := range sent {
		ap := &sent[i].approval
		req.Items = append(req.Items, orchestrator.ReviewItem{Run: ap.Run, Step: ap.Step, Asked: ap.At})
	}
	o := a.o
	a.off(func(ctx context.Context) tea.Msg {
		out, err := o.Decide(ctx, req)
		return decidedMsg{sent: sent, out: out, err: err}
	})
}

// takeDecided takes what became of verdicts. What was not done is on the list again, and why is said.
func (a *App) takeDecided(m decidedMsg) {
	failed, why := 0, ""
	for i := range m.sent {
		done := i < len(m.out) && m.out[i].Error == ""
		a.data.PutBack(screen.ReviewKey(&m.sent[i].approval), done)
		if done {
			continue
		}
		failed++
		if i < len(m.out) {
			why = m.out[i].Error
		} else if m.err != nil {
			why = m.err.Error()
		}
	}
	a.answers.stale = true
	if failed == 0 {
		if len(m.sent) > 1 {
			a.notes.say(a.now, theme.OK, fmt.Sprintf("%s %d decisions answered", theme.GlyphOK, len(m.sent)))
		}
		return
	}
	a.notes.say(a.now, theme.Failed, fmt.Sprintf("%s %d of %d not answered: %s", theme.GlyphFailed, failed, len(m.sent), text.Line(why, 300)))
}

// alike are the decisions of a runner that propose the same label, from a confidence on.
func (a *App) alike(ap *orchestrator.Approval, least float64) []orchestrator.Approval {
	var out []orchestrator.Approval
	for _, o := range a.data.Approvals {
		if o.Review != nil && o.Runner == ap.Runner && o.Review.Label == ap.Review.Label && o.Review.Confidence >= least {
			out = append(out, o)
		}
	}
	return out
}

// bulkForm answers all decisions that propose the same label at once.
func (a *App) bulkForm(ap orchestrator.Approval) *form {
	label := screen.SafeLabel(ap.Review.Label)
	verdict := choiceField("all of them", string(orchestrator.VerdictAccept), string(orchestrator.VerdictSkip))
	verdict.hint = "left and right choose"
	least := textField("confidence from", fmt.Sprintf("%.2f", float64(int(ap.Review.Confidence*20))/20), "0 to 1")
	least.check = func(_ *App, v string) error {
		if n, err := strconv.ParseFloat(v, 64); err != nil || n < 0 || n > 1 {
			return errors.New("a number from 0 to 1")
		}
		return nil
	}
	f := &form{
		title: "all decisions of " + ap.Runner + " for " + label, verb: "answer",
		fields: []*field{verdict, least, textField("note", "", "why; it is kept with each answer")},
	}
	chosen := func(a *App, f *form) []orchestrator.Approval {
		n, err := strconv.ParseFloat(f.get("confidence from"), 64)
		if err != nil {
			return nil
		}
		return a.alike(&ap, n)
	}
	f.phrase = func(a *App, f *form) string { return fmt.Sprintf("%s %d", f.get("all of them"), len(chosen(a, f))) }
	f.facts = func(a *App, f *form) facts {
		all := chosen(a, f)
		out := facts{}
		switch len(all) {
		case 0:
			if len(a.alike(&ap, 0)) == 0 {
				out.why = "none is left"
			}
			out.lines = []fact{{theme.Late, "no decision for " + label + " has that confidence"}}
			return out
		case 1:
			out.lines = []fact{{theme.Title, "1 decision for " + label}}
		default:
			out.lines = []fact{{theme.Title, fmt.Sprintf("%d decisions for %s", len(all), label)}}
		}
		for i := range all {
			out.stamp += screen.ReviewKey(&all[i]) + all[i].At.String()
			if i < 4 || len(all) == 5 {
				r := all[i].Review
				out.lines = append(out.lines, fact{theme.Plain, fmt.Sprintf("%.2f #%s %s", r.Confidence, r.Ticket, r.Title)})
			}
		}
		if len(all) > 5 {
			out.lines = append(out.lines, fact{theme.Muted, fmt.Sprintf("and %d more", len(all)-4)})
		}
		out.lines = append(out.lines, fact{theme.Muted, a.recorded() + "; this cannot be taken back"})
		return out
	}
	f.submit = func(a *App, f *form) {
		var sent []heldVerdict
		for _, one := range chosen(a, f) {
			a.data.HoldBack(screen.ReviewKey(&one))
			sent = append(sent, heldVerdict{approval: one, verdict: orchestrator.Verdict(f.get("all of them"))})
		}
		a.form = nil
		a.sendVerdicts(sent, f.get("note"))
	}
	return f
}

// labelOffers are ":label LABEL" for the decision under the cursor: a menu of its labels, the likeliest first.
func labelOffers(a *App, rest string) []action.Offer[*App] {
	ap := a.toReview()
	if ap == nil {
		return nil
	}
	typed := strings.ToLower(unquote(rest))
	var out []action.Offer[*App]
	offer := func(label, title string) {
		chosen := *ap
		out = append(out, action.Offer[*App]{
			Line: join("label", quoted(screen.SafeLabel(label))), Title: title,
			Do: func(a *App) { a.judge(chosen, orchestrator.VerdictLabel, label) },
		})
	}
	for _, s := range screen.LabelChoices(ap.Review) {
		if !strings.Contains(strings.ToLower(s.Label), typed) {
			continue
		}
		title := "no score"
		if s.Confidence >= 0 {
			title = fmt.Sprintf("%.2f", s.Confidence)
		}
		offer(s.Label, title)
	}
	slices.SortStableFunc(out, func(x, y action.Offer[*App]) int { // what begins with what was typed, first
		return cmp.Compare(misses(x.Line, typed), misses(y.Line, typed))
	})
	if free := unquote(rest); free != "" && len(ap.Review.Labels) == 0 && len(out) == 0 {
		offer(free, "a label of your own")
	}
	return out
}

// misses is 0 for a line whose label begins with what was typed, else 1.
func misses(line, typed string) int {
	if hasPrefixFold(strings.TrimPrefix(strings.TrimPrefix(line, "label "), `"`), typed) {
		return 0
	}
	return 1
}
