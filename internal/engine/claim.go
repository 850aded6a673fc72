package engine

import (
	"hash/fnv"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	catchupWindow = 24 * time.Hour // older ticks are missed, not run late
	maxBacklog    = 10_000_000     // ticks counted exactly after a long stop
)

// claim is one tick that gets its row: a run that starts or waits, or a row that says why not.
type claim struct {
	run    orchestrator.Run // the row as it is to be written; a copy, so that the writer shares nothing with the loop
	key    string
	live   *live         // nil = no run
	cursor *store.Cursor // nil = fired by hand
}

// arm puts a trigger's next tick into the timetable.
func (l *loop) arm(t *trigger) {
	if next, ok := t.cfg.Schedule.Next(t.cursor); ok {
		l.timetable.set(t.it, next)
	}
}

// tick is called when a trigger is due. The newest due tick runs; older ones that were passed over (the engine was down, the
// machine was suspended or too busy) are one missed row with their count.
func (l *loop) tick(t *trigger, now time.Time) {
	nominal := t.it.due
	if next, ok := t.cfg.Schedule.Next(nominal); ok && !next.After(now) {
		latest, count := schedule.Latest(t.cfg.Schedule, t.cursor, now, maxBacklog)
		if older := count - 1; older > 0 {
			l.claimMissed(t, nominal, latest, older, now)
		}
		nominal = latest
	}
	if now.Sub(nominal) > catchupWindow {
		l.claimNotRun(t, nominal, now, orchestrator.Missed, "passed more than 24h before the engine could run it")
	} else {
		l.claimTick(t, nominal, now)
	}
	t.cursor = nominal
	l.arm(t)
	l.touch(t.r)
}

func (l *loop) claimTick(t *trigger, nominal, now time.Time) {
	r := t.r
	switch {
	case r.pause != nil:
		l.claimNotRun(t, nominal, now, orchestrator.Skipped, pauseText(r.pause, nil))
	case r.live != nil && r.live.run.State == orchestrator.AwaitingRetry:
		l.claimNotRun(t, nominal, now, orchestrator.Skipped, "run "+r.live.run.ID+" still waits for its retry")
	case r.live != nil:
		l.claimNotRun(t, nominal, now, orchestrator.Skipped, "still running: run "+r.live.run.ID)
	default:
		lv := l.newLive(r, t.cfg.Name, nominal, now)
		l.claims = append(l.claims, claim{run: lv.run, live: lv, cursor: t.cursorAt(nominal)})
	}
}

// claimMissed gives the ticks older than the latest one their common row. Its own nominal time is the first of them.
func (l *loop) claimMissed(t *trigger, first, latest time.Time, count int, now time.Time) {
	reason := "passed while the engine was down or held up; the newest one runs instead"
	run := l.rowFor(t, first, now, orchestrator.Missed, reason)
	run.Count = count
	l.claims = append(l.claims, claim{run: run, cursor: t.cursorAt(first)})
	l.event(orchestrator.Event{
		At: now, Kind: "missed", Runner: t.r.cfg.ID, State: orchestrator.Missed, By: "engine",
		Text: strconv.Itoa(count) + " ticks from " + first.Format(time.RFC3339) + " were missed; " + latest.Format(time.RFC3339) + " runs now",
	})
}

func (l *loop) claimNotRun(t *trigger, nominal, now time.Time, state orchestrator.State, reason string) {
	l.claims = append(l.claims, claim{run: l.rowFor(t, nominal, now, state, reason), cursor: t.cursorAt(nominal)})
}

func (l *loop) rowFor(t *trigger, nominal, now time.Time, state orchestrator.State, reason string) orchestrator.Run {
	l.seq++
	return orchestrator.Run{
		ID: strconv.FormatInt(l.seq, 10), Runner: t.r.cfg.ID, Trigger: t.cfg.Name, Nominal: nominal, State: state, Reason: reason,
		CreatedAt: now, DueAt: nominal, EndedAt: now, Attempt: 1, Count: 1, FirstAt: nominal,
	}
}

func (t *trigger) cursorAt(nominal time.Time) *store.Cursor {
	return &store.Cursor{Runner: t.r.cfg.ID, Trigger: t.cfg.Name, Spec: t.spec, Anchor: t.anchor, Nominal: nominal}
}

// newLive makes the runner's live run, with a slot when one is free.
func (l *loop) newLive(r *runner, triggerName string, nominal, now time.Time) *live {
	l.seq++
	due := nominal
	if due.IsZero() {
		due = now
	}
	lv := &live{r: r, run: orchestrator.Run{
		ID: strconv.FormatInt(l.seq, 10), Runner: r.cfg.ID, Trigger: triggerName, Nominal: nominal, State: orchestrator.Pending,
		CreatedAt: now, DueAt: due, Attempt: 1, Count: 1, FirstAt: due,
	}}
	l.adopt(lv)
	if l.busy < l.slots && len(l.ready) == 0 && !l.draining {
		l.reserve(lv, now)
	}
	return lv
}

// adopt ties a live run to its runner and timetable.
func (l *loop) adopt(lv *live) {
	lv.it = newItem(func(now time.Time) { l.liveDue(lv, now) })
	lv.r.live = lv
}

// reserve takes a slot for a run that starts once this is durable.
func (l *loop) reserve(lv *live, now time.Time) {
	l.busy++
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
	claims, epoch := l.claims, l.epoch
	l.claims = nil
	taken := make([]bool, len(claims))
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
	if c.live != nil {
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
	switch {
	case !ok:
		if lv.reserved {
			lv.reserved = false
			l.busy--
		}
		lv.r.live = nil
		l.e.log.Warn("tick has its row already, not run again", "runner", lv.run.Runner, "nominal", lv.run.Nominal)
	case lv.run.State == orchestrator.Cancelled: // cancelled while the claim was on its way
	case lv.reserved:
		l.launch(lv)
	default:
		l.enqueue(lv)
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
