package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	backfillPriority = 6       // behind the configured 1 to 5
	defaultBackfill  = 1000    // ticks
	maxBackfill      = 100_000 // ticks: they are held in memory
	listedBackfills  = 100
)

// backfill gives ticks of the past their runs, a few at a time. What it has done is durable with each run, so it goes on after a
// restart. The loop owns it.
//
// A tick that was skipped, missed or dropped may be filled: the run takes the tick over, the earlier row keeps its due time and its
// reason. A tick that ever had a run is left alone, whatever became of it.
//
// Backfilled runs and the runner's own never overlap, unless its overlap policy is allow_all: the backfill claims nothing while an
// own run has not ended, and an own run that becomes due waits for the end of the backfilled one, whatever the policy is.
type backfill struct {
	row   store.BackfillRow
	r     *runner
	ticks []time.Time // left to claim, oldest first
	sent  int         // claims made
}

// Backfill gives ticks of the past their runs. It returns once the backfill is durable, not when it has ended.
func (e *Engine) Backfill(ctx context.Context, req orchestrator.BackfillRequest) (orchestrator.Backfill, error) {
	p, err := ask(ctx, e, func(l *loop) (*backfillPlan, error) { return l.planBackfill(req) })
	if err != nil {
		return orchestrator.Backfill{}, err
	}
	if err := e.complete(ctx, p); err != nil {
		return orchestrator.Backfill{}, fmt.Errorf("backfill %s: %w", req.Runner, err)
	}
	if req.DryRun {
		return p.row.Backfill, nil
	}
	if len(p.ticks) == 0 {
		return orchestrator.Backfill{}, notNow("there is nothing to backfill: every tick of %s from %s to %s had its run", p.row.Trigger,
			req.From.UTC().Format(time.RFC3339), p.to.Format(time.RFC3339))
	}
	var out orchestrator.Backfill
	err = e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		return l.beginBackfill(p, req.By, func(b orchestrator.Backfill, err error) {
			out = b
			done(err)
		})
	})
	return out, err
}

// backfillPlan is a backfill that is being prepared.
type backfillPlan struct {
	backfill
	cfg     config.Trigger
	from    time.Time // beyond it ticks count
	to      time.Time // the newest that may count
	limit   int
	known   bool // the trigger's schedule has its phase, and to is not beyond its cursor
	request orchestrator.BackfillRequest
}

func (l *loop) planBackfill(req orchestrator.BackfillRequest) (*backfillPlan, error) {
	r, err := l.find(req.Runner)
	if err != nil {
		return nil, err
	}
	now := l.e.clock()
	switch {
	case req.From.IsZero() || req.To.IsZero():
		return nil, notNow("a backfill needs both ends of its range")
	case req.To.Before(req.From):
		return nil, notNow("the backfill's range ends before it begins: %s to %s", req.From.Format(time.RFC3339), req.To.Format(time.RFC3339))
	case req.From.After(now):
		return nil, notNow("a backfill is of the past, and %s is yet to come", req.From.Format(time.RFC3339))
	case req.Limit < 0 || req.Limit > maxBackfill:
		return nil, notNow("the backfill's limit %d is not between 1 and %d", req.Limit, maxBackfill)
	case req.Parallel < 0:
		return nil, notNow("the backfill's parallel %d is below 1", req.Parallel)
	}
	cfg, err := backfillTrigger(r.cfg, req.Trigger)
	if err != nil {
		return nil, err
	}
	p := &backfillPlan{cfg: *cfg, from: req.From.Round(0).UTC(), to: req.To.Round(0).UTC(), limit: cmp.Or(req.Limit, defaultBackfill), request: req}
	if p.to.After(now) {
		p.to = now
	}
	p.r = r
	p.row = store.BackfillRow{
		Backfill: orchestrator.Backfill{
			Runner: r.cfg.ID, Trigger: cfg.Name, State: orchestrator.Running, By: req.By.Name, At: now,
		},
		Spec: specOf(cfg), Parallel: cmp.Or(req.Parallel, 1),
	}
	for _, t := range r.triggers {
		if t.cfg.Name == cfg.Name {
			p.cfg.Schedule, p.known = t.cfg.Schedule, true
			p.upTo(t.cursor)
		}
	}
	return p, nil
}

// upTo leaves out ticks that the trigger itself has yet to claim.
func (p *backfillPlan) upTo(cursor time.Time) {
	if cursor.Before(p.to) {
		p.to = cursor
	}
}

// backfillTrigger gives the trigger with a timetable that is meant.
func backfillTrigger(r *config.Runner, name string) (*config.Trigger, error) {
	var names []string
	var found *config.Trigger
	for i := range r.Triggers {
		t := &r.Triggers[i]
		if t.Schedule == nil {
			continue
		}
		names = append(names, t.Name)
		if t.Name == name || name == "" {
			found = t
		}
	}
	switch {
	case len(names) == 0:
		return nil, notNow("%s has no trigger with a timetable: there is nothing to backfill", r.ID)
	case found == nil:
		return nil, notNow("%s has no trigger %q with a timetable (there are: %v)", r.ID, name, names)
	case name == "" && len(names) > 1:
		return nil, notNow("%s has several triggers with a timetable: name one of %v", r.ID, names)
	}
	return found, nil
}

// complete finds the ticks, off the loop.
func (e *Engine) complete(ctx context.Context, p *backfillPlan) error {
	if !p.known {
		if err := e.phase(ctx, p); err != nil {
			return err
		}
	}
	rows, err := e.store.TickRows(ctx, p.row.Runner, p.row.Trigger, p.from, p.to)
	if err != nil {
		return err
	}
	if p.ticks, err = ticksToFill(p.cfg.Schedule, p.from.Add(-1), p.to, rows, p.limit); err != nil {
		return err
	}
	p.row.Total = len(p.ticks)
	if p.row.Total > 0 {
		p.row.First, p.row.Last = p.ticks[0], p.ticks[len(p.ticks)-1]
		p.row.Cursor = p.row.First.Add(-1)
	}
	return nil
}

// phase takes a trigger's phase and cursor from history, when the engine does not let it tick: its runner is disabled, or only
// runs by hand happen.
func (e *Engine) phase(ctx context.Context, p *backfillPlan) error {
	cursors, err := e.cursors(ctx)
	if err != nil {
		return err
	}
	c, known := cursors[[2]string{p.row.Runner, p.row.Trigger}]
	every, isInterval := schedule.IntervalOf(p.cfg.Schedule)
	switch {
	case known && c.Spec == p.row.Spec:
		p.upTo(c.Nominal)
	case isInterval && !every.Anchored():
		return notNow("its interval has never ticked and has no anchor, so nobody knows when its ticks were: give it an anchor")
	}
	if known && isInterval && !every.Anchored() {
		p.cfg.Schedule = schedule.WithAnchor(p.cfg.Schedule, c.Anchor)
	}
	return nil
}

// ticksToFill gives the ticks after from, up to and including to, that never had a run, at most limit.
func ticksToFill(s schedule.Schedule, from, to time.Time, rows []store.TickRow, limit int) ([]time.Time, error) {
	rows = slices.DeleteFunc(rows, func(r store.TickRow) bool { return notRun(r.State) })
	var out []time.Time
	at := from
	for range maxBacklog {
		next, ok := s.Next(at)
		if !ok || next.After(to) || len(out) == limit {
			return out, nil
		}
		at = next
		for len(rows) > 0 && rows[0].Last.Before(at) {
			rows = rows[1:]
		}
		if len(rows) == 0 || rows[0].First.After(at) {
			out = append(out, at)
		}
	}
	return nil, notNow("the range has more than %d ticks: name a shorter one", maxBacklog)
}

// notRun says that a row stands for ticks that became no run.
func notRun(s orchestrator.State) bool {
	return s == orchestrator.Skipped || s == orchestrator.Missed || s == orchestrator.Dropped
}

func (l *loop) beginBackfill(p *backfillPlan, by orchestrator.Actor, done func(orchestrator.Backfill, error)) error {
	if err := l.closedFor(); err != nil {
		return err
	}
	b := &backfill{row: p.row, r: p.r, ticks: p.ticks}
	if !b.current() {
		return notNow("the configuration of %s has just changed: ask again", b.row.Runner)
	}
	row := b.row
	ev := l.audit(action{
		kind: "backfill", runner: row.Runner, state: orchestrator.Running, by: by, before: fmt.Sprintf("%d ticks without a run", row.Total),
		after: fmt.Sprintf("running, %d at once", row.Parallel),
	})
	l.write(func(tx *store.Tx) error {
		if err := tx.AddBackfill(&row); err != nil {
			return err
		}
		ev.Text = fmt.Sprintf("backfill %s of %s started by %s: %d ticks from %s to %s", row.ID, row.Runner, actorText(by), row.Total,
			row.First.Format(time.RFC3339), row.Last.Format(time.RFC3339))
		return tx.AddEvent(&ev)
	}, func() {
		b.row = row
		l.backfills = append(l.backfills, b)
		l.e.hub.Event(ev)
		done(row.Backfill, nil)
	})
	return nil
}

// current says that the ticks are still those of the configuration in force.
func (b *backfill) current() bool {
	return !b.r.gone && slices.ContainsFunc(b.r.cfg.Triggers, func(t config.Trigger) bool {
		return t.Name == b.row.Trigger && specOf(&t) == b.row.Spec
	})
}

// live counts its runs that have not ended.
func (b *backfill) live() int {
	n := 0
	for _, lv := range b.r.lives {
		if lv.run.Backfill == b.row.ID {
			n++
		}
	}
	return n
}

// fillBackfills claims what may be claimed now, and ends backfills that are through.
func (l *loop) fillBackfills(now time.Time) {
	for _, b := range slices.Clone(l.backfills) {
		if !b.current() {
			l.endBackfill(b, orchestrator.Cancelled, "its schedule or its runner is no longer in the configuration", nil, nil)
			continue
		}
		for len(b.ticks) > 0 && l.mayFill(b) {
			l.fillTick(b, now)
		}
		if len(b.ticks) == 0 && b.live() == 0 {
			l.endBackfill(b, orchestrator.Completed, "", nil, nil)
		}
	}
}

// mayFill says whether one more run may be claimed: it is at most Parallel of them, behind the runner's own, and not while a pause
// or a drain skips its ticks.
func (l *loop) mayFill(b *backfill) bool {
	if b.live() >= b.row.Parallel || l.tickHold(b.r) != nil || l.draining {
		return false
	}
	if b.r.overlap("") == config.OverlapAllowAll {
		return true
	}
	for _, t := range b.r.triggers {
		if t.waits {
			return false
		}
	}
	return !slices.ContainsFunc(b.r.lives, func(lv *live) bool { return lv.run.Backfill != b.row.ID })
}

// fillTick claims the next tick: its run and how far the backfill has come are one write.
func (l *loop) fillTick(b *backfill, now time.Time) {
	tick := b.ticks[0]
	b.ticks = b.ticks[1:]
	b.sent++
	lv := l.newRun(b.r, "", b.row.Trigger, tick, now)
	lv.run.DueAt, lv.run.Backfill, lv.run.Priority, lv.run.By = now, b.row.ID, backfillPriority, b.row.By
	l.begin(lv, now)
	c := claim{run: lv.run, live: lv}
	row, epoch, taken := b.row, l.epoch, false
	row.Cursor, row.Claimed = tick, b.row.Claimed+b.sent
	l.write(func(tx *store.Tx) error {
		var err error
		if taken, err = insertClaim(tx, &c, epoch); err != nil {
			return err
		}
		kept := row
		if !taken {
			kept.Claimed--
		}
		_, err = tx.PutBackfill(&kept)
		return err
	}, func() {
		if !taken { // it had its run meanwhile
			b.sent--
			b.row.Total--
		}
		l.claimed(lv, taken)
	})
	l.touch(b.r)
}

// endBackfill ends a backfill that is through, was cancelled, or can not go on. by nil = the engine.
func (l *loop) endBackfill(b *backfill, state orchestrator.State, why string, by *orchestrator.Actor, done func(error)) {
	l.backfills = slices.DeleteFunc(l.backfills, func(other *backfill) bool { return other == b })
	now := l.e.clock()
	row := b.row
	row.State, row.EndedAt, row.Claimed = state, now, b.row.Claimed+b.sent
	if state == orchestrator.Completed {
		row.Cursor = row.Last
	}
	ev := orchestrator.Event{At: now, Kind: "backfill", Runner: row.Runner, State: state, By: "engine", Before: "running"}
	if by != nil {
		ev = l.audit(action{kind: "backfill", runner: row.Runner, state: state, by: *by, before: "running"})
	}
	ev.After = fmt.Sprintf("%s, %d of %d runs made", stateWords(state), row.Claimed, row.Total)
	ev.Text = fmt.Sprintf("backfill %s of %s %s", row.ID, row.Runner, ev.After)
	if why != "" {
		ev.Text += ": " + why
	}
	l.write(func(tx *store.Tx) error {
		if _, err := tx.PutBackfill(&row); err != nil {
			return err
		}
		return tx.AddEvent(&ev)
	}, func() {
		l.e.hub.Event(ev)
		if done != nil {
			done(nil)
		}
	})
}

// CancelBackfill ends a backfill: its waiting runs are cancelled, those that run go on.
func (e *Engine) CancelBackfill(ctx context.Context, id string, by orchestrator.Actor) error {
	return e.submitAndWait(ctx, func(l *loop, done func(error)) error {
		at := slices.IndexFunc(l.backfills, func(b *backfill) bool { return b.row.ID == id })
		if at < 0 {
			row, known, err := l.e.store.Backfill(ctx, id)
			switch {
			case err != nil && !errors.Is(err, orchestrator.ErrUnknownRun):
				return err
			case err != nil || !known:
				return notNow("there is no backfill %s", id)
			}
			return notNow("backfill %s is %s", id, stateWords(row.State))
		}
		b := l.backfills[at]
		l.endBackfill(b, orchestrator.Cancelled, "cancelled by "+actorText(by), &by, done)
		for _, lv := range slices.Clone(b.r.lives) {
			if lv.run.Backfill == id && !lv.holdsSlot() && !lv.run.State.Terminal() {
				l.stopRun(lv, actorText(by), l.evictEvent(lv, "cancelled with backfill "+id), func(error) {})
			}
		}
		return nil
	})
}

// Backfills gives the newest backfills, those that go on first.
func (e *Engine) Backfills(ctx context.Context) ([]orchestrator.Backfill, error) {
	if !e.running() {
		return nil, ErrStopped
	}
	rows, err := e.store.Backfills(ctx, listedBackfills)
	if err != nil {
		return nil, err
	}
	out := make([]orchestrator.Backfill, len(rows))
	for i := range rows {
		out[i] = rows[i].Backfill
	}
	return out, nil
}

// loadBackfills goes on with backfills that had not ended. It comes after the triggers.
func (l *loop) loadBackfills(ctx context.Context) error {
	rows, err := l.e.store.Backfills(ctx, maxBackfill)
	if err != nil {
		return err
	}
	for _, row := range slices.Backward(rows) { // the oldest first
		if row.State != orchestrator.Running {
			continue
		}
		b := &backfill{row: row, r: l.runners[row.Runner]}
		if b.r == nil || b.r.cfg.ID != row.Runner {
			b.r = &runner{gone: true, cfg: &config.Runner{ID: row.Runner}} // the first turn ends it
		}
		l.backfills = append(l.backfills, b)
		if !b.current() {
			continue
		}
		p := &backfillPlan{backfill: *b, from: row.Cursor.Add(1), to: row.Last, limit: maxBackfill}
		for i := range b.r.cfg.Triggers {
			if t := &b.r.cfg.Triggers[i]; t.Name == row.Trigger {
				p.cfg = *t
			}
		}
		for _, t := range b.r.triggers {
			if t.cfg.Name == row.Trigger {
				p.cfg.Schedule, p.known = t.cfg.Schedule, true
			}
		}
		if err := l.e.complete(ctx, p); err != nil {
			return fmt.Errorf("go on with backfill %s: %w", row.ID, err)
		}
		b.ticks = p.ticks
	}
	return nil
}
