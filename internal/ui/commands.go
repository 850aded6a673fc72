package ui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// doneMsg says what became of a command.
type doneMsg struct {
	said string // what to say when it worked
	what string // what it was, for the message when it failed
	err  error
	undo *undo
}

// command runs f off the event loop and shows what became of it.
func (a *App) command(what string, f func(ctx context.Context) (said string, err error), u *undo) {
	if why := a.needs(&act{Tier: action.Ask}); why != "" { // every way here asked already
		a.notes.say(a.now, theme.Muted, what+": "+why)
		return
	}
	a.off(func(ctx context.Context) tea.Msg {
		said, err := f(ctx)
		return doneMsg{said: said, what: what, err: err, undo: u}
	})
}

// off runs f off the event loop. What was asked for is done, also when the console is left meanwhile.
func (a *App) off(f func(ctx context.Context) tea.Msg) {
	ctx := context.WithoutCancel(a.ctx)
	a.run(func() tea.Msg {
		ctx, cancel := context.WithTimeout(ctx, queryTime)
		defer cancel()
		return f(ctx)
	})
}

func (a *App) done(m doneMsg) {
	a.reread()
	switch {
	case m.err != nil:
		a.failed(m.what + ": " + text.Line(m.err.Error(), 400))
		role := theme.Failed
		if errors.Is(m.err, orchestrator.ErrNotNow) {
			role = theme.Late
		}
		a.notes.say(a.now, role, theme.GlyphFailed+" "+m.what+": "+text.Line(m.err.Error(), 400))
	case m.undo != nil:
		a.notes.sayUndo(a.now, theme.GlyphOK+" "+m.said, m.undo)
	default:
		a.notes.say(a.now, theme.OK, theme.GlyphOK+" "+m.said)
	}
}

// togglePause pauses or resumes the chosen runner at once; it can be undone.
func (a *App) togglePause() {
	if len(a.marked()) > 0 {
		a.openBulk(a.bulkPause())
		return
	}
	r, _ := a.chosen()
	o, id, by := a.o, r.ID, a.opts.Actor
	pause := func(ctx context.Context) (string, error) {
		return "paused " + id + " by " + by.Name, o.Pause(ctx, id, orchestrator.PauseRequest{By: by})
	}
	resume := func(ctx context.Context) (string, error) {
		return "resumed " + id + " by " + by.Name, o.Resume(ctx, id, by)
	}
	if paused(r) {
		req := orchestrator.PauseRequest{By: by}
		if r.Pause != nil { // undo brings back the reason and the end it had
			req.Reason, req.Until = r.Pause.Reason, r.Pause.Until
		}
		a.command("resume "+id, resume, &undo{what: "resume of " + id, do: func(ctx context.Context) error {
			return o.Pause(ctx, id, req)
		}})
		return
	}
	a.command("pause "+id, pause, &undo{what: "pause of " + id, do: func(ctx context.Context) error {
		return o.Resume(ctx, id, by)
	}})
}

func (a *App) whyPause() string {
	if len(a.marked()) > 0 {
		return a.whyBulk(a.bulkPause())
	}
	r, _ := a.chosen()
	switch {
	case r == nil:
		return "no pipe is selected"
	case r.State == orchestrator.Disabled:
		return r.ID + " is disabled in the configuration"
	}
	return ""
}

func (a *App) undoLast() {
	u := a.notes.undo
	a.notes.undo = nil
	if u.here != nil {
		u.here(a)
		return
	}
	a.command("undo the "+u.what, func(ctx context.Context) (string, error) { return "undone: " + u.what, u.do(ctx) }, nil)
}

func (a *App) whyFire() string {
	if len(a.marked()) > 0 {
		return a.whyBulk(bulkFire())
	}
	r, _ := a.chosen()
	if r == nil {
		return "no pipe is selected"
	}
	return a.whyFireOf(r)
}

// whyFireOf says why a runner cannot be fired; "" = it can.
func (a *App) whyFireOf(*orchestrator.Runner) string {
	switch h := a.hold(theEngine()); {
	case a.stopping():
		return "the engine is stopping"
	case h != nil && h.Drain:
		return "the engine is draining and starts nothing new: resume engine ends it"
	}
	return ""
}

func (a *App) fire() {
	if len(a.marked()) > 0 {
		a.openBulk(bulkFire())
		return
	}
	a.question(func(a *App) question {
		r, _ := a.chosen()
		if r == nil {
			return question{why: "no pipe is selected"}
		}
		q := question{text: "fire " + r.ID + " now? it runs beside its schedule", stamp: r.ID + string(r.State)}
		if r.DryRun {
			q.text = "fire " + r.ID + " now? a dry run, as the configuration says: it writes nothing"
		}
		switch {
		case r.Current != nil && r.Current.State.Live():
			q.text += "; run " + screen.ShortID(r.Current.ID) + " still goes on: the new one " + overlapWords(r.Overlap)
		case a.waitWords(r) != "":
			q.text += "; it " + a.waitWords(r)
		case screen.Held(r):
			q.text += " and stays paused"
		case !r.NextAt.IsZero():
			q.text += ", next in " + text.Countdown(r.NextAt.Sub(a.now))
		}
		return q
	}, func(a *App) {
		r, _ := a.chosen()
		o, id, by := a.o, r.ID, a.opts.Actor
		a.command("fire "+id, func(ctx context.Context) (string, error) {
			run, err := o.RunOnce(ctx, id, orchestrator.FireRequest{By: by})
			return "fired " + id + theme.Sep + "run " + screen.ShortID(run), err
		}, nil)
	})
}

func (a *App) whyCancel() string {
	_, run := a.chosen()
	switch {
	case run != nil && run.Handlers == "pending" && run.State.Terminal():
		return ""
	case run == nil || !run.State.Live():
		return "nothing runs here, so there is nothing to cancel"
	case run.State == orchestrator.Cancelling:
		return "it is being cancelled already"
	}
	return ""
}

func (a *App) cancel() {
	if len(a.marked()) > 0 {
		a.openBulk(bulkCancel())
		return
	}
	a.question(func(a *App) question {
		_, run := a.chosen()
		if why := a.whyCancel(); why != "" {
			return question{why: why}
		}
		q := question{stamp: run.ID + string(run.State), role: theme.Danger}
		q.text = fmt.Sprintf("cancel run %s of %s? its step is stopped, what is done stays done", screen.ShortID(run.ID), run.Runner)
		if run.State.Terminal() {
			q.text = fmt.Sprintf("cancel the handlers of run %s of %s? those that have yet to run never will", screen.ShortID(run.ID), run.Runner)
		}
		if run.State == orchestrator.AwaitingRetry {
			q.text = fmt.Sprintf("cancel run %s of %s? it will not be retried, what is done stays done", screen.ShortID(run.ID), run.Runner)
		}
		return q
	}, func(a *App) {
		_, run := a.chosen()
		o, id, by := a.o, run.ID, a.opts.Actor
		a.command("cancel run "+screen.ShortID(id), func(ctx context.Context) (string, error) {
			return "asked run " + screen.ShortID(id) + " to stop", o.Cancel(ctx, id, by)
		}, nil)
	})
}

func (a *App) whyRetry() string {
	_, run := a.chosen()
	if run == nil {
		return "there is no run to retry"
	}
	switch run.State {
	case orchestrator.AwaitingRetry, orchestrator.Failed, orchestrator.Crashed, orchestrator.Cancelled, orchestrator.Interrupted:
		return ""
	case orchestrator.Paused:
		return "the run waits for an answer; " + a.keyOf("answer.give") + " answers"
	case orchestrator.Completed:
		return "the run completed, so there is nothing to retry; " + a.keyOf("run.rerun") + " reruns all of it"
	case orchestrator.Skipped, orchestrator.Missed, orchestrator.Dropped:
		return "this tick never ran; " + a.keyOf("pipe.fire") + " fires the pipe now"
	}
	return "the run still goes on"
}

func (a *App) retry() {
	if len(a.marked()) > 0 {
		a.openBulk(bulkRetry())
		return
	}
	a.question(func(a *App) question {
		_, run := a.chosen()
		if why := a.whyRetry(); why != "" {
			return question{why: why}
		}
		q := question{stamp: run.ID + string(run.State)}
		if run.State == orchestrator.AwaitingRetry {
			q.text = "retry " + run.Runner + " now"
			if d := run.NextAt.Sub(a.now); !run.NextAt.IsZero() && d > 0 {
				q.text += " instead of in " + text.Countdown(d)
			}
			q.text += "? it is the next of its attempts"
			return q
		}
		q.text = fmt.Sprintf("retry run %s of %s", screen.ShortID(run.ID), run.Runner)
		if run.FailedStep != "" {
			q.text += " from " + run.FailedStep[strings.LastIndexByte(run.FailedStep, '/')+1:]
		}
		q.text += "? completed steps are kept"
		return q
	}, func(a *App) {
		_, run := a.chosen()
		o, id, by := a.o, run.ID, a.opts.Actor
		a.command("retry run "+screen.ShortID(id), func(ctx context.Context) (string, error) {
			return "retrying run " + screen.ShortID(id), o.Rerun(ctx, id, orchestrator.RerunRequest{By: by})
		}, nil)
	})
}

// leave quits from the home screen; with runs that quitting would interrupt it asks first.
func (a *App) leave() {
	live := a.data.Live()
	if a.opts.Detached || live == 0 {
		a.quitting = true
		return
	}
	a.question(func(a *App) question {
		n := a.data.Live()
		return question{
			text: "quit? this stops the engine in this process: " + plural(n, "live run") +
				" may finish or are interrupted and go on at the next start",
			stamp: "quit", role: theme.Danger,
		}
	}, func(a *App) { a.quitting = true })
}

// leaveTwice quits at the second press within three seconds.
func (a *App) leaveTwice(key string) {
	if !a.quitAt.IsZero() && a.now.Sub(a.quitAt) < quitWait {
		a.quitting = true
		return
	}
	a.quitAt = a.now
	s := key + " once more quits"
	if !a.opts.Detached {
		s += " and stops the engine in this process"
	}
	a.notes.say(a.now, theme.Late, s)
}
