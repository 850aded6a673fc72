package engine

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	defaultCatchupWindow = 24 * time.Hour // older ticks are missed, not run late
	defaultCatchupMax    = 100            // with catchup: all
	catchupGrace         = time.Minute    // with catchup: skip, a tick this late still counts as on time
	maxBacklog           = 10_000_000     // ticks counted exactly after a long stop
)

// claim is one tick that gets its row: a run that starts or waits, or a row that says why not.
type claim struct {
	run    orchestrator.Run // the row as it is to be written; a copy, so that the writer shares nothing with the loop
	key    string
	live   *live                 // nil = no run
	cursor *store.Cursor         // nil = fired by hand
	also   func(*store.Tx) error // belongs to the row's transaction; nil = nothing
}

// arm puts a trigger's next tick into the timetable.
func (l *loop) arm(t *trigger) {
	next, ok := t.upcoming()
	if !ok {
		l.timetable.drop(t.it)
		return
	}
	t.next = next
	l.timetable.set(t.it, t.due(next))
}

// tick is called when a trigger is due. Ticks that were passed over (the engine was down, the machine was suspended or too
// busy) are handled as the runner's catch-up policy says; each of them ends in a row, alone or counted.
func (l *loop) tick(t *trigger, now time.Time) {
	nominal := t.next
	if t.backlog.IsZero() || nominal.After(t.backlog) {
		t.backlog = time.Time{}
		if next, ok := t.cfg.Schedule.Next(nominal); ok && !t.due(next).After(now) {
			nominal = l.catchUp(t, nominal, now)
		}
	}
	l.endPauses(t.r, nominal)
	mark, due := len(l.claims), t.due(nominal)
	switch {
	case !t.backlog.IsZero() && t.r.busy() && l.tickHold(t.r) == nil:
		t.waits = true // one after the other: the end of the run asks again
		return
	case l.tooLate(t, nominal, due, now):
	default:
		l.claimTick(t, nominal, now)
	}
	l.dress(t, mark, occasion{due: due})
	t.cursor = nominal
	l.arm(t)
	l.touch(t.r)
}

// catchUp decides over a backlog and gives the tick to go on with. first is the oldest due tick.
func (l *loop) catchUp(t *trigger, first, now time.Time) time.Time {
	latest, count := t.passed(now)
	older := count - 1
	if older <= 0 {
		return latest
	}
	if t.r.cfg.Policy.Catchup == config.CatchupAll {
		return l.catchUpAll(t, first, latest, count, now)
	}
	reason := "passed while the engine was down or held up; the newest one runs instead"
	if t.r.cfg.Policy.Catchup == config.CatchupSkip {
		reason = "passed while the engine was down or held up; catchup is skip"
	}
	l.claimMissed(t, first, latest, older, now, orchestrator.Missed, reason)
	return latest
}

// catchUpAll lets the ticks of the window run one after the other, at most catchup_max of them; the rest is dropped and
// counted.
func (l *loop) catchUpAll(t *trigger, first, latest time.Time, count int, now time.Time) time.Time {
	t.backlog = latest
	limit := cmp.Or(t.r.cfg.Policy.CatchupMax, defaultCatchupMax)
	begin := now.Add(-cmp.Or(t.r.cfg.Policy.CatchupWindow, defaultCatchupWindow))
	from, at, dropped := first, first, 0
	for count-dropped > limit || at.Before(begin) {
		next, ok := t.cfg.Schedule.Next(at)
		if !ok || next.After(latest) {
			break
		}
		t.cursor, at = at, next
		dropped++
	}
	if dropped > 0 { // the cursor goes with them: the next tick may have to wait, and these must not come again
		l.claimMissed(t, from, at, dropped, now, orchestrator.Dropped,
			fmt.Sprintf("passed while the engine was down or held up; older than the %d newest, or than the catch-up window", limit))
	}
	return at
}

// tooLate gives a tick that must not start any more its row.
func (l *loop) tooLate(t *trigger, nominal, due, now time.Time) bool {
	p, late := t.r.cfg.Policy, now.Sub(due)
	switch window := cmp.Or(p.CatchupWindow, defaultCatchupWindow); {
	case late > window:
		l.claimNotRun(t, nominal, now, orchestrator.Missed, "passed more than "+shortDuration(window)+" before the engine could run it")
	case p.StartDeadline > 0 && late > p.StartDeadline:
		l.claimNotRun(t, nominal, now, orchestrator.Missed, "its start deadline of "+shortDuration(p.StartDeadline)+" was over")
	case p.Catchup == config.CatchupSkip && late > catchupGrace:
		l.claimNotRun(t, nominal, now, orchestrator.Missed, "passed while the engine was down or held up; catchup is skip")
	default:
		return false
	}
	return true
}

func (l *loop) claimTick(t *trigger, nominal, now time.Time) {
	r := t.r
	switch h := l.tickHold(r); {
	case h != nil:
		l.claimNotRun(t, nominal, now, orchestrator.Skipped, holdText(h))
	default:
		l.claimOverlap(t, nominal, now)
	}
}

// claimOverlap lets the overlap policy decide over a tick.
func (l *loop) claimOverlap(t *trigger, nominal, now time.Time) {
	r := t.r
	v, reason := r.another("")
	switch v {
	case skipTick:
		l.claimNotRun(t, nominal, now, orchestrator.Skipped, reason)
		return
	case dropTick:
		l.claimNotRun(t, nominal, now, orchestrator.Dropped, reason)
		if !r.full {
			l.event(orchestrator.Event{
				At: now, Kind: string(orchestrator.Dropped), Runner: r.cfg.ID, State: orchestrator.Dropped, By: "engine",
				Text: "ticks are dropped from " + now.Format(time.RFC3339) + ": " + reason,
			})
		}
		r.full = true
		return
	}
	r.full = false
	lv := l.newLive(r, "", t.cfg.Name, nominal, now)
	l.claims = append(l.claims, claim{run: lv.run, live: lv, cursor: t.cursorAt(nominal)})
}

// claimMissed gives the ticks older than the one that goes on their common row. Its own nominal time is the first of them.
func (l *loop) claimMissed(t *trigger, first, next time.Time, count int, now time.Time, state orchestrator.State, reason string) {
	run := l.rowFor(t, first, now, state, reason)
	run.Count = count
	l.claims = append(l.claims, claim{run: run, cursor: t.cursorAt(later(first, t.cursor))})
	l.event(orchestrator.Event{
		At: now, Kind: string(state), Runner: t.r.cfg.ID, State: state, By: "engine",
		Text: fmt.Sprintf("%d ticks from %s were %s; it goes on with %s", count, first.Format(time.RFC3339), state, next.Format(time.RFC3339)),
	})
}

func (l *loop) claimNotRun(t *trigger, nominal, now time.Time, state orchestrator.State, reason string) {
	l.claims = append(l.claims, claim{run: l.rowFor(t, nominal, now, state, reason), cursor: t.cursorAt(nominal)})
}

func (l *loop) rowFor(t *trigger, nominal, now time.Time, state orchestrator.State, reason string) orchestrator.Run {
	l.seq++
	t.r.grew = true
	return orchestrator.Run{
		ID: strconv.FormatInt(l.seq, 10), Runner: t.r.cfg.ID, Trigger: t.cfg.Name, Nominal: nominal, State: state, Reason: reason,
		CreatedAt: now, DueAt: nominal, EndedAt: now, Attempt: 1, Count: 1, FirstAt: nominal,
	}
}

func (t *trigger) cursorAt(nominal time.Time) *store.Cursor {
	return &store.Cursor{Runner: t.r.cfg.ID, Trigger: t.cfg.Name, Spec: t.spec, Anchor: t.anchor, Nominal: nominal, Runs: t.runs}
}

// newLive makes a live run, with a slot when one is free.
func (l *loop) newLive(r *runner, asked, triggerName string, nominal, now time.Time) *live {
	lv := l.newRun(r, asked, triggerName, nominal, now)
	l.begin(lv, now)
	return lv
}

// newRun makes a pending run; asked is the overlap policy that was wanted by hand.
func (l *loop) newRun(r *runner, asked, triggerName string, nominal, now time.Time) *live {
	l.seq++
	r.grew = true
	due := nominal
	if due.IsZero() {
		due = now
	}
	return &live{r: r, forced: triggerName == triggerManual, run: orchestrator.Run{
		ID: strconv.FormatInt(l.seq, 10), Runner: r.cfg.ID, Trigger: triggerName, Nominal: nominal, State: orchestrator.Pending,
		CreatedAt: now, DueAt: due, Attempt: 1, Count: 1, FirstAt: due, Overlap: asked, Definition: r.cfg.Hash,
		Priority: cmp.Or(r.cfg.Policy.Priority, config.DefaultPriority),
	}}
}

// begin ties a new run to its runner and gives it a slot when one is free and nothing holds it.
func (l *loop) begin(lv *live, now time.Time) {
	r := lv.r
	l.adopt(lv)
	if other := r.ahead(lv); other != nil {
		lv.run.Reason = other.waitedFor()
	} else if m, _ := r.peers.blocker(now); m == nil && !l.draining && !l.slots.full(1) && l.queue.idle(r.peers) && l.runHold(lv) == nil {
		l.reserve(lv, now)
	}
}

// reserve takes a slot for a run that starts once this is durable.
func (l *loop) reserve(lv *live, now time.Time) {
	l.renew(lv)
	l.grip(lv, now)
	l.queue.served(lv.r)
	lv.reserved = true
	lv.run.State, lv.run.Reason, lv.run.NextAt = orchestrator.Running, "", time.Time{}
	if lv.run.StartedAt.IsZero() {
		lv.run.StartedAt = now
	}
}

// submitClaims makes this turn's ticks durable in one write: row and cursor together.
func (l *loop) submitClaims() {
	if len(l.claims) == 0 {
		return
	}
	l.e.failAt(failClaim)
	claims, epoch := l.claims, l.epoch
	l.claims = nil
	taken := make([]bool, len(claims))
	acked := l.claiming()
	l.write(func(tx *store.Tx) error {
		for i := range claims {
			ok, err := insertClaim(tx, &claims[i], epoch)
			if err != nil {
				return err
			}
			taken[i] = ok
		}
		return nil
	}, func() {
		acked()
		for i := range claims {
			if lv := claims[i].live; lv != nil {
				l.claimed(lv, taken[i])
			}
		}
	})
}

func insertClaim(tx *store.Tx, c *claim, epoch int64) (bool, error) {
	if c.cursor != nil {
		if err := tx.SetCursor(*c.cursor); err != nil {
			return false, err
		}
	}
	if c.also != nil {
		if err := c.also(tx); err != nil {
			return false, err
		}
	}
	if c.live != nil || c.key != "" {
		return tx.InsertRun(&c.run, c.key, epoch)
	}
	folded, err := tx.FoldTick(&c.run)
	if err != nil || folded {
		return folded, err
	}
	return tx.InsertRun(&c.run, "", epoch)
}

// claimed goes on with a run whose row is durable. A tick that had its row already is not run again.
func (l *loop) claimed(lv *live, ok bool) {
	lv.claimed = true
	switch {
	case !ok:
		l.letGo(lv)
		l.forget(lv)
		l.freed(lv.r)
		l.e.log.Warn("tick has its row already, not run again", "runner", lv.run.Runner, "nominal", lv.run.Nominal)
	case lv.reserved:
		l.launch(lv)
	default: // unless it was cancelled while the claim was on its way
		l.letIn(lv)
	}
	l.touch(lv.r)
}

// spread moves the ticks of unanchored intervals apart, by a hash of the runner, so that thousands of runners do not fire in
// the same instant.
func spread(runnerID string, interval time.Duration) time.Duration {
	window := min(interval, time.Second)
	h := fnv.New64a()
	_, _ = h.Write([]byte(runnerID)) // a hash never fails
	return time.Duration(h.Sum64() % uint64(window)).Truncate(time.Millisecond)
}
