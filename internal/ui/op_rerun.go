package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// whyRerunOf says why a run cannot be done again; "" = it can.
func (a *App) whyRerunOf(run *orchestrator.Run) string {
	switch {
	case run == nil:
		return "there is no run to do again"
	case run.State == orchestrator.Skipped || run.State == orchestrator.Missed || run.State == orchestrator.Dropped:
		return "this tick never ran; " + a.keyOf("pipe.fire") + " fires the pipe now"
	case !run.State.Terminal() && run.State != orchestrator.Interrupted:
		return "the run still goes on"
	}
	return ""
}

func (a *App) whyRerun() string {
	_, run := a.chosen()
	return a.whyRerunOf(run)
}

// rerunAll does a whole run again, as a new attempt of it.
func (a *App) rerunAll() {
	a.question(func(a *App) question {
		_, run := a.chosen()
		if why := a.whyRerunOf(run); why != "" {
			return question{why: why}
		}
		return question{
			stamp: run.ID + string(run.State), role: theme.Danger,
			text: fmt.Sprintf("rerun all of run %s of %s? every step is done again, also what completed; writes to other systems are made twice "+
				"unless they heed the idempotency key", screen.ShortID(run.ID), run.Runner),
		}
	}, func(a *App) {
		_, run := a.chosen()
		a.rerun(*run, orchestrator.RerunRequest{All: true, By: a.opts.Actor}, "")
	})
}

// rerun asks the engine for another attempt of a run.
func (a *App) rerun(run orchestrator.Run, r orchestrator.RerunRequest, from string) {
	o, what := a.o, "rerun run "+screen.ShortID(run.ID)+from
	a.command(what, func(ctx context.Context) (string, error) {
		return "rerunning run " + screen.ShortID(run.ID) + from, o.Rerun(ctx, run.ID, r)
	}, nil)
}

// chosenStep is the step under the cursor and the steps of its run; nil = none.
func (a *App) chosenStep() (*orchestrator.Step, []orchestrator.Step) {
	s, ok := a.top().(screen.Stepper)
	if !ok {
		return nil, nil
	}
	return s.StepAt(), s.Steps()
}

// ofChosen says that a step is of the run that is meant, not of the one before it whose steps are still on show.
func (a *App) ofChosen(st *orchestrator.Step) bool {
	_, run := a.chosen()
	return run != nil && st.Run == run.ID
}

func (a *App) whyFrom() string {
	st, _ := a.chosenStep()
	if why := a.whyRerun(); why != "" {
		return why
	}
	switch {
	case st == nil:
		return "no step is selected"
	case !a.ofChosen(st):
		return "the steps of the run are being read"
	case st.Kind != "":
		return "a step of the " + st.Kind + " kind is not part of the pipe itself"
	case !strings.Contains(st.Path, "/"):
		return "this is the whole run: " + a.keyOf("run.rerun") + " reruns it all"
	}
	return ""
}

// rerunFrom does the step under the cursor and what comes after it again.
func (a *App) rerunFrom() {
	a.question(func(a *App) question {
		if why := a.whyFrom(); why != "" {
			return question{why: why}
		}
		_, run := a.chosen()
		st, all := a.chosenStep()
		kept, again := 0, 0
		for i := range all {
			s := &all[i]
			switch {
			case s.Kind != "" || s.Composite || s.Path == st.Path || strings.HasPrefix(s.Path, st.Path+"/"):
			case s.Order < st.Order && s.State == orchestrator.Completed:
				kept++
			case s.Order > st.Order:
				again++
			}
		}
		return question{
			stamp: run.ID + string(run.State) + st.Path,
			text: fmt.Sprintf("rerun run %s of %s from %s? it and %s after it are done again; %d before it completed, so kept",
				screen.ShortID(run.ID), run.Runner, st.ID, plural(again, "step"), kept),
		}
	}, func(a *App) {
		_, run := a.chosen()
		st, _ := a.chosenStep()
		a.rerun(*run, orchestrator.RerunRequest{From: st.Path, By: a.opts.Actor}, " from "+st.ID)
	})
}

// foundMsg is a run that was named in the palette, read to act on it.
type foundMsg struct {
	what   string
	detail orchestrator.RunDetail
	err    error
	then   func(a *App, d orchestrator.RunDetail)
}

// find reads a run and goes on with it.
func (a *App) find(what, run string, then func(a *App, d orchestrator.RunDetail)) {
	o := a.o
	a.off(func(ctx context.Context) tea.Msg {
		m := foundMsg{what: what, then: then}
		m.detail, m.err = o.RunDetail(ctx, run)
		return m
	})
}

func (a *App) found(m foundMsg) {
	if m.err != nil {
		a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" "+m.what+": "+text.Line(m.err.Error(), 400))
		return
	}
	m.then(a, m.detail)
}

// stepNamed finds a step by its path or by its own name.
func stepNamed(steps []orchestrator.Step, name string) (*orchestrator.Step, error) {
	var found []*orchestrator.Step
	var names []string
	for i := range steps {
		s := &steps[i]
		if s.Kind != "" {
			continue
		}
		if s.Path == name {
			return s, nil
		}
		if s.ID == name {
			found = append(found, s)
		}
		names = append(names, s.ID)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("the run has no step %s: %s", name, strings.Join(names, ", "))
	}
	return nil, fmt.Errorf("%d steps are called %s: name it by its path, such as %s", len(found), name, found[0].Path)
}

// rerunNamed goes to the run, so that the user sees what it is about, and asks.
func (a *App) rerunNamed(run, how, step string) {
	a.find("rerun "+screen.ShortID(run), run, func(a *App, d orchestrator.RunDetail) {
		s := screen.NewRun(d.Run)
		if how == "from" {
			st, err := stepNamed(d.Steps, step)
			if err != nil {
				a.notes.say(a.now, theme.Failed, theme.GlyphFailed+" rerun "+screen.ShortID(run)+": "+text.Line(err.Error(), 400))
				return
			}
			s = s.At(st.Path)
		}
		a.open(s)
		s.Receive(a.env(), screen.Answer{Want: screen.Want{Kind: screen.WantDetail, Run: d.Run.ID}, Detail: d})
		switch how {
		case "all":
			a.rerunAll()
		case "from":
			a.rerunFrom()
		default:
			a.retry()
		}
	})
}

// rerunOffers are ":rerun RUN [all | from STEP]".
func rerunOffers(a *App, rest string) []action.Offer[*App] {
	run, more := cutWord(rest)
	if run == "" {
		return []action.Offer[*App]{{Line: "rerun", Title: "the run's number, then all, or from and a step"}}
	}
	how, step := cutWord(more)
	id := a.runNamed(run).ID
	offer := func(how, step, title string) action.Offer[*App] {
		return action.Offer[*App]{
			Line: join("rerun", run, how, quoted(step)), Title: title, Do: func(a *App) { a.rerunNamed(id, how, step) },
		}
	}
	if how == "from" && step != "" {
		return []action.Offer[*App]{offer("from", unquote(step), "that step and what comes after it; asks first")}
	}
	var out []action.Offer[*App]
	if how == "" {
		out = append(out, offer("", "", "from the failed step, completed ones are kept; asks first"))
	}
	if strings.HasPrefix("all", how) && step == "" {
		out = append(out, offer("all", "", "every step; asks first"))
	}
	if strings.HasPrefix("from", how) {
		out = append(out, action.Offer[*App]{Line: join("rerun", run, "from"), Title: "then the step's name or path"})
	}
	return slices.Clip(out)
}

// runNamed is the run that is known by a number, or by the end of its id as the screens show it; of others only the id.
func (a *App) runNamed(word string) orchestrator.Run {
	for i := range a.data.Runners {
		r := &a.data.Runners[i]
		for _, known := range []*orchestrator.Run{r.Current, r.Last} {
			if known != nil && screen.ShortID(known.ID) == strings.ToLower(word) {
				return *known
			}
		}
	}
	return orchestrator.Run{ID: word}
}
