package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// waitText says what a pending run waits for, and who holds it.
func (l *loop) waitText(lv *live, now time.Time) string {
	if other := lv.r.ahead(lv); other != nil {
		return other.waitedFor()
	}
	if m, why := lv.r.peers.blocker(now); m != nil {
		if strings.HasPrefix(why, m.name+":") {
			return "waits for " + why
		}
		return "waits: " + why
	}
	return fmt.Sprintf("waits for a slot: %d of %d busy%s", l.slots.used, l.slots.max, l.holders())
}

// holders names some of the runners that hold slots.
func (l *loop) holders() string {
	if l.slots.named == "" {
		l.slots.named = " "
		if names := l.slots.holders(maxHolders); len(names) > 0 {
			l.slots.named = ", held by " + strings.Join(names, ", ")
		}
	}
	return strings.TrimSpace(l.slots.named)
}

// startLimit gives when a run that has not started is given up, and why; the zero time = never. Only a run's first start has
// such a limit: retries, reruns and backfills wait as long as it takes.
func startLimit(run *orchestrator.Run, p config.Policy) (time.Time, string) {
	var at time.Time
	var why string
	if !run.StartedAt.IsZero() || run.Attempt > 1 || run.Backfill != "" {
		return at, why
	}
	if p.StartDeadline > 0 && run.Trigger != triggerManual {
		at, why = run.DueAt.Add(p.StartDeadline), "its start deadline of "+shortDuration(p.StartDeadline)+" was over"
	}
	if p.QueueTimeout > 0 {
		until := later(run.CreatedAt, run.DueAt).Add(p.QueueTimeout)
		if at.IsZero() || until.Before(at) {
			at, why = until, "its queue timeout of "+shortDuration(p.QueueTimeout)+" was over"
		}
	}
	return at, why
}

// watch sets a waiting run's alarm: the moment it is shown as late, or is given up.
func (l *loop) watch(lv *live) {
	now := l.e.clock()
	due := lv.run.DueAt.Add(lateAfter)
	limit, _ := startLimit(&lv.run, lv.r.cfg.Policy)
	switch {
	case !limit.IsZero() && (!due.After(now) || limit.Before(due)):
		due = limit.Add(1) // at the limit itself it may still start
	case !due.After(now): // late already, and shown as that
		l.timetable.drop(lv.it)
		return
	}
	l.timetable.set(lv.it, due)
}

// liveDue is the run's own alarm: its retry is due, it has become late, or has waited too long.
func (l *loop) liveDue(lv *live, now time.Time) {
	l.touch(lv.r)
	switch {
	case lv.sleeps() && l.runHold(lv) == nil: // held, a resume looks again
		lv.run.State, lv.run.Reason = orchestrator.Pending, ""
		lv.since = now
		l.letIn(lv)
	case lv.run.State != orchestrator.Pending || lv.holdsSlot() || lv.held:
	case l.runHold(lv) != nil: // what waits keeps waiting
		l.holdBack(lv)
	default:
		if limit, why := startLimit(&lv.run, lv.r.cfg.Policy); !limit.IsZero() && now.After(limit) {
			l.giveUp(lv, why+": it "+l.waitText(lv, now), now)
			return
		}
		l.watch(lv)
	}
}

// giveUp ends a run that has waited too long.
func (l *loop) giveUp(lv *live, why string, now time.Time) {
	l.endWaiting(lv, orchestrator.Missed, strings.Replace(why, " waits", " waited", 1))
	ev, _ := endEvent(&lv.run, now)
	l.changeRun(lv, ev, func(error) {})
}

// explain gives rows that wait the reason of this moment: what holds a run up changes more often than its row.
func (e *Engine) explain(ctx context.Context, runs []orchestrator.Run) []orchestrator.Run {
	var waiting []int
	for i := range runs {
		if s := runs[i].State; s == orchestrator.Pending || s == orchestrator.AwaitingRetry {
			waiting = append(waiting, i)
		}
	}
	if len(waiting) == 0 {
		return runs
	}
	reasons, err := ask(ctx, e, func(l *loop) ([]string, error) {
		reasons := make([]string, len(waiting))
		for n, i := range waiting {
			if lv := l.lives[runs[i].ID]; lv != nil {
				reasons[n] = l.explainLive(lv, runs[i].Reason)
			}
		}
		return reasons, nil
	})
	if err != nil {
		return runs // it stops: the rows as they are
	}
	for n, i := range waiting {
		if reasons[n] != "" {
			runs[i].Reason = reasons[n]
		}
	}
	return runs
}

// explainLive says what a run waits for now; "" = as its row says.
func (l *loop) explainLive(lv *live, reason string) string {
	now := l.e.clock()
	hold := l.runHold(lv)
	switch {
	case lv.sleeps() && hold != nil:
		return reason + " · its retry is held: " + holdText(hold) + ", since " + clockText(hold.Pause.At)
	case lv.sleeps() || !lv.waits():
		return ""
	case lv.held && hold != nil:
		return "waits: " + holdText(hold) + ", since " + clockText(hold.Pause.At)
	case lv.held:
		return ""
	}
	return l.waitText(lv, now) + aboutText(l.waitView(lv, now))
}
