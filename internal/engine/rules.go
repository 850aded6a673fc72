package engine

import (
	"errors"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// Why a step was left out. A step skipped by its own condition has neither.
var (
	errBehindFailure = errors.New("behind a failure") // what it depends on failed, or was left out for that
	errLeftOut       = errors.New("left out")         // its rule did not hold although nothing failed, or a quiet stop came before
)

// ending is what became of a step, as the rules of the steps behind it see it. A step that waits for a retry or for a person
// has not ended.
type ending int

const (
	endNone    ending = iota // has not ended
	endDone                  // completed
	endSkipped               // skipped by its own condition
	endLeftOut               // see errLeftOut
	endFailed                // failed, or left out because of a failure: Airflow's failed and upstream_failed
)

func endingOf(out *nodeOutcome) ending {
	switch {
	case out == nil:
		return endNone
	case out.kind == nodeFailed, errors.Is(out.err, errBehindFailure) && out.skipped != "":
		return endFailed
	case out.kind != nodeDone:
		return endNone
	case out.skipped == "":
		return endDone
	case errors.Is(out.err, errLeftOut):
		return endLeftOut
	}
	return endSkipped
}

// turn says what may happen to a step now.
type turn int

const (
	turnWait    turn = iota
	turnRun          // its rule holds
	turnBehind       // it is left out because of a failure
	turnLeftOut      // it is left out although nothing failed
)

// decide applies a trigger rule to the endings of the steps that a step depends on; without any it simply runs. The answer
// never depends on the order in which they ended: what is said before all have ended would be said afterwards, too.
func decide(rule pipe.Rule, deps []ending) turn {
	if len(deps) == 0 {
		return turnRun
	}
	n := [endFailed + 1]int{}
	for _, d := range deps {
		n[d]++
	}
	switch rule {
	case pipe.RuleOneFailed:
		if n[endFailed] > 0 {
			return turnRun
		}
	case pipe.RuleAllSuccess, pipe.RuleNoneFailed, "":
		if n[endFailed] > 0 {
			return turnBehind
		}
	}
	if n[endNone] > 0 {
		return turnWait
	}
	switch {
	case rule == pipe.RuleOneFailed, (rule == pipe.RuleAllSuccess || rule == "") && n[endLeftOut] > 0:
		return turnLeftOut
	}
	return turnRun
}

// turnOf decides over a step of a composite and gives the reason when it is left out. After a quiet stop only a step whose
// rule is always, or one that answers to a failure, still runs: a failure is not "nothing to do".
func turnOf(all []stepState, i int, stopped bool) (turn, string) {
	s := &all[i]
	deps := make([]ending, len(s.deps))
	for k, d := range s.deps {
		deps[k] = endingOf(all[d].out)
	}
	what := decide(s.def.Rule, deps)
	if stopped && what != turnWait && !runsAfterStop(s.def.Rule, deps) {
		return turnLeftOut, "not reached: nothing to do"
	}
	switch what {
	case turnBehind:
		return what, reasonOf(all, s, endFailed, " failed")
	case turnLeftOut:
		if s.def.Rule == pipe.RuleOneFailed {
			return what, "nothing before it failed"
		}
		return what, reasonOf(all, s, endLeftOut, " was left out")
	}
	return what, ""
}

func runsAfterStop(rule pipe.Rule, deps []ending) bool {
	return len(deps) > 0 && (rule == pipe.RuleAlways || rule == pipe.RuleOneFailed && decide(rule, deps) == turnRun)
}

// reasonOf names the first step that s depends on with this ending. One that was left out itself hands on its own reason, so
// that a long chain names its beginning.
func reasonOf(all []stepState, s *stepState, why ending, what string) string {
	for _, d := range s.deps {
		if out := all[d].out; endingOf(out) == why {
			if out.skipped != "" && why == endFailed {
				return out.skipped
			}
			return all[d].def.ID + what
		}
	}
	return ""
}
