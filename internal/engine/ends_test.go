package engine

import (
	"context"
	"database/sql" //nolint:depguard // the test breaks the file on purpose
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/store"
)

type hookRenderer struct {
	Renderer
	hook func(template string) (late bool) // late: the rendering itself sees no cancel
}

func (h hookRenderer) Render(ctx context.Context, template string, s render.Scope) (render.Value, error) {
	if h.hook(template) {
		ctx = context.WithoutCancel(ctx)
	}
	return h.Renderer.Render(ctx, template, s)
}

// allEnded checks that no step of an ended run says that it still goes on.
func allEnded(t *testing.T, what string, d orchestrator.RunDetail) {
	t.Helper()
	if !d.Run.State.Terminal() || d.Run.EndedAt.IsZero() {
		t.Errorf("%s: the run is %s", what, d.Run.State)
	}
	for _, s := range d.Steps {
		if !s.State.Terminal() || s.EndedAt.IsZero() || !s.NextAt.IsZero() {
			t.Errorf("%s: the run is %s, its step %s is %s, next %s", what, d.Run.State, s.Path, s.State, s.NextAt)
		}
	}
}

// TestNoStepOutlivesItsRun ends runs in every way while steps wait or run.
func TestNoStepOutlivesItsRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flaky := probe("flaky")
		flaky.Retry = retries(1, time.Hour)
		timed := runnerOf(sideBySide(group("timed", group("inner", flaky), probe("slow"))))
		timed.Timeout = time.Minute
		once := probe("once")
		once.Retry = retries(0, 0)
		b := newBench(t, runnerOf(group("waits", group("inner", flaky), probe("rest"))),
			runnerOf(sideBySide(group("runs", group("inner", flaky), probe("slow")))), timed,
			runnerOf(sideBySide(group("dies", group("inner", once), flaky, probe("quick")))))
		b.do["flaky"], b.do["slow"], b.do["quick"] = failsUntil(2), untilDone(time.Hour), failsUntil(1)
		b.do["once"] = untilDone(24 * time.Hour)
		b.start()
		ids := map[string]string{}
		for _, r := range []string{"waits", "runs", "timed", "dies"} {
			ids[r] = b.fire(r)
		}
		pass(time.Second)
		for _, r := range []string{"waits", "runs"} {
			if err := b.e.Cancel(t.Context(), ids[r], kim); err != nil {
				t.Fatal(err)
			}
		}
		pass(2 * time.Minute)
		for _, r := range []string{"waits", "runs", "timed"} {
			allEnded(t, r, b.detail(ids[r]))
		}
		if d := b.detail(ids["timed"]); d.Run.State != orchestrator.Failed {
			t.Errorf("timed: %+v", d.Run)
		}
		b.die()
		b.start()
		pass(time.Second)
		d := b.detail(ids["dies"])
		allEnded(t, "dies", d)
		wantStates(t, d, map[string]string{"dies/inner/once": "crashed", "dies": "crashed", "dies/inner": "crashed", "dies/quick": "completed"})
		b.do["once"] = nil
		if err := b.e.Rerun(t.Context(), ids["dies"], orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Hour)
		allEnded(t, "dies, run again", b.detail(ids["dies"]))
		if n := len(b.callsOf("dies/quick")); n != 1 {
			t.Errorf("what had completed was done %d times", n)
		}
		b.stop()
	})
}

// die ends the engine as a crash does: what was not written stays unwritten, and nobody waits for anything.
func (b *bench) die() {
	b.t.Helper()
	if err := errors.Join(b.e.store.Close(), b.e.lock.Release()); err != nil {
		b.t.Fatal(err)
	}
	old := b.e
	old.box.post(func() { // end the loop and its runs, so that the bubble can end; nothing of it is written any more
		old.loop.interruptAll()
		old.loop.deadline = time.Time{}
	})
	<-old.loop.done
}

// TestStepsComeInDefinitionOrder also where they run side by side, nested and against their order.
func TestStepsComeInDefinitionOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := sideBySide(group("g", after(group("a", probe("a1"), probe("a2")), "c"), group("b", probe("b1"), sideBySide(group("b2", probe("x"), probe("y")))),
			group("c", probe("c1")), after(probe("d"), "a")))
		b := newBench(t, runnerOf(g))
		b.do["b1"], b.do["y"] = untilDone(time.Second), failsUntil(2)
		b.start()
		id := b.fire("g")
		for range 2 {
			pass(time.Minute)
			var got []string
			for i, s := range b.detail(id).Steps {
				got = append(got, s.Path)
				if s.Order != i+1 {
					t.Errorf("%s has the number %d, stands at %d", s.Path, s.Order, i+1)
				}
			}
			want := "g g/a g/a/a1 g/a/a2 g/b g/b/b1 g/b/b2 g/b/b2/x g/b/b2/y g/c g/c/c1 g/d"
			if strings.Join(got, " ") != want {
				t.Errorf("steps\n%s, want\n%s", strings.Join(got, " "), want)
			}
			snap, err := b.e.Snapshot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if r := snap.Runners[0]; r.StepsDone > r.StepsAll {
				t.Errorf("%d of %d steps are done", r.StepsDone, r.StepsAll)
			}
		}
		b.stop()
	})
}

// TestWhatHappenedIsWrittenBesideACancel cancels between the end of one step and the start of the next: while a template is
// rendered, which cuts the rendering off, and just after it.
func TestWhatHappenedIsWrittenBesideACancel(t *testing.T) {
	t.Parallel()
	const trap = "{{ 'cancel now' }}"
	cond, list, key, param := probe("two"), eachOf("two", nil, "", probe("x")), eachOf("two", []any{1}, trap, probe("x")), group("two", probe("x"))
	cond.If, list.ForEach, param.Params = trap, trap, map[string]any{"v": trap}
	for name, two := range map[string]pipe.Definition{"if": cond, "for_each": list, "key": key, "params": param} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, runnerOf(group("g", probe("zero"), after(probe("one"), "zero"), after(two, "zero"))))
			b.do["one"], b.do["two"], b.do["x"] = permanent, untilDone(time.Hour), untilDone(time.Hour)
			var id string
			gate := make(chan struct{})
			b.do["zero"] = func(context.Context, *pipe.Call) (pipe.Result, error) { <-gate; return pipe.Success("", nil), nil }
			late := false
			b.startWith(func(o *Options) {
				o.Renderer = hookRenderer{o.Renderer, func(template string) bool {
					if strings.Contains(template, trap) {
						if err := b.e.Cancel(context.WithoutCancel(t.Context()), id, kim); err != nil {
							t.Error(err)
						}
					}
					return late
				}}
			})
			for i := range 12 {
				late = i > 2
				id = b.fire("g")
				gate <- struct{}{}
				pass(time.Minute)
				d := b.detail(id)
				if s := step(d, "g/one"); s.State != orchestrator.Failed || len(s.Attempts) != 1 {
					t.Errorf("%s: one is %s with %d attempts", name, s.State, len(s.Attempts))
				}
				if d.Run.State != orchestrator.Cancelled {
					t.Errorf("%s: run %s %q, two is %+v", name, d.Run.State, d.Run.Reason, step(d, "g/two"))
				}
			}
			b.stop()
		})
	}
}

// TestAFailedStartNoticeLosesNothing lets the disk refuse the write that says a step has begun; it carries the end of the
// step before it.
func TestAFailedStartNoticeLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(group("g", probe("zero"), after(probe("one"), "zero"), after(probe("two"), "zero"))))
		b.do["one"] = permanent
		b.start()
		db, err := sql.Open("sqlite", filepath.Join(b.dir, store.FileName))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), `CREATE TRIGGER broken BEFORE INSERT ON step WHEN NEW.path='g/two' AND NEW.state='running'
			BEGIN SELECT RAISE(ABORT, 'the disk says no'); END`)
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		id := b.fire("g")
		pass(time.Minute)
		d := b.detail(id)
		wantStates(t, d, map[string]string{"g/zero": "completed", "g/one": "failed", "g/two": "completed", "g": "failed"})
		if n := len(step(d, "g/one").Attempts); n != 1 {
			t.Errorf("one has %d attempts, made one", n)
		}
		b.stop()
	})
}

// TestACommitWaitsForWhatAStartNoticeTookAlong: a step beside it has taken the row, the disk has not.
func TestACommitWaitsForWhatAStartNoticeTookAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.start()
		r := b.e.loop.runners["p"]
		x := newExecution(b.e, &live{r: r, cfg: r.cfg, run: orchestrator.Run{ID: "77", Runner: "p"}})
		row := func(path string, state orchestrator.State) *store.StepRow {
			return &store.StepRow{Step: orchestrator.Step{Run: "77", Path: path, State: state}}
		}
		release := b.holdWriter()
		x.put(row("p/a", orchestrator.Completed), nil)
		x.announce(t.Context(), row("p/b", orchestrator.Running))
		durable := make(chan error, 1)
		go func() { durable <- x.commit(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-durable:
			t.Errorf("the step counts as durable while its row waits for the disk (%v)", err)
			release()
		default:
			release()
			if err := <-durable; err != nil {
				t.Error(err)
			}
		}
		b.stop()
	})
}

// TestLogNumbersGoOnWithoutGaps reruns a run whose log is still waiting for the disk.
func TestLogNumbersGoOnWithoutGaps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const lines = 2500
		b := newBench(t, runnerOf(probe("p")))
		b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			for range lines {
				c.Log.Info("line")
			}
			return pipe.Result{}, errPermanent
		}
		b.start()
		id := b.fire("p")
		for range 5 {
			for b.current("p") != nil {
				runtime.Gosched() // not synctest.Wait: the log must still be on its way
			}
			if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{By: kim}); err != nil {
				t.Fatal(err)
			}
		}
		pass(time.Minute)
		logs, err := b.e.Logs(t.Context(), orchestrator.LogFilter{Run: id, Limit: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		if len(logs) != 6*(lines+1) {
			t.Errorf("%d lines are kept, want %d", len(logs), 6*(lines+1))
		}
		if !slices.IsSortedFunc(logs, func(a, b orchestrator.LogLine) int { return int(a.Seq - b.Seq) }) || logs[len(logs)-1].Seq != int64(len(logs)) {
			t.Errorf("the last line has the number %d of %d", logs[len(logs)-1].Seq, len(logs))
		}
		b.stop()
	})
}

// TestARerunOfARunThatIsGone: history was cut back between the look and the write.
func TestARerunOfARunThatIsGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p")))
		b.start()
		id := b.fire("p")
		pass(time.Second)
		b.fire("p")
		pass(time.Second)
		release := b.holdWriter()
		pruned, rerun := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := b.e.store.Prune(t.Context(), "p", store.Keep{Runs: 1}, time.Now())
			pruned <- err
		}()
		synctest.Wait()
		go func() { rerun <- b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{All: true, By: kim}) }()
		synctest.Wait()
		release()
		if err := <-pruned; err != nil {
			t.Fatal(err)
		}
		if err := <-rerun; !errors.Is(err, orchestrator.ErrUnknownRun) {
			t.Errorf("rerun of a run that is gone: %v", err)
		}
		pass(time.Second)
		if n := len(b.callsOf("p")); n != 2 || b.current("p") != nil {
			t.Errorf("%d calls, current %+v", n, b.current("p"))
		}
		b.fire("p")
		pass(time.Second)
		b.stop()
	})
}
