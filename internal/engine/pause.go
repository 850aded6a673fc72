package engine

import (
	"context"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// pauseEnd is who resumes what was paused until some time.
const pauseEnd = "the pause's end"

// Pause holds a runner. A running run goes on; ticks meanwhile are skipped rows, and what waits for a slot or a retry waits
// until the resume.
func (e *Engine) Pause(ctx context.Context, runnerID string, req orchestrator.PauseRequest) error {
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		r, err := l.find(runnerID)
		if err != nil {
			return err
		}
		if r.pause != nil {
			return notNow("%s is %s", r.cfg.ID, pauseText(r.pause))
		}
		p, err := l.pauseOf(req)
		if err != nil {
			return err
		}
		if req.Drain {
			return notNow("only the engine can be drained, not %s: pause it", r.cfg.ID)
		}
		before := l.stands(r)
		l.hold(r, p)
		l.keepPause(r, &p, l.audit(action{
			kind: "paused", runner: r.cfg.ID, state: orchestrator.Paused, by: req.By, text: pauseText(&p), before: before,
			after: pauseText(&p),
		}), done)
		return nil
	})
}

// pauseOf reads a request. An end that is over already is refused: it is a slip of the hand, not a pause.
func (l *loop) pauseOf(req orchestrator.PauseRequest) (orchestrator.Pause, error) {
	now := l.e.clock()
	p := orchestrator.Pause{By: req.By.Name, Reason: l.e.secrets.line(req.Reason, maxError), At: now}
	if req.Until.IsZero() {
		return p, nil
	}
	p.Until = req.Until.Round(0).UTC()
	if !p.Until.After(now) {
		return p, notNow("the pause's end %s is over already", p.Until.Format("2006-01-02 15:04:05Z"))
	}
	return p, nil
}

// Resume lets a runner go. Its schedule goes on with the next tick; a held retry that is due starts now.
func (e *Engine) Resume(ctx context.Context, runnerID string, by orchestrator.Actor) error {
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		r, err := l.find(runnerID)
		if err != nil {
			return err
		}
		if r.pause == nil {
			if h := l.tickHold(r); h != nil {
				return notNow("%s has no pause of its own: %s", r.cfg.ID, holdText(h))
			}
			return notNow("%s is not paused", r.cfg.ID)
		}
		before := pauseText(r.pause)
		l.release(r)
		l.keepPause(r, nil, l.audit(action{
			kind: "resumed", runner: r.cfg.ID, by: by, text: "resumed by " + actorText(by), before: before, after: l.stands(r),
		}), done)
		return nil
	})
}

// hold pauses a runner.
func (l *loop) hold(r *runner, p orchestrator.Pause) {
	r.pause = &p
	for _, lv := range r.lives {
		lv.forced = false
	}
	l.recheck(r)
	if p.Until.IsZero() {
		return
	}
	r.unpause = newItem(func(time.Time) { l.pauseOver(r) })
	l.timetable.set(r.unpause, p.Until)
}

// release ends a runner's own pause. What waited goes on, unless another pause holds it.
func (l *loop) release(r *runner) {
	r.pause = nil
	if r.unpause != nil {
		l.timetable.drop(r.unpause)
		r.unpause = nil
	}
	l.recheck(r)
}

// pauseOver ends a runner's pause at the time it was given.
func (l *loop) pauseOver(r *runner) {
	ev := orchestrator.Event{
		At: l.e.clock(), Kind: "resumed", Runner: r.cfg.ID, By: "engine", Text: "resumed by " + pauseEnd, Before: pauseText(r.pause),
	}
	l.release(r)
	ev.After = l.stands(r)
	l.keepPause(r, nil, ev, nil)
}

// recheck lets a runner's waiting runs wait on, or go on, as the pauses and the overlap policy now say.
func (l *loop) recheck(r *runner) {
	for _, lv := range slices.Clone(r.lives) {
		switch held := l.runHold(lv) != nil; {
		case lv.queued() && r.ahead(lv) != nil: // a reload brought a policy that lets it wait; the end of the other asks again
			l.queue.take(lv)
			l.letIn(lv)
		case held && lv.queued():
			l.holdBack(lv)
		case held:
		case lv.waits() && lv.claimed && !lv.held && !lv.queued(): // a reload brought a policy that lets it go
			l.letIn(lv)
		case lv.held:
			lv.held = false
			l.letIn(lv)
		case lv.sleeps():
			l.setAlarm(lv, lv.run.NextAt)
		}
	}
	l.touch(r)
}

func (l *loop) keepPause(r *runner, p *orchestrator.Pause, ev orchestrator.Event, done func(error)) {
	id := r.cfg.ID
	l.touch(r)
	l.write(func(tx *store.Tx) error {
		if err := tx.SetPause(id, p); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		l.e.hub.Event(ev)
		l.touch(r)
		if done != nil {
			done(nil)
		}
	})
}
