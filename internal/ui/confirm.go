package ui

import (
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// question is what a tier 1 action asks before it acts.
type question struct {
	text  string // names the item and the consequence
	stamp string // the state it was asked in; when it changed, the question is asked again
	why   string // why it is no longer possible; "" = it is
	role  theme.Role
}

// confirm is an open question. "y" acts, any other key does not.
type confirm struct {
	ask   func(a *App) question
	act   func(a *App)
	shown question
}

// question opens a question, or says why there is nothing to ask.
func (a *App) question(ask func(a *App) question, act func(a *App)) {
	q := ask(a)
	if q.why != "" {
		a.notes.say(a.now, theme.Muted, q.why)
		return
	}
	a.confirm = &confirm{ask: ask, act: act, shown: q}
}

func (a *App) answerConfirm(key string) {
	c := a.confirm
	if key != "y" {
		a.confirm = nil
		a.notes.say(a.now, theme.Muted, "nothing done")
		return
	}
	if a.tooSmall() {
		return
	}
	q := c.ask(a)
	switch {
	case q.why != "":
		a.confirm = nil
		a.notes.say(a.now, theme.Muted, q.why)
	case q.stamp != c.shown.stamp:
		q.text = "it changed meanwhile: " + q.text
		c.shown = q
		a.hesitate()
	default:
		a.confirm = nil
		c.act(a)
	}
}

// drawConfirm draws the question over as many lines above the footer as it needs.
func (a *App) drawConfirm(c part.Canvas, f frame) {
	q := a.confirm.shown
	role := q.role
	if role == theme.Plain {
		role = theme.Late
	}
	lines := part.Wrap(q.text+"  y/n", c.W-2, max(f.status-f.bodyY, 1))
	y := f.status - len(lines) + 1
	c.Sub(0, y, c.W, len(lines)).Clear()
	for i, l := range lines {
		c.Put(1, y+i, role, l)
	}
}

// chosen is what an acting key would act on: the runner, and the run that is meant.
func (a *App) chosen() (*orchestrator.Runner, *orchestrator.Run) {
	var tg screen.Target
	if t, ok := a.top().(screen.Targeter); a.aim != nil {
		tg = *a.aim
	} else if !ok {
		return nil, nil
	} else if tg, ok = t.Target(a.env()); !ok {
		return nil, nil
	}
	r := a.data.Runner(tg.Runner)
	if r == nil {
		return nil, tg.Run
	}
	run := tg.Run
	for _, fresh := range []*orchestrator.Run{r.Current, r.Last} {
		if fresh != nil && (run == nil || run.ID == fresh.ID) {
			return r, fresh
		}
	}
	return r, run
}
