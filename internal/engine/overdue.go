package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// The dead-man rule: a runner that had no success for expect_success_within is overdue, whatever the reason: it fails, it is
// skipped, it waits, nothing makes it due, or the engine was down. One event tells of an outage, and one of its end. A pause of
// the runner does not suspend the rule: a forgotten pause is what it is there to find.

// watchdog is the rule's state for one runner. The loop owns it.
type watchdog struct {
	since   time.Time // first seen with the rule: counts as long as there was no success
	overdue time.Time // when the outage began that has been told; zero = none
	it      *item
}

// loadWatchdogs takes back since when the rule watches each runner, and which outages have been told.
func (l *loop) loadWatchdogs(ctx context.Context) error {
	stored, err := l.e.store.Watchdogs(ctx)
	if err != nil {
		return err
	}
	now := l.e.clock()
	var fresh []string
	for _, r := range l.order {
		if r.cfg.Policy.ExpectSuccessWithin <= 0 || !r.cfg.Enabled || r.cfg.DryRun {
			continue
		}
		success, err := l.e.store.LastSuccess(ctx, r.cfg.ID) // it may be older than all that the runner remembers
		if err != nil {
			return err
		}
		r.lastOK = later(r.lastOK, success)
		w := &watchdog{since: now}
		if s, ok := stored[r.cfg.ID]; ok {
			w.since, w.overdue = s.Since, s.Overdue
		} else {
			fresh = append(fresh, r.cfg.ID)
		}
		l.guard(r, w)
	}
	if len(fresh) == 0 {
		return nil
	}
	return l.e.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range fresh {
			if err := tx.SetWatchdog(id, store.Watchdog{Since: now}); err != nil {
				return err
			}
		}
		return nil
	})
}

// reguard brings the rule in line with a configuration that has just been taken.
func (l *loop) reguard(now time.Time) {
	for _, r := range l.order {
		wanted := r.cfg.Policy.ExpectSuccessWithin > 0 && r.cfg.Enabled && !r.cfg.DryRun && !r.gone && !l.e.o.RunOnly
		switch {
		case wanted && r.watchdog != nil:
			l.timetable.set(r.watchdog.it, r.successDue())
		case wanted:
			l.guard(r, &watchdog{since: now})
			id := r.cfg.ID
			l.write(func(tx *store.Tx) error { return tx.SetWatchdog(id, store.Watchdog{Since: now}) }, nil)
		default:
			l.unguard(r)
		}
	}
}

// unguard lets the rule watch a runner no more.
func (l *loop) unguard(r *runner) {
	if r.watchdog != nil {
		l.timetable.drop(r.watchdog.it)
		r.watchdog = nil
	}
}

// guard lets the rule watch a runner from now on.
func (l *loop) guard(r *runner, w *watchdog) {
	w.it = newItem(func(now time.Time) { l.checkSuccess(r, now) })
	r.watchdog = w
	l.timetable.set(w.it, r.successDue())
}

// successDue is when the runner becomes overdue, or has.
func (r *runner) successDue() time.Time {
	return later(r.lastOK, r.watchdog.since).Add(r.cfg.Policy.ExpectSuccessWithin)
}

// overdueFor is how long the runner is overdue; 0 = it is in time, or is not watched.
func (r *runner) overdueFor(now time.Time) time.Duration {
	if r.watchdog == nil {
		return 0
	}
	return max(now.Sub(r.successDue()), 0)
}

// checkSuccess is called when the runner may have become overdue.
func (l *loop) checkSuccess(r *runner, now time.Time) {
	w, due := r.watchdog, r.successDue()
	if due.After(now) {
		l.timetable.set(w.it, due)
		return
	}
	l.touch(r)
	if !w.overdue.IsZero() {
		return // told
	}
	w.overdue = due
	last := "it never had one"
	if !r.lastOK.IsZero() {
		last = "the last was at " + r.lastOK.Format(time.RFC3339)
	}
	l.tellWatchdog(r, orchestrator.Event{
		At: now, Kind: "overdue", Runner: r.cfg.ID, By: "engine",
		Text: fmt.Sprintf("no success within %s: %s", shortDuration(r.cfg.Policy.ExpectSuccessWithin), last),
	})
}

// succeeded ends an outage. It is called with each success.
func (l *loop) succeeded(r *runner, now time.Time) {
	w := r.watchdog
	if w == nil {
		return
	}
	l.timetable.set(w.it, r.successDue())
	if w.overdue.IsZero() {
		return
	}
	outage := now.Sub(w.overdue)
	w.overdue = time.Time{}
	l.tellWatchdog(r, orchestrator.Event{
		At: now, Kind: "recovered", Runner: r.cfg.ID, By: "engine",
		Text: fmt.Sprintf("a success again, after it was overdue for %s", shortDuration(outage.Round(time.Second))),
	})
}

// tellWatchdog keeps the rule's state and its event in one transaction: an outage is told once, also across restarts.
func (l *loop) tellWatchdog(r *runner, ev orchestrator.Event) {
	id, state := r.cfg.ID, store.Watchdog{Since: r.watchdog.since, Overdue: r.watchdog.overdue}
	l.write(func(tx *store.Tx) error {
		if err := tx.SetWatchdog(id, state); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() { l.e.hub.Event(ev) })
}
