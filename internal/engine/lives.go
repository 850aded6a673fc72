package engine

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// busy says that a run of the runner has not ended, or that its end is not durable yet.
func (r *runner) busy() bool { return len(r.lives) > 0 }

// find gives the live run with this id; nil = none.
func (r *runner) find(run string) *live {
	for _, lv := range r.lives {
		if lv.run.ID == run {
			return lv
		}
	}
	return nil
}

// findKey gives the live run that a request with this key made; nil = none.
func (r *runner) findKey(key string) *live {
	for _, lv := range r.lives {
		if lv.key == key {
			return lv
		}
	}
	return nil
}

// current is the run that a runner's line tells of: the oldest that runs, else the oldest. nil = none.
func (r *runner) current() *live {
	for _, lv := range r.lives {
		if lv.holdsSlot() {
			return lv
		}
	}
	if len(r.lives) == 0 {
		return nil
	}
	return r.lives[0]
}

// waiting counts the live runs that wait for their start: for a slot, a limit or the end of another run.
func (r *runner) waiting() int {
	n := 0
	for _, lv := range r.lives {
		if lv.waits() {
			n++
		}
	}
	return n
}

// holdsSlot says that the run executes, or will once its start is durable. A run whose step does not return keeps its slot.
func (lv *live) holdsSlot() bool { return len(lv.grips) > 0 }

// queued says that the run waits for a slot or a limit.
func (lv *live) queued() bool { return lv.lane != nil }

// waits says that the run has yet to start, or to go on after a retry's delay.
func (lv *live) waits() bool { return lv.run.State == orchestrator.Pending && !lv.holdsSlot() }

// adopt ties a live run to its runner and timetable. It executes with the runner's configuration as it is now, whatever a
// reload brings later.
func (l *loop) adopt(lv *live) {
	lv.it = newItem(func(now time.Time) { l.liveDue(lv, now) })
	l.pin(lv)
	l.adopted++
	lv.number = l.adopted
	lv.r.lives = append(lv.r.lives, lv)
	l.lives[lv.run.ID] = lv
}

// forget takes a run that has ended from its runner.
func (l *loop) forget(lv *live) {
	lv.r.lives = slices.DeleteFunc(lv.r.lives, func(other *live) bool { return other == lv })
	if l.lives[lv.run.ID] == lv {
		delete(l.lives, lv.run.ID)
	}
	if !lv.holdsSlot() { // one that was terminated may still work with its services
		l.unpin(lv)
	}
	l.buried(lv.r)
}

// busyText says why a tick of the run's runner does not start beside it.
func (lv *live) busyText() string {
	if lv.run.State == orchestrator.AwaitingRetry {
		return "run " + lv.run.ID + " still waits for its retry"
	}
	return "still running: run " + lv.run.ID
}

// refuse is the answer to a request for a run of a busy runner.
func (r *runner) refuse() error {
	lv := r.current()
	return notNow("run %s of %s is %s: cancel it or wait for its end", lv.run.ID, r.cfg.ID, stateWords(lv.run.State))
}

// refuses says why a request by hand gets no run; asked is the overlap policy it names.
func (r *runner) refuses(asked string) error {
	if err := knownOverlap(asked); err != nil {
		return fault.NewPermanent(err)
	}
	switch v, reason := r.another(asked); v {
	case skipTick:
		return r.refuse()
	case dropTick:
		return notNow("%s of %s: wait, or cancel some of them", reason, r.cfg.ID)
	default:
		return nil
	}
}

// running says that the goroutine of a run is still there, even if the run was terminated.
func (l *loop) running(run string) bool {
	for lv := range l.slots.held {
		if lv.run.ID == run {
			return true
		}
	}
	return false
}
