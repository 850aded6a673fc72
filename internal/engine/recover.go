package engine

import (
	"context"
	"crypto/rand"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// load builds the runners, takes back what is stored and recovers what an earlier life left behind. It runs before the
// loop's goroutine, and ends before the first new claim.
func (l *loop) load(ctx context.Context) error {
	l.seq = l.e.store.LastRun()
	err := l.e.store.Write(ctx, func(tx *store.Tx) error {
		var err error
		if l.epoch, err = tx.NextEpoch(); err != nil {
			return err
		}
		if l.identity, err = tx.Identity(rand.Text()); err != nil {
			return err
		}
		_, err = tx.LoseTicketWrites(l.e.clock())
		return err
	})
	if err != nil {
		return err
	}
	if err := l.loadRunners(ctx, l.e.o.Config.Runners); err != nil {
		return err
	}
	l.nameRunners()
	l.applyLimits()
	if err := l.loadResources(ctx); err != nil {
		return err
	}
	if err := l.loadPauses(ctx); err != nil {
		return err
	}
	if err := l.loadHolds(ctx); err != nil {
		return err
	}
	if !l.e.o.RunOnly {
		if err := l.loadAfter(ctx); err != nil { // before recovery adds to it
			return err
		}
	}
	l.openOutlets(l.ed.cfg)
	if err := l.dropOrphans(ctx); err != nil {
		return err
	}
	if err := l.recoverRuns(ctx); err != nil {
		return err
	}
	if err := l.loadQuestions(ctx); err != nil {
		return err
	}
	if err := l.recoverHandlers(ctx); err != nil {
		return err
	}
	l.drained = len(l.lives) == 0 // then it was told before
	if l.e.o.RunOnly {
		return nil
	}
	var it *item
	it = newItem(func(now time.Time) { l.prune(it, now) })
	l.timetable.set(it, l.e.clock().Add(pruneEvery))
	l.watchServices()
	if err := l.loadTriggers(ctx); err != nil {
		return err
	}
	if err := l.loadWatchdogs(ctx); err != nil {
		return err
	}
	return l.loadBackfills(ctx)
}

func (l *loop) loadRunners(ctx context.Context, cfgs []config.Runner) error {
	for from := 0; from < len(cfgs); from += historyChunk {
		chunk := cfgs[from:min(from+historyChunk, len(cfgs))]
		ids := make([]string, len(chunk))
		for i := range chunk {
			ids[i] = chunk[i].ID
		}
		known := map[string]figures{}
		if l.seq > 0 { // there is a history
			if err := l.e.readFigures(ctx, ids, known); err != nil {
				return err
			}
		}
		for i := range chunk {
			r := &runner{cfg: &chunk[i]}
			r.recall(known[r.cfg.ID])
			l.order = append(l.order, r)
		}
	}
	return nil
}

// recall takes a runner's figures from history.
func (r *runner) recall(f figures) {
	for i := len(f.recent) - 1; i >= 0; i-- {
		seq, _ := strconv.ParseInt(f.recent[i].ID, 10, 64) // it was read from this number
		r.remember(&f.recent[i], seq)
	}
	if f.newest != nil && (f.newest.Idle || f.newest.DryRun) && f.newest.State.Terminal() {
		r.remember(f.newest, 0)
	}
}

func (l *loop) loadPauses(ctx context.Context) error {
	pauses, err := l.e.store.Pauses(ctx)
	if err != nil {
		return err
	}
	for id, p := range pauses {
		if r, ok := l.runners[id]; ok && r.cfg.ID == id {
			l.hold(r, p)
		}
	}
	return nil
}

// loadTriggers gives each trigger its cursor. A new one, or one whose schedule changed, starts now: nothing is caught up
// that was never due.
func (l *loop) loadTriggers(ctx context.Context) error {
	byKey, err := l.e.cursors(ctx)
	if err != nil {
		return err
	}
	now := l.e.clock()
	var fresh []store.Cursor
	for _, r := range l.order {
		if !r.cfg.Enabled {
			continue
		}
		for i := range r.cfg.Triggers {
			t := l.newTrigger(r, r.cfg.Triggers[i], byKey, now)
			if c, known := byKey[[2]string{r.cfg.ID, t.cfg.Name}]; !known || c.Spec != t.spec {
				fresh = append(fresh, *t.cursorAt(t.cursor))
			}
			l.arm(t)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	return l.e.store.Write(ctx, func(tx *store.Tx) error {
		for _, c := range fresh {
			if err := tx.SetCursor(c); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *loop) newTrigger(r *runner, cfg config.Trigger, stored map[[2]string]store.Cursor, now time.Time) *trigger {
	t := &trigger{r: r, cfg: cfg, spec: triggerText(&cfg), cursor: now, anchor: now}
	t.it = newItem(func(now time.Time) { l.fireTrigger(t, now) })
	c, known := stored[[2]string{r.cfg.ID, cfg.Name}]
	if known {
		t.anchor = c.Anchor
		if c.Spec == t.spec {
			t.cursor, t.runs = c.Nominal, c.Runs
		}
	}
	if !known || c.Spec != t.spec {
		t.beginBefore(now)
	}
	if every, ok := schedule.IntervalOf(cfg.Schedule); ok {
		switch {
		case every.Anchored():
			t.anchor = every.Anchor()
		default:
			if !known {
				t.anchor = now.Truncate(time.Millisecond).Add(spread(r.cfg.ID, every.Interval()))
				t.cursor = t.anchor // the first tick comes after one interval, as upstream's trigger does
			}
			t.cfg.Schedule = schedule.WithAnchor(cfg.Schedule, t.anchor)
		}
	}
	r.triggers = append(r.triggers, t)
	return t
}
