package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// hold is a pause of the engine, of a tag or of a resource. A runner may be held by several at once: it goes on when none is
// left. The loop owns it.
type hold struct {
	orchestrator.Hold
	end *item // nil = until resumed
}

func engineScope() orchestrator.Scope { return orchestrator.Scope{Kind: orchestrator.ScopeEngine} }

// PauseScope holds the engine, all runners with a tag, a runner, or all runs that take a resource. Runs that execute go on.
// Ticks of what is held become skipped rows, but those of a paused resource: they make runs that wait.
func (e *Engine) PauseScope(ctx context.Context, s orchestrator.Scope, req orchestrator.PauseRequest) error {
	if s.Kind == orchestrator.ScopeRunner {
		return e.Pause(ctx, s.Name, req)
	}
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		if err := l.checkScope(s); err != nil {
			return err
		}
		if h := l.holds[s]; h != nil {
			return notNow("%s: resume it first", holdText(&h.Hold))
		}
		p, err := l.pauseOf(req)
		if err != nil {
			return err
		}
		if req.Drain && s.Kind != orchestrator.ScopeEngine {
			return notNow("only the engine can be drained, not %s: pause it", s)
		}
		h := orchestrator.Hold{Scope: s, Pause: p, Drain: req.Drain}
		for _, lv := range l.lives {
			if l.covers(s, lv.r) {
				lv.forced = false
			}
		}
		l.holdScope(h)
		a := action{kind: "paused", state: orchestrator.Paused, by: req.By, text: holdText(&h), before: "not paused", after: holdText(&h)}
		if req.Drain {
			a.kind, a.before = "draining", fmt.Sprintf("%d runs have not ended", len(l.lives))
		}
		l.keepHold(s, &h, l.audit(a), done)
		return nil
	})
}

// ResumeScope ends a pause of PauseScope. What waited goes on; schedules go on with their next ticks.
func (e *Engine) ResumeScope(ctx context.Context, s orchestrator.Scope, by orchestrator.Actor) error {
	if s.Kind == orchestrator.ScopeRunner {
		return e.Resume(ctx, s.Name, by)
	}
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		h := l.holds[s]
		if h == nil {
			if err := l.checkScope(s); err != nil {
				return err
			}
			return notNow("%s is not paused", scopeText(s))
		}
		before := holdText(&h.Hold)
		l.releaseScope(s)
		l.keepHold(s, nil, l.audit(action{
			kind: "resumed", by: by, text: scopeText(s) + " resumed by " + actorText(by), before: before, after: l.heldText(s),
		}), done)
		return nil
	})
}

// heldText says after a resume what is left of its pauses, so that nobody waits for runners that another pause holds.
func (l *loop) heldText(s orchestrator.Scope) string {
	held := 0
	for _, r := range l.order {
		if l.covers(s, r) && l.tickHold(r) != nil {
			held++
		}
	}
	if held > 0 {
		return fmt.Sprintf("resumed; %d of its runners are held by other pauses", held)
	}
	return "resumed"
}

// checkScope refuses scopes that hold nothing, such as a tag that is misspelled.
func (l *loop) checkScope(s orchestrator.Scope) error {
	names := map[string]bool{}
	switch s.Kind {
	case orchestrator.ScopeEngine:
		if s.Name != "" {
			return notNow("the engine's scope has no name, got %q", s.Name)
		}
		return nil
	case orchestrator.ScopeTag:
		for _, r := range l.order {
			for _, tag := range r.cfg.Tags {
				names[tag] = true
			}
		}
	case orchestrator.ScopeResource:
		for name := range l.e.o.Config.Limits.Resources {
			names[name] = true
		}
		for _, r := range l.order {
			for name := range r.cfg.Policy.Resources {
				names[name] = true
			}
		}
	default:
		return notNow("there is no scope %q: it is one of %s, %s, %s, %s", s.Kind, orchestrator.ScopeEngine, orchestrator.ScopeTag,
			orchestrator.ScopeRunner, orchestrator.ScopeResource)
	}
	if names[s.Name] {
		return nil
	}
	if len(names) == 0 {
		return notNow("no such %s %q: the configuration has none", s.Kind, s.Name)
	}
	all := slices.Sorted(maps.Keys(names))
	if near := config.Nearest(s.Name, all); near != "" {
		return notNow("no such %s %q: did you mean %s? (there are: %s)", s.Kind, s.Name, near, strings.Join(all, ", "))
	}
	return notNow("no such %s %q (there are: %s)", s.Kind, s.Name, strings.Join(all, ", "))
}

// covers says whether a scope's pause skips a runner's ticks or holds its runs.
func (l *loop) covers(s orchestrator.Scope, r *runner) bool {
	switch s.Kind {
	case orchestrator.ScopeEngine:
		return true
	case orchestrator.ScopeTag:
		return slices.Contains(r.cfg.Tags, s.Name)
	case orchestrator.ScopeResource:
		_, takes := r.cfg.Policy.Resources[s.Name]
		return takes
	default:
		return r.cfg.ID == s.Name
	}
}

// tickHold gives the pause that skips a runner's ticks; nil = none. Its own comes first.
func (l *loop) tickHold(r *runner) *orchestrator.Hold {
	if r.pause != nil {
		return &orchestrator.Hold{Scope: orchestrator.Scope{Kind: orchestrator.ScopeRunner, Name: r.cfg.ID}, Pause: *r.pause}
	}
	if len(l.holds) == 0 {
		return nil
	}
	if h := l.holds[engineScope()]; h != nil {
		return &h.Hold
	}
	for _, tag := range r.cfg.Tags {
		if h := l.holds[orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: tag}]; h != nil {
			return &h.Hold
		}
	}
	return nil
}

// runHold gives the pause that a run which has yet to start, or to be retried, waits for; nil = none. A drain holds no run. What
// was fired by hand while its runner was held starts all the same, when its resources are free; its retries wait like others.
func (l *loop) runHold(lv *live) *orchestrator.Hold {
	if !lv.forced || lv.run.State == orchestrator.AwaitingRetry {
		if h := l.tickHold(lv.r); h != nil && !h.Drain {
			return h
		}
		if h := l.holds[engineScope()]; h != nil && h.Drain { // it stands before the tags' pauses
			for _, tag := range lv.r.cfg.Tags {
				if h := l.holds[orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: tag}]; h != nil {
					return &h.Hold
				}
			}
		}
	}
	if len(l.holds) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(lv.r.cfg.Policy.Resources)) {
		if h := l.holds[orchestrator.Scope{Kind: orchestrator.ScopeResource, Name: name}]; h != nil {
			return &h.Hold
		}
	}
	return nil
}

// holdScope lets a pause hold.
func (l *loop) holdScope(h orchestrator.Hold) {
	kept := &hold{Hold: h}
	l.holds[h.Scope] = kept
	if h.Drain {
		l.drained = false
	}
	if !h.Pause.Until.IsZero() {
		kept.end = newItem(func(time.Time) { l.holdOver(h.Scope) })
		l.timetable.set(kept.end, h.Pause.Until)
	}
	l.recheckScope()
}

func (l *loop) releaseScope(s orchestrator.Scope) {
	if h := l.holds[s]; h.end != nil {
		l.timetable.drop(h.end)
	}
	delete(l.holds, s)
	l.recheckScope()
}

// holdOver ends a scope's pause at the time it was given.
func (l *loop) holdOver(s orchestrator.Scope) {
	before := holdText(&l.holds[s].Hold)
	l.releaseScope(s)
	l.keepHold(s, nil, orchestrator.Event{
		At: l.e.clock(), Kind: "resumed", By: "engine", Text: scopeText(s) + " resumed by " + pauseEnd, Before: before,
		After: l.heldText(s),
	}, nil)
}

// recheckScope looks at every runner: a pause is rare, and a resource's runs are not only those of its runners now.
func (l *loop) recheckScope() {
	for _, r := range l.order {
		l.recheck(r)
	}
	l.publishEngine()
}

// endPauses ends the pauses of a runner that were over before a tick's nominal time: both were passed over while the engine was
// down or the machine asleep, and the pause ended first.
func (l *loop) endPauses(r *runner, nominal time.Time) {
	over := func(p *orchestrator.Pause) bool { return !p.Until.IsZero() && !p.Until.After(nominal) }
	if r.pause != nil && over(r.pause) {
		l.pauseOver(r)
	}
	for _, s := range slices.Collect(maps.Keys(l.holds)) {
		if over(&l.holds[s].Pause) && l.covers(s, r) {
			l.holdOver(s)
		}
	}
}

// checkDrained tells once that nothing is left to finish.
func (l *loop) checkDrained(now time.Time) {
	h := l.holds[engineScope()]
	if h == nil || !h.Drain || l.drained || len(l.lives)+len(l.follows) > 0 {
		return
	}
	l.drained = true
	l.event(orchestrator.Event{
		At: now, Kind: "drained", By: "engine", Text: "the engine is drained: what was claimed has ended, nothing new starts until it is resumed",
		Before: "draining", After: "drained",
	})
}

// loadHolds takes back the pauses of scopes.
func (l *loop) loadHolds(ctx context.Context) error {
	holds, err := l.e.store.Holds(ctx)
	if err != nil {
		return err
	}
	for _, h := range holds {
		l.holdScope(h)
	}
	return nil
}

func (l *loop) keepHold(s orchestrator.Scope, h *orchestrator.Hold, ev orchestrator.Event, done func(error)) {
	l.write(func(tx *store.Tx) error {
		var err error
		if h == nil {
			_, err = tx.DropHold(s)
		} else {
			err = tx.SetHold(*h)
		}
		if err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		l.e.hub.Event(ev)
		l.publishEngine()
		if done != nil {
			done(nil)
		}
	})
}

func scopeText(s orchestrator.Scope) string {
	if s.Kind == orchestrator.ScopeEngine {
		return "the engine"
	}
	return s.String()
}

// holdText says by which pause something is held.
func holdText(h *orchestrator.Hold) string {
	switch {
	case h.Scope.Kind == orchestrator.ScopeRunner:
		return pauseText(&h.Pause)
	case h.Drain:
		s := "the engine is draining"
		if by := strings.TrimPrefix(pauseText(&h.Pause), "paused"); by != "" {
			s += "," + by
		}
		return s
	default:
		return scopeText(h.Scope) + " is " + pauseText(&h.Pause)
	}
}

// isDraining says that nothing new starts: the engine stops, or an operator lets it finish.
func (l *loop) isDraining() bool {
	h := l.holds[engineScope()]
	return l.draining || h != nil && h.Drain
}

// sortedHolds gives the pauses for screens.
func (l *loop) sortedHolds() []orchestrator.Hold {
	var out []orchestrator.Hold
	for _, h := range l.holds {
		out = append(out, h.Hold)
	}
	slices.SortFunc(out, func(a, b orchestrator.Hold) int { return strings.Compare(a.Scope.String(), b.Scope.String()) })
	return out
}
