package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// asks waits for an answer, and succeeds with what it was given.
func asks(deadline time.Duration, input map[string]string) doFunc {
	return func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
		if c.Answer == nil {
			return pipe.Result{}, &pipe.Wait{Question: "move it?", Subject: map[string]any{"ticket": "7"}, Input: input, For: deadline}
		}
		a := *c.Answer
		return pipe.Success(fmt.Sprintf("%v %v by %s: %s %v, attempt %d", a.Approved, a.Expired, a.By, a.Note, a.Input, c.Attempt), nil), nil
	}
}

func (b *bench) answer(run string, yes bool) error {
	return b.e.Answer(b.t.Context(), orchestrator.AnswerRequest{Run: run, Approve: yes, Note: "fine", By: kim})
}

func (b *bench) wantQuestions(n int) []orchestrator.Approval {
	b.t.Helper()
	open, err := b.e.Approvals(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	snap, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	if len(open) != n || snap.Engine.Approvals != n {
		b.t.Errorf("%d open questions, the engine says %d, want %d", len(open), snap.Engine.Approvals, n)
	}
	return open
}

func approvals(def ...pipe.Definition) pipe.Definition { return group("g", def...) }

// TestAnApprovalSurvivesEverything: the run waits for days without a slot, over a stop, a kill and another restart, and goes
// on with the answer as the same attempt.
func TestAnApprovalSurvivesEverything(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(approvals(probe("first"), probe("gate"), probe("after"))), runnerOf(probe("other")))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["gate"] = asks(0, map[string]string{"queue": "text", "n": "number", "sure": "bool"})
		b.start()
		id := b.fire("g")
		pass(time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g": "paused", "g/first": "completed", "g/gate": "paused"})
		if d.Run.State != orchestrator.Paused || d.Run.Reason != "g/gate waits for an answer: move it?" || !d.Run.NextAt.IsZero() {
			t.Errorf("run %+v", d.Run)
		}
		if a := b.wantQuestions(1)[0]; a.Step != "g/gate" || a.Runner != "g" || a.Subject["ticket"] != "7" || !a.Until.IsZero() {
			t.Errorf("question %+v", a)
		}
		b.fire("other") // there is one slot only
		pass(time.Minute)
		if n := len(b.callsOf("other")); n != 1 {
			t.Errorf("the waiting run keeps its slot: other ran %d times", n)
		}
		if _, err := b.e.RunOnce(t.Context(), "g", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("a second run beside a waiting one: %v", err)
		}
		b.stop()
		b.start()
		pass(48 * time.Hour)
		b.die()
		b.start()
		pass(time.Hour)
		b.wantQuestions(1)
		if n := len(b.callsOf("g/gate")); n != 1 {
			t.Errorf("asked %d times", n)
		}
		req := orchestrator.AnswerRequest{
			Run: id, Step: "g/gate", Approve: true, By: kim, Input: map[string]string{"queue": "Support", "n": " 12 ", "sure": "no"}, Note: "go",
		}
		if err := b.e.Answer(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		b.die() // the answer is durable, nothing else is
		b.start()
		pass(time.Minute)
		d = b.detail(id)
		wantStates(t, d, map[string]string{"g": "completed", "g/gate": "completed", "g/after": "completed"})
		want := "true false by kim: go map[n:12 queue:Support sure:false], attempt 1"
		if got := step(d, "g/gate").Message; got != want {
			t.Errorf("the pipe got %q, want %q", got, want)
		}
		if n := b.count(); n["g/first"] != 1 || n["g/gate"] < 2 { // the life that took the answer may have begun to use it
			t.Errorf("calls %v", n)
		}
		b.wantQuestions(0)
		b.stop()
	})
}

// TestTheFirstAnswerCounts also when the second comes before the first is durable, and says who was first.
func TestTheFirstAnswerCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("g")))
		b.do["g"] = asks(0, nil)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		release := b.holdWriter()
		errs := make(chan error, 2)
		go func() { errs <- b.answer(id, true) }()
		synctest.Wait()
		go func() {
			errs <- b.e.Answer(t.Context(), orchestrator.AnswerRequest{Run: id, By: orchestrator.Actor{Name: "lee", Via: "cli"}})
		}()
		synctest.Wait()
		release()
		for range 2 {
			if err := <-errs; err != nil && (!errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), "answered already, by kim")) {
				t.Errorf("second answer: %v", err)
			}
		}
		pass(time.Minute)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || !strings.HasPrefix(step(d, "g").Message, "true false by kim") {
			t.Errorf("run %+v says %q", d.Run, step(d, "g").Message)
		}
		if err := b.answer(id, false); !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), "it is completed") {
			t.Errorf("after the end: %v", err)
		}
		if err := b.answer("99", false); !errors.Is(err, orchestrator.ErrUnknownRun) {
			t.Errorf("unknown run: %v", err)
		}
		b.stop()
	})
}

// TestDeadlines: one that passes while the engine runs, and one that passes while it is down.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, runnerOf(probe("g")))
			b.do["g"] = asks(time.Hour, nil)
			b.start()
			id := b.fire("g")
			begin := time.Now()
			pass(time.Second)
			if d := b.detail(id); d.Run.NextAt.Sub(begin) < 59*time.Minute || !strings.Contains(d.Run.Reason, " · until ") {
				t.Errorf("run %+v", d.Run)
			}
			if down {
				b.stop()
				pass(2 * time.Hour)
				b.start()
			}
			pass(time.Hour - 2*time.Second)
			if !down {
				b.wantQuestions(1)
			}
			pass(3 * time.Second)
			d := b.detail(id)
			if d.Run.State != orchestrator.Completed || !strings.HasPrefix(step(d, "g").Message, "false true by the deadline") {
				t.Errorf("down %v: run %+v says %q", down, d.Run, step(d, "g").Message)
			}
			if err := b.answer(id, true); !errors.Is(err, orchestrator.ErrNotNow) {
				t.Errorf("an answer after the deadline: %v", err)
			}
			b.wantQuestions(0)
			b.stop()
		})
	}
}

// TestInputIsChecked before anything is kept.
func TestInputIsChecked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("g")))
		b.do["g"] = asks(0, map[string]string{"n": "number", "sure": "bool"})
		b.startWith(func(o *Options) { o.Secrets = []string{"hunter22"} })
		id := b.fire("g")
		pass(time.Second)
		for says, req := range map[string]orchestrator.AnswerRequest{
			"input n (number) is missing":     {Approve: true},
			"expected a number, got \"many\"": {Input: map[string]string{"n": "many"}},
			"expected a number, got \"NaN\"":  {Input: map[string]string{"n": "NaN"}},
			"expected yes or no":              {Input: map[string]string{"sure": "maybe"}},
			"there is no input \"x\"":         {Input: map[string]string{"x": "1"}},
			"input n holds a secret":          {Input: map[string]string{"n": "hunter22"}},
			"the note holds a secret":         {Note: "it is hunter22"},
		} {
			req.Run, req.By = id, kim
			if err := b.e.Answer(t.Context(), req); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("want %q, got %v", says, err)
			}
		}
		b.wantQuestions(1)
		if err := b.answer(id, false); err != nil { // a no needs no input
			t.Fatal(err)
		}
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("run %+v", d.Run)
		}
		b.stop()
	})
}

// TestQuestionsSideBySide: two questions, a retry and slow work at once. Each answer is taken whatever the run does.
func TestQuestionsSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky := probe("flaky")
		flaky.Retry = retries(1, 10*time.Minute)
		b := newBench(t, runnerOf(sideBySide(group("g", probe("a"), probe("b"), probe("slow"), flaky, after(probe("end"), "a", "b", "flaky")))))
		b.do["a"], b.do["b"], b.do["slow"], b.do["flaky"] = asks(0, nil), asks(0, nil), untilDone(time.Minute), failsUntil(2)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Running {
			t.Errorf("the slow step still runs: %+v", d.Run)
		}
		if err := b.answer(id, true); err == nil || !strings.Contains(err.Error(), "g/a, g/b") {
			t.Errorf("which of the two: %v", err)
		}
		if err := b.e.Answer(t.Context(), orchestrator.AnswerRequest{Run: id, Step: "g/a", Approve: true, By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g/a": "completed", "g/b": "paused", "g/slow": "completed", "g/flaky": "awaiting_retry"})
		if d.Run.State != orchestrator.AwaitingRetry {
			t.Errorf("run %+v", d.Run)
		}
		if err := b.answer(id, true); err != nil { // while it waits for the retry
			t.Fatal(err)
		}
		pass(time.Second)
		wantStates(t, b.detail(id), map[string]string{"g/b": "completed", "g/flaky": "awaiting_retry"})
		pass(time.Hour)
		wantStates(t, b.detail(id), map[string]string{"g": "completed", "g/end": "completed"})
		if got := fmt.Sprint(b.count()); got != "map[g/a:2 g/b:2 g/end:1 g/flaky:2 g/slow:1]" {
			t.Errorf("calls %s", got)
		}
		b.stop()
	})
}

// TestAQuestionEndsWithItsRun: a cancel, the run's timeout, and a rerun that asks again.
func TestAQuestionEndsWithItsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timed := runnerOf(probe("timed"))
		timed.Timeout = time.Hour
		b := newBench(t, runnerOf(approvals(probe("gate"))), timed)
		b.do["gate"], b.do["timed"] = asks(0, nil), asks(2*time.Hour, nil)
		b.start()
		id, late := b.fire("g"), b.fire("timed")
		pass(time.Minute)
		if err := b.e.Cancel(t.Context(), id, kim); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		allEnded(t, "cancelled", b.detail(id))
		if err := b.answer(id, true); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("the answer to a cancelled run: %v", err)
		}
		pass(time.Hour)
		if d := b.detail(late); d.Run.State != orchestrator.Failed || d.Run.ErrorClass != "timeout" {
			t.Errorf("timed: %+v", d.Run)
		}
		b.wantQuestions(0)
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		b.wantQuestions(1)
		if err := b.answer(id, true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Errorf("rerun: %+v", d.Run)
		}
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim, All: true}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		b.wantQuestions(1) // the old answer is not taken for a new one
		b.stop()
	})
}

// TestAHeldRunnersQuestion: answers and deadlines are taken while the runner is paused, the run goes on with the resume.
func TestAHeldRunnersQuestion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("yes")), runnerOf(probe("late")))
		b.do["yes"], b.do["late"] = asks(0, nil), asks(time.Hour, nil)
		b.start()
		yes, late := b.fire("yes"), b.fire("late")
		pass(time.Second)
		for _, r := range []string{"yes", "late"} {
			if err := b.e.Pause(t.Context(), r, orchestrator.PauseRequest{By: kim}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.answer(yes, true); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Hour)
		if len(b.calls) != 2 {
			t.Errorf("went on although held: %+v", b.calls)
		}
		for _, r := range []string{"yes", "late"} {
			if err := b.e.Resume(t.Context(), r, kim); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		for _, id := range []string{yes, late} {
			if d := b.detail(id); d.Run.State != orchestrator.Completed {
				t.Errorf("run %+v", d.Run)
			}
		}
		b.stop()
	})
}

// TestAskingTwice: a pipe may ask again after an answer; each question has its own.
func TestAskingTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("g")))
		b.do["g"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Answer != nil && !c.Answer.Approved {
				return pipe.Result{}, &pipe.Wait{Question: "really?"}
			}
			return asks(0, nil)(ctx, c)
		}
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if err := b.answer(id, false); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if q := b.wantQuestions(1)[0]; q.Question != "really?" {
			t.Errorf("question %+v", q)
		}
		if err := b.answer(id, true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.Completed || d.Run.Idle || step(d, "g").Attempt != 1 {
			t.Errorf("run %+v", d.Run)
		}
		b.stop()
	})
}

// TestAnAnswerIsAnEvent: who, from where, what, before and after.
func TestAnAnswerIsAnEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("g")))
		b.do["g"] = asks(0, nil)
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if err := b.answer(id, true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		events, err := b.e.Events(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]orchestrator.Event{}
		for _, e := range events {
			if e.Run == id {
				kinds[e.Kind] = e
			}
		}
		if e := kinds["approval"]; e.By != "engine" || !strings.Contains(e.Text, "move it?") {
			t.Errorf("question %+v", e)
		}
		if e := kinds["answer"]; e.By != "kim" || e.Via != "test" || e.Before != "open" || e.After != "approved" {
			t.Errorf("answer %+v", e)
		}
		if len(kinds) != 3 { // with fired
			t.Errorf("events %+v", events)
		}
		b.stop()
	})
}

// TestARerunAsksAgain where the answer made the step fail, and not where the step completed.
func TestARerunAsksAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(approvals(probe("one"), probe("two"))))
		b.do["one"] = asks(0, nil)
		b.do["two"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Answer != nil && !c.Answer.Approved {
				return permanent(ctx, c)
			}
			return asks(0, nil)(ctx, c)
		}
		b.start()
		id := b.fire("g")
		for _, yes := range []bool{true, false} {
			pass(time.Second)
			if err := b.answer(id, yes); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Second)
		wantStates(t, b.detail(id), map[string]string{"g": "failed", "g/one": "completed", "g/two": "failed"})
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if q := b.wantQuestions(1)[0]; q.Step != "g/two" {
			t.Errorf("question %+v", q)
		}
		if err := b.answer(id, true); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		wantStates(t, b.detail(id), map[string]string{"g": "completed", "g/two": "completed"})
		b.stop()
	})
}

// TestAQuestionIsNoFailure for whatever looks at an error's class.
func TestAQuestionIsNoFailure(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("step: %w", &pipe.Wait{Question: "?"})
	if c := fault.ClassOf(err); c != fault.Permanent {
		t.Errorf("class %s", c)
	}
}
