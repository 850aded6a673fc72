package screen

import (
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/part"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// whyLine says in one sentence why the runner is in its state: the cause, who holds it up since when, and when it may go on.
func whyLine(r *orchestrator.Runner, now time.Time) string {
	var room [8]string // of one frame: the parts cost no allocation
	parts := room[:0]
	if r.OverdueFor > 0 {
		parts = append(parts, "no success in time, overdue by "+text.CalmAge(r.OverdueFor))
	}
	if live := LiveWord(r); live != "" {
		parts = append(parts, live)
	}
	held := heldWord(r, now)
	if held != "" && (calm(r) || r.State == orchestrator.Paused && !Asking(r)) {
		return joined(append(parts, held))
	}
	if r.Reason != "" {
		parts = append(parts, r.Reason)
	} else {
		parts = append(parts, RunnerMark(r, now).Word)
	}
	if s := waitWord(r.Wait); s != "" {
		parts = append(parts, s)
	}
	if d := dueOf(r); r.State == orchestrator.Late && !d.IsZero() {
		parts = append(parts, "due "+text.Clock(d)+"Z")
	}
	if held != "" {
		parts = append(parts, held)
	}
	return joined(parts)
}

func joined(parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts, theme.Sep)
}

// dueOf is when a late runner's run should have started.
func dueOf(r *orchestrator.Runner) time.Time {
	if r.Current != nil && !r.Current.DueAt.IsZero() {
		return r.Current.DueAt
	}
	return r.NextAt
}

// heldWord says which pause holds a runner, who set it, since when, why and until when; "" = none does.
func heldWord(r *orchestrator.Runner, now time.Time) string {
	switch h := r.Hold; {
	case r.Pause != nil:
		return pauseWord("paused", r.Pause, now)
	case h != nil && h.Drain:
		return pauseWord("the engine drains: asked for", &h.Pause, now)
	case h != nil:
		return pauseWord("held by the pause of "+h.Scope.String(), &h.Pause, now)
	case r.HeldBy != "":
		return "held by the pause of " + r.HeldBy
	}
	return ""
}

func pauseWord(how string, p *orchestrator.Pause, now time.Time) string {
	s := how
	if p.By != "" {
		s += " by " + p.By
	}
	if !p.At.IsZero() {
		s += " at " + text.Moment(p.At, now)
	}
	if p.Reason != "" {
		s += ": " + p.Reason
	}
	if p.Until.IsZero() {
		return s + theme.Sep + "until resumed"
	}
	return s + theme.Sep + "until " + text.Moment(p.Until, now)
}

// waitWord says when what is waited for may come, else since when the longest holder holds it; "" = nothing more is known. It is
// a time of day: a countdown in a sentence would change every second.
func waitWord(w *orchestrator.Wait) string {
	if w == nil {
		return ""
	}
	at := text.Clock(w.About) + "Z"
	switch known := !w.About.IsZero(); {
	case known && len(w.Holders) > 0:
		return "free about " + at + " " + w.Because
	case known && w.For == "an answer":
		return "until " + at
	case known && strings.HasPrefix(w.For, "resource "):
		return "open again at " + at
	case known:
		return w.For + " at " + at
	case len(w.Holders) > 0:
		return "the longest since " + text.Clock(w.Holders[0].Since) + "Z" + theme.Sep + w.Because
	}
	return w.Because
}

// holderLines name those who hold what a runner waits for, one a line: since when, and when their p95 is over.
func holderLines(w *orchestrator.Wait, now time.Time) []string {
	if w == nil {
		return nil
	}
	var out []string
	for _, h := range w.Holders {
		s := h.Runner + " run " + ShortID(h.Run) + " since " + text.Clock(h.Since) + "Z"
		switch {
		case h.Ends.IsZero():
		case h.Ends.After(now):
			s += ", p95 at " + text.Clock(h.Ends) + "Z"
		default:
			s += ", beyond its p95"
		}
		out = append(out, s)
	}
	if w.More > 0 {
		out = append(out, count(w.More, "more run", "more runs"))
	}
	return out
}

// runWhy says why a run is in its state, with the moment at which it goes on.
func runWhy(run *orchestrator.Run, now time.Time) string {
	s := run.Reason
	add := func(more string) {
		if s != "" {
			s += theme.Sep
		}
		s += more
	}
	switch {
	case run.State == orchestrator.AwaitingRetry && !run.NextAt.IsZero():
		add("the next attempt at " + text.Clock(run.NextAt) + "Z")
	case run.State == orchestrator.Paused && !run.NextAt.IsZero():
		add("until " + text.Moment(run.NextAt, now))
	case run.State == orchestrator.Interrupted && !run.StoppedAt.IsZero():
		add("stopped at " + text.Moment(run.StoppedAt, now))
	case run.State == orchestrator.Pending && !run.DueAt.IsZero():
		add("due " + text.Clock(run.DueAt) + "Z")
	}
	return s
}

// safeWait makes what a runner waits for safe to draw.
func safeWait(w *orchestrator.Wait) *orchestrator.Wait {
	if w == nil {
		return nil
	}
	c := *w
	c.For, c.Because = text.Line(c.For, maxText), text.Line(c.Because, maxText)
	c.Holders = append([]orchestrator.Holder(nil), c.Holders...)
	for i := range c.Holders {
		c.Holders[i].Runner = part.Clean(c.Holders[i].Runner)
	}
	return &c
}

func safeHold(h *orchestrator.Hold) *orchestrator.Hold {
	if h == nil {
		return nil
	}
	c := *h
	c.Scope.Kind, c.Scope.Name = text.Line(c.Scope.Kind, 64), text.Line(c.Scope.Name, maxText)
	c.Pause = safePause(c.Pause)
	return &c
}
