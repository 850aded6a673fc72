package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// runner is what the loop knows of a runner. The loop owns it.
type runner struct {
	cfg      *config.Runner
	triggers []*trigger
	lives    []*live // runs that have not ended, in the order of their claims
	pause    *orchestrator.Pause
	unpause  *item
	gone     bool              // no longer in the configuration; its last runs are ending
	last     *orchestrator.Run // newest ended run that really ran
	lastOK   time.Time
	watchdog *watchdog // of the dead-man rule; nil = none
	fails    int       // failed runs in a row
	recent   []outcome
	slow     time.Duration // 95th percentile of recent; -1 = too few, 0 = not computed since they changed
	grew     bool          // it got rows since its history was cut back

	own    *limit // its own bound; nil = none
	peers  *peers // of what its runs take
	lanes  []*lane
	served uint64 // stamp of its latest start: who was served least recently comes first
	full   bool   // its latest tick was dropped because too many wait: told once
}

// outcome is one ended run, kept small: there may be ten thousand runners.
type outcome struct {
	run   int64
	at    int64 // when it started, in seconds since 1970
	took  time.Duration
	state orchestrator.State
}

// trigger is one way a runner becomes due.
type trigger struct {
	r       *runner
	cfg     config.Trigger
	spec    string
	cursor  time.Time          // newest nominal time that has its row, or will have with the next claim
	next    time.Time          // nominal time of the tick that it is armed with
	runs    int                // runs it has made
	unwatch context.CancelFunc // ends the watching of a file trigger; nil = it is none, or not yet watched
	anchor  time.Time
	it      *item

	backlog time.Time // newest of the ticks that are caught up one after the other; zero = none
	waits   bool      // its next tick waits for the end of the runner's run
}

// live is a run that has not ended. The loop owns it, but for the fields said to be shared.
type live struct {
	r        *runner
	cfg      *config.Runner // what the run executes with; a reload changes r.cfg, never this
	ed       *edition       // cfg's; nil = it has ended
	run      orchestrator.Run
	key      string
	reserved bool                    // a slot is taken and the run starts once its claim is durable
	claimed  bool                    // its row is durable
	lane     *lane                   // where it waits for a slot and limits; nil = nowhere
	since    time.Time               // when it began to wait
	grips    []*limit                // what it holds, from its reservation until its goroutine has returned
	gripped  time.Time               // since when
	number   uint64                  // order of claims
	held     bool                    // waits for the end of a pause; a resume lets it wait for a slot again
	forced   bool                    // fired by hand: pauses of its runner that held before do not hold it
	again    bool                    // steps of earlier goes are in the store
	wake     bool                    // an answer came while it executed: it goes on at once
	asks     map[string]question     // by step path
	retryNow bool                    // an operator does not want to wait for the step's next attempt
	stopper  string                  // who cancelled it
	cancel   context.CancelCauseFunc // nil = not executing
	it       *item                   // its next attempt, or the moment it becomes late

	// Shared with the run's goroutine.
	now      atomic.Pointer[string] // path of the step that runs
	done     atomic.Int64           // steps ended
	all      atomic.Int64           // steps known
	warnings atomic.Int64
	logSeq   atomic.Int64
	fenced   atomic.Bool // it was terminated: nothing that is still going on in it changes history any more
}

// question is what a step of a live run asked.
type question struct {
	at time.Time // when: a step may ask again
	by string    // who answered; "" = open
}

// remember takes an ended run into the runner's figures.
func (r *runner) remember(run *orchestrator.Run, seq int64) {
	if run.StartedAt.IsZero() {
		return
	}
	kept := *run
	if run.DryRun { // it counts in no figures; of a runner that is held dry it is at least the last one
		if r.cfg.DryRun {
			r.last = &kept
		}
		return
	}
	r.last, r.slow = &kept, 0
	switch run.State {
	case orchestrator.Completed:
		r.lastOK, r.fails = run.EndedAt, 0
	case orchestrator.Failed, orchestrator.Crashed:
		r.fails++
	}
	if run.Idle {
		return
	}
	if n := len(r.recent); n > 0 && r.recent[n-1].run == seq { // ended again after a rerun
		r.recent = r.recent[:n-1]
	}
	if len(r.recent) >= orchestrator.StripLen {
		copy(r.recent, r.recent[1:])
		r.recent = r.recent[:orchestrator.StripLen-1]
	}
	r.recent = append(r.recent, outcome{run: seq, at: run.StartedAt.Unix(), took: run.Duration(run.EndedAt), state: run.State})
}

// next gives the runner's next tick.
func (r *runner) next() (time.Time, *trigger) {
	var at time.Time
	var which *trigger
	for _, t := range r.triggers {
		if t.it.index >= 0 && (which == nil || t.it.due.Before(at)) {
			at, which = t.it.due, t
		}
	}
	return at, which
}

// figures computes success rate and percentiles over the remembered runs. Cancelled ones say nothing about the pipe.
func (r *runner) figures(v *orchestrator.Runner) {
	took := make([]time.Duration, 0, len(r.recent))
	good := 0
	for _, o := range r.recent {
		switch o.state {
		case orchestrator.Completed:
			good++
		case orchestrator.Failed, orchestrator.Crashed:
		default:
			continue
		}
		took = append(took, o.took)
	}
	v.Runs = len(took)
	if v.Runs == 0 {
		return
	}
	v.OKRate = float64(good) / float64(v.Runs)
	slices.Sort(took)
	v.P50, v.P95 = percentile(took, 50), percentile(took, 95)
}

// percentile is the nearest-rank percentile of sorted values.
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}
