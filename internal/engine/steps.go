package engine

import (
	"context"
	"sync"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// joined folds the outcomes of several steps into their composite's.
type joined struct {
	results  []pipe.Result
	stopped  bool
	quiet    bool
	message  string
	waiting  *nodeOutcome // the earliest
	paused   *nodeOutcome // the one with the earliest deadline
	failure  *nodeOutcome // the first, in whatever go of the run it was
	failures int
	ended    bool
	at       string
}

func (j *joined) add(o nodeOutcome) {
	switch o.kind {
	case nodeDone:
		j.quiet = j.quiet || o.quiet
		if o.stopped {
			j.stopped, j.message = true, o.result.Message
			return
		}
		j.results = append(j.results, o.result)
	case nodeWaiting:
		if j.waiting == nil || o.next.Before(j.waiting.next) {
			j.waiting = &o
		}
	case nodePaused:
		if j.paused == nil || !o.next.IsZero() && sooner(j.paused.next, o.next).Equal(o.next) {
			j.paused = &o
		}
	case nodeFailed:
		j.failures++
		if j.failure == nil || o.before(j.failure) {
			j.failure = &o
		}
	case nodeEnded:
		j.ended, j.at = true, o.step
	}
}

// before says that a failure was earlier than another one. Side by side, what failed in an earlier go may be looked at last;
// of two at the same instant the name decides, so that every go says the same.
func (o *nodeOutcome) before(other *nodeOutcome) bool {
	if o.ended.IsZero() || other.ended.IsZero() {
		return !o.ended.IsZero()
	}
	return o.ended.Before(other.ended) || o.ended.Equal(other.ended) && o.step < other.step
}

// outcome is the composite's: ended before waiting before paused before failed before done. A failure waits for retries and
// answers elsewhere, so that everything that can be done is done.
func (j *joined) outcome(path string) nodeOutcome {
	switch {
	case j.ended:
		return nodeOutcome{kind: nodeEnded, step: j.at}
	case j.waiting != nil:
		out := *j.waiting
		if j.paused != nil {
			out.next = sooner(j.paused.next, out.next)
		}
		return out
	case j.paused != nil:
		return *j.paused
	case j.failure != nil:
		return *j.failure
	}
	out := nodeOutcome{kind: nodeDone, step: path, result: pipe.Union(j.results...), stopped: j.stopped, quiet: j.quiet}
	if j.stopped {
		out.result.Message = j.message
	}
	return out
}

// state of one step while its composite is evaluated.
type stepState struct {
	def   *pipe.Definition
	index int // among its siblings, from 1
	deps  []int
	out   *nodeOutcome
	busy  bool
}

// sequence evaluates the steps of a composite. A step runs when its rule says so of the steps it depends on. Without `parallel`,
// a step without depends_on depends on the one before it, as upstream's sequence does.
func (x *execution) sequence(ctx context.Context, def *pipe.Definition, at place, sc scope) nodeOutcome {
	all := dependencies(def)
	if !def.Parallel {
		return x.oneByOne(ctx, all, at, sc)
	}
	return x.sideBySide(ctx, all, at, sc)
}

// dependencies gives the steps with whom they wait for. Unknown names were refused by the configuration.
func dependencies(def *pipe.Definition) []stepState {
	index := make(map[string]int, len(def.Steps))
	for i := range def.Steps {
		index[def.Steps[i].ID] = i
	}
	all := make([]stepState, len(def.Steps))
	for i := range def.Steps {
		all[i].def, all[i].index = &def.Steps[i], i+1
		for _, id := range def.Steps[i].DependsOn {
			if j, ok := index[id]; ok && j != i {
				all[i].deps = append(all[i].deps, j)
			}
		}
		if len(def.Steps[i].DependsOn) == 0 && !def.Parallel && i > 0 {
			all[i].deps = []int{i - 1}
		}
	}
	return all
}

// turn is turnOf, but what has begun in an earlier go goes on: a completed step stays done after a rerun in which its rule
// would not hold, and a retry comes although another step has stopped quietly meanwhile.
func (x *execution) turn(all []stepState, i int, at place, stopped bool) (turn, string) {
	what, reason := turnOf(all, i, stopped)
	if (what == turnBehind || what == turnLeftOut) && x.begun(at.path+"/"+all[i].def.ID) {
		return turnRun, ""
	}
	return what, reason
}

func (x *execution) begun(path string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	st, known := x.steps[path]
	return known && st.State != orchestrator.Pending && st.State != orchestrator.Skipped
}

// leaveOut skips a step that is not to run, as its turn says.
func (x *execution) leaveOut(s *stepState, at place, what turn, reason string) {
	out := x.skip(x.stepFor(s.def, at.child(s.def.ID, s.index), len(s.def.Steps) > 0), reason)
	out.err = errLeftOut
	if what == turnBehind {
		out.err = errBehindFailure
	}
	s.out = &out
}

// oneByOne evaluates steps in list order, as far as their dependencies allow.
func (x *execution) oneByOne(ctx context.Context, all []stepState, at place, sc scope) nodeOutcome {
	var sum joined
	for progress := true; progress && !sum.ended; {
		progress = false
		for i := range all {
			if all[i].out != nil || sum.ended {
				continue
			}
			switch what, reason := x.turn(all, i, at, sum.stopped); what {
			case turnWait:
				continue
			case turnBehind, turnLeftOut:
				x.leaveOut(&all[i], at, what, reason)
			case turnRun:
				out := x.node(ctx, all[i].def, at.child(all[i].def.ID, all[i].index), sc)
				all[i].out = &out
				sum.add(out)
				sc = sc.after(all[i].def.ID, out)
			}
			progress = true
		}
	}
	return sum.outcome(at.path)
}

// sideBySide evaluates independent steps at the same time. Only this goroutine touches all; the others send their outcome.
func (x *execution) sideBySide(ctx context.Context, all []stepState, at place, sc scope) nodeOutcome {
	type ended struct {
		i   int
		out nodeOutcome
	}
	var (
		sum  joined
		wg   sync.WaitGroup
		ends = make(chan ended, len(all))
		busy int
	)
	defer wg.Wait()
	for {
		for i := range all {
			s := &all[i]
			if s.busy || s.out != nil || sum.ended {
				continue
			}
			switch what, reason := x.turn(all, i, at, sum.stopped); what {
			case turnWait:
			case turnBehind, turnLeftOut:
				x.leaveOut(s, at, what, reason)
			case turnRun:
				s.busy = true
				busy++
				seen := sc // what is done by now: at least the steps it depends on
				wg.Go(func() { ends <- ended{i, x.node(ctx, s.def, at.child(s.def.ID, s.index), seen)} })
			}
		}
		if busy == 0 {
			if turnsFollow(all, sum.stopped) && !sum.ended {
				continue
			}
			return sum.outcome(at.path)
		}
		e := <-ends
		busy--
		all[e.i].busy, all[e.i].out = false, &e.out
		sum.add(e.out)
		sc = sc.after(all[e.i].def.ID, e.out)
	}
}

// turnsFollow says that a step can be decided now: its dependencies were settled later in the same pass.
func turnsFollow(all []stepState, stopped bool) bool {
	for i := range all {
		if all[i].out == nil && !all[i].busy {
			if what, _ := turnOf(all, i, stopped); what != turnWait {
				return true
			}
		}
	}
	return false
}

// after adds what later steps may know of a step.
func (s scope) after(id string, out nodeOutcome) scope {
	switch out.kind {
	case nodeDone:
		return s.with(id, out.result)
	case nodeFailed:
		return s.with(id, pipe.Stop(errText(out.err)))
	default:
		return s
	}
}
