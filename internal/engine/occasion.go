package engine

import (
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// occasion is what makes a trigger due that has no timetable: the end of another run, a file's change, a request. It has no
// nominal time; its key is its identity.
type occasion struct {
	due    time.Time // when it happened; lateness counts from here
	key    string    // unique in the runner for ever; "" = every occasion is a new one
	parent string    // upstream run; "" = none
	params map[string]string
	by     string
	also   func(*store.Tx) error // belongs to the transaction of the row; nil = nothing
}

// occur gives an occasion its row, by the same policies as a tick: a run, or skipped, missed or dropped with a reason.
func (l *loop) occur(t *trigger, o occasion, now time.Time) {
	l.endPauses(t.r, o.due)
	mark := len(l.claims)
	switch {
	case l.tooLate(t, time.Time{}, o.due, now):
	default:
		l.claimTick(t, time.Time{}, now)
	}
	l.dress(t, mark, o)
	l.touch(t.r)
}

// dress completes the newest claim, which is the one of a tick or occasion that has just been decided: its due time, its
// identity, and the count of the trigger's runs. Claims before mark are those of others.
func (l *loop) dress(t *trigger, mark int, o occasion) {
	if len(l.claims) == mark {
		return
	}
	c := &l.claims[len(l.claims)-1]
	dressRun(&c.run, o)
	c.key, c.also = o.key, o.also
	if c.live != nil {
		dressRun(&c.live.run, o)
		c.live.key = o.key
		c.live.forced = false // nobody fired it by hand
		t.runs++
	}
	at := t.cursor
	if !c.run.Nominal.IsZero() {
		at = c.run.Nominal
	}
	c.cursor = t.cursorAt(at)
}

func dressRun(run *orchestrator.Run, o occasion) {
	run.DueAt = o.due
	if run.Nominal.IsZero() {
		run.FirstAt = o.due
	}
	if o.parent != "" {
		run.Parent = o.parent
	}
	if o.params != nil {
		run.Params = o.params
	}
	if o.by != "" {
		run.By = o.by
	}
}
