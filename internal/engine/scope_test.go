package engine

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/test/bubble"
)

func tagScope(name string) orchestrator.Scope {
	return orchestrator.Scope{Kind: orchestrator.ScopeTag, Name: name}
}

func resourceScope(name string) orchestrator.Scope {
	return orchestrator.Scope{Kind: orchestrator.ScopeResource, Name: name}
}

func (b *bench) pauseScope(s orchestrator.Scope, r orchestrator.PauseRequest) {
	b.t.Helper()
	r.By = kim
	if err := b.e.PauseScope(b.t.Context(), s, r); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) resumeScope(s orchestrator.Scope) {
	b.t.Helper()
	if err := b.e.ResumeScope(b.t.Context(), s, kim); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) snapshot() orchestrator.Snapshot {
	b.t.Helper()
	s, err := b.e.Snapshot(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// kinds gives the kinds of the events, oldest first, but for those of runs.
func (b *bench) kinds() string {
	b.t.Helper()
	events, err := b.e.Events(b.t.Context(), 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	var out []string
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Run == "" {
			out = append(out, events[i].Kind)
		}
	}
	return strings.Join(out, " ")
}

// A runner that two pauses hold goes on when the last one has ended, with one run: its ticks meanwhile are skipped rows.
func TestSeveralPausesOfOneRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"), every(t, time.Minute, time.Now()))
		r.Tags = []string{"mail", "routing"}
		other := runnerOf(probe("other"), every(t, time.Minute, time.Now()))
		b := newBench(t, r, other)
		b.start()
		defer b.stop()
		b.pauseScope(tagScope("routing"), orchestrator.PauseRequest{Reason: "maintenance"})
		if err := b.e.Pause(t.Context(), "p", orchestrator.PauseRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
		bubble.Advance(150 * time.Second)
		if err := b.e.Resume(t.Context(), "p", kim); err != nil {
			t.Fatal(err)
		}
		if v := b.view("p"); v.State != orchestrator.Paused || v.HeldBy != "tag routing" || v.Pause != nil || !v.NextAt.IsZero() ||
			!strings.Contains(v.Reason, "tag routing is paused by kim: maintenance") {
			t.Fatalf("got %+v", v)
		}
		if s := b.snapshot(); len(s.Engine.Holds) != 1 || s.Engine.Holds[0].Scope != tagScope("routing") {
			t.Fatalf("holds %+v", s.Engine.Holds)
		}
		bubble.Advance(time.Minute)
		if n := len(b.callsOf("p")); n != 0 {
			t.Fatalf("ran %d times while held", n)
		}
		b.resumeScope(tagScope("routing"))
		synctest.Wait()
		if n := len(b.callsOf("p")); n != 0 {
			t.Fatalf("a burst of %d runs on the resume", n)
		}
		bubble.Advance(time.Minute)
		if n := len(b.callsOf("p")); n != 1 {
			t.Fatalf("%d runs after the resume, want 1", n)
		}
		if n := len(b.callsOf("other")); n != 4 {
			t.Fatalf("the other runner ran %d times, want 4", n)
		}
		counts, total := ticksOf(b.runs("p"))
		if counts[orchestrator.Skipped] != 3 || total != 4 {
			t.Fatalf("%v of %d rows, want 3 skipped of 4", counts, total)
		}
	})
}

// The engine's pause holds waiting runs and retries, and survives a restart.
func TestEnginePauseHoldsRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(2, time.Minute)
		b := newBench(t, runnerOf(def))
		b.do["p"] = failsUntil(2)
		b.start()
		run := b.fire("p")
		bubble.Advance(time.Second)
		b.pauseScope(engineScope(), orchestrator.PauseRequest{})
		bubble.Advance(time.Hour)
		if n := len(b.callsOf("p")); n != 1 {
			t.Fatalf("%d attempts while the engine was paused", n-1)
		}
		if err := b.e.Rerun(t.Context(), run, orchestrator.RerunRequest{By: kim}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Fatalf("retry now while held: %v", err)
		}
		b.stop()
		b.start()
		defer b.stop()
		bubble.Advance(time.Hour)
		if n := len(b.callsOf("p")); n != 1 {
			t.Fatalf("%d attempts after a restart of the paused engine", n-1)
		}
		b.resumeScope(engineScope())
		bubble.Advance(time.Second)
		if d := b.detail(run); d.Run.State != orchestrator.Completed {
			t.Fatalf("after the resume it is %s: %s", d.Run.State, d.Run.Reason)
		}
	})
}

// What is fired by hand while its runner is held runs, its retries too: a person wants it now. A later pause holds it.
func TestFiredWhileHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(3, time.Minute)
		b := newBench(t, runnerOf(def))
		b.do["p"] = failsUntil(3)
		b.start()
		defer b.stop()
		b.pauseScope(engineScope(), orchestrator.PauseRequest{})
		run := b.fire("p")
		bubble.Advance(90 * time.Second)
		if n := len(b.callsOf("p")); n != 2 {
			t.Fatalf("%d attempts of the run fired by hand, want 2", n)
		}
		b.resumeScope(engineScope())
		b.pauseScope(engineScope(), orchestrator.PauseRequest{})
		bubble.Advance(time.Hour)
		if d := b.detail(run); d.Run.State != orchestrator.AwaitingRetry {
			t.Fatalf("a later pause did not hold it: %s", d.Run.State)
		}
	})
}

// Ticks of a paused resource make runs that wait, as many as the overlap policy allows.
func TestResourcePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"), every(t, time.Minute, time.Now()))
		r.Policy.Resources = map[string]int{"otobo": 1}
		free := runnerOf(probe("free"), every(t, time.Minute, time.Now()))
		b := newBench(t, r, free)
		b.cfg.Limits.Resources = map[string]config.Resource{"otobo": {}}
		b.start()
		defer b.stop()
		b.pauseScope(resourceScope("otobo"), orchestrator.PauseRequest{Reason: "upgrade"})
		bubble.Advance(150 * time.Second)
		v := b.view("p")
		if v.State != orchestrator.Pending || !strings.Contains(v.Reason, "resource otobo is paused by kim: upgrade") {
			t.Fatalf("got %s: %s", v.State, v.Reason)
		}
		if len(b.callsOf("p")) != 0 || len(b.callsOf("free")) != 2 {
			t.Fatalf("p ran %d times, free %d", len(b.callsOf("p")), len(b.callsOf("free")))
		}
		b.resumeScope(resourceScope("otobo"))
		bubble.Advance(time.Second)
		if n := len(b.callsOf("p")); n != 1 {
			t.Fatalf("%d runs after the resume, want the one that waited", n)
		}
	})
}

// A drain finishes what was claimed, retries included, over a restart; ticks meanwhile are skipped rows.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		def := probe("p")
		def.Retry = retries(2, 10*time.Minute)
		b := newBench(t, runnerOf(def), runnerOf(probe("tick"), every(t, time.Minute, time.Now())))
		b.do["p"] = failsUntil(2)
		b.start()
		run := b.fire("p")
		bubble.Advance(time.Second)
		b.pauseScope(engineScope(), orchestrator.PauseRequest{Drain: true, Reason: "upgrade"})
		if s := b.snapshot(); !s.Engine.Draining || len(s.Engine.Holds) != 1 || !s.Engine.Holds[0].Drain {
			t.Fatalf("got %+v", s.Engine)
		}
		if _, err := b.e.RunOnce(t.Context(), "tick", orchestrator.FireRequest{By: kim}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Fatalf("fired while draining: %v", err)
		}
		bubble.Advance(2 * time.Minute)
		b.stop()
		b.start()
		defer b.stop()
		if got := b.kinds(); strings.Contains(got, "drained") {
			t.Fatalf("drained while a retry waits: %s", got)
		}
		bubble.Advance(20 * time.Minute)
		if d := b.detail(run); d.Run.State != orchestrator.Completed {
			t.Fatalf("the run is %s", d.Run.State)
		}
		if got := b.kinds(); strings.Count(got, "drained") != 1 {
			t.Fatalf("events %s, want one of the end of the drain", got)
		}
		rows := b.runs("tick")
		if len(b.callsOf("tick")) != 0 || len(rows) == 0 || !strings.HasPrefix(rows[0].Reason, "the engine is draining") {
			t.Fatalf("%d runs, rows %+v", len(b.callsOf("tick")), rows)
		}
		b.resumeScope(engineScope())
		bubble.Advance(time.Minute)
		if n := len(b.callsOf("tick")); n != 1 {
			t.Fatalf("%d runs after the drain, want 1", n)
		}
	})
}

// An end that passed while the engine was down counts in order: the tick before it is skipped, the one after it runs.
func TestScopePauseThatEndedWhileTheEngineWasDown(t *testing.T) {
	for _, c := range []struct {
		catchup                    config.Catchup
		skipped, missed, completed int
	}{{config.CatchupAll, 2, 0, 1}, {config.CatchupLatest, 0, 2, 1}} {
		synctest.Test(t, func(t *testing.T) {
			r := runnerOf(probe("p"), every(t, time.Minute, time.Now()))
			r.Policy.Catchup = c.catchup
			b := newBench(t, r)
			b.start()
			b.pauseScope(engineScope(), orchestrator.PauseRequest{Until: time.Now().Add(150 * time.Second)})
			b.stop()
			bubble.Advance(190 * time.Second)
			b.start()
			defer b.stop()
			bubble.Advance(5 * time.Second)
			counts, total := ticksOf(b.runs("p"))
			if counts[orchestrator.Skipped] != c.skipped || counts[orchestrator.Missed] != c.missed ||
				counts[orchestrator.Completed] != c.completed || total != 3 {
				t.Errorf("catchup %s: %v of %d", c.catchup, counts, total)
			}
		})
	}
}

func TestScopesRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(probe("p"))
		r.Tags = []string{"mail"}
		b := newBench(t, r)
		b.start()
		defer b.stop()
		for name, c := range map[string]struct {
			scope orchestrator.Scope
			req   orchestrator.PauseRequest
			want  string
		}{
			"unknown tag":      {tagScope("male"), orchestrator.PauseRequest{}, "there are: mail"},
			"unknown resource": {resourceScope("x"), orchestrator.PauseRequest{}, "the configuration has none"},
			"unknown kind":     {orchestrator.Scope{Kind: "planet"}, orchestrator.PauseRequest{}, "no scope"},
			"drain of a tag":   {tagScope("mail"), orchestrator.PauseRequest{Drain: true}, "only the engine"},
			"end in the past":  {tagScope("mail"), orchestrator.PauseRequest{Until: time.Now().Add(-time.Second)}, "over already"},
			"named engine":     {orchestrator.Scope{Kind: "engine", Name: "x"}, orchestrator.PauseRequest{}, "no name"},
		} {
			err := b.e.PauseScope(t.Context(), c.scope, c.req)
			if !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got %v, want %q", name, err, c.want)
			}
		}
		if err := b.e.ResumeScope(t.Context(), tagScope("mail"), kim); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("resume of what is not paused: %v", err)
		}
		if got := b.kinds(); got != "" {
			t.Errorf("refused commands left events: %s", got)
		}
	})
}
