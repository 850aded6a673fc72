package engine

import (
	"hash/fnv"
	"slices"
	"strconv"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// model is the reference: what must become of every tick, worked out one event after the other, without a store, a heap, a
// queue or a goroutine. There are slots for all, so that runners do not touch each other.
type model struct {
	now     time.Time // wall clock
	runners []*mRunner
}

// mRunner is one runner of the model.
type mRunner struct {
	id      string
	every   time.Duration
	anchor  time.Time
	policy  config.Policy
	retries int
	delay   time.Duration // before each retry
	cursor  time.Time
	backlog time.Time            // newest tick of a backlog that runs one after the other
	waits   bool                 // the next tick of the backlog waits for the end of a run
	paused  bool                 // by any of pauses
	pauses  map[string]time.Time // since when
	away    bool                 // a reload took it away
	live    []*mRun
	ended   map[string]*mRun // by key
	skipped int
	missed  int
	dropped int
	ticks   int // nominal times that the cursor has passed
}

// mRun is one run of the model.
type mRun struct {
	key     string // the nominal time, or the moment somebody fired it
	state   orchestrator.State
	nominal time.Time // zero = fired by hand
	started time.Time
	ends    time.Time // running: when the attempt ends
	next    time.Time // awaiting_retry
	attempt int
	endedAt time.Time
	created time.Time
	forced  bool // fired by hand: pauses that held before do not hold it
}

// fate is what the pipe does in one attempt, for engine and model alike: by a hash, so that nobody has to remember it.
func fate(runner string, nominal time.Time, attempt int, every time.Duration) (took time.Duration, ok bool) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(runner + "/" + strconv.FormatInt(nominal.UnixNano(), 10) + "/" + strconv.Itoa(attempt)))
	x := h.Sum64()
	x = (x ^ x>>33) * 0xff51afd7ed558ccd
	x ^= x >> 29
	took = time.Duration(x>>8%5) * every / 2                                                                                      // up to two intervals
	took += time.Duration(50+x>>20%900)*time.Millisecond + time.Duration(1+x>>40%997)*time.Microsecond + time.Duration(x>>50%991) // never on a tick
	return took, x%3 != 0
}

// advance moves the clock and handles everything that is due on the way, in the order of the moments it was due at.
func (m *model) advance(to time.Time) {
	for {
		var first *event
		for _, r := range m.runners {
			if ev := r.nextEvent(); ev != nil && !ev.due.After(to) && (first == nil || ev.due.Before(first.due)) {
				first = ev
			}
		}
		if first == nil {
			m.now = to
			return
		}
		if first.due.After(m.now) {
			m.now = first.due
		}
		first.happen(m.now)
	}
}

// event is something that happens to a runner.
type event struct {
	due    time.Time
	happen func(now time.Time)
}

func (r *mRunner) nextEvent() *event {
	var first *event
	take := func(due time.Time, happen func(time.Time)) {
		if first == nil || due.Before(first.due) {
			first = &event{due, happen}
		}
	}
	if !r.waits && !r.away {
		next := r.after(r.cursor)
		take(next, func(now time.Time) { r.tick(next, now) })
	}
	for _, run := range r.live {
		switch {
		case run.state == orchestrator.Pending && r.expires(run) && !r.paused: // one that a pause holds is looked at when it ends
			take(run.nominal.Add(r.policy.StartDeadline+1), func(now time.Time) { r.giveUp(run, now) })
		case run.state == orchestrator.Running:
			take(run.ends, func(now time.Time) { r.attemptEnds(run, now) })
		case run.state == orchestrator.AwaitingRetry && !r.paused:
			take(run.next, func(now time.Time) { r.begin(run, now) })
		}
	}
	return first
}

// after gives the first nominal time after t.
func (r *mRunner) after(t time.Time) time.Time {
	if t.Before(r.anchor) {
		return r.anchor
	}
	n := t.Sub(r.anchor)/r.every + 1 // a count
	return r.anchor.Add(n * r.every) //nolint:durationcheck // see n
}

// tick decides over the ticks in (cursor, now].
func (r *mRunner) tick(first, now time.Time) {
	nominal := first
	if r.backlog.IsZero() || first.After(r.backlog) {
		r.backlog = time.Time{}
		count := int(now.Sub(first)/r.every) + 1
		latest := first.Add(time.Duration(count-1) * r.every)
		switch {
		case count == 1:
		case r.policy.Catchup == config.CatchupAll:
			r.backlog = latest
			for n := count; n > 1 && (n > r.policy.CatchupMax || now.Sub(nominal) > r.policy.CatchupWindow); n-- {
				r.dropped++
				r.pass(nominal)
				nominal = nominal.Add(r.every)
			}
		default:
			r.missed += count - 1
			for nominal.Before(latest) {
				r.pass(nominal)
				nominal = nominal.Add(r.every)
			}
		}
	}
	late := now.Sub(nominal)
	switch {
	case !r.backlog.IsZero() && len(r.live) > 0 && !r.paused:
		r.waits = true
		return
	case late > r.policy.CatchupWindow, r.policy.StartDeadline > 0 && late > r.policy.StartDeadline,
		r.policy.Catchup == config.CatchupSkip && late > time.Minute:
		r.missed++
	case r.paused:
		r.skipped++
	default:
		r.claim(&mRun{key: nominal.String(), nominal: nominal}, now)
	}
	r.pass(nominal)
}

func (r *mRunner) pass(nominal time.Time) {
	r.cursor = nominal
	r.ticks++
}

// claim lets a tick, or a fire by hand, meet the overlap policy. It reports false when there is no run.
func (r *mRunner) claim(run *mRun, now time.Time) bool {
	waiting := 0
	for _, other := range r.live {
		if other.state == orchestrator.Pending {
			waiting++
		}
	}
	run.state, run.created, run.forced = orchestrator.Pending, now, run.nominal.IsZero()
	switch r.policy.Overlap {
	case config.OverlapBufferOne:
		if len(r.live) > 1 { // one behind another; the first may wait for a resume
			return r.refuse(run, &r.skipped)
		}
	case config.OverlapBufferAll, config.OverlapAllowAll:
		if len(r.live) > 0 && waiting >= r.policy.QueueMax {
			return r.refuse(run, &r.dropped)
		}
	case config.OverlapCancelOther, config.OverlapTerminateOther:
		for _, other := range slices.Clone(r.live) {
			r.end(other, orchestrator.Cancelled, now)
		}
	default:
		if len(r.live) > 0 {
			return r.refuse(run, &r.skipped)
		}
	}
	r.live = append(r.live, run)
	r.startWaiting(now)
	return true
}

func (r *mRunner) refuse(run *mRun, count *int) bool {
	if !run.nominal.IsZero() {
		*count++
	}
	return false
}

// startWaiting starts the oldest waiting run when nothing else of the runner is going on, or all of them when they may overlap.
func (r *mRunner) startWaiting(now time.Time) {
	for _, run := range slices.Clone(r.live) {
		switch {
		case run.state != orchestrator.Pending || !r.mayStart(run) || r.paused && !run.forced:
		case r.expires(run) && now.Sub(run.nominal) > r.policy.StartDeadline:
			r.giveUp(run, now)
			return
		default:
			r.begin(run, now)
		}
	}
}

// expires says that a run that waits is given up when its start deadline is over.
func (r *mRunner) expires(run *mRun) bool {
	return r.policy.StartDeadline > 0 && !run.nominal.IsZero() && run.started.IsZero()
}

func (r *mRunner) giveUp(run *mRun, now time.Time) {
	r.missed++
	r.drop(run, now)
}

func (r *mRunner) mayStart(run *mRun) bool {
	return r.policy.Overlap == config.OverlapAllowAll || run == r.live[0]
}

func (r *mRunner) begin(run *mRun, now time.Time) {
	if run.started.IsZero() {
		run.started = now
	}
	nominal := run.nominal
	if nominal.IsZero() {
		nominal = run.started
	}
	run.state = orchestrator.Running
	run.attempt++
	took, _ := fate(r.id, nominal, run.attempt, r.every)
	run.ends = now.Add(took)
}

func (r *mRunner) attemptEnds(run *mRun, now time.Time) {
	nominal := run.nominal
	if nominal.IsZero() {
		nominal = run.started
	}
	_, ok := fate(r.id, nominal, run.attempt, r.every)
	switch {
	case ok:
		r.end(run, orchestrator.Completed, now)
	case run.attempt <= r.retries:
		run.state, run.next = orchestrator.AwaitingRetry, now.Add(r.delay)
	default:
		r.end(run, orchestrator.Failed, now)
	}
}

func (r *mRunner) end(run *mRun, state orchestrator.State, now time.Time) {
	run.state, run.endedAt = state, now
	r.ended[run.key] = run
	r.drop(run, now)
}

func (r *mRunner) drop(run *mRun, now time.Time) {
	r.live = slices.DeleteFunc(r.live, func(other *mRun) bool { return other == run })
	r.waits = false
	r.startWaiting(now)
}

// hold pauses the runner: its own pause, one of its tag, or one of the engine.
func (r *mRunner) hold(by string, now time.Time) {
	r.pauses[by], r.paused = now, true
	for _, run := range r.live {
		run.forced = false
	}
}

// recall says after a start which runs were fired although the runner was paused.
func (r *mRunner) recall() {
	for _, run := range r.live {
		run.forced = run.nominal.IsZero()
		for _, since := range r.pauses {
			run.forced = run.forced && run.created.After(since)
		}
	}
}

// release ends a pause. What waited goes on, when no other one holds it.
func (r *mRunner) release(by string, now time.Time) {
	delete(r.pauses, by)
	if r.paused = len(r.pauses) > 0; !r.paused {
		r.startWaiting(now)
	}
}

// retime gives the runner another timetable from now on. What was due and had to wait is dropped.
func (r *mRunner) retime(now time.Time, every time.Duration, anchor time.Time) {
	for next := r.after(r.cursor); !r.away && !next.After(now); next = r.after(next) {
		r.dropped++
		r.pass(next)
	}
	r.cursor, r.backlog, r.waits = now, time.Time{}, false
	r.every, r.anchor = every, anchor
}

// crash is kill -9 and a start at now: an attempt that ran is lost.
func (r *mRunner) crash(now time.Time) {
	r.waits, r.backlog = false, time.Time{}
	r.recall()
	var lost []*mRun
	for _, run := range r.live {
		switch {
		case run.state != orchestrator.Running:
		case run.attempt <= r.retries:
			run.state, run.next = orchestrator.AwaitingRetry, now.Add(r.delay)
		default:
			lost = append(lost, run)
		}
	}
	for _, run := range lost {
		r.end(run, orchestrator.Crashed, now)
	}
	r.startWaiting(now)
}

// restart is an orderly stop without waiting and a start at now: an attempt that ran does not count.
func (r *mRunner) restart(now time.Time) {
	r.waits, r.backlog = false, time.Time{}
	r.recall()
	for _, run := range r.live {
		if run.state == orchestrator.Running {
			run.state = orchestrator.Pending
			run.attempt--
		}
	}
	r.startWaiting(now)
}
