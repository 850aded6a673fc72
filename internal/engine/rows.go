package engine

import (
	"context"
	"errors"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

// rowChange is a step, with the attempt that ended if any.
type rowChange struct {
	step    store.StepRow
	attempt *orchestrator.Attempt
	entries []journalled // of the ticket journal
	version int64        // rises with each change of the run
	stale   bool         // a newer state of the step is on its way or written: only the attempt counts
}

// commit writes the collected rows and waits until they, and those that a start notice took along, are durable. A failing
// disk is tried until the run is stopped.
func (x *execution) commit(ctx context.Context) error { return x.commitWith(ctx, nil) }

// commitWith is commit with something that is written together with the rows, once.
func (x *execution) commitWith(ctx context.Context, also func(*store.Tx) error) error {
	for {
		x.mu.Lock()
		rows, flying := x.rows, x.flying
		x.rows = nil
		x.mu.Unlock()
		if len(rows) == 0 && flying == 0 && also == nil {
			return nil
		}
		err := x.e.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
			if err := x.putRows(tx, rows); err != nil || also == nil {
				return err
			}
			return also(tx)
		})
		if err == nil {
			also = nil
			continue // the writer keeps the order: what flew before has landed, or came back
		}
		x.putBack(rows)
		if errors.Is(err, store.ErrClosed) {
			return err
		}
		x.e.box.post(func() { x.e.loop.problem("history", "history cannot be written: "+err.Error()) })
		select {
		case <-ctx.Done():
			return err
		case <-time.After(writeRetry):
		}
	}
}

// putBack takes rows that could not be written back into the collection, but for states that newer ones replaced.
func (x *execution) putBack(rows []rowChange) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var kept []rowChange
	for _, r := range rows {
		r.stale = r.stale || x.latest[r.step.Path] != r.version
		if !r.stale || r.attempt != nil || len(r.entries) > 0 {
			kept = append(kept, r)
		}
	}
	x.rows = append(kept, x.rows...)
}

// putRows writes steps of this go, unless the run was terminated meanwhile: a step that comes back too late changes nothing. It
// looks on the writer's goroutine: the end was submitted after the fence was up, so nothing can come behind it.
func (x *execution) putRows(tx *store.Tx, rows []rowChange) error {
	if len(rows) == 0 || x.lv.fenced.Load() && !x.after {
		return nil
	}
	if x.after { // handlers write behind the end: as long as theirs is the newest one
		open, err := tx.StepsOpen(x.id, x.from.Attempt, true)
		if err != nil || !open {
			return err
		}
	}
	return putRows(tx, rows)
}

func putRows(tx *store.Tx, rows []rowChange) error {
	for i := range rows {
		if !rows[i].stale {
			if err := tx.PutStep(&rows[i].step); err != nil {
				return err
			}
		}
		if a := rows[i].attempt; a != nil {
			if err := tx.PutAttempt(rows[i].step.Run, rows[i].step.Path, *a); err != nil {
				return err
			}
		}
		if err := putEntries(tx, rows[i].entries); err != nil {
			return err
		}
	}
	return nil
}

func (x *execution) takeRows() []rowChange {
	x.mu.Lock()
	defer x.mu.Unlock()
	rows := x.rows
	x.rows = nil
	return rows
}

// collect notes a step's state, to be written with the next commit. The caller holds mu.
func (x *execution) collect(st *store.StepRow, a *orchestrator.Attempt) {
	x.version++
	x.latest[st.Path] = x.version
	x.rows = append(x.rows, rowChange{step: *st, attempt: a, entries: x.entries[st.Path], version: x.version})
	delete(x.entries, st.Path)
}

// put notes a step's new state, to be written with the next commit.
func (x *execution) put(st *store.StepRow, a *orchestrator.Attempt) {
	x.mu.Lock()
	x.collect(st, a)
	if st.Kind == "" {
		x.attempts = max(x.attempts, st.Attempt)
	}
	if !st.Composite && (st.State == orchestrator.AwaitingRetry || st.State == orchestrator.Failed) {
		x.maxAttempts = st.MaxAttempts
	}
	x.mu.Unlock()
	if st.State.Terminal() {
		x.lv.done.Add(1)
	}
	x.e.box.post(func() { x.e.loop.touch(x.lv.r) })
}

// announce writes a step's start without waiting: evidence of where a run was when the engine died. What was collected
// before goes along; it comes back when it cannot be written.
func (x *execution) announce(ctx context.Context, st *store.StepRow) {
	x.mu.Lock()
	x.collect(st, nil)
	rows := x.rows
	x.rows = nil
	x.flying++
	x.mu.Unlock()
	path := st.Path
	x.lv.now.Store(&path)
	landed := func(err error) {
		if err != nil {
			x.putBack(rows)
		}
		x.mu.Lock()
		x.flying--
		x.mu.Unlock()
	}
	err := x.e.store.WriteAsync(context.WithoutCancel(ctx), func(tx *store.Tx) error { return x.putRows(tx, rows) }, landed)
	if err != nil {
		landed(err)
		x.e.log.Debug("step start not written", "runner", x.name, "run", x.id, "step", path, "error", err)
	}
	x.e.box.post(func() { x.e.loop.touch(x.lv.r) })
}
