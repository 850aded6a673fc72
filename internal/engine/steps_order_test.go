package engine

import (
	"testing"
	"time"
)

// TestTheFirstFailureIsTheOneThatWasFirst, not the one that was looked at first.
func TestTheFirstFailureIsTheOneThatWasFirst(t *testing.T) {
	t.Parallel()
	early := nodeOutcome{kind: nodeFailed, step: "early", ended: time.Unix(1, 0)}
	late := nodeOutcome{kind: nodeFailed, step: "late", ended: time.Unix(6, 0)}
	for _, order := range [][]nodeOutcome{{early, late}, {late, early}, {{kind: nodeFailed, step: "now"}, early}, {early, {kind: nodeFailed}}} {
		var j joined
		for _, o := range order {
			j.add(o)
		}
		if got := j.outcome("g"); got.step != "early" || j.failures != 2 {
			t.Errorf("after %s, %s: %s, %d failures", order[0].step, order[1].step, got.step, j.failures)
		}
	}
}
