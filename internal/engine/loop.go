package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
)

const (
	maxWait      = 30 * time.Second       // longest sleep: a suspend or a clock step is noticed within it
	flushEvery   = 100 * time.Millisecond // how often viewers get changed runners
	lateAfter    = 15 * time.Second       // a run that waits longer for its start is shown as late (Prefect's figure)
	interruptFor = 5 * time.Second        // how long interrupted runs may take to end
	writeRetry   = time.Second            // pause before a failed write is tried again
	clockJump    = 2 * time.Second        // wall and monotonic clock may differ by this much
)

var (
	errCancelled   = errors.New("cancelled by an operator")
	errInterrupted = errors.New("interrupted by the engine's stop")
	errRunTimeout  = errors.New("the run's timeout is over")
)

// loop is the dispatcher. Its goroutine owns every field.
type loop struct {
	e          *Engine
	ctx        context.Context // base of run contexts
	done       chan struct{}
	life       context.Context // ends with the loop: for what works beside it
	endLife    context.CancelFunc
	runners    map[string]*runner // by id and alias
	order      []*runner
	lives      map[string]*live // runs that have not ended, by id; those of a runner that a reload took away too
	timetable  timetable
	stuckSteps []*stuckStep      // steps that have not returned long after they should have
	follows    []*follow         // ended runs whose handlers have yet to end, oldest first
	queue      queue             // runs that wait for a slot or a limit
	limits     map[string]*limit // of tags and resources, by name
	claims     []claim           // collected during one turn
	slots      *limit            // how many runs the engine runs at once, and which
	adopted    uint64            // live runs so far
	seq        int64
	epoch      int64
	identity   string // of this history, for idempotency keys; set before the loop runs
	startedAt  time.Time
	ed         *edition              // the configuration in force
	editions   map[*edition]struct{} // it, and those that runs still use
	// configError says why a newer configuration was not taken; "" = it was.
	configError string
	backfills   []*backfill                  // those that go on, oldest first
	holds       map[orchestrator.Scope]*hold // pauses of the engine, tags and resources
	drained     bool                         // nothing was left to finish, and that was told
	draining    bool                         // stopping
	ending      bool                         // interrupted; waiting for runs to end
	deadline    time.Time
	dirty       map[*runner]struct{}
	flushed     time.Time
	problems    map[string]string
	couriers    map[string]*courier // by notification
	couriersRun bool
	watches     sync.WaitGroup // of file triggers
	sentry      *sentry
	services    []orchestrator.ServiceHealth // as they were looked at last
	jump        time.Duration                // latest step of the wall clock
	calm        *item                        // ends the problem that a step of the clock is
	unacked     map[*claiming]struct{}       // claims on their way to the disk
	announced   map[string]time.Time         // problems by key: when an event told of them last
	pending     int                          // writes not yet acknowledged
	pruning     bool
	prunedAll   time.Time
}

func newLoop(ctx context.Context, e *Engine) *loop {
	ed := newEdition(&Loaded{Config: e.o.Config, Services: e.o.Services, Env: e.o.Env, Close: e.o.Close}, e.clock())
	l := &loop{
		ed: ed, editions: map[*edition]struct{}{ed: {}},
		e: e, ctx: context.WithoutCancel(ctx), done: make(chan struct{}), runners: map[string]*runner{},
		slots: newLimit("slots", e.slots()), limits: map[string]*limit{}, queue: queue{groups: map[string]*peers{}},
		lives: map[string]*live{}, holds: map[orchestrator.Scope]*hold{},
		dirty: map[*runner]struct{}{}, problems: map[string]string{}, startedAt: e.clock(),
		unacked: map[*claiming]struct{}{}, announced: map[string]time.Time{},
	}
	l.life, l.endLife = context.WithCancel(l.ctx)
	l.sentry = newSentry(l)
	return l
}

// run is the loop: fire what is due, start what can start, wait for the next moment or message.
func (l *loop) run() {
	defer close(l.done)
	defer l.endLife()
	timer := time.NewTimer(0)
	defer timer.Stop()
	l.startFollows()
	for {
		now := l.e.clock()
		for _, f := range l.e.box.take() {
			f()
		}
		if !l.draining {
			l.startReady(now) // what can start counts as waiting for none of the ticks
			l.fireDue(now)
			l.fillBackfills(now)
			l.startReady(now)
			l.checkDrained(now)
		}
		l.flush(now)
		if l.finished(now) {
			return
		}
		now = l.e.clock() // the turn's own work is neither part of the wait nor a clock step
		wait := l.wait(now)
		timer.Reset(wait)
		mono := time.Now() //nolint:forbidigo // monotonic: compared with the wall clock to notice steps and suspends
		select {
		case <-timer.C:
		case <-l.e.box.wake:
		}
		l.checkClock(now, time.Since(mono)) //nolint:forbidigo // see mono
	}
}

// fireDue claims the ticks that are due and does what else is.
func (l *loop) fireDue(now time.Time) {
	for it := l.timetable.popDue(now); it != nil; it = l.timetable.popDue(now) {
		it.fire(now)
		l.startReady(now)
	}
	l.submitClaims()
}

// wait gives how long nothing is due.
func (l *loop) wait(now time.Time) time.Duration {
	wait := maxWait
	if due, ok := l.timetable.next(); ok && !l.draining {
		wait = min(wait, due.Sub(now))
	}
	if len(l.dirty) > 0 && l.e.hub.Viewers() > 0 {
		wait = min(wait, l.flushed.Add(flushEvery).Sub(now))
	}
	if l.draining {
		wait = min(wait, l.deadline.Sub(now))
	}
	return max(wait, 0)
}

// checkClock notes a wall clock that moved differently from the monotonic one. Nothing else is needed: due times are wall
// times, waits are short, and cursors only move forward.
func (l *loop) checkClock(before time.Time, elapsed time.Duration) {
	jump := l.e.clock().Sub(before) - elapsed
	if jump.Abs() < clockJump {
		return
	}
	l.noteJump(jump)
	l.event(orchestrator.Event{
		At: l.e.clock(), Kind: "clock", By: "engine",
		Text: "the clock moved by " + jump.Round(time.Millisecond).String() + " (suspend or clock step); due times are checked again",
	})
}

// drain stops claiming. Runs go on until the drain timeout.
func (l *loop) drain() {
	if l.draining {
		return
	}
	l.draining = true
	l.deadline = l.e.clock().Add(l.e.o.Config.Engine.DrainTimeout)
	l.publishEngine()
}

// interruptAll ends running runs; they go on at the next start.
func (l *loop) interruptAll() {
	l.drain()
	if l.ending {
		return
	}
	l.ending = true
	l.deadline = l.e.clock().Add(interruptFor)
	for _, lv := range l.lives {
		if lv.cancel != nil {
			lv.cancel(errInterrupted)
		}
	}
	for _, f := range l.follows {
		if f.cancel != nil {
			f.cancel(errInterrupted)
		}
	}
	l.follows = slices.DeleteFunc(l.follows, func(f *follow) bool { return f.cancel == nil }) // they begin at the next start
}

// finished says that the loop may end: all runs have ended and are written, or would not end in time.
func (l *loop) finished(now time.Time) bool {
	if !l.draining {
		return false
	}
	if l.slots.used == 0 && l.pending == 0 && len(l.follows) == 0 {
		return true
	}
	if now.Before(l.deadline) {
		return false
	}
	if !l.ending {
		l.interruptAll()
		return false
	}
	return true // what still runs is found as crashed by the next start
}

// write queues a durable change and calls then on the loop once it is on disk. A failing disk is shown and the write is
// tried again until it succeeds or the engine stops: nothing that happened is forgotten.
func (l *loop) write(fn func(*store.Tx) error, then func()) {
	l.pending++
	l.submit(fn, then)
}

func (l *loop) submit(fn func(*store.Tx) error, then func()) {
	err := l.e.store.WriteAsync(l.ctx, fn, func(err error) { l.e.box.post(func() { l.written(fn, then, err) }) })
	if err != nil {
		l.written(fn, then, err)
	}
}

func (l *loop) written(fn func(*store.Tx) error, then func(), err error) {
	if err == nil {
		l.pending--
		l.clearProblem("history")
		if then != nil {
			then()
		}
		return
	}
	l.problem("history", "history cannot be written: "+err.Error())
	if l.ending || errors.Is(err, store.ErrClosed) {
		l.pending--
		return
	}
	time.AfterFunc(writeRetry, func() { l.e.box.post(func() { l.submit(fn, then) }) })
}

func (l *loop) problem(key, text string) {
	if l.problems[key] == text {
		return
	}
	if l.problems[key] == "" {
		l.announce(key, text)
	}
	l.problems[key] = text
	l.e.log.Error("engine degraded", "problem", text)
	l.publishEngine()
}

func (l *loop) clearProblem(key string) {
	if _, ok := l.problems[key]; !ok {
		return
	}
	delete(l.problems, key)
	l.e.log.Info("engine recovered", "problem", key)
	l.publishEngine()
}

// event keeps and shows an event.
func (l *loop) event(ev orchestrator.Event) {
	l.write(func(tx *store.Tx) error { return tx.AddEvent(&ev) }, func() { l.e.hub.Event(ev) })
}

// touch marks a runner as changed for viewers.
func (l *loop) touch(r *runner) {
	if !r.gone || r.busy() {
		l.dirty[r] = struct{}{}
	}
}

// flush gives viewers the changed runners, at most every flushEvery.
func (l *loop) flush(now time.Time) {
	if len(l.dirty) == 0 {
		return
	}
	if l.e.hub.Viewers() == 0 {
		clear(l.dirty)
		return
	}
	if now.Sub(l.flushed) < flushEvery && !now.Before(l.flushed) {
		return
	}
	l.flushed = now
	for r := range l.dirty {
		l.e.hub.Runner(r.view(now, l))
	}
	clear(l.dirty)
	l.publishEngine()
}

func (l *loop) publishEngine() { l.e.hub.Engine(l.engineView()) }
