package engine

import (
	"errors"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/store"
)

// History is cut back every ten minutes for the runners that got rows since, and once a day for all: what is too old goes there.
const (
	pruneEvery    = 10 * time.Minute
	pruneAllEvery = 24 * time.Hour
)

// prune cuts history back in a goroutine of its own: a chunk at a time through the writer, so that claims go on.
func (l *loop) prune(it *item, now time.Time) {
	l.timetable.set(it, now.Add(pruneEvery))
	k := l.e.o.Config.Engine.Keep
	if l.pruning || l.draining || k == (config.Retention{}) {
		return
	}
	all := now.Sub(l.prunedAll) >= pruneAllEvery
	var ids []string
	for _, r := range l.order {
		if r.grew || all {
			r.grew = false
			ids = append(ids, r.cfg.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	if all {
		l.prunedAll = now
	}
	l.pruning = true
	keep := store.Keep{Runs: k.Runs, Age: k.Age, FailedAge: k.FailedAge, Bytes: k.Bytes}
	go func() {
		err := errors.Join(l.pruneAll(ids, keep, now), l.e.store.PruneDecisions(l.ctx, k.Decisions, k.DecisionAge, now))
		l.e.box.post(func() {
			l.pruning = false
			if err != nil && !errors.Is(err, store.ErrClosed) {
				l.e.log.Warn("history could not be cut back", "error", err)
			}
		})
	}()
}

func (l *loop) pruneAll(ids []string, keep store.Keep, now time.Time) error {
	total := 0
	for _, id := range ids {
		n, err := l.e.store.Prune(l.ctx, id, keep, now)
		total += n
		if err != nil {
			return err
		}
	}
	if total > 0 {
		l.e.log.Debug("history cut back", "rows", total)
	}
	if err := l.e.store.PruneTickets(l.ctx, keep.Age, now); err != nil {
		return err
	}
	return l.e.store.PruneEvents(l.ctx)
}
