package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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

// TestModel steps the engine, with its real file, and the model with the same random operations: time passes, somebody fires,
// pauses and resumes, the engine is killed, restarted, and the clock jumps. Every tick must have become the same in both.
// OTAI_FULL=1 tries many more worlds; OTAI_SEED repeats one.
func TestModel(t *testing.T) {
	t.Parallel()
	worlds := uint64(12)
	if os.Getenv("OTAI_FULL") != "" {
		worlds = 400
	}
	if testing.Short() {
		worlds = 3
	}
	from := uint64(1)
	if s := os.Getenv("OTAI_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &from); err != nil {
			t.Fatal(err)
		}
		worlds = 1
	}
	for seed := from; seed < from+worlds; seed++ {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newWorld(t, seed).play(60) })
		})
	}
}

// world is an engine and the model of it.
type world struct {
	t      *testing.T
	rng    *rand.Rand
	b      *bench
	m      *model
	offset atomic.Int64 // of the engine's wall clock
	story  []string     // what was done, for the message of a failure
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 17)), m: &model{}}
	w.m.now = w.wall()
	var cfgs []config.Runner
	for i, overlap := range []config.Overlap{
		config.OverlapSkip, config.OverlapBufferOne, config.OverlapBufferAll, config.OverlapCancelOther,
		config.OverlapTerminateOther, config.OverlapAllowAll,
	} {
		r := w.randomRunner(string(overlap), overlap, i)
		w.m.runners = append(w.m.runners, r)
		cfgs = append(cfgs, w.configOf(r))
	}
	listens := runnerOf(probe("listens"), config.Trigger{Kind: config.TriggerAfter, Name: "after", After: config.After{Runner: "allow_all", On: "any"}})
	listens.Policy.Overlap = config.OverlapAllowAll
	w.b = newBench(t, append(cfgs, listens)...)
	w.b.cfg.Engine.MaxParallelRuns = 10_000
	for _, r := range w.m.runners {
		w.b.do[r.id] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			took, ok := fate(r.id, c.Nominal, c.Attempt, r.every)
			select {
			case <-time.After(took):
			case <-ctx.Done():
				return pipe.Result{}, ctx.Err()
			}
			if !ok {
				return pipe.Result{}, errors.New("bad luck")
			}
			return pipe.Success("", nil), nil
		}
	}
	w.startEngine()
	return w
}

func (w *world) randomRunner(id string, overlap config.Overlap, i int) *mRunner {
	catchups := []config.Catchup{config.CatchupLatest, config.CatchupAll, config.CatchupSkip}
	r := &mRunner{
		id: id, every: time.Duration(20+w.rng.IntN(100)) * time.Second, ended: map[string]*mRun{}, pauses: map[string]time.Time{},
		retries: w.rng.IntN(3), delay: time.Duration(5+w.rng.IntN(60))*time.Second + time.Duration(i+1)*time.Microsecond,
		policy: config.Policy{
			Overlap: overlap, QueueMax: 1 + w.rng.IntN(4), Catchup: catchups[w.rng.IntN(3)], CatchupMax: 1 + w.rng.IntN(5),
			CatchupWindow: time.Duration(5+w.rng.IntN(120)) * time.Minute,
		},
	}
	if w.rng.IntN(3) == 0 {
		r.policy.StartDeadline = r.every / 2
	}
	r.anchor = w.wall().Truncate(time.Second).Add(time.Duration(1+w.rng.IntN(30)) * time.Second)
	r.cursor = w.wall()
	return r
}

func (w *world) wall() time.Time {
	return time.Now().Add(time.Duration(w.offset.Load())).Round(0).UTC()
}

func (w *world) startEngine() {
	w.b.startWith(func(o *Options) {
		o.Clock = func() time.Time { return time.Now().Add(time.Duration(w.offset.Load())) }
		o.Load = func(context.Context) (*Loaded, error) {
			cfg := *w.b.cfg
			cfg.Runners = slices.Clone(cfg.Runners)
			return &Loaded{Config: &cfg, Services: noServices{}}, nil
		}
	})
	synctest.Wait()
}

func (w *world) say(format string, args ...any) {
	w.story = append(w.story, w.wall().Format("15:04:05.000 ")+fmt.Sprintf(format, args...))
}

func (w *world) play(steps int) {
	for range steps {
		switch w.rng.IntN(17) {
		case 0:
			w.fire()
		case 1:
			w.pause()
		case 2, 3:
			w.resume()
		case 4:
			w.crash()
		case 5:
			w.restart()
		case 6:
			w.jump()
		case 7:
			w.cancel()
		case 8:
			w.holdScope()
		case 9:
			w.releaseScope()
		case 10:
			w.edit()
		case 11:
			w.leave()
		default:
			w.advance(time.Duration(w.rng.Int64N(int64(4 * time.Minute))))
		}
		w.compare()
	}
	w.b.interrupt()
}

func (w *world) advance(d time.Duration) {
	w.say("%s pass", d)
	pass(d)
	synctest.Wait()
	w.m.advance(w.wall())
}

func (w *world) pick() *mRunner { return w.m.runners[w.rng.IntN(len(w.m.runners))] }

func (w *world) fire() {
	r := w.pick()
	w.say("fire %s", r.id)
	_, err := w.b.e.RunOnce(w.t.Context(), r.id, orchestrator.FireRequest{})
	synctest.Wait()
	want := r.claim(&mRun{key: w.wall().String()}, w.wall())
	if want != (err == nil) {
		w.fail("fire %s: %v, the model says %v", r.id, err, want)
	}
	w.advance(time.Microsecond) // the moment is what model and rows know it by
}

func (w *world) pause() {
	r := w.pick()
	if _, held := r.pauses[r.id]; held {
		return
	}
	w.say("pause %s", r.id)
	if err := w.b.e.Pause(w.t.Context(), r.id, orchestrator.PauseRequest{}); err != nil {
		w.fail("%v", err)
	}
	synctest.Wait()
	r.hold(r.id, w.wall())
}

func (w *world) resume() {
	r := w.pick()
	if _, held := r.pauses[r.id]; !held {
		return
	}
	w.say("resume %s", r.id)
	if err := w.b.e.Resume(w.t.Context(), r.id, orchestrator.Actor{}); err != nil {
		w.fail("%v", err)
	}
	synctest.Wait()
	r.release(r.id, w.wall())
	w.m.advance(w.wall())
}

// crash is kill -9: what was on the disk at that instant goes on in a new directory.
func (w *world) crash() {
	down := time.Duration(w.rng.Int64N(int64(20 * time.Minute)))
	w.say("crash, %s down", down)
	synctest.Wait()
	dir := w.t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(filepath.Join(w.b.dir, store.FileName+suffix))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, store.FileName+suffix), data, 0o600)
		}
		if err != nil {
			w.fail("copy the history: %v", err)
		}
	}
	w.b.interrupt()
	w.b.dir = dir
	pass(down)
	w.startEngine()
	w.m.now = w.wall()
	for _, r := range w.m.runners {
		r.crash(w.wall())
	}
	w.m.advance(w.wall())
}

func (w *world) restart() {
	down := time.Duration(w.rng.Int64N(int64(10 * time.Minute)))
	w.say("restart, %s down", down)
	w.b.interrupt()
	pass(down)
	w.startEngine()
	w.m.now = w.wall()
	for _, r := range w.m.runners {
		r.restart(w.wall())
	}
	w.m.advance(w.wall())
}

// jump moves the wall clock. Work goes on by the monotonic one.
func (w *world) jump() {
	jumps := []time.Duration{time.Second, time.Hour, 25 * time.Hour, -time.Second, -time.Hour, 8 * time.Minute}
	by := jumps[w.rng.IntN(len(jumps))]
	w.say("the clock jumps by %s", by)
	synctest.Wait()
	w.offset.Add(int64(by))
	for _, r := range w.m.runners {
		for _, run := range r.live {
			run.ends = run.ends.Add(by)
		}
	}
	if _, err := w.b.e.Snapshot(w.t.Context()); err != nil { // wakes it: otherwise it takes up to 30 s
		w.fail("%v", err)
	}
	synctest.Wait()
	w.m.now = w.wall()
	w.m.advance(w.wall())
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(w.story[max(0, len(w.story)-25):], "\n"))
	if at, _, ok := strings.Cut(fmt.Sprintf(format, args...), ":"); ok {
		for _, r := range w.b.runs(at)[:min(12, len(w.b.runs(at)))] {
			w.t.Logf("  row %s: %s %s ×%d, due %s, started %s, ended %s: %s", r.ID, r.Trigger, r.State, r.Count, r.DueAt.Format("15:04:05.000"),
				r.StartedAt.Format("15:04:05.000"), r.EndedAt.Format("15:04:05.000"), r.Reason)
		}
	}
	for _, r := range w.m.runners {
		w.t.Logf("  %s: every %s, %+v, retries %d after %s, cursor %s, live %s", r.id, r.every, r.policy, r.retries, r.delay, r.cursor, describe(r.live))
	}
	w.b.interrupt() // a bubble must not be left with goroutines in it: that would hide the message
	w.t.FailNow()
}

// compare looks at every row of every runner.
func (w *world) compare() {
	w.t.Helper()
	for _, r := range w.m.runners {
		rows := w.b.runs(r.id)
		counts := map[orchestrator.State]int{}
		seen := 0
		live := slices.Clone(r.live)
		for i := range rows {
			row := &rows[i]
			switch row.State {
			case orchestrator.Skipped, orchestrator.Missed, orchestrator.Dropped:
				counts[row.State] += row.Count
				continue
			}
			if !row.Nominal.IsZero() {
				seen++
			}
			key := row.Nominal.String()
			if row.Nominal.IsZero() {
				key = row.CreatedAt.String()
			}
			if row.State.Terminal() {
				w.compareEnded(r, row, r.ended[key])
				continue
			}
			at := slices.IndexFunc(live, func(run *mRun) bool { return run.key == key })
			if at < 0 || live[at].state != row.State {
				w.fail("%s: run %s of %s is %s (%s), the model has it not so: %s", r.id, row.ID, key, row.State, row.Reason, describe(r.live))
			}
			live = slices.Delete(live, at, at+1)
		}
		want := map[orchestrator.State]int{orchestrator.Skipped: r.skipped, orchestrator.Missed: r.missed, orchestrator.Dropped: r.dropped}
		for state, n := range want {
			if counts[state] != n {
				w.fail("%s: %d ticks %s, the model says %d", r.id, counts[state], state, n)
			}
		}
		if r.id == "allow_all" {
			w.compareChildren(rows)
		}
		if sum := counts[orchestrator.Skipped] + counts[orchestrator.Missed] + counts[orchestrator.Dropped] + seen; sum != r.ticks || len(live) > 0 {
			w.fail("%s: %d ticks have a row, the model passed %d; not in history: %s", r.id, sum, r.ticks, describe(live))
		}
	}
}

func (w *world) compareEnded(r *mRunner, row *orchestrator.Run, want *mRun) {
	w.t.Helper()
	switch {
	case want == nil:
		w.fail("%s: run %s is %s (%s), in the model it has not ended", r.id, row.ID, row.State, row.Reason)
	case want.state != row.State || !want.endedAt.Equal(row.EndedAt) || !want.started.Equal(row.StartedAt):
		w.fail("%s: run %s is %s, %s to %s (%s); the model says %s, %s to %s", r.id, row.ID, row.State, row.StartedAt, row.EndedAt,
			row.Reason, want.state, want.started, want.endedAt)
	}
}

func describe(runs []*mRun) string {
	out := make([]string, len(runs))
	for i, run := range runs {
		out[i] = fmt.Sprintf("%s is %s (attempt %d, ends %s, next %s)", run.key, run.state, run.attempt,
			run.ends.Format("15:04:05.000"), run.next.Format("15:04:05.000"))
	}
	return strings.Join(out, "; ")
}
