package engine

import "time"

// afterCompletion gives the nominal time of a trigger after_completion: that long after the end of the runner's newest run,
// or after its first look when it never ran. There is none while a run goes on: its end makes the next one.
func (t *trigger) afterCompletion() (time.Time, bool) {
	if t.r.busy() {
		return time.Time{}, false
	}
	from := t.cursor // the tick before, when it made no run
	if t.r.last != nil {
		from = later(from, t.r.last.EndedAt)
	}
	return from.Add(t.cfg.AfterCompletion), true
}

// tickAfterCompletion claims the tick. When it makes no run (the runner is paused, or it is too late) there is no end to count
// from, and the next one counts from now.
func (l *loop) tickAfterCompletion(t *trigger, now time.Time) {
	if t.r.busy() {
		return // something else started the runner: its end arms the trigger
	}
	nominal := t.next
	l.endPauses(t.r, nominal)
	mark, due := len(l.claims), t.due(nominal)
	if !l.tooLate(t, nominal, due, now) {
		l.claimTick(t, nominal, now)
	}
	l.dress(t, mark, occasion{due: due})
	t.cursor = nominal
	if !t.r.busy() {
		t.cursor = later(nominal, now)
		l.claims[len(l.claims)-1].cursor = t.cursorAt(t.cursor)
		l.arm(t)
	}
	l.touch(t.r)
}
