package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// Reload reads the configuration again with Options.Load. All of it is read, checked and opened before anything changes; then it
// is swapped in one turn of the loop. A bad one changes nothing: the error says all that is wrong, screens and the event feed the
// first of it. Ticks that were due belong to what was in force then; unchanged triggers keep their cursors, so that no tick is lost
// or fired twice; a changed trigger starts now. Runs keep what they were claimed with (see edition).
func (e *Engine) Reload(ctx context.Context, by orchestrator.Actor) error {
	if e.o.Load == nil {
		return notNow("this engine cannot read its configuration again: start it anew")
	}
	if !e.running() {
		return ErrStopped
	}
	select { // one after the other: the one read last wins
	case e.reloading <- struct{}{}:
		defer func() { <-e.reloading }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	loaded, err := e.o.Load(ctx)
	if err != nil {
		return e.reloadRefused(ctx, by, err)
	}
	n, err := e.readHistory(ctx, loaded)
	if err == nil {
		err = e.submitAndWait(ctx, func(l *loop, done func(error)) error { return l.swap(n, by, done) })
	}
	if !n.taken.Load() && loaded.Close != nil {
		loaded.Close()
	}
	if err != nil {
		return fmt.Errorf("reload the configuration: %w", err)
	}
	return nil
}

// reloadRefused keeps the old configuration and says why.
func (e *Engine) reloadRefused(ctx context.Context, by orchestrator.Actor, cause error) error {
	err := e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		text := l.e.secrets.line(firstOf(cause), maxError)
		l.configError = text
		l.problem("config", "the new configuration was not taken: "+text)
		ev := l.audit(action{
			kind: "reload", state: orchestrator.Failed, by: by, text: "the new configuration was not taken: " + text,
			before: shortHash(l.ed.cfg), after: "unchanged: " + shortHash(l.ed.cfg),
		})
		l.publishEngine()
		l.write(func(tx *store.Tx) error { return tx.AddEvent(&ev) }, func() {
			l.e.hub.Event(ev)
			done(nil)
		})
		return nil
	})
	return errors.Join(fmt.Errorf("the configuration stays as it was: %w", cause), err)
}

// firstOf says what is wrong in one line: the first problem, and how many there are besides.
func firstOf(err error) string {
	var all *config.Errors
	if !errors.As(err, &all) || len(all.Problems) == 0 {
		first, rest, more := strings.Cut(err.Error(), "\n")
		if more && strings.TrimSpace(rest) != "" {
			first += " …"
		}
		return first
	}
	p := all.Problems[0]
	s := p.Where() + ": " + p.Msg
	if hint := p.Hint(); hint != "" {
		s += " (" + hint + ")"
	}
	if n := len(all.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" · and %d more", n)
	}
	return s
}

func shortHash(c *config.Config) string {
	return cmp.Or(c.Hash[:min(8, len(c.Hash))], "a configuration without a hash")
}

// reload is a configuration to be swapped in, with what history knows of its runners.
type reload struct {
	*Loaded
	cursors map[[2]string]store.Cursor
	pauses  map[string]orchestrator.Pause
	figures map[string]figures // of runners that are new
	taken   atomic.Bool        // the loop has it: the engine closes it from now on
}

// readHistory reads what the swap needs of history, off the loop.
func (e *Engine) readHistory(ctx context.Context, loaded *Loaded) (*reload, error) {
	n := &reload{Loaded: loaded, figures: map[string]figures{}}
	known, err := ask(ctx, e, func(l *loop) (map[string]bool, error) {
		ids := make(map[string]bool, len(l.order))
		for _, r := range l.order {
			ids[r.cfg.ID] = true
		}
		return ids, nil
	})
	if err != nil {
		return n, err
	}
	if n.cursors, err = e.cursors(ctx); err != nil {
		return n, err
	}
	if n.pauses, err = e.store.Pauses(ctx); err != nil {
		return n, err
	}
	var fresh []string
	for i := range loaded.Config.Runners {
		if id := loaded.Config.Runners[i].ID; !known[id] {
			fresh = append(fresh, id)
		}
	}
	for ids := range slices.Chunk(fresh, historyChunk) {
		if err := e.readFigures(ctx, ids, n.figures); err != nil {
			return n, err
		}
	}
	return n, nil
}

// swap takes a configuration in one turn.
func (l *loop) swap(n *reload, by orchestrator.Actor, done func(error)) error {
	if l.draining {
		return notNow("the engine is stopping")
	}
	now := l.e.clock()
	l.fireDue(now)
	n.taken.Store(true)
	old := l.ed
	l.ed = newEdition(n.Loaded, now)
	l.editions[l.ed] = struct{}{}
	l.e.o.Config, l.e.o.Notices = l.ed.cfg, n.Notices
	l.e.secrets.add(n.Secrets)
	c := l.swapRunners(n, now)
	l.applyLimits()
	l.openOutlets(l.ed.cfg)
	l.reguard(now)
	l.submitClaims() // before the new cursors: the old ones go with ticks of the old schedules
	l.retire(old)
	l.configError = ""
	l.clearProblem("config")
	l.recheckScope()
	ev := l.audit(action{
		kind: "reload", by: by, text: "configuration taken: " + c.String(), before: shortHash(old.cfg), after: shortHash(l.ed.cfg),
	})
	l.write(func(tx *store.Tx) error {
		for _, cursor := range c.fresh {
			if err := tx.SetCursor(cursor); err != nil {
				return err
			}
		}
		return tx.AddEvent(&ev)
	}, func() {
		l.e.hub.Event(ev)
		done(nil)
	})
	l.e.hub.Resync()
	l.publishEngine()
	l.e.log.Info("configuration taken", "changes", c.String(), "hash", shortHash(l.ed.cfg))
	return nil
}

// changes is what a reload changed.
type changes struct {
	added, removed, changed []string
	fresh                   []store.Cursor
}

func (c *changes) String() string {
	var parts []string
	for _, p := range []struct {
		what string
		ids  []string
	}{{"added", c.added}, {"removed", c.removed}, {"changed", c.changed}} {
		if len(p.ids) == 0 {
			continue
		}
		names := strings.Join(p.ids[:min(len(p.ids), 5)], ", ")
		if len(p.ids) > 5 {
			names += ", …"
		}
		parts = append(parts, fmt.Sprintf("%d %s (%s)", len(p.ids), p.what, names))
	}
	if len(parts) == 0 {
		return "no runner changed"
	}
	return strings.Join(parts, ", ")
}

// swapRunners brings the runners in line with the configuration in force.
func (l *loop) swapRunners(n *reload, now time.Time) *changes {
	c := &changes{}
	byID := make(map[string]*runner, len(l.order))
	for _, r := range l.order {
		byID[r.cfg.ID] = r
	}
	was := l.order
	l.order = make([]*runner, 0, len(l.ed.cfg.Runners))
	for i := range l.ed.cfg.Runners {
		cfg := &l.ed.cfg.Runners[i]
		r := byID[cfg.ID]
		delete(byID, cfg.ID)
		switch {
		case r == nil:
			r = &runner{cfg: cfg}
			r.recall(n.figures[cfg.ID])
			c.added = append(c.added, cfg.ID)
		case r.gone: // it comes back before its last run has ended
			r.gone = false
			c.added = append(c.added, cfg.ID)
		case !sameRunner(r.cfg, cfg):
			c.changed = append(c.changed, cfg.ID)
		}
		r.cfg = cfg
		l.order = append(l.order, r)
		l.retime(r, n.cursors, now, c)
		if p, ok := n.pauses[cfg.ID]; ok && r.pause == nil && slices.Contains(c.added, cfg.ID) {
			l.hold(r, p) // it was paused when it left
		}
	}
	for _, r := range was {
		if byID[r.cfg.ID] != r {
			continue
		}
		if !r.gone {
			c.removed = append(c.removed, r.cfg.ID)
		}
		l.leave(r, now)
	}
	l.nameRunners()
	return c
}

// leave takes a runner out. It stays to be seen until its last run has ended.
func (l *loop) leave(r *runner, now time.Time) {
	r.gone = true
	for _, t := range r.triggers {
		l.dropTrigger(t, now)
	}
	r.triggers = nil
	l.unguard(r)
	if r.pause != nil { // history keeps it, for the runner's return
		r.pause = nil
		if r.unpause != nil {
			l.timetable.drop(r.unpause)
			r.unpause = nil
		}
		l.recheck(r) // what it has claimed is to end
	}
	if r.busy() {
		l.order = append(l.order, r)
	} else {
		delete(l.dirty, r)
	}
}

// buried forgets a runner that has left, once its last run has ended.
func (l *loop) buried(r *runner) bool {
	if !r.gone || r.busy() {
		return false
	}
	l.order = slices.DeleteFunc(l.order, func(other *runner) bool { return other == r })
	delete(l.dirty, r)
	l.e.hub.Resync()
	return true
}

// nameRunners makes the names that runners answer to: an id goes before another one's alias.
func (l *loop) nameRunners() {
	clear(l.runners)
	for _, r := range l.order {
		if !r.gone {
			l.runners[r.cfg.ID] = r
		}
	}
	for _, r := range l.order {
		for _, alias := range r.cfg.Aliases {
			if _, taken := l.runners[alias]; !taken && !r.gone {
				l.runners[alias] = r
			}
		}
	}
}

// retime brings a runner's triggers in line with its configuration. One with the same name and schedule goes on where it is; a new
// or changed one, and one of a runner that was away or disabled, starts now.
func (l *loop) retime(r *runner, stored map[[2]string]store.Cursor, now time.Time, c *changes) {
	old := r.triggers
	r.triggers = nil
	if r.cfg.Enabled && !l.e.o.RunOnly {
		for i := range r.cfg.Triggers {
			cfg := r.cfg.Triggers[i]
			at := slices.IndexFunc(old, func(t *trigger) bool { return t.cfg.Name == cfg.Name && t.spec == triggerText(&cfg) })
			if at >= 0 {
				old[at].keep(cfg)
				if !old[at].waits {
					l.arm(old[at]) // its jitter or its bound may have changed
				}
				r.triggers = append(r.triggers, old[at])
				old = slices.Delete(slices.Clone(old), at, at+1)
				continue
			}
			t := l.newTrigger(r, cfg, stored, now)
			if cfg.Kind != config.TriggerAt { // a moment that has passed is late, or missed
				t.cursor = later(t.cursor, now) // what passed while it was away was no tick
			}
			c.fresh = append(c.fresh, *t.cursorAt(t.cursor))
			l.arm(t)
			l.watchFile(t)
		}
	}
	for _, t := range old {
		l.dropTrigger(t, now)
	}
}

// keep takes a trigger's new configuration, whose schedule is the same.
func (t *trigger) keep(cfg config.Trigger) {
	if cfg.Schedule != nil {
		if every, ok := schedule.IntervalOf(cfg.Schedule); ok && !every.Anchored() {
			cfg.Schedule = schedule.WithAnchor(cfg.Schedule, t.anchor)
		}
	}
	t.cfg = cfg
}

// dropTrigger ends a trigger that was removed or changed. Ticks that were due but had to wait get their row.
func (l *loop) dropTrigger(t *trigger, now time.Time) {
	l.timetable.drop(t.it)
	t.endWatch()
	t.waits = false
	if t.cfg.Schedule == nil || t.exhausted() {
		return
	}
	first, ok := t.cfg.Schedule.Next(t.cursor)
	if !ok || t.due(first).After(now) {
		return
	}
	latest, count := t.passed(now)
	run := l.rowFor(t, latest, now, orchestrator.Dropped, "its trigger was changed or removed before it could run")
	run.Count, run.FirstAt = count, first
	l.claims = append(l.claims, claim{run: run, cursor: t.cursorAt(latest)})
	t.cursor = latest
}

// sameRunner says that nothing a run or a tick depends on has changed.
func sameRunner(a, b *config.Runner) bool {
	specs := func(c *config.Runner) []string {
		var out []string
		for i := range c.Triggers {
			out = append(out, c.Triggers[i].Name+"="+triggerText(&c.Triggers[i]))
		}
		return out
	}
	return a.Hash == b.Hash && a.Enabled == b.Enabled && a.Timeout == b.Timeout && a.Description == b.Description &&
		slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Aliases, b.Aliases) && reflect.DeepEqual(a.Policy, b.Policy) &&
		slices.Equal(specs(a), specs(b))
}

// cursors reads where all triggers stand, by runner and trigger.
func (e *Engine) cursors(ctx context.Context) (map[[2]string]store.Cursor, error) {
	stored, err := e.store.Cursors(ctx)
	if err != nil {
		return nil, err
	}
	byKey := make(map[[2]string]store.Cursor, len(stored))
	for _, c := range stored {
		byKey[[2]string{c.Runner, c.Trigger}] = c
	}
	return byKey, nil
}

// historyChunk is of how many runners the history is read at once: a whole configuration's would be kept in memory twice.
const historyChunk = 500

// figures are a runner's ended runs, read from history.
type figures struct {
	newest *orchestrator.Run  // nil = none
	recent []orchestrator.Run // newest first
}

// readFigures adds the figures of these runners.
func (e *Engine) readFigures(ctx context.Context, ids []string, to map[string]figures) error {
	newest, recent, err := e.store.History(ctx, ids, orchestrator.StripLen)
	for id := range newest {
		last := newest[id]
		to[id] = figures{newest: &last, recent: recent[id]}
	}
	return err
}
