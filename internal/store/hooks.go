package store

import "github.com/openticketai/otai-tui/internal/orchestrator"

// Hooks add to the transactions of others: what must be written together with an end or an event, wherever in the engine it
// comes from. They run on the writer's goroutine, inside the transaction, perhaps twice (see op); an error undoes all of it.
type Hooks struct {
	// Ended is called when a row has come to its end: a run by UpdateRun, a tick that was not run by InsertRun. Ticks that are
	// folded into an earlier row are not told again.
	Ended func(tx *Tx, r *orchestrator.Run) error
	// Event is called for each event that is added.
	Event func(tx *Tx, e *orchestrator.Event) error
}

// OnCommit calls fn on the writer's goroutine once this transaction is on disk. It must not block.
func (t *Tx) OnCommit(fn func()) { t.w.committed = append(t.w.committed, fn) }

// ended tells the hook, when ok says that the row was written and it has ended.
func (t *Tx) ended(r *orchestrator.Run, ok bool, err error) (bool, error) {
	if err != nil || !ok || t.w.hooks.Ended == nil || !r.State.Terminal() {
		return ok, err
	}
	return true, t.w.hooks.Ended(t, r)
}
