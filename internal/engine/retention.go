package engine

import (
	"errors"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/store"
)

// pruneEvery is how often history is cut back to what the configuration keeps.
const pruneEvery = 10 * time.Minute

// prune cuts history back in a goroutine of its own: a chunk at a time through the writer, so that claims go on.
func (l *loop) prune(it *item, now time.Time) {
	l.timetable.set(it, now.Add(pruneEvery))
	k := l.e.o.Config.Engine.Keep
	if l.pruning || l.draining || k == (config.Retention{}) {
		return
	}
	l.pruning = true
	ids := make([]string, len(l.order))
	for i, r := range l.order {
		ids[i] = r.cfg.ID
	}
	keep := store.Keep{Runs: k.Runs, Age: k.Age, FailedAge: k.FailedAge}
	go func() {
		err := l.pruneAll(ids, keep, now)
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
	return l.e.store.PruneEvents(l.ctx)
}
