package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// verdict is what the overlap policy says of one more run of a runner.
type verdict int

const (
	admit    verdict = iota // it gets its row: it runs, waits, or ends the others
	skipTick                // the policy wants no run beside or behind what is there
	dropTick                // as many wait as may
)

// others is what of a runner has not ended.
type others struct {
	live    int // runs in all
	behind  int // of them, those that wait for the end of another one
	waiting int // of them, those that wait for their start for whatever reason
}

// decideOverlap says whether a runner gets one more run. The policies are Temporal's.
func decideOverlap(policy config.Overlap, o others, queueMax int) verdict {
	if o.live == 0 {
		return admit
	}
	switch policy {
	case config.OverlapBufferOne:
		if o.behind > 0 {
			return skipTick
		}
	case config.OverlapBufferAll, config.OverlapAllowAll:
		if o.waiting >= cmp.Or(queueMax, config.DefaultQueueMax) {
			return dropTick
		}
	case config.OverlapCancelOther, config.OverlapTerminateOther:
	default:
		return skipTick
	}
	return admit
}

// knownOverlap refuses a word that is no policy.
func knownOverlap(word string) error {
	all := []string{
		string(config.OverlapSkip), string(config.OverlapBufferOne), string(config.OverlapBufferAll),
		string(config.OverlapCancelOther), string(config.OverlapTerminateOther), string(config.OverlapAllowAll),
	}
	if word == "" || slices.Contains(all, word) {
		return nil
	}
	return fmt.Errorf("unknown overlap policy %q (there are: %s)", word, strings.Join(all, ", "))
}

// overlap is the policy in force for a run of the runner; asked is what was wanted by hand.
func (r *runner) overlap(asked string) config.Overlap {
	return cmp.Or(config.Overlap(asked), r.cfg.Policy.Overlap, config.OverlapSkip)
}

// others counts what has not ended. Runs of a backfill count for nothing here: the runner's own wait for their end, whatever
// the policy is.
func (r *runner) others() others {
	var o others
	for _, lv := range r.lives {
		if lv.run.Backfill != "" {
			continue
		}
		o.live++
		if lv.waits() {
			o.waiting++
			if r.ahead(lv) != nil {
				o.behind++
			}
		}
	}
	return o
}

// another asks the overlap policy for one more run, with the reason when there must be none.
func (r *runner) another(asked string) (verdict, string) {
	o := r.others()
	v := decideOverlap(r.overlap(asked), o, r.cfg.Policy.QueueMax)
	switch {
	case v == dropTick:
		most := cmp.Or(r.cfg.Policy.QueueMax, config.DefaultQueueMax)
		return v, fmt.Sprintf("%d runs wait already, more than queue_max %d must not", o.waiting, most)
	case v == skipTick && o.behind > 0 && r.overlap(asked) == config.OverlapBufferOne:
		return v, "run " + r.lastBehind().run.ID + " waits already for the end of the other"
	case v == skipTick:
		return v, r.current().busyText()
	}
	return v, ""
}

// lastBehind gives the newest run that waits for the end of another one; nil = none.
func (r *runner) lastBehind() *live {
	for _, lv := range slices.Backward(r.lives) {
		if lv.waits() && r.ahead(lv) != nil {
			return lv
		}
	}
	return nil
}

// besides says that a run starts whatever else of its runner goes on.
func (lv *live) besides() bool {
	return lv.run.Backfill != "" || lv.r.overlap(lv.run.Overlap) == config.OverlapAllowAll
}

// ahead gives the run whose end a run has to wait for, nil = none: the one claimed last before it.
func (r *runner) ahead(lv *live) *live {
	if lv.besides() {
		return nil
	}
	var before *live
	for _, other := range r.lives {
		if other == lv {
			break
		}
		before = other // one of a backfill too: the two never overlap
	}
	return before
}

// letIn lets a pending run whose row is durable wait for a slot, unless it has to wait for something else first: the resume of
// its runner, or the end of an earlier run. As its policy says, that one is ended.
func (l *loop) letIn(lv *live) {
	r := lv.r
	if lv.run.State != orchestrator.Pending || lv.holdsSlot() || lv.queued() {
		return
	}
	l.evict(lv)
	switch other := r.ahead(lv); {
	case other != nil: // its end asks again
		lv.run.Reason = other.waitedFor()
		l.watch(lv)
	case l.runHold(lv) != nil: // only what could start is held
		lv.held = true
	default:
		lv.run.Reason = ""
		l.enqueue(lv)
	}
	l.touch(r)
}

// waitedFor is the reason of a run that waits for this one.
func (lv *live) waitedFor() string { return "waits for run " + lv.run.ID + " of this runner" }

// evict ends the earlier runs of the runner when the policy of a new one says so. A retry and a rerun are no new ones.
func (l *loop) evict(lv *live) {
	policy := lv.r.overlap(lv.run.Overlap)
	ends := policy == config.OverlapCancelOther || policy == config.OverlapTerminateOther
	if !ends || lv.besides() || !lv.run.StartedAt.IsZero() || lv.run.Attempt > 1 {
		return
	}
	by := "run " + lv.run.ID + " (overlap: " + string(policy) + ")"
	for _, other := range slices.Clone(lv.r.lives) {
		switch s := other.run.State; {
		case other == lv:
			return
		case other.run.Backfill != "" || s.Terminal():
		case policy == config.OverlapTerminateOther:
			l.terminate(other, by)
		case s != orchestrator.Cancelling:
			l.stopRun(other, by, l.evictEvent(other, "cancelled by "+by), func(error) {})
		}
	}
}

func (l *loop) evictEvent(lv *live, what string) orchestrator.Event {
	return orchestrator.Event{
		At: l.e.clock(), Kind: "cancel", Runner: lv.run.Runner, Run: lv.run.ID, State: orchestrator.Cancelling, By: "engine",
		Text: "run " + lv.run.ID + " " + what,
	}
}

// stopRun ends a live run in good order: one that executes is asked to stop, one that waits ends at once.
func (l *loop) stopRun(lv *live, by string, ev orchestrator.Event, done func(error)) {
	lv.stopper = by
	if lv.holdsSlot() {
		lv.run.State, lv.run.Reason = orchestrator.Cancelling, "cancelled by "+by+", still stopping"
		if lv.cancel != nil {
			lv.cancel(errCancelled)
		}
	} else {
		l.endWaiting(lv, orchestrator.Cancelled, "cancelled by "+by)
	}
	l.changeRun(lv, ev, done)
}

// endWaiting gives a run that does not execute its end; the caller makes it durable.
func (l *loop) endWaiting(lv *live, state orchestrator.State, reason string) {
	lv.run.State, lv.run.Reason, lv.run.EndedAt, lv.run.NextAt = state, reason, l.e.clock(), time.Time{}
	l.unqueue(lv)
	lv.held = false
}

// terminate ends a run at once. Its goroutine is told to stop, but nobody waits for it: what it still writes is fenced off. It
// keeps its slot and limits until it returns.
func (l *loop) terminate(lv *live, by string) {
	lv.fenced.Store(true) // before the end is submitted: the writer keeps the order
	if lv.cancel != nil {
		lv.cancel(errCancelled)
	}
	lv.stopper = by
	l.endWaiting(lv, orchestrator.Cancelled, "terminated by "+by)
	l.changeRun(lv, l.evictEvent(lv, lv.run.Reason), func(error) {})
}

// freed goes on with what waited for the end of one of the runner's runs: ticks that are caught up one after the other, and
// runs whose turn it is.
func (l *loop) freed(r *runner) {
	for _, lv := range slices.Clone(r.lives) {
		if lv.claimed && !lv.held {
			l.letIn(lv)
		}
	}
	for _, t := range r.triggers {
		if t.waits {
			t.waits = false
			l.arm(t)
		} else if t.cfg.Kind == config.TriggerAfterCompletion {
			l.arm(t)
		}
	}
}
