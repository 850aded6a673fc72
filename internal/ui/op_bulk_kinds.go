package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
)

// runnerItem is the row of a pipe.
func (a *App) runnerItem(t screen.Target) (bulkItem, *orchestrator.Runner) {
	r := a.data.Runner(t.Runner)
	if r == nil {
		return bulkItem{name: t.Runner, why: "the configuration has no such pipe any more"}, nil
	}
	return bulkItem{name: r.ID, mark: screen.RunnerMark(r, a.now), key: r.ID + string(r.State) + fmt.Sprint(paused(r))}, r
}

// runItem is the row of a run.
func (a *App) runItem() (bulkItem, *orchestrator.Run) {
	r, run := a.chosen()
	if run == nil {
		it := bulkItem{why: "there is no run"}
		if r != nil {
			it.name = r.ID
		}
		return it, nil
	}
	return bulkItem{name: run.Runner + " " + screen.ShortID(run.ID), mark: screen.StateMark(run.State), key: run.ID + string(run.State)}, run
}

func bulkFire() bulk {
	return bulk{
		verb: "fire", past: "fired", kind: "pipe",
		end: "each runs once beside its schedule. This cannot be undone",
		one: func(a *App, t screen.Target) bulkItem {
			it, r := a.runnerItem(t)
			if r == nil {
				return it
			}
			it.why, it.says = a.whyFireOf(r), a.fireWords(r)
			o, by := a.o, a.opts.Actor
			it.do = func(ctx context.Context) error {
				_, err := o.RunOnce(ctx, r.ID, orchestrator.FireRequest{By: by})
				return err //nolint:wrapcheck // shown beside the pipe's name
			}
			return it
		},
	}
}

// bulkPause pauses the marked pipes; when all of them are paused it resumes them.
func (a *App) bulkPause() bulk {
	resume := true
	for _, t := range a.marked() {
		if r := a.data.Runner(t.Runner); r != nil && !paused(r) {
			resume = false
		}
	}
	b := bulk{verb: "pause", past: "paused", kind: "pipe", end: "ticks meanwhile become skipped rows; what runs goes on"}
	if resume {
		b = bulk{verb: "resume", past: "resumed", kind: "pipe", end: "they go on with their next ticks; nothing that was skipped is caught up"}
	}
	b.one = func(a *App, t screen.Target) bulkItem {
		it, r := a.runnerItem(t)
		if r == nil {
			return it
		}
		o, by := a.o, a.opts.Actor
		req := orchestrator.PauseRequest{By: by}
		pause := func(ctx context.Context) error { return o.Pause(ctx, r.ID, req) }
		back := func(ctx context.Context) error { return o.Resume(ctx, r.ID, by) }
		switch {
		case a.whyPause() != "":
			it.why = a.whyPause()
		case resume && !paused(r):
			it.why = "it is not paused"
		case !resume && paused(r):
			it.why = "it is paused already"
		case resume:
			if r.Pause != nil {
				req.Reason, req.Until = r.Pause.Reason, r.Pause.Until
			}
			it.do, it.undo, it.says = back, pause, "goes on with its next tick"
		default:
			it.do, it.undo, it.says = pause, back, a.nextWords(r)
		}
		return it
	}
	return b
}

func bulkRetry() bulk {
	return bulk{
		verb: "retry", past: "retried", kind: "run",
		end: "completed steps are kept. This cannot be undone",
		one: func(a *App, _ screen.Target) bulkItem {
			it, run := a.runItem()
			if run == nil {
				return it
			}
			it.why, it.says = a.whyRetry(), "from its failed step"
			if run.State == orchestrator.AwaitingRetry {
				it.says = "its next attempt, now"
			} else if run.FailedStep != "" {
				it.says = "from " + run.FailedStep[strings.LastIndexByte(run.FailedStep, '/')+1:]
			}
			o, id, by := a.o, run.ID, a.opts.Actor
			it.do = func(ctx context.Context) error { return o.Rerun(ctx, id, orchestrator.RerunRequest{By: by}) }
			return it
		},
	}
}

func bulkCancel() bulk {
	return bulk{
		verb: "cancel", past: "asked to stop:", kind: "run",
		end: "their steps are stopped, what is done stays done",
		one: func(a *App, _ screen.Target) bulkItem {
			it, run := a.runItem()
			if it.why = cmp.Or(it.why, a.whyCancel()); run == nil || it.why != "" {
				return it
			}
			it.says = it.mark.Word
			if d := run.Duration(a.now); d > 0 {
				it.says += " for " + text.Countdown(d)
			}
			o, id, by := a.o, run.ID, a.opts.Actor
			it.do = func(ctx context.Context) error { return o.Cancel(ctx, id, by) }
			return it
		},
	}
}

// fireWords say what firing a pipe means now.
func (a *App) fireWords(r *orchestrator.Runner) string {
	switch {
	case r.Current != nil && r.Current.State.Live():
		return "it " + overlapWords(r.Overlap)
	case a.waitWords(r) != "":
		return a.waitWords(r)
	case screen.Held(r):
		return "stays paused"
	}
	return a.nextWords(r)
}

// waitWords say what a new run of a pipe would wait for now, and who holds it; "" = it starts at once.
func (a *App) waitWords(r *orchestrator.Runner) string {
	e := &a.data.Engine
	for _, l := range e.Limits {
		kind, name, _ := strings.Cut(l.Name, " ")
		of := kind == "tag" && slices.Contains(r.Tags, name) || kind == "resource" && slices.Contains(r.Resources, name)
		if of && l.Max > 0 && l.Used >= l.Max {
			return fmt.Sprintf("waits for %s, %d of %d held by %s", l.Name, l.Used, l.Max, strings.Join(l.Holders, ", "))
		}
	}
	if e.Slots > 0 && e.Busy >= e.Slots {
		return fmt.Sprintf("waits for a slot, %d of %d are taken", e.Busy, e.Slots) + waitingBefore(e.Queue)
	}
	return ""
}

func waitingBefore(n int) string {
	if n == 0 {
		return ""
	}
	return ", " + plural(n, "run") + " before it"
}

func (a *App) nextWords(r *orchestrator.Runner) string {
	if r.NextAt.IsZero() {
		return "no next run"
	}
	return "next in " + text.Countdown(r.NextAt.Sub(a.now))
}

func (a *App) whyRetryMarked() string {
	if len(a.marked()) > 0 {
		return a.whyBulk(bulkRetry())
	}
	return a.whyRetry()
}

func (a *App) whyCancelMarked() string {
	if len(a.marked()) > 0 {
		return a.whyBulk(bulkCancel())
	}
	return a.whyCancel()
}
