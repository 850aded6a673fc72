package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/test/bubble"
)

// reloadable is a bench whose configuration a test changes: next is what the next reload reads.
type reloadable struct {
	*bench
	next   func() (*Loaded, error)
	closed atomic.Int64 // configurations that were closed
}

func newReloadable(t *testing.T, runners ...config.Runner) *reloadable {
	t.Helper()
	r := &reloadable{bench: newBench(t, runners...)}
	r.set(runners...)
	return r
}

// set makes these the runners that the next reload finds.
func (r *reloadable) set(runners ...config.Runner) {
	cfg := &config.Config{Hash: fmt.Sprintf("%08d-next", len(runners)), Runners: slices.Clone(runners), Engine: r.cfg.Engine}
	r.next = func() (*Loaded, error) {
		return &Loaded{Config: cfg, Services: noServices{}, Close: func() { r.closed.Add(1) }}, nil
	}
}

func (r *reloadable) start() {
	r.t.Helper()
	r.startWith(func(o *Options) {
		o.Load = func(context.Context) (*Loaded, error) { return r.next() }
		o.Close = func() { r.closed.Add(1) }
	})
}

func (r *reloadable) reload(runners ...config.Runner) {
	r.t.Helper()
	r.set(runners...)
	if err := r.e.Reload(r.t.Context(), kim); err != nil {
		r.t.Fatal(err)
	}
}

func hashed(r config.Runner, hash string) config.Runner {
	r.Hash = hash
	return r
}

func TestReloadSwapsRunners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		keep, gone := runnerOf(probe("keep"), every(t, time.Minute, begin)), runnerOf(probe("gone"), every(t, time.Minute, begin))
		faster := runnerOf(probe("faster"), every(t, time.Hour, begin))
		b := newReloadable(t, keep, gone, faster)
		b.start()
		defer b.stop()
		bubble.Advance(90 * time.Second)
		faster.Triggers = []config.Trigger{every(t, 10*time.Second, begin)}
		b.reload(runnerOf(probe("new"), every(t, time.Minute, begin)), faster, keep)
		bubble.Advance(60 * time.Second)
		for id, want := range map[string]int{"keep": 2, "gone": 1, "faster": 6, "new": 1} {
			if n := len(b.callsOf(id)); n != want {
				t.Errorf("%s ran %d times, want %d", id, n, want)
			}
		}
		s := b.snapshot()
		var ids []string
		for _, r := range s.Runners {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); got != "new faster keep" {
			t.Errorf("runners %s", got)
		}
		if s.Engine.ConfigHash != "00000003-next" || !s.Engine.ConfigAt.Equal(begin.Add(90*time.Second).UTC()) || s.Engine.ConfigError != "" {
			t.Errorf("engine %+v", s.Engine)
		}
		if _, err := b.e.RunOnce(t.Context(), "gone", orchestrator.FireRequest{}); !errors.Is(err, orchestrator.ErrUnknownRunner) {
			t.Errorf("firing a removed runner gives %v", err)
		}
		events, err := b.e.Events(t.Context(), 1)
		if err != nil || events[0].Kind != "reload" || events[0].By != "kim" || events[0].Via != "test" ||
			events[0].Text != "configuration taken: 1 added (new), 1 removed (gone), 1 changed (faster)" {
			t.Errorf("event %+v, %v", events, err)
		}
	})
}

func TestBadReloadChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, runnerOf(probe("p"), every(t, time.Minute, time.Now())))
		b.start()
		defer b.stop()
		b.next = func() (*Loaded, error) {
			return nil, &config.Errors{Problems: []config.Problem{
				{Pos: pipe.Pos{File: "c.yml", Line: 3, Col: 5}, Msg: "unknown key", Line: "    pasword: hunter22"},
				{Pos: pipe.Pos{File: "c.yml", Line: 9, Col: 1}, Msg: "second"},
				{Pos: pipe.Pos{File: "c.yml", Line: 10, Col: 1}, Msg: "third"},
			}}
		}
		err := b.e.Reload(t.Context(), kim)
		if err == nil || !strings.Contains(err.Error(), "second") || !strings.Contains(err.Error(), "third") {
			t.Fatalf("got %v, want all problems", err)
		}
		const want = "c.yml:3:5: unknown key · and 2 more"
		s := b.snapshot()
		if s.Engine.ConfigError != want || s.Engine.Health != "degraded" || len(s.Runners) != 1 {
			t.Errorf("engine %+v", s.Engine)
		}
		events, _ := b.e.Events(t.Context(), 1)
		if events[0].Kind != "reload" || events[0].State != orchestrator.Failed || !strings.HasSuffix(events[0].Text, want) {
			t.Errorf("event %+v", events[0])
		}
		bubble.Advance(time.Minute)
		if len(b.callsOf("p")) != 1 {
			t.Error("the old configuration does not go on")
		}
		b.reload(b.cfg.Runners...)
		if s := b.snapshot(); s.Engine.ConfigError != "" || s.Engine.Health != "ok" {
			t.Errorf("after the good one: %+v", s.Engine)
		}
	})
}

// named is a ticket system that only has a name.
type named struct {
	ticket.System
	name string
}

type oneTicket struct {
	noServices
	name string
}

func (n named) Describe() string { return n.name }

func (o oneTicket) Ticket(string) (ticket.System, error) { return named{name: o.name}, nil }

// A run keeps its definition and services over reloads, and the last one closes them; a run that waits for a retry and whose
// definition is the same goes on with the new services.
func TestRunsKeepTheirEdition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t)
		var seen []string
		proceed := make(chan struct{})
		spec := &pipe.Spec{
			Name: "test:Desk", Needs: []pipe.Need{{Name: "ticket", Kind: pipe.KindTicketSystem}}, New: func() pipe.Pipe {
				return pipe.Func(func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
					<-proceed
					b.mu.Lock()
					seen = append(seen, c.Step+" "+c.Ticket.Describe())
					b.mu.Unlock()
					if strings.HasSuffix(c.Step, "flaky") && c.Attempt == 1 {
						return pipe.Result{}, errors.New("wrong password")
					}
					return pipe.Success("", nil), nil
				})
			},
		}
		desk := func(id string) pipe.Definition { return pipe.Definition{ID: id, Use: "test:Desk"} }
		old := hashed(runnerOf(group("g", desk("one"), desk("two"))), "h1")
		flaky := desk("flaky")
		retry := retries(1, time.Minute)
		kept := desk("kept-flaky")
		flaky.Retry, kept.Retry = retry, retry
		b.cfg.Runners = []config.Runner{old, hashed(runnerOf(flaky), "h"), hashed(runnerOf(kept), "h1")}
		changed := hashed(runnerOf(group("g", desk("three"))), "h2")
		b.startWith(func(o *Options) {
			reg, err := pipe.NewRegistry(spec, &pipe.Spec{Name: "test:Group", Composite: true})
			if err != nil {
				t.Fatal(err)
			}
			o.Pipes, o.Services, o.Close = reg, oneTicket{name: "old"}, func() { b.closed.Add(1) }
			o.Load = func(context.Context) (*Loaded, error) {
				cfg := &config.Config{Runners: []config.Runner{changed, hashed(runnerOf(flaky), "h"), hashed(runnerOf(kept), "h2")}, Engine: b.cfg.Engine}
				return &Loaded{Config: cfg, Services: oneTicket{name: "new"}, Close: func() { b.closed.Add(1) }}, nil
			}
		})
		run, retried := b.fire("g"), b.fire("flaky")
		b.fire("kept-flaky")
		synctest.Wait()
		for range 3 {
			proceed <- struct{}{}
		}
		synctest.Wait() // g is in its second step, the others wait for their retries
		if err := b.e.Reload(t.Context(), kim); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if b.closed.Load() != 0 {
			t.Fatal("services closed while a run uses them")
		}
		close(proceed)
		synctest.Wait()
		if d := b.detail(run); d.Run.State != orchestrator.Completed || d.Run.Definition != "h1" || len(d.Steps) != 3 {
			t.Errorf("run %+v with %d steps", d.Run, len(d.Steps))
		}
		if b.closed.Load() != 0 {
			t.Fatal("services closed while a retry may need them")
		}
		bubble.Advance(2 * time.Minute)
		if d := b.detail(retried); d.Run.State != orchestrator.Completed {
			t.Errorf("the retry: %+v", d.Run)
		}
		if b.closed.Load() != 1 {
			t.Errorf("%d closed, want the old one", b.closed.Load())
		}
		b.fire("g")
		synctest.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		slices.Sort(seen)
		if got := strings.Join(seen, ", "); got != "flaky new, flaky old, g/one old, g/three new, g/two old, kept-flaky old, kept-flaky old" {
			t.Errorf("calls: %s", got)
		}
		b.stop()
		if b.closed.Load() != 2 {
			t.Errorf("%d closed after the stop, want both", b.closed.Load())
		}
	})
}

// A removed runner ends what it runs and is seen until then; its pause is kept for its return.
func TestRemovedRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := runnerOf(probe("p"), every(t, time.Minute, time.Now().Add(time.Hour)))
		other := runnerOf(probe("other"))
		b := newReloadable(t, p, other)
		b.do["p"] = untilDone(time.Minute)
		b.start()
		defer b.stop()
		run := b.fire("p")
		synctest.Wait()
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim, Reason: "holiday"}); err != nil {
			t.Fatal(err)
		}
		b.reload(other)
		if v := b.view("p"); v.State != orchestrator.Running || !strings.Contains(v.Reason, "no longer in the configuration") {
			t.Errorf("while it ends: %s: %s", v.State, v.Reason)
		}
		sub := b.e.Subscribe()
		defer sub.Close()
		sub.Take()
		bubble.Advance(2 * time.Minute)
		if s := b.snapshot(); len(s.Runners) != 1 {
			t.Errorf("runners %+v", s.Runners)
		}
		if u := sub.Take(); !u.Resync {
			t.Errorf("viewers were not told: %+v", u)
		}
		if d := b.detail(run); d.Run.State != orchestrator.Completed {
			t.Errorf("its run: %+v", d.Run)
		}
		b.reload(other, p)
		v := b.view("p")
		if v.Pause == nil || v.Pause.Reason != "holiday" || v.Last == nil || v.Last.ID != run {
			t.Errorf("after its return: %+v", v)
		}
		bubble.Advance(2 * time.Hour)
		if n := len(b.callsOf("p")); n != 1 {
			t.Errorf("it ran %d times while paused", n-1)
		}
	})
}

// Ticks that wait to be caught up one after the other go on waiting over a reload that leaves their trigger as it is. One that
// changes it gives them their row, and its cursor belongs to the new schedule.
func TestReloadWhileTicksWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		p := runnerOf(probe("p"), every(t, time.Minute, begin))
		p.Policy.Catchup = config.CatchupAll
		b := newReloadable(t, p)
		b.do["p"] = untilDone(20 * time.Second)
		b.start()
		b.stop()
		bubble.Advance(10*time.Minute + 5*time.Second)
		b.start()
		defer b.stop()
		b.reload(p)
		bubble.Advance(45 * time.Second) // 65 s after the tick of minute ten: three of ten have begun
		if n := len(b.callsOf("p")); n != 3 {
			t.Fatalf("%d runs, want 3", n)
		}
		p.Triggers = []config.Trigger{every(t, time.Hour, begin)}
		b.reload(p)
		bubble.Advance(time.Minute)
		counts, total := ticksOf(b.runs("p"))
		if counts[orchestrator.Completed] != 3 || counts[orchestrator.Dropped] != 7 || total != 10 {
			t.Errorf("%v of %d rows, want 3 runs and 7 dropped", counts, total)
		}
		cursors, err := b.e.store.Cursors(t.Context())
		if err != nil || len(cursors) != 1 || cursors[0].Spec != p.Triggers[0].Schedule.String() {
			t.Errorf("cursors %+v, %v", cursors, err)
		}
	})
}

// A tick that is due when the reload comes still runs, although the reload removes its runner.
func TestDueTicksBelongToWhatWasInForce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, runnerOf(probe("p"), every(t, time.Minute, time.Now())))
		b.start()
		defer b.stop()
		b.e.box.post(func() { // the loop is busy until after the tick
			<-time.After(61 * time.Second)
			n := &reload{Loaded: &Loaded{Config: &config.Config{Engine: b.cfg.Engine}, Services: noServices{}}}
			if err := b.e.loop.swap(n, kim, func(error) {}); err != nil {
				t.Error(err)
			}
		})
		bubble.Advance(2 * time.Minute)
		if n := len(b.callsOf("p")); n != 1 {
			t.Errorf("the tick ran %d times", n)
		}
	})
}

// What a reload changes of bounds counts at once: a waiting run starts when there are more slots.
func TestReloadTakesBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, runnerOf(probe("a")), runnerOf(probe("b")))
		b.cfg.Engine.MaxParallelRuns = 1
		b.do["a"], b.do["b"] = untilDone(time.Hour), untilDone(time.Hour)
		b.start()
		defer b.stop()
		b.fire("a")
		b.fire("b")
		synctest.Wait()
		if len(b.callsOf("b")) != 0 {
			t.Fatal("two runs in one slot")
		}
		b.cfg.Engine.MaxParallelRuns = 2
		b.reload(b.cfg.Runners...)
		synctest.Wait()
		if len(b.callsOf("b")) != 1 {
			t.Error("the new slot is not used")
		}
	})
}

func TestReloadRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newReloadable(t, runnerOf(probe("p")))
		b.do["p"] = untilDone(10 * time.Second)
		b.start()
		b.fire("p")
		synctest.Wait()
		done := make(chan error, 1)
		go func() { done <- b.e.Stop(context.WithoutCancel(t.Context())) }()
		synctest.Wait()
		if err := b.e.Reload(t.Context(), kim); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("while stopping: %v", err)
		}
		if b.closed.Load() != 1 {
			t.Errorf("%d closed, want what was read in vain", b.closed.Load())
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if err := b.e.Reload(t.Context(), kim); !errors.Is(err, ErrStopped) {
			t.Errorf("after the stop: %v", err)
		}
		none := newBench(t, runnerOf(probe("p")))
		none.start()
		defer none.stop()
		if err := none.e.Reload(t.Context(), kim); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("without Options.Load: %v", err)
		}
	})
}

// shape is a random configuration of up to four runners with a timetable.
type shape struct {
	id    string
	every time.Duration // 0 = not in the configuration
	off   bool
}

// Random edits of the configuration between ticks, with slow disks, pauses and runs of all lengths: no tick has two rows, and every
// tick that was due under the configuration in force has one.
func TestRandomReloads(t *testing.T) {
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) { randomReloads(t, seed) })
	}
}

func randomReloads(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	begin := time.Now()
	shapes := []shape{{id: "a"}, {id: "b"}, {id: "c"}, {id: "d"}}
	build := func() []config.Runner {
		var out []config.Runner
		for _, s := range shapes {
			if s.every == 0 {
				continue
			}
			r := hashed(runnerOf(probe(s.id), every(t, s.every, begin)), fmt.Sprint(rnd.IntN(2)))
			r.Enabled = !s.off
			r.Policy.Catchup = []config.Catchup{config.CatchupLatest, config.CatchupAll}[rnd.IntN(2)]
			out = append(out, r)
		}
		rnd.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
		return out
	}
	b := newReloadable(t)
	for _, s := range shapes {
		b.do[s.id] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
			return untilDone(time.Duration(rand.IntN(12))*time.Second)(ctx, nil)
		}
	}
	b.start()
	due := map[string]map[int64]bool{} // by runner: nominal times
	for range 60 {
		from, was := time.Now(), slices.Clone(shapes)
		wait := time.Duration(1+rnd.IntN(9)) * time.Second
		edit(rnd, shapes)
		b.set(build()...)
		release := func() {}
		if rnd.IntN(3) == 0 {
			release = b.holdWriter()
		}
		done := make(chan error, 1)
		go func() { // at the very moment of ticks
			<-time.After(wait)
			done <- b.e.Reload(t.Context(), kim)
		}()
		bubble.Advance(wait)
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		count(due, was, begin, from, time.Now())
		if rnd.IntN(10) == 0 {
			scope := engineScope()
			if b.e.PauseScope(t.Context(), scope, orchestrator.PauseRequest{By: kim}) != nil {
				b.resumeScope(scope)
			}
		}
	}
	b.reload() // no runner is left: what waited has its row
	bubble.Advance(time.Minute)
	checkDue(t, b.bench, seed, due)
	b.stop()
	if n := b.closed.Load(); n != 62 {
		t.Errorf("seed %d: %d configurations closed, want all 62", seed, n)
	}
}

// edit changes one runner: it goes, comes, is disabled or enabled, or has another interval.
func edit(rnd *rand.Rand, shapes []shape) {
	s := &shapes[rnd.IntN(len(shapes))]
	switch rnd.IntN(4) {
	case 0:
		s.every = 0
	case 1:
		s.off = !s.off
	default:
		s.every = []time.Duration{7 * time.Second, 10 * time.Second, 15 * time.Second}[rnd.IntN(3)]
	}
}

// count adds the ticks of (from, to] that the shapes have.
func count(due map[string]map[int64]bool, shapes []shape, begin, from, to time.Time) {
	for _, s := range shapes {
		if s.every == 0 || s.off {
			continue
		}
		if due[s.id] == nil {
			due[s.id] = map[int64]bool{}
		}
		for at := begin.Add(from.Sub(begin).Truncate(s.every)); !at.After(to); at = at.Add(s.every) {
			if at.After(from) {
				due[s.id][at.UnixNano()] = true
			}
		}
	}
}

// checkDue compares rows with the ticks that were due: rows may stand for several.
func checkDue(t *testing.T, b *bench, seed uint64, due map[string]map[int64]bool) {
	t.Helper()
	if n := len(due["a"]) + len(due["b"]) + len(due["c"]) + len(due["d"]); n < 20 {
		t.Errorf("seed %d: only %d ticks", seed, n)
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		rows := 0
		nominal := map[int64]bool{}
		for _, r := range b.runs(id) {
			rows += r.Count
			if nominal[r.Nominal.UnixNano()] {
				t.Errorf("seed %d: %s has two rows for %s", seed, id, r.Nominal)
			}
			nominal[r.Nominal.UnixNano()] = true
		}
		if rows != len(due[id]) {
			t.Errorf("seed %d: %s has %d ticks in its rows, %d were due", seed, id, rows, len(due[id]))
		}
	}
}
