package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

var overlaps = []config.Overlap{
	config.OverlapSkip, config.OverlapBufferOne, config.OverlapBufferAll, config.OverlapCancelOther,
	config.OverlapTerminateOther, config.OverlapAllowAll,
}

func TestDecideOverlap(t *testing.T) {
	t.Parallel()
	idle, one, queued := others{}, others{live: 1}, others{live: 1, waiting: 1}
	buffered, full := others{live: 2, behind: 1, waiting: 1}, others{live: 4, behind: 3, waiting: 3}
	want := map[config.Overlap][5]verdict{ // idle, one runs, one waits for a slot, one more waits behind, queue_max wait
		"":                           {admit, skipTick, skipTick, skipTick, skipTick},
		config.OverlapSkip:           {admit, skipTick, skipTick, skipTick, skipTick},
		config.OverlapBufferOne:      {admit, admit, admit, skipTick, skipTick},
		config.OverlapBufferAll:      {admit, admit, admit, admit, dropTick},
		config.OverlapCancelOther:    {admit, admit, admit, admit, admit},
		config.OverlapTerminateOther: {admit, admit, admit, admit, admit},
		config.OverlapAllowAll:       {admit, admit, admit, admit, dropTick},
	}
	for policy, verdicts := range want {
		for i, o := range []others{idle, one, queued, buffered, full} {
			if got := decideOverlap(policy, o, 3); got != verdicts[i] {
				t.Errorf("%q with %+v: %d, want %d", policy, o, got, verdicts[i])
			}
		}
	}
	if decideOverlap(config.OverlapBufferAll, others{live: 100, waiting: 99}, 0) != admit ||
		decideOverlap(config.OverlapBufferAll, others{live: 101, waiting: 100}, 0) != dropTick {
		t.Error("the default queue_max is 100")
	}
}

func TestStartLimit(t *testing.T) {
	t.Parallel()
	due := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	both := config.Policy{StartDeadline: time.Minute, QueueTimeout: 30 * time.Second}
	tick := orchestrator.Run{Nominal: due, DueAt: due, CreatedAt: due, Attempt: 1}
	late, hand, rerun, retry := tick, tick, tick, tick
	late.CreatedAt = due.Add(50 * time.Second)
	hand.Nominal = time.Time{}
	rerun.Attempt, retry.StartedAt = 2, due
	for name, c := range map[string]struct {
		run  orchestrator.Run
		p    config.Policy
		at   time.Duration // after due; 0 = never
		text string
	}{
		"none":                         {tick, config.Policy{}, 0, ""},
		"the earlier of both":          {tick, both, 30 * time.Second, "queue timeout of 30s"},
		"late: the deadline is first":  {late, both, time.Minute, "start deadline of 1m"},
		"by hand: queue timeout alone": {hand, both, 30 * time.Second, "queue timeout"},
		"by hand: no deadline":         {hand, config.Policy{StartDeadline: time.Minute}, 0, ""},
		"a rerun waits":                {rerun, both, 0, ""},
		"a retry waits":                {retry, both, 0, ""},
	} {
		at, why := startLimit(&c.run, c.p)
		if want := due.Add(c.at); c.at == 0 && !at.IsZero() || c.at != 0 && !at.Equal(want) || !strings.Contains(why, c.text) {
			t.Errorf("%s: %s %q", name, at, why)
		}
	}
}

// story gives the states of a runner's first n rows, oldest first, equal ones counted.
func (b *bench) story(runner string, n int) string {
	b.t.Helper()
	var parts []string
	rows := b.runs(runner)
	for i := len(rows) - 1; i >= 0 && len(parts) < n; i-- {
		part := string(rows[i].State)
		if rows[i].Count > 1 {
			part += fmt.Sprintf("×%d", rows[i].Count)
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " ")
}

// atOnce counts how many calls of a step go on, and the most there were.
type atOnce struct{ now, most atomic.Int64 }

func (a *atOnce) wrap(f func(context.Context, *pipe.Call) (pipe.Result, error)) func(context.Context, *pipe.Call) (pipe.Result, error) {
	return func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		n := a.now.Add(1)
		defer a.now.Add(-1)
		for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
		}
		return f(ctx, c)
	}
}

// situations are what the first run of a runner may be doing when the next tick comes.
var situations = map[string]func(b *bench){
	"running": func(*bench) {},
	"retry":   func(*bench) {},
	"waiting": func(b *bench) { b.cfg.Engine.MaxParallelRuns = 1 },
	"paused":  func(*bench) {},
}

// TestOverlapPolicies lets ticks of each minute come while a first run, fired by hand, runs for five minutes, waits for a retry,
// waits for a slot, or runs while its runner is paused.
func TestOverlapPolicies(t *testing.T) {
	t.Parallel()
	// the rows after three ticks, and the first four rows some minutes after the first run's end
	type stories struct{ during, after string }
	want := map[config.Overlap]map[string]stories{
		config.OverlapSkip: {
			"running": {"running skipped×3", "completed skipped×4 completed completed"},
			"retry":   {"awaiting_retry skipped×3", "completed skipped×4 completed completed"},
			"waiting": {"pending skipped×3", "completed skipped×4 completed completed"},
		},
		config.OverlapBufferOne: {
			"running": {"running pending skipped×2", "completed completed skipped×3 completed"},
			"retry":   {"awaiting_retry pending skipped×2", "completed completed skipped×3 completed"},
			"waiting": {"pending pending skipped×2", "completed completed skipped×3 completed"},
		},
		config.OverlapBufferAll: {
			"running": {"running pending pending pending", "completed completed completed completed"},
			"retry":   {"awaiting_retry pending pending pending", "completed completed completed completed"},
			"waiting": {"pending pending pending pending", "completed completed completed completed"},
		},
		config.OverlapCancelOther: {
			"running": {"cancelled completed completed completed", "cancelled completed completed completed"},
			"retry":   {"cancelled completed completed completed", "cancelled completed completed completed"},
			"waiting": {"cancelled cancelled cancelled pending", "cancelled cancelled cancelled cancelled"},
		},
		config.OverlapTerminateOther: {
			"running": {"cancelled completed completed completed", "cancelled completed completed completed"},
			"retry":   {"cancelled completed completed completed", "cancelled completed completed completed"},
			"waiting": {"cancelled cancelled cancelled pending", "cancelled cancelled cancelled cancelled"},
		},
		config.OverlapAllowAll: {
			"running": {"running completed completed completed", "completed completed completed completed"},
			"retry":   {"awaiting_retry completed completed completed", "completed completed completed completed"},
			"waiting": {"pending pending pending pending", "completed completed completed completed"},
		},
	}
	for _, policy := range overlaps {
		want[policy]["paused"] = stories{"running skipped×3", "completed skipped×4 completed completed"}
		for situation := range situations {
			t.Run(string(policy)+" "+situation, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := want[policy][situation]
					playOverlap(t, policy, situation, w.during, w.after)
				})
			})
		}
	}
}

func playOverlap(t *testing.T, policy config.Overlap, situation, during, after string) {
	t.Helper()
	def := probe("p")
	def.Retry = retries(2, 270*time.Second)
	r := runnerOf(def, every(t, time.Minute, time.Now().Add(time.Minute)))
	r.Policy.Overlap = policy
	b := newBench(t, r, runnerOf(probe("hog")))
	situations[situation](b)
	var count atOnce
	var first atomic.Bool
	first.Store(true)
	b.do["hog"] = untilDone(290 * time.Second)
	b.do["p"] = count.wrap(func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
		if !first.Swap(false) || situation == "waiting" {
			return untilDone(time.Second)(ctx, c)
		}
		if situation == "retry" {
			return pipe.Result{}, errors.New("not now")
		}
		return untilDone(290*time.Second)(ctx, c)
	})
	b.start()
	if situation == "waiting" {
		b.fire("hog")
	}
	b.fire("p")
	if situation == "paused" {
		pass(time.Second)
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim, Until: time.Now().Add(289 * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	pass(190 * time.Second)
	if got := b.story("p", 4); got != during {
		t.Errorf("during: %s, want %s", got, during)
	}
	b.checkWaiting("p", policy)
	pass(4 * time.Minute)
	if got := b.story("p", 4); got != after && !strings.HasPrefix(got, after) {
		t.Errorf("after: %s, want %s", got, after)
	}
	most := count.most.Load()
	if policy != config.OverlapAllowAll && most > 1 {
		t.Errorf("%d at once", most)
	}
	if policy == config.OverlapAllowAll && situation == "running" && most != 2 {
		t.Errorf("%d at once, want the long one and a short one", most)
	}
	b.stop()
}

// checkWaiting wants every pending row that waits for another to name it, on disk and on the screen.
func (b *bench) checkWaiting(runner string, policy config.Overlap) {
	b.t.Helper()
	rows := b.runs(runner)
	for i := range rows[:len(rows)-1] {
		if rows[i].State == orchestrator.Pending && policy != config.OverlapAllowAll && rows[i+1].State == orchestrator.Pending {
			if want := "waits for run " + rows[i+1].ID + " of this runner"; rows[i].Reason != want {
				b.t.Errorf("run %s: %q, want %q", rows[i].ID, rows[i].Reason, want)
			}
		}
	}
}

// TestWhatOverlapSays looks at the words: an operator must see who ended a run and what one waits for.
func TestWhatOverlapSays(t *testing.T) {
	t.Parallel()
	for policy, reason := range map[config.Overlap]string{
		config.OverlapCancelOther:    "cancelled by run 2 (overlap: cancel_other)",
		config.OverlapTerminateOther: "terminated by run 2 (overlap: terminate_other)",
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, runnerOf(probe("p")))
			b.do["p"] = untilDone(time.Hour)
			b.start()
			b.fire("p")
			pass(time.Second)
			if _, err := b.e.RunOnce(t.Context(), "p", orchestrator.FireRequest{By: kim}); !errors.Is(err, orchestrator.ErrNotNow) {
				t.Errorf("the runner's own policy is skip: %v", err)
			}
			if _, err := b.e.RunOnce(t.Context(), "p", orchestrator.FireRequest{Overlap: "buffer", By: kim}); err == nil ||
				!strings.Contains(err.Error(), "buffer_one") {
				t.Errorf("a word that is no policy: %v", err)
			}
			id, err := b.e.RunOnce(t.Context(), "p", orchestrator.FireRequest{Overlap: string(policy), By: kim})
			if err != nil || id != "2" {
				t.Fatalf("%s %v", id, err)
			}
			pass(time.Second)
			if d := b.detail("1"); d.Run.State != orchestrator.Cancelled || d.Run.Reason != reason {
				t.Errorf("run 1: %s %q", d.Run.State, d.Run.Reason)
			}
			if d := b.detail("2"); d.Run.State != orchestrator.Running || d.Run.Overlap != string(policy) {
				t.Errorf("run 2: %+v", d.Run)
			}
			b.stop()
		})
	}
}

// TestQueueMax bounds what waits: a tick beyond it is dropped, a request by hand is refused.
func TestQueueMax(t *testing.T) {
	t.Parallel()
	for _, policy := range []config.Overlap{config.OverlapBufferAll, config.OverlapAllowAll} {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Minute)))
			r.Policy.Overlap, r.Policy.QueueMax, r.Policy.MaxParallelRuns = policy, 2, 1
			b := newBench(t, r)
			b.do["p"] = untilDone(time.Hour)
			b.start()
			b.fire("p")
			pass(10*time.Minute + time.Second)
			if got := b.story("p", 9); got != "running pending pending dropped×8" {
				t.Errorf("%s: %s", policy, got)
			}
			if reason := b.runs("p")[0].Reason; !strings.Contains(reason, "2 runs wait already") {
				t.Error(reason)
			}
			if _, err := b.e.RunOnce(t.Context(), "p", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrNotNow) {
				t.Error(err)
			}
			dropped := 0
			events, err := b.e.Events(t.Context(), 100)
			for _, ev := range events {
				if ev.Kind == "dropped" {
					dropped++
				}
			}
			if err != nil || dropped != 1 {
				t.Errorf("%d events of dropped ticks, want one: %v", dropped, err)
			}
			b.stop()
		})
	}
}

// TestTerminatedStepThatDoesNotReturn: the next run starts, what the old one still does changes nothing, and its slot stays
// taken until it returns.
func TestTerminatedStepThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := group("p", probe("deaf"), probe("next"))
		r := runnerOf(def)
		r.Policy.Overlap = config.OverlapTerminateOther
		b := newBench(t, r)
		b.cfg.Engine.MaxParallelRuns = 2
		let := make(chan struct{})
		var calls atomic.Int64
		b.do["deaf"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			if calls.Add(1) == 1 {
				<-let
			}
			return pipe.Success("done after all", nil), nil
		}
		b.do["next"] = untilDone(10 * time.Minute)
		b.start()
		first := b.fire("p")
		pass(time.Second)
		second := b.fire("p")
		pass(time.Second)
		if d := b.detail(second); d.Run.State != orchestrator.Running {
			t.Fatalf("the second run: %+v", d.Run)
		}
		snap, err := b.e.Snapshot(t.Context())
		if err != nil || snap.Engine.Busy != 2 || snap.Runners[0].Live != 1 {
			t.Errorf("busy %d, live %d, %v", snap.Engine.Busy, snap.Runners[0].Live, err)
		}
		if err := b.e.Rerun(t.Context(), first, orchestrator.RerunRequest{By: kim}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("a rerun beside its own step: %v", err)
		}
		before := b.detail(first)
		close(let)
		pass(time.Second)
		after := b.detail(first)
		if fmt.Sprint(before) != fmt.Sprint(after) || step(after, "p/deaf").State != orchestrator.Cancelled {
			t.Errorf("a late write came through:\n%+v\n%+v", before, after)
		}
		if snap, err := b.e.Snapshot(t.Context()); err != nil || snap.Engine.Busy != 1 {
			t.Errorf("busy %d %v", snap.Engine.Busy, err)
		}
		b.stop()
	})
}

// TestCatchUpAllIsOneAfterTheOther even when the policy lets runs overlap.
func TestCatchUpAllIsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for _, policy := range overlaps {
		synctest.Test(t, func(t *testing.T) {
			var count atOnce
			b, _ := downFor(t, 10*time.Minute, config.Policy{Catchup: config.CatchupAll, Overlap: policy}, count.wrap(untilDone(time.Second)))
			if counts, total := ticksOf(b.runs("p")); counts[orchestrator.Completed] != 11 || total != 11 || count.most.Load() != 1 {
				t.Errorf("%s: %v, %d at once", policy, counts, count.most.Load())
			}
			b.stop()
		})
	}
}

// TestOverlapOverACrash dies while a run executes and others wait behind it.
func TestOverlapOverACrash(t *testing.T) {
	t.Parallel()
	want := map[config.Overlap]string{ // the first run lost an attempt and waits for its retry of 30 s
		config.OverlapBufferOne: "awaiting_retry pending skipped×2",
		config.OverlapBufferAll: "awaiting_retry pending pending pending",
		config.OverlapAllowAll:  "awaiting_retry awaiting_retry awaiting_retry awaiting_retry",
	}
	for policy, story := range want {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Minute)))
			r.Policy.Overlap = policy
			b := newBench(t, r)
			var count atOnce
			b.do["p"] = count.wrap(untilDone(time.Hour))
			b.start()
			b.fire("p")
			pass(190 * time.Second)
			b.die()
			var order []string
			b.do["p"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
				b.mu.Lock()
				order = append(order, c.Run)
				b.mu.Unlock()
				return pipe.Success("", nil), nil
			}
			b.start()
			pass(time.Second)
			if got := b.story("p", 4); got != story {
				t.Errorf("%s: %s, want %s", policy, got, story)
			}
			pass(48 * time.Second) // the retry, and before the next tick
			if policy == config.OverlapBufferAll && fmt.Sprint(order) != "[1 2 3 4]" {
				t.Errorf("%s: order %v", policy, order)
			}
			b.stop()
		})
	}
}

// TestEvictionOverACrash dies between the durable claim of a run that ends the others and the end of those.
func TestEvictionOverACrash(t *testing.T) {
	t.Parallel()
	for _, policy := range []config.Overlap{config.OverlapCancelOther, config.OverlapTerminateOther} {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"))
			r.Policy.Overlap = policy
			b := newBench(t, r)
			b.do["p"] = untilDone(time.Hour)
			b.start()
			b.fire("p")
			pass(time.Second)
			// the second claim reaches the disk, its acknowledgement the loop only when the store is closed
			id := ""
			b.e.box.post(func() {
				l := b.e.loop
				lv := l.newLive(l.order[0], "", "manual", time.Time{}, l.e.clock())
				c := claim{run: lv.run, live: lv}
				id = lv.run.ID
				_ = b.e.store.WriteAsync(l.ctx, func(tx *store.Tx) error {
					_, err := insertClaim(tx, &c, l.epoch)
					return err
				}, func(error) {})
			})
			pass(time.Second)
			b.die()
			b.start()
			pass(time.Second)
			if d := b.detail("1"); d.Run.State != orchestrator.Cancelled || !strings.Contains(d.Run.Reason, "by run "+id) {
				t.Errorf("%s: run 1 %s %q", policy, d.Run.State, d.Run.Reason)
			}
			if d := b.detail(id); d.Run.State != orchestrator.Running {
				t.Errorf("%s: run %s %s %q", policy, id, d.Run.State, d.Run.Reason)
			}
			b.stop()
		})
	}
}
