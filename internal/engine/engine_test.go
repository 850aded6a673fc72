package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// bench is a test's engine with pipes that the test scripts.
type bench struct {
	t     *testing.T
	dir   string
	cfg   *config.Config
	e     *Engine
	mu    sync.Mutex
	calls []call
	quiet bool                                                                    // calls are not kept: a month of them is a leak of the test's own
	opts  func(*Options)                                                          // changes the engine's options; nil = as they are
	do    map[string]func(ctx context.Context, c *pipe.Call) (pipe.Result, error) // by step id
}

type call struct {
	at      time.Time
	step    string
	attempt int
	nominal time.Time
}

type noServices struct{}

func (noServices) Ticket(string) (ticket.System, error) {
	return nil, errors.New("no ticket system in this test")
}

func (noServices) Classifier(string) (classify.Classifier, error) {
	return nil, errors.New("no classifier in this test")
}

func newBench(t *testing.T, runners ...config.Runner) *bench {
	t.Helper()
	return &bench{
		t: t, dir: t.TempDir(), do: map[string]func(context.Context, *pipe.Call) (pipe.Result, error){},
		cfg: &config.Config{Runners: runners, Engine: config.Engine{Name: "test", MaxParallelRuns: 8, DrainTimeout: 30 * time.Second}},
	}
}

func (b *bench) registry() *pipe.Registry {
	probe := func(readOnly bool, name string) *pipe.Spec {
		return &pipe.Spec{Name: name, ReadOnly: readOnly, New: func() pipe.Pipe { return pipe.Func(b.process) }}
	}
	r, err := pipe.NewRegistry(probe(false, "test:Probe"), probe(true, "test:Read"), &pipe.Spec{Name: "test:Group", Composite: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func (b *bench) process(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	id := c.Step[lastSlash(c.Step)+1:]
	b.mu.Lock()
	if !b.quiet {
		b.calls = append(b.calls, call{at: time.Now().UTC(), step: c.Step, attempt: c.Attempt, nominal: c.Nominal})
	}
	do := b.do[id]
	b.mu.Unlock()
	if do == nil {
		return pipe.Success("", nil), nil
	}
	return do(ctx, c)
}

func lastSlash(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return i
		}
	}
	return -1
}

func (b *bench) start() *Engine {
	b.t.Helper()
	o := Options{
		Config: b.cfg, Pipes: b.registry(), Services: noServices{}, Renderer: render.New(), StateDir: b.dir, Version: "test",
	}
	if b.opts != nil {
		b.opts(&o)
	}
	b.e = New(o)
	if err := b.e.Start(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	return b.e
}

func (b *bench) stop() {
	b.t.Helper()
	if err := b.e.Stop(context.WithoutCancel(b.t.Context())); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) runs(runner string) []orchestrator.Run {
	b.t.Helper()
	runs, err := b.e.Runs(b.t.Context(), orchestrator.RunFilter{Runner: runner, WithIdle: true, Limit: 100_000})
	if err != nil {
		b.t.Fatal(err)
	}
	return runs
}

func (b *bench) fire(runner string) string {
	b.t.Helper()
	id, err := b.e.RunOnce(b.t.Context(), runner, orchestrator.FireRequest{By: orchestrator.Actor{Name: "kim", Via: "test"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func (b *bench) detail(run string) orchestrator.RunDetail {
	b.t.Helper()
	d, err := b.e.RunDetail(b.t.Context(), run)
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *bench) callsOf(step string) []call {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []call
	for _, c := range b.calls {
		if c.step == step {
			out = append(out, c)
		}
	}
	return out
}

func probe(id string) pipe.Definition { return pipe.Definition{ID: id, Use: "test:Probe"} }

func group(id string, steps ...pipe.Definition) pipe.Definition {
	return pipe.Definition{ID: id, Use: "test:Group", Steps: steps}
}

func every(t *testing.T, d time.Duration, anchor time.Time) config.Trigger {
	t.Helper()
	s, err := schedule.Every(d, anchor)
	if err != nil {
		t.Fatal(err)
	}
	return config.Trigger{Name: "interval", Schedule: s}
}

func runnerOf(def pipe.Definition, triggers ...config.Trigger) config.Runner {
	return config.Runner{ID: def.ID, Enabled: true, Pipe: def, Triggers: triggers}
}

func retries(n int, delay time.Duration) *pipe.Retry { return &pipe.Retry{Retries: n, Delay: delay} }

func step(d orchestrator.RunDetail, path string) orchestrator.Step {
	for _, s := range d.Steps {
		if s.Path == path {
			return s
		}
	}
	return orchestrator.Step{}
}

func TestFiresAtNominalTimesWithoutDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		anchor := time.Now().UTC().Add(3 * time.Second)
		b := newBench(t, runnerOf(probe("p"), every(t, 10*time.Second, anchor)))
		b.do["p"] = func(ctx context.Context, _ *pipe.Call) (pipe.Result, error) {
			select {
			case <-time.After(1700 * time.Millisecond): // slow work must not move the phase
			case <-ctx.Done():
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		pass(time.Hour)
		b.stop()
		calls := b.callsOf("p")
		if len(calls) != 360 {
			t.Fatalf("fired %d times in an hour, want 360", len(calls))
		}
		for i, c := range calls {
			want := anchor.Add(time.Duration(i) * 10 * time.Second)
			if !c.nominal.Equal(want) || c.at.Sub(want) > 5*time.Millisecond || c.at.Before(want) {
				t.Fatalf("call %d: nominal %s at %s, want %s", i, c.nominal, c.at, want)
			}
		}
	})
}

func TestRetriesComeAtTheirDelaysAndEndAsFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		b := newBench(t, runnerOf(def)) // defaults: 2 retries, 30 s doubling
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("boom") }
		b.start()
		id := b.fire("p")
		pass(5 * time.Minute)
		calls := b.callsOf("p")
		if len(calls) != 3 {
			t.Fatalf("%d attempts, want 3", len(calls))
		}
		for i, want := range []time.Duration{30 * time.Second, 60 * time.Second} {
			gap := calls[i+1].at.Sub(calls[i].at)
			if gap < want*9/10 || gap > want*11/10+time.Second/10 {
				t.Errorf("retry %d came after %s, want %s give or take a tenth", i+1, gap, want)
			}
		}
		d := b.detail(id)
		if d.Run.State != orchestrator.Failed || d.Run.Attempts != 3 || len(step(d, "p").Attempts) != 3 {
			t.Errorf("run %+v, attempts %+v", d.Run, step(d, "p").Attempts)
		}
		b.stop()
	})
}

func TestPermanentErrorsAndPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("perm")), runnerOf(probe("panics")))
		b.do["perm"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Result{}, fault.Permanentf("no such ticket")
		}
		b.do["panics"] = func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				panic("first time")
			}
			return pipe.Success("fine", nil), nil
		}
		b.start()
		perm, panics := b.fire("perm"), b.fire("panics")
		pass(2 * time.Minute)
		if d := b.detail(perm); d.Run.State != orchestrator.Failed || d.Run.Attempts != 1 {
			t.Errorf("permanent error: %+v", d.Run)
		}
		if d := b.detail(panics); d.Run.State != orchestrator.Completed || step(d, "panics").Attempt != 2 {
			t.Errorf("panic: %+v", d.Run)
		}
		b.stop()
	})
}

func TestOverlapIsSkippedWithAReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, runnerOf(probe("p"), every(t, 10*time.Second, time.Now().Add(time.Second))))
		b.do["p"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(35 * time.Second)
			return pipe.Success("", nil), nil
		}
		b.start()
		pass(39 * time.Second)
		runs := b.runs("p")
		if len(runs) != 2 || runs[0].State != orchestrator.Skipped || runs[0].Count != 3 || runs[0].Reason != "still running: run 1" {
			t.Fatalf("rows: %+v", runs)
		}
		b.stop()
	})
}

func TestIdlePollsAreOneRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := group("poll", pipe.Definition{ID: "look", Use: "test:Read"}, probe("work"))
		anchor := time.Now().UTC().Add(time.Second)
		b := newBench(t, runnerOf(def, every(t, time.Second, anchor)))
		var mu sync.Mutex
		busy := false
		b.do["look"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			if busy {
				return pipe.Success("", nil), nil
			}
			return pipe.Stop("no tickets"), nil
		}
		b.start()
		pass(100*time.Second + time.Second/2)
		mu.Lock()
		busy = true
		mu.Unlock()
		pass(2 * time.Second)
		mu.Lock()
		busy = false
		mu.Unlock()
		pass(3 * time.Second)
		runs := b.runs("poll")
		if len(runs) != 4 || !runs[0].Idle || runs[0].Count != 3 || runs[1].Idle || !runs[3].Idle || runs[3].Count != 100 {
			t.Fatalf("rows: %+v", runs)
		}
		if runs[3].State != orchestrator.Completed || !runs[3].FirstAt.Equal(anchor) || runs[3].Reason != "no tickets" {
			t.Errorf("idle row: %+v", runs[3])
		}
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if r := snap.Runners[0]; r.Runs != 2 || r.OKRate != 1 || r.FailedInRow != 0 {
			t.Errorf("figures count idle polls: %+v", r)
		}
		b.stop()
	})
}

func TestDependenciesConditionsAndParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, bad, after, other := probe("a"), probe("bad"), probe("after"), probe("other")
		bad.Retry = retries(0, 0)
		after.DependsOn = []string{"bad"}
		other.DependsOn = []string{"a"}
		off := probe("off")
		off.If, off.DependsOn = "{{ 1 > 2 }}", []string{"a"}
		last := probe("last")
		last.DependsOn = []string{"after"}
		b := newBench(t, runnerOf(group("g", a, bad, after, other, off, last)))
		b.do["bad"] = func(context.Context, *pipe.Call) (pipe.Result, error) { return pipe.Result{}, errors.New("broken") }
		par := group("par", probe("x"), probe("y"))
		par.Parallel = true
		b.cfg.Runners = append(b.cfg.Runners, runnerOf(par))
		slow := func(context.Context, *pipe.Call) (pipe.Result, error) {
			<-time.After(10 * time.Second)
			return pipe.Success("", nil), nil
		}
		b.do["x"], b.do["y"] = slow, slow
		b.start()
		id, side := b.fire("g"), b.fire("par")
		pass(time.Minute)
		d := b.detail(id)
		want := map[string][2]string{
			"g/a": {"completed", ""}, "g/after": {"skipped", "bad failed"}, "g/other": {"completed", ""},
			"g/off": {"skipped", "its condition is false"}, "g/last": {"skipped", "bad failed"}, "g/bad": {"failed", "attempt 1 of 1 failed, attempts exhausted"},
		}
		for path, w := range want {
			if s := step(d, path); string(s.State) != w[0] || s.Reason != w[1] {
				t.Errorf("%s is %s (%s), want %s (%s)", path, s.State, s.Reason, w[0], w[1])
			}
		}
		if d.Run.State != orchestrator.Failed || d.Run.FailedStep != "g/bad" {
			t.Errorf("run: %+v", d.Run)
		}
		if took := b.detail(side).Run.Duration(time.Now()); took > 11*time.Second {
			t.Errorf("independent steps took %s, they should run side by side", took)
		}
		b.stop()
	})
}

func TestRetryGoesOnFromStoredResults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := probe("first"), probe("second")
		second.Params = map[string]any{"n": "{{ get_pipe_result('first', 'n') }}"}
		b := newBench(t, runnerOf(group("g", first, second)))
		b.do["first"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Success("", map[string]any{"n": 42}), nil
		}
		var got []any
		b.do["second"] = func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
			p, err := c.Params.Evaluate(ctx)
			if err != nil {
				return pipe.Result{}, err
			}
			got = append(got, p["n"])
			if c.Attempt < 3 {
				return pipe.Result{}, errors.New("not yet")
			}
			return pipe.Success("", nil), nil
		}
		b.start()
		id := b.fire("g")
		pass(time.Second)
		if d := b.detail(id); d.Run.State != orchestrator.AwaitingRetry || d.Run.NextAt.IsZero() {
			t.Fatalf("run waits: %+v", d.Run)
		}
		b.stop()
		b.start() // the retry's time survives
		pass(5 * time.Minute)
		if d := b.detail(id); d.Run.State != orchestrator.Completed {
			t.Fatalf("run: %+v", d.Run)
		}
		if n := len(b.callsOf("g/first")); n != 1 {
			t.Errorf("first ran %d times, want once", n)
		}
		if fmt.Sprint(got) != "[42 42 42]" {
			t.Errorf("second saw %v", got)
		}
		b.stop()
	})
}

// pass lets fake time go by; it is for use inside synctest only.
func pass(d time.Duration) { <-time.After(d) }
