package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
)

type panicServices struct{ noServices }

func (panicServices) Classifier(string) (classify.Classifier, error) { panic("classifier") }

type panicRenderer struct{ real Renderer }

func (p panicRenderer) Render(ctx context.Context, template string, s render.Scope) (render.Value, error) {
	if strings.Contains(template, "BOOM") {
		panic("renderer")
	}
	return p.real.Render(ctx, template, s)
}

// TestPanicsEndOneAttemptOnly: in pipes side by side, in services, results and templates. Nothing may end the process.
func TestPanicsEndOneAttemptOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cond, param, list := probe("cond"), group("param", probe("p1")), eachOf("list", nil, "", probe("l1"))
		cond.If, param.Params, list.ForEach = "{{ BOOM }}", map[string]any{"x": "{{ BOOM }}"}, "{{ BOOM }}"
		keyed := eachOf("keyed", []any{1}, "{{ BOOM }}", probe("k1"))
		result := probe("result")
		g := sideBySide(group("g", probe("p"), probe("q"), cond, param, list, keyed, result,
			pipe.Definition{ID: "service", Use: "test:Classify"}, probe("fine")))
		g.Retry = retries(1, time.Second)
		b := newBench(t, runnerOf(g))
		once := func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
			if c.Attempt == 1 {
				panic(fmt.Errorf("in %s", c.Step))
			}
			return pipe.Success("", nil), nil
		}
		b.do["p"], b.do["q"] = once, once
		b.do["result"] = func(context.Context, *pipe.Call) (pipe.Result, error) {
			return pipe.Success("", map[string]any{"x": panicJSON{}}), nil
		}
		b.startWith(func(o *Options) {
			o.Services, o.Renderer = panicServices{}, panicRenderer{o.Renderer}
			o.Pipes, _ = pipe.NewRegistry(
				&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(b.process) }},
				&pipe.Spec{Name: "test:Group", Composite: true},
				&pipe.Spec{Name: "test:Classify", Needs: []pipe.Need{{Name: "c", Kind: pipe.KindClassifier}}, New: func() pipe.Pipe { return pipe.Func(b.process) }})
		})
		id := b.fire("g")
		pass(time.Hour)
		d := b.detail(id)
		wantStates(t, d, map[string]string{
			"g/p": "completed", "g/q": "completed", "g/fine": "completed", "g/cond": "failed", "g/param": "failed", "g/list": "failed",
			"g/keyed": "failed", "g/service": "failed", "g/result": "failed", "g": "failed",
		})
		if s := step(d, "g/p"); s.Attempt != 2 || s.Attempts[0].Error != "panic in the pipe: in g/p" {
			t.Errorf("p: %+v", s)
		}
		b.stop()
	})
}

type panicJSON struct{}

func (panicJSON) MarshalJSON() ([]byte, error) { panic("json") }
