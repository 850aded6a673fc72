package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

type typedParams struct {
	Limit  int           `param:"limit"`
	Ratio  float64       `param:"ratio"`
	Dry    bool          `param:"dry"`
	Queue  string        `param:"queue"`
	Wait   time.Duration `param:"wait"`
	Names  []string      `param:"names"`
	Counts []int         `param:"counts"`
	Who    struct {
		Name string `param:"name,short"`
	} `param:"who"`
	Map map[string]string `param:"map"`
}

func TestTypedParameters(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leaf := pipe.Definition{ID: "leaf", Use: "test:Typed"}
		comp := group("comp", probe("in"))
		comp.Params = map[string]any{"n": int64(3), "on": true, "list": []any{int64(1)}, "text": "x", "tmpl": "{{ 1 }}"}
		b := newBench(t, runnerOf(leaf), runnerOf(comp))
		var got typedParams
		b.startWith(func(o *Options) {
			reg, err := pipe.NewRegistry(&pipe.Spec{
				Name: "test:Typed", Params: &typedParams{}, New: func() pipe.Pipe {
					return pipe.Func(func(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
						got = typedParams{}
						return pipe.Success("", nil), c.Params.Bind(ctx, &got)
					})
				},
			}, &pipe.Spec{Name: "test:Group", Composite: true},
				&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(b.process) }})
			if err != nil {
				t.Fatal(err)
			}
			o.Pipes = reg
		})
		defer b.stop()
		fire := func(runner, name, value string) error {
			_, err := b.e.RunOnce(t.Context(), runner, orchestrator.FireRequest{Params: map[string]string{name: value}, By: kim})
			synctest.Wait()
			return err
		}
		for _, c := range []struct{ runner, name, value, want string }{
			{"leaf", "limit", "ten", `parameter limit: expected a whole number, got "ten"`},
			{"leaf", "limit", "1.5", `expected a whole number, got "1.5"`},
			{"leaf", "ratio", "much", `expected a number, got "much"`},
			{"leaf", "dry", "maybe", `parameter dry: expected true or false, got "maybe"`},
			{"leaf", "wait", "soon", `expected a duration such as 90`},
			{"leaf", "counts", "1,two", `expected a list of which each item is a whole number (item 2 is not), got "1,two"`},
			{"leaf", "names", `["a"`, `expected a list such as a,b`},
			{"leaf", "names", `["a"] x`, `expected a list such as a,b`},
			{"leaf", "map", "x", `expected an object`},
			{"comp", "n", "x", `parameter n: expected a number, got "x"`},
			{"comp", "on", "7", `parameter on: expected true or false, got "7"`},
			{"comp", "list", "a", `each item is a number`},
			{"comp", "nothing", "a", `takes no parameter`},
		} {
			err := fire(c.runner, c.name, c.value)
			if err == nil || !strings.Contains(err.Error(), c.want) || fault.ClassOf(err) != fault.Permanent {
				t.Errorf("%s=%s: %v, want %q", c.name, c.value, err, c.want)
			}
		}
		if runs := b.runs(""); len(runs) != 0 {
			t.Fatalf("refused requests left %d rows", len(runs))
		}
		for _, c := range []struct{ name, value, want string }{
			{"limit", "-3", "{-3 0 false  0s [] [] {} map[]}"},
			{"ratio", "2", "{0 2 false  0s [] [] {} map[]}"},
			{"dry", "true", "{0 0 true  0s [] [] {} map[]}"},
			{"queue", "007", "{0 0 false 007 0s [] [] {} map[]}"},
			{"wait", "90", "{0 0 false  1m30s [] [] {} map[]}"},
			{"wait", "2m", "{0 0 false  2m0s [] [] {} map[]}"},
			{"names", "a, b", "{0 0 false  0s [a b] [] {} map[]}"},
			{"names", `["a, b", 7]`, "{0 0 false  0s [a, b 7] [] {} map[]}"},
			{"counts", "[1, 2]", "{0 0 false  0s [] [1 2] {} map[]}"},
			{"counts", "", "{0 0 false  0s [] [] {} map[]}"},
			{"who", "kim", "{0 0 false  0s [] [] {kim} map[]}"},
			{"who", `{"name": "lee"}`, "{0 0 false  0s [] [] {lee} map[]}"},
			{"map", `{"a": "b"}`, "{0 0 false  0s [] [] {} map[a:b]}"},
		} {
			if err := fire("leaf", c.name, c.value); err != nil || fmt.Sprint(got) != c.want {
				t.Errorf("%s=%s: %v, got %v", c.name, c.value, err, got)
			}
		}
		for name, value := range map[string]string{"n": "2.5", "on": "false", "list": "1,2", "text": "7", "tmpl": "x"} {
			if err := fire("comp", name, value); err != nil {
				t.Errorf("%s=%s: %v", name, value, err)
			}
		}
	})
}

// TestFreeParameterTakesAnyValue: a composite's own keys are free parameters, and need not be objects.
func TestFreeParameterTakesAnyValue(t *testing.T) {
	v, err := readParam(&pipe.Field{Kind: pipe.FieldMap, Rest: true, Elem: &pipe.Field{Kind: pipe.FieldAny}}, "5")
	if err != nil || v != int64(5) {
		t.Errorf("got %v (%T), %v, want 5", v, v, err)
	}
}
