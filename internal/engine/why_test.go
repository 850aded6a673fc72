package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// reasonCase is one way in which a runner does not run, and what has to be said of it.
type reasonCase struct {
	name   string
	change func(b *bench) // before the start
	play   func(b *bench) // "x" is to be explained
	state  orchestrator.State
	cause  string // in the reason
	holder string // runner that holds what is waited for; "" = nobody does
	about  bool   // a time is given
	hold   bool   // a pause with who and when
	row    string // in the newest row's reason as well; "" = it need not be
}

func hog(b *bench, d time.Duration) {
	b.does("hog", untilDone(d))
}

func fails(class func(error) error) doFunc {
	return func(context.Context, *pipe.Call) (pipe.Result, error) {
		return pipe.Result{}, class(errors.New("refused"))
	}
}

// seasoned lets hog end four runs, so that a forecast can be made, and then begin a long one.
func seasoned(b *bench) {
	hog(b, time.Minute)
	for range 4 {
		b.fire("hog")
		pass(61 * time.Second)
	}
	hog(b, time.Hour)
	b.fire("hog")
	pass(time.Second)
}

func blockedBy(change func(b *bench)) func(b *bench) {
	return func(b *bench) {
		if change != nil {
			change(b)
		}
		seasoned(b)
		b.fire("x")
		pass(2 * lateAfter)
	}
}

func reasonCases() []reasonCase {
	one := func(b *bench) { b.cfg.Engine.MaxParallelRuns = 1 }
	resource := func(c config.Resource) func(b *bench) {
		return func(b *bench) {
			b.cfg.Limits.Resources = map[string]config.Resource{"otobo": c}
			for i := range b.cfg.Runners {
				b.cfg.Runners[i].Policy.Resources = map[string]int{"otobo": 1}
			}
		}
	}
	runner := func(change func(r *config.Runner)) func(b *bench) {
		return func(b *bench) { change(&b.cfg.Runners[0]) }
	}
	fire := func(after time.Duration) func(b *bench) {
		return func(b *bench) { b.fire("x"); pass(after) }
	}
	return []reasonCase{
		{
			name: "slots", change: one, play: blockedBy(nil), state: orchestrator.Late, cause: "waits for a slot: 1 of 1 busy",
			holder: "hog", about: true, row: "about ",
		},
		{
			name: "tag", change: func(b *bench) {
				b.cfg.Limits.Tags = map[string]int{"r": 1}
				for i := range b.cfg.Runners {
					b.cfg.Runners[i].Tags = []string{"r"}
				}
			},
			play: blockedBy(nil), state: orchestrator.Late, cause: "waits for tag r: 1 of 1", holder: "hog", about: true, row: "if hog ends at its p95",
		},
		{
			name: "resource", change: resource(config.Resource{Max: 1}), play: blockedBy(nil), state: orchestrator.Late,
			cause: "resource otobo: 1 of 1", holder: "hog", about: true, row: "held by hog",
		},
		{
			name: "rate", change: resource(config.Resource{Rate: 1, Per: time.Hour, Burst: 1}), play: func(b *bench) {
				hog(b, time.Second)
				b.fire("hog")
				pass(2 * time.Second)
				b.fire("x")
				pass(2 * lateAfter)
			},
			state: orchestrator.Late, cause: "rate of resource otobo", about: true, row: "next at",
		},
		{
			name: "breaker", change: resource(config.Resource{BreakerFailures: 1, BreakerOpenFor: time.Hour}), play: func(b *bench) {
				b.does("hog", fails(fault.NewTransient))
				b.fire("hog")
				pass(time.Second)
				b.fire("x")
				pass(2 * lateAfter)
			},
			state: orchestrator.Late, cause: "circuit of resource otobo is open", about: true, row: "refused",
		},
		{
			name: "other run", change: runner(func(r *config.Runner) { r.Policy.Overlap = config.OverlapBufferAll }), play: func(b *bench) {
				for range 4 {
					b.fire("x")
					pass(11 * time.Second)
				}
				b.does("x", untilDone(time.Minute))
				b.fire("x")
				b.fire("x")
				pass(5 * time.Second)
			},
			state: orchestrator.Running, cause: "1 more waiting", row: "of this runner",
		},
		{
			name: "retry", play: func(b *bench) {
				b.does("x", fails(fault.NewTransient))
				fire(time.Second)(b)
			},
			state: orchestrator.AwaitingRetry, cause: "refused", about: true,
		},
		{
			name: "answer", play: func(b *bench) {
				b.does("x", asks(time.Hour, nil))
				fire(time.Second)(b)
			},
			state: orchestrator.Paused, cause: "waits for an answer", about: true,
		},
		{
			name: "paused", play: func(b *bench) {
				if err := b.e.Pause(b.t.Context(), "x", orchestrator.PauseRequest{Reason: "release", By: kim}); err != nil {
					b.t.Fatal(err)
				}
			},
			state: orchestrator.Paused, cause: "paused by kim: release", hold: true,
		},
		{
			name: "tag paused", change: runner(func(r *config.Runner) { r.Tags = []string{"night"} }), play: func(b *bench) {
				b.pauseScope(tagScope("night"), orchestrator.PauseRequest{Reason: "release"})
			},
			state: orchestrator.Paused, cause: "tag night is paused by kim: release", hold: true,
		},
		{
			name: "engine paused", play: func(b *bench) { b.pauseScope(engineScope(), orchestrator.PauseRequest{Reason: "move"}) },
			state: orchestrator.Paused, cause: "paused by kim: move", hold: true,
		},
		{
			name: "drain", play: func(b *bench) { b.pauseScope(engineScope(), orchestrator.PauseRequest{Drain: true, Reason: "reboot"}) },
			state: orchestrator.Paused, cause: "draining, by kim: reboot", hold: true,
		},
		{
			name: "resource paused", change: resource(config.Resource{}), play: func(b *bench) {
				b.pauseScope(resourceScope("otobo"), orchestrator.PauseRequest{Reason: "they migrate"})
				fire(5 * time.Second)(b)
			},
			state: orchestrator.Pending, cause: "resource otobo is paused by kim", hold: true, row: "since ",
		},
		{
			name: "retry under a pause", play: func(b *bench) {
				b.does("x", fails(fault.NewTransient))
				fire(time.Second)(b)
				if err := b.e.Pause(b.t.Context(), "x", orchestrator.PauseRequest{Reason: "release", By: kim}); err != nil {
					b.t.Fatal(err)
				}
			},
			state: orchestrator.Paused, cause: "its retry waits", hold: true, row: "its retry is held: paused by kim: release, since ",
		},
		{
			name: "cancelling", play: func(b *bench) {
				b.does("x", func(context.Context, *pipe.Call) (pipe.Result, error) {
					pass(20 * time.Second) // it does not listen
					return pipe.Success("", nil), nil
				})
				id := b.fire("x")
				pass(time.Second)
				if err := b.e.Cancel(b.t.Context(), id, kim); err != nil {
					b.t.Fatal(err)
				}
				pass(2 * time.Second)
			},
			state: orchestrator.Cancelling, cause: "cancelled by kim (test), still stopping",
		},
		{name: "disabled", change: runner(func(r *config.Runner) { r.Enabled = false }), play: func(*bench) {}, state: orchestrator.Disabled, cause: "disabled"},
		{name: "by hand only", play: func(*bench) {}, state: orchestrator.Scheduled, cause: "runs when fired"},
	}
}

// TestEveryReasonIsWhole: whatever keeps a runner from running, the cause is told, with who holds it, since when, and when it may
// go on as far as that can be known.
func TestEveryReasonIsWhole(t *testing.T) {
	t.Parallel()
	for _, c := range reasonCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, runnerOf(probe("x")), runnerOf(probe("hog")))
				if c.change != nil {
					c.change(b)
				}
				b.start()
				c.play(b)
				c.judge(t, b)
				b.stop()
			})
		})
	}
}

func (c *reasonCase) judge(t *testing.T, b *bench) {
	t.Helper()
	v := b.view("x")
	if v.State != c.state || !strings.Contains(v.Reason, c.cause) {
		t.Errorf("%s: %q, want %s and %q", v.State, v.Reason, c.state, c.cause)
	}
	now := time.Now()
	switch w := v.Wait; {
	case c.about && (w == nil || !w.About.After(now) || w.Because == ""):
		t.Errorf("nothing says when: %+v", w)
	case c.holder != "" && (w == nil || len(w.Holders) == 0 || w.Holders[0].Runner != c.holder || w.Holders[0].Run == ""):
		t.Errorf("nothing says who holds it: %+v", w)
	case c.holder != "" && (!w.Holders[0].Since.Before(now) || w.Since.IsZero() || w.Since.After(now)):
		t.Errorf("nothing says since when: %+v", w)
	}
	if c.name == "slots" {
		if e := b.snapshot().Engine; len(e.Holders) != 1 || e.Holders[0].Runner != "hog" || e.Holders[0].Ends.IsZero() {
			t.Errorf("the slots are held by %+v", e.Holders)
		}
	}
	if h := v.Hold; c.hold && (h == nil || h.Pause.By != "kim" || h.Pause.At.IsZero() || h.Pause.Reason == "") {
		t.Errorf("nothing says who paused it, when and why: %+v", h)
	}
	if c.row == "" {
		return
	}
	if rows := b.runs("x"); len(rows) == 0 || !strings.Contains(rows[0].Reason, c.row) {
		t.Errorf("its row says %+v, want %q", rows, c.row)
	}
}

// TestTicksThatDidNotRunSayWhy: a tick that did not become a run names the run, the person or the bound that kept it from it.
func TestTicksThatDidNotRunSayWhy(t *testing.T) {
	t.Parallel()
	begin := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		policy config.Policy
		play   func(b *bench)
		state  orchestrator.State
		cause  []string
	}{
		{"running", config.Policy{}, func(*bench) { pass(3 * time.Minute) }, orchestrator.Skipped, []string{"still running: run 1"}},
		{
			"retrying",
			config.Policy{},
			func(b *bench) { b.does("x", fails(fault.NewTransient)); pass(3 * time.Minute) },
			orchestrator.Skipped,
			[]string{"run 1 still waits for its retry"},
		},
		{
			"answer",
			config.Policy{},
			func(b *bench) { b.does("x", asks(0, nil)); pass(3 * time.Minute) },
			orchestrator.Skipped,
			[]string{"run 1 still waits for an answer"},
		},
		{"paused", config.Policy{}, func(b *bench) {
			if err := b.e.Pause(b.t.Context(), "x", orchestrator.PauseRequest{Reason: "release", By: kim}); err != nil {
				b.t.Fatal(err)
			}
			pass(3 * time.Minute)
		}, orchestrator.Skipped, []string{"paused by kim", "release"}},
		{"engine down", config.Policy{CatchupWindow: time.Minute}, func(b *bench) {
			b.does("x", untilDone(time.Second))
			pass(90 * time.Second)
			b.stop()
			pass(time.Hour)
			b.start()
			pass(time.Second)
		}, orchestrator.Missed, []string{"down"}},
		{
			"queue full",
			config.Policy{Overlap: config.OverlapBufferAll, QueueMax: 1},
			func(*bench) { pass(5 * time.Minute) },
			orchestrator.Dropped,
			[]string{"1 runs wait already", "queue_max 1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := runnerOf(probe("x"), every(t, time.Minute, begin))
				r.Policy = c.policy
				r.Pipe.Retry = &pipe.Retry{Retries: 3, Delay: time.Hour, MaxDelay: time.Hour}
				b := newBench(t, r)
				b.do["x"] = untilDone(time.Hour)
				b.start()
				c.play(b)
				for _, run := range b.runs("x") {
					if run.State != c.state {
						continue
					}
					for _, s := range c.cause {
						if !strings.Contains(run.Reason, s) {
							t.Errorf("%q does not say %q", run.Reason, s)
						}
					}
					if run.Nominal.IsZero() || run.DueAt.IsZero() {
						t.Errorf("it says no tick: %+v", run)
					}
					b.stop()
					return
				}
				t.Errorf("no row is %s: %+v", c.state, b.runs("x"))
				b.stop()
			})
		})
	}
}
