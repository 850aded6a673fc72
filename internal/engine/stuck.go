package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	defaultCancelGrace = 10 * time.Second
	stuckRefresh       = 5 * time.Second // how often viewers are told how long a step has been stuck
)

// stuckStep is a step that has not returned although its context has ended. Its run keeps the slot: what it does still goes on.
type stuckStep struct {
	lv    *live
	path  string
	what  string    // the cancel, its timeout of 5s, …
	since time.Time // when its context ended
	it    *item     // tells viewers again
}

func (s *stuckStep) text(now time.Time) string {
	return fmt.Sprintf("stuck: step %s has ignored %s for %s", s.path, s.what, shortDuration(now.Sub(s.since).Truncate(time.Second)))
}

// watch notes a step as stuck when it has not returned some time after the end of ctx. The returned function ends the watch;
// it is called when the step has returned.
func (x *execution) watch(ctx context.Context, path string) (returned func()) {
	grace := cmp.Or(x.ed.cfg.Engine.CancelGrace, defaultCancelGrace)
	w := &stuckWatch{}
	stop := context.AfterFunc(ctx, func() {
		s := &stuckStep{lv: x.lv, path: path, what: endedBy(ctx), since: x.e.clock()}
		w.begin(time.AfterFunc(grace, func() {
			w.tell(func() { x.e.box.post(func() { x.e.loop.stuck(s) }) }, func() { x.e.box.post(func() { x.e.loop.unstuck(s) }) })
		}))
	})
	return func() {
		stop()
		w.end()
	}
}

// stuckWatch lets the end of a context, the end of the grace and the return of a step meet in any order.
type stuckWatch struct {
	mu    sync.Mutex // guards the rest
	over  bool       // the step has returned
	timer *time.Timer
	undo  func() // takes the notice back; nil = none was given
}

func (w *stuckWatch) begin(t *time.Timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = t
	if w.over {
		t.Stop()
	}
}

func (w *stuckWatch) tell(notice, undo func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.undo = undo
		notice()
	}
}

func (w *stuckWatch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.undo != nil {
		w.undo()
	}
}

// endedBy says in words what a step ignores.
func endedBy(ctx context.Context) string {
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errCancelled):
		return "the cancel"
	case errors.Is(cause, errInterrupted):
		return "the engine's stop"
	case errors.Is(cause, errRunTimeout):
		return "the run's timeout"
	}
	return "its timeout"
}

// stuck shows a step that ignores the end of its context, once as an event and then at its run until it returns.
func (l *loop) stuck(s *stuckStep) {
	now := l.e.clock()
	l.stuckSteps = append(l.stuckSteps, s)
	l.judgeStuck()
	s.it = newItem(func(now time.Time) {
		l.touch(s.lv.r)
		l.timetable.set(s.it, now.Add(stuckRefresh))
	})
	l.timetable.set(s.it, now.Add(stuckRefresh))
	run := &s.lv.run
	ev := orchestrator.Event{
		At: now, Kind: "stuck", Runner: run.Runner, Run: run.ID, State: run.State, By: "engine", Text: "run " + run.ID + " is " + s.text(now),
	}
	l.e.log.Error("step is stuck", "runner", run.Runner, "run", run.ID, "step", s.path, "reason", s.text(now))
	if run.State.Terminal() { // a handler, or a run that was ended over its head
		l.event(ev)
		l.publishEngine()
		return
	}
	run.Reason = s.text(now)
	l.changeRun(s.lv, ev, func(error) {})
	l.publishEngine()
}

func (l *loop) unstuck(s *stuckStep) {
	l.timetable.drop(s.it)
	l.stuckSteps = slices.DeleteFunc(l.stuckSteps, func(other *stuckStep) bool { return other == s })
	l.judgeStuck()
	l.touch(s.lv.r)
	l.publishEngine()
	if run := &s.lv.run; run.State == orchestrator.Running && l.stuckIn(s.lv) == nil { // it goes on after all
		run.Reason = ""
		row, epoch := *run, l.epoch
		l.write(func(tx *store.Tx) error {
			_, err := tx.UpdateRun(&row, epoch, false)
			return err
		}, nil)
	}
}

// stuckIn gives the first stuck step of a run; nil = none.
func (l *loop) stuckIn(lv *live) *stuckStep {
	for _, s := range l.stuckSteps {
		if s.lv == lv {
			return s
		}
	}
	return nil
}

func (l *loop) stuckTexts(now time.Time) []string {
	var out []string
	for _, s := range l.stuckSteps {
		out = append(out, "run "+s.lv.run.ID+" of "+s.lv.run.Runner+" is "+s.text(now))
	}
	return out
}

// judgeStuck makes stuck steps a problem of the engine, as long as there are some.
func (l *loop) judgeStuck() {
	n := len(l.stuckSteps)
	l.judge("stuck", n > 0, "steps that ignore that they are to end, and keep their slots: %d; see the stuck runs", n)
}
