package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// promised is a runner with all that can go on in and after a run: items, a rule, a question, retries, undo and handlers.
func promised(id string) config.Runner {
	gate, flaky, bad, slow := probe("gate"), probe("flaky"), probe("bad"), undoable("slow")
	flaky.Retry, bad.Retry, slow.Retry = retries(9, 20*time.Second), retries(9, 30*time.Second), retries(9, 10*time.Second)
	items := eachOf("each", []any{"a", "b", "c"}, "{{ it }}", undoable("do"))
	for _, u := range []*pipe.Definition{slow.Undo, items.Steps[0].Undo} {
		u.Retry = retries(9, 15*time.Second)
	}
	def := group(id, undoable("first"), items, sideBySide(group("both", gate, flaky, slow)), bad, ruled(probe("alarm"), pipe.RuleOneFailed, "bad"))
	def.Steps[0].Undo.Retry = retries(9, 15*time.Second)
	h := probe("told")
	h.Retry = retries(9, 25*time.Second)
	return handled(def, config.Handlers{
		OnSuccess: []pipe.Definition{h}, OnFailure: []pipe.Definition{h}, OnCancel: []pipe.Definition{h}, OnExit: []pipe.Definition{probe("exit")},
	})
}

// TestPromisesOverRandomKills kills, stops, answers, cancels and holds at random moments. In the end every run has ended, with its
// steps and questions, its handlers are done, and a failed one is undone as a whole.
func TestPromisesOverRandomKills(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	for round := range 6 {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, uint64(round)))
			b := newBench(t, promised("p0"), promised("p1"), promised("p2"))
			b.cfg.Engine.DrainTimeout = time.Second
			work := func(fails int) doFunc { // takes up to 3 s and fails now and then, without a plan the model must know
				return func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
					if r, err := untilDone(time.Duration(len(c.Key)*7919%3000)*time.Millisecond)(ctx, c); err != nil || c.Attempt > fails {
						return r, err
					}
					return pipe.Result{}, errors.New("not yet")
				}
			}
			for _, id := range []string{"first", "do", "slow", "undo", "exit", "alarm"} {
				b.do[id] = work(0)
			}
			b.do["flaky"], b.do["told"], b.do["gate"] = work(1), work(2), asks(5*time.Minute, nil)
			b.do["bad"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
				if strings.HasPrefix(c.Step, "p0") {
					return work(1)(ctx, c)
				}
				return permanent(ctx, c)
			}
			b.start()
			var ids []string
			for i := range 3 {
				ids = append(ids, b.fire(fmt.Sprintf("p%d", i)))
			}
			for range 25 {
				b.anything(rnd, ids)
			}
			for i := range 3 {
				_ = b.e.Resume(t.Context(), fmt.Sprintf("p%d", i), kim)
			}
			pass(3 * time.Hour)
			for _, id := range ids {
				b.keptPromises(seed, round, b.detail(id))
			}
			b.wantQuestions(0)
			b.stop()
		})
	}
}

func (b *bench) anything(rnd *rand.Rand, ids []string) {
	b.t.Helper()
	pass(time.Duration(rnd.IntN(20_000)) * time.Millisecond)
	i := rnd.IntN(len(ids))
	switch runner := fmt.Sprintf("p%d", i); rnd.IntN(8) {
	case 0, 1, 2:
		b.die()
		b.start()
	case 3:
		b.stop()
		b.start()
	case 4:
		_ = b.answer(ids[i], rnd.IntN(4) > 0) // refused when nothing is asked
	case 5:
		_ = b.e.Pause(b.t.Context(), runner, orchestrator.PauseRequest{By: kim})
	case 6:
		_ = b.e.Resume(b.t.Context(), runner, kim)
	case 7:
		if rnd.IntN(6) == 0 {
			_ = b.e.Cancel(b.t.Context(), ids[i], kim)
		}
	}
}

func (b *bench) keptPromises(seed uint64, round int, d orchestrator.RunDetail) {
	b.t.Helper()
	what := fmt.Sprintf("seed %d round %d, %s %s %s (%s)", seed, round, d.Run.Runner, d.Run.State, d.Run.Handlers, d.Run.Reason)
	allEnded(b.t, what, d)
	if told, err := b.e.RunEvents(b.t.Context(), d.Run.ID, 1000); err != nil {
		b.t.Error(err)
	} else if slices.ContainsFunc(told, func(e orchestrator.Event) bool {
		return strings.HasPrefix(e.Text, "handlers of run "+d.Run.ID+" cancelled")
	}) {
		if d.Run.Handlers != "failed" {
			b.t.Errorf("%s: its handlers were cancelled", what)
		}
	} else if d.Run.Handlers != "done" || !strings.Contains(handlerSteps(d), "on_exit/exit=completed") {
		b.t.Errorf("%s: handlers %s", what, handlerSteps(d))
	}
	if d.Run.State != orchestrator.Failed && d.Run.State != orchestrator.Crashed {
		return
	}
	did, undid := 0, 0
	for _, s := range d.Steps {
		switch {
		case s.Kind == "undo" && s.State == orchestrator.Completed:
			undid++
		case s.Kind == "" && s.State == orchestrator.Completed && (s.ID == "first" || s.ID == "do" || s.ID == "slow"):
			did++
			if s.Reason != "undone" {
				b.t.Errorf("%s: %s is %q", what, s.Path, s.Reason)
			}
		}
	}
	if did != undid || !strings.HasSuffix(d.Run.Reason, fmt.Sprintf("%d of %d steps undone", did, did)) {
		b.t.Errorf("%s: %d steps done, %d undone", what, did, undid)
	}
}
