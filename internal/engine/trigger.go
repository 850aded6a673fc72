package engine

import (
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// fireTrigger is called when a trigger with a timetable is due.
func (l *loop) fireTrigger(t *trigger, now time.Time) {
	if t.cfg.Kind == config.TriggerAfterCompletion {
		l.tickAfterCompletion(t, now)
		return
	}
	l.tick(t, now)
}

// upcoming gives the trigger's next nominal time; false = none: it waits for something to happen, or is done.
func (t *trigger) upcoming() (time.Time, bool) {
	switch {
	case t.exhausted():
		return time.Time{}, false
	case t.cfg.Schedule != nil:
		return t.cfg.Schedule.Next(t.cursor)
	case t.cfg.Kind == config.TriggerAfterCompletion:
		return t.afterCompletion()
	default:
		return time.Time{}, false
	}
}

// due is when a tick starts: its nominal time, moved by the trigger's jitter.
func (t *trigger) due(nominal time.Time) time.Time {
	if t.cfg.Jitter <= 0 {
		return nominal
	}
	var gap time.Duration
	if t.cfg.Schedule != nil {
		if next, ok := t.cfg.Schedule.Next(nominal); ok {
			gap = next.Sub(nominal)
		}
	}
	return nominal.Add(schedule.Jitter(t.r.cfg.ID, nominal, t.cfg.Jitter, gap))
}

// passed gives the newest tick that is due by now, and how many there are since the cursor. At least one is.
func (t *trigger) passed(now time.Time) (latest time.Time, count int) {
	latest, count = schedule.Latest(t.cfg.Schedule, t.cursor, now, maxBacklog)
	if count > 1 && t.due(latest).After(now) { // its jitter is not over yet
		latest, count = schedule.Latest(t.cfg.Schedule, t.cursor, latest.Add(-1), maxBacklog)
	}
	return latest, count
}

// nextDue gives when the next n ticks start, as far as they can be known.
func (t *trigger) nextDue(n int) []time.Time {
	if t.cfg.MaxRuns > 0 {
		n = min(n, t.cfg.MaxRuns-t.runs)
	}
	if t.cfg.Schedule == nil {
		if next, ok := t.upcoming(); ok && n > 0 {
			return []time.Time{t.due(next)}
		}
		return nil
	}
	out := schedule.NextN(t.cfg.Schedule, t.cursor, n)
	for i := range out {
		out[i] = t.due(out[i])
	}
	return out
}

// exhausted says that the trigger has made all the runs it may.
func (t *trigger) exhausted() bool { return t.cfg.MaxRuns > 0 && t.runs >= t.cfg.MaxRuns }

// doneText says so.
func (t *trigger) doneText() string { return fmt.Sprintf("done: %d of %d runs", t.runs, t.cfg.MaxRuns) }

// beginBefore lets a single moment that passed before it was first seen be a tick all the same: it is late, or missed.
func (t *trigger) beginBefore(now time.Time) {
	if t.cfg.Kind != config.TriggerAt {
		return
	}
	if first, ok := t.cfg.Schedule.Next(time.Time{}); ok && !first.After(now) {
		t.cursor = first.Add(-1)
	}
}

// triggerText is a trigger in words. It is the cursor's spec too: a trigger with another text begins anew.
func triggerText(c *config.Trigger) string {
	switch {
	case c.Schedule != nil:
		return c.Schedule.String()
	case c.Kind == config.TriggerAfterCompletion:
		return shortDuration(c.AfterCompletion) + " after its last run"
	case c.Kind == config.TriggerAfter:
		switch c.After.On {
		case afterFailed:
			return "after " + c.After.Runner + " failed"
		case afterAny:
			return "after " + c.After.Runner + " ended"
		}
		return "after " + c.After.Runner + " completed"
	case c.Kind == config.TriggerFile:
		return "when " + c.FileWatch.Path + " changes"
	default:
		return string(c.Kind)
	}
}
