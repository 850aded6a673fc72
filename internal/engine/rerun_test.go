package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/test/bubble"
)

func TestRedoFrom(t *testing.T) {
	keyed := eachOf("each", []any{"x", "y"}, "{{ it }}", probe("in"), probe("out"))
	diamond := sideBySide(group("d", probe("top"), after(probe("left"), "top"), after(probe("right"), "top"), after(probe("join"), "left", "right")))
	for name, c := range map[string]struct {
		def          pipe.Definition
		path         string
		drop, reopen string
	}{
		"in a row":           {group("g", probe("a"), probe("b"), probe("c")), "g/b", "g/b g/c", "g"},
		"the first":          {group("g", probe("a"), probe("b")), "g/a", "g/a g/b", "g"},
		"the root":           {group("g", probe("a")), "g", "g", ""},
		"one step":           {probe("p"), "p", "p", ""},
		"side by side":       {diamond, "d/left", "d/join d/left", "d"},
		"all of a diamond":   {diamond, "d/top", "d/join d/left d/right d/top", "d"},
		"against the order":  {group("g", after(probe("late"), "first"), probe("first"), probe("end")), "g/first", "g/end g/first g/late", "g"},
		"what came before":   {group("g", after(probe("late"), "first"), probe("first"), probe("end")), "g/late", "g/end g/late", "g"},
		"nested":             {group("g", probe("a"), group("h", probe("b"), probe("c")), probe("e")), "g/h/c", "g/e g/h/c", "g g/h"},
		"in a keyed item":    {group("g", keyed, probe("z")), "g/each/x/in", "g/each/x/in g/each/x/out g/z", "g g/each g/each/x"},
		"a keyed item":       {group("g", keyed, probe("z")), "g/each/x", "g/each/x g/z", "g g/each"},
		"an item by place":   {group("g", eachOf("each", []any{1}, "", probe("in")), probe("z")), "g/each/0/in", "g/each g/z", "g"},
		"no such step":       {group("g", probe("a")), "g/x", "?", ""},
		"another root":       {group("g", probe("a")), "h/a", "?", ""},
		"beyond a leaf":      {group("g", probe("a")), "g/a/b", "?", ""},
		"an id with a slash": {group("g", probe("a/b"), probe("c")), "g/a/b", "g/a/b g/c", "g"},
	} {
		d, ok := redoFrom(&c.def, c.path)
		slices.Sort(d.drop)
		slices.Sort(d.reopen)
		drop, reopen := strings.Join(d.drop, " "), strings.Join(d.reopen, " ")
		if !ok {
			drop, reopen = "?", ""
		}
		if drop != c.drop || reopen != c.reopen {
			t.Errorf("%s: again %q around %q, want %q around %q", name, drop, reopen, c.drop, c.reopen)
		}
	}
}

func TestRerunFromAStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inner := sideBySide(group("h", probe("b"), after(probe("c"), "b"), probe("free")))
		b := newReloadable(t, hashed(runnerOf(group("g", probe("a"), inner, probe("e"))), "h1"))
		b.cfg.Runners = []config.Runner{hashed(runnerOf(group("g", probe("a"), inner, probe("e"))), "h1")}
		b.start()
		defer b.stop()
		run := b.fire("g")
		bubble.Advance(time.Second)
		if err := b.e.Rerun(t.Context(), run, orchestrator.RerunRequest{From: "g/h/b", By: kim}); err != nil {
			t.Fatal(err)
		}
		bubble.Advance(time.Second)
		for path, want := range map[string]int{"g/a": 1, "g/h/b": 2, "g/h/c": 2, "g/h/free": 1, "g/e": 2} {
			if n := len(b.callsOf(path)); n != want {
				t.Errorf("%s was called %d times, want %d", path, n, want)
			}
		}
		d := b.detail(run)
		if d.Run.State != orchestrator.Completed || d.Run.Attempt != 2 || d.Run.ID != run {
			t.Errorf("%+v", d.Run)
		}
		for _, s := range d.Steps {
			if s.State != orchestrator.Completed {
				t.Errorf("step %s is %s", s.Path, s.State)
			}
		}
		events, _ := b.e.Events(t.Context(), 1)
		if ev := events[0]; ev.Kind != "rerun" || !strings.HasSuffix(ev.Text, "from step g/h/b") || ev.Before != "completed, attempt 1" ||
			ev.After != "pending, attempt 2" {
			t.Errorf("%+v", ev)
		}
		refused := func(req orchestrator.RerunRequest, want string) {
			t.Helper()
			if err := b.e.Rerun(t.Context(), run, req); !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: %v", req, err)
			}
		}
		refused(orchestrator.RerunRequest{From: "g/x"}, "no step")
		refused(orchestrator.RerunRequest{From: "g/a", All: true}, "not both")
		refused(orchestrator.RerunRequest{}, "there is no failed step")
		b.reload(hashed(runnerOf(group("g", probe("a"), inner)), "h2"))
		refused(orchestrator.RerunRequest{From: "g/a"}, "rerun all of it")
		if err := b.e.Rerun(t.Context(), run, orchestrator.RerunRequest{All: true, By: kim}); err != nil {
			t.Fatal(err)
		}
		bubble.Advance(time.Second)
		if d := b.detail(run); d.Run.Definition != "h2" || d.Run.Attempt != 3 || len(b.callsOf("g/a")) != 2 || len(b.callsOf("g/e")) != 2 {
			t.Errorf("after the rerun of all: %+v", d.Run)
		}
	})
}

// What failed under another definition is not gone on with: its results may not fit.
func TestRerunOfTheFailedStepNeedsTheSameDefinition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		two := probe("two")
		two.Retry = retries(0, 0)
		old := hashed(runnerOf(group("g", probe("one"), two)), "h1")
		b := newReloadable(t, old)
		b.do["two"] = permanent
		b.start()
		defer b.stop()
		run := b.fire("g")
		bubble.Advance(time.Second)
		b.reload(hashed(runnerOf(group("g", probe("one"), probe("three"))), "h2"))
		err := b.e.Rerun(t.Context(), run, orchestrator.RerunRequest{By: kim})
		if !errors.Is(err, orchestrator.ErrNotNow) || !strings.Contains(err.Error(), "rerun all of it") {
			t.Fatalf("got %v", err)
		}
		b.reload(old)
		if err := b.e.Rerun(t.Context(), run, orchestrator.RerunRequest{By: kim}); err != nil {
			t.Fatal(err)
		}
	})
}
