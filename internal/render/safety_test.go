package render

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Each of these must end as an *Error, soon.
func TestBoundedWork(t *testing.T) {
	nested := func(open, mid, end string, n int) string {
		return strings.Repeat(open, n) + mid + strings.Repeat(end, n)
	}
	for name, src := range map[string]string{
		"range":               "{{ range(100000000) | list }}",
		"range down":          "{{ range(0, -100000000, -1) | length }}",
		"range of the end":    "{{ range(9223372036854775806, 9223372036854775807, 1) | sum + 9223372036854775807 }}",
		"three loops":         nested("{% for i in range(3000) %}", "x", "{% endfor %}", 3),
		"empty loops":         nested("{% for i in range(3000) %}", "", "{% endfor %}", 3),
		"long text":           "{{ 'a' * 2000000000 }}",
		"long text reversed":  "{{ 2000000000 * 'a' }}",
		"long list":           "{{ [1] * 2000000000 }}",
		"wide":                "{{ 'a'.center(2000000000) }}",
		"width not shown":     "{{ 'a'.center(2000000000) | length }}",
		"sum not shown":       "{% set a = 'a' * 4000000 %}{{ (a ~ a) | length }}",
		"zeros":               "{{ '5'.zfill(2000000000) }}",
		"format":              "{{ '%2000000000d' % 5 }}",
		"braces":              "{{ '{:2000000000}'.format(5) }}",
		"replace":             "{{ ('a' * 1000000) | replace('', 'b' * 1000000) }}",
		"join":                "{{ range(100000) | join('a' * 100000) }}",
		"indent":              "{{ ('\\n' * 1000000) | indent('a' * 100000) }}",
		"doubling text":       "{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}{{ ns.t }}",
		"doubling by repeat":  "{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t * 9 %}{% endfor %}{{ ns.t }}",
		"doubling list":       "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}{{ ns.l }}",
		"shared list":         "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
		"shared list as text": "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}x{{ ns.l }}",
		"shared list as JSON": "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}",
		"shared list equal": "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}" +
			"{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
		"shared tuple as key": "{% set ns = namespace(l=(1,)) %}{% for i in range(60) %}{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ {ns.l: 1} }}",
		"deep list":           "{% set ns = namespace(l=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
		"deep list in text":   "{% set ns = namespace(l=[]) %}{% for i in range(20000) %}{% set ns.l = [ns.l] %}{% endfor %}x{{ ns.l }}",
		"own member":          "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}",
		"own member as JSON":  "{% set ns = namespace() %}{% set ns.me = ns %}{{ ns | tojson }}",
		"own member equal":    "{% set a = namespace() %}{% set b = namespace() %}{% set a.x = b %}{% set b.x = a %}{{ a == b }}",
		"large power":         "{{ 9 ** 999999999 }}",
		"large float power":   "{{ 9.0 ** 999999999 }}",
		"long output":         "{% for i in range(90000) %}{{ 'a' * 1000 }}{% endfor %}",
		"looking at texts":    "{% set s = 'a' * 4000000 %}{% for i in range(90000) %}{{ s == s ~ '' }}{{ s | length }}{% endfor %}",
		"parentheses":         "{{ " + nested("(", "1", ")", 5000) + " }}",
		"brackets":            "{{ " + nested("[", "1", "]", 5000) + " }}",
		"braces in braces":    "{{ " + nested("{1:", "1", "}", 5000) + " }}",
		"nots":                "{{ " + strings.Repeat("not ", 10000) + "1 }}",
		"signs":               "{{ " + strings.Repeat("-", 10000) + "1 }}",
		"ternaries":           "{{ " + strings.Repeat("1 if 0 else ", 4000) + "1 }}",
		"ifs":                 nested("{% if 1 %}", "x", "{% endif %}", 2000),
		"sum of many":         "{{ 1" + strings.Repeat("+1", 20000) + " }}",
		"many attributes":     "{{ x" + strings.Repeat(".a", 20000) + " }}",
		"many calls":          "{{ x" + strings.Repeat("()", 20000) + " }}",
		"long source":         strings.Repeat("x", maxSource+1),
		"endless macro":       "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"recursive loop":      "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
		"filters in filters":  "{{ [1] | map(" + strings.Repeat("'map', ", 5000) + "'upper') }}",
		"least by minus one":  "{{ (-9223372036854775807 - 1) // -1 }}",
		"remainder of least":  "{{ (-9223372036854775807 - 1) % -1 }}",
		"least without sign":  "{{ -(-9223372036854775807 - 1) }}",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := New().Render(context.Background(), src, Scope{})
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("error %v, want an *Error", err)
			}
			if e != nil && len(e.Msg) > 200 {
				t.Errorf("long message: %s", e.Msg)
			}
			if took := time.Since(start); took > 10*time.Second { // a second at most here; generous for a busy machine
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestDeepLiteralStaysText(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("[", 100_000), strings.Repeat("[", 100) + strings.Repeat("]", 100), strings.Repeat("-", 100_000) + "x",
		"{[]: 1}", "[1, 2", "'", "{1}", "b'x'", "1j", "...",
	} {
		v, err := (&template{}).asText(text)
		if err != nil || v.Native != text {
			t.Errorf("%.20q: got %T %v, want the text", text, v.Native, err)
		}
	}
}

// asText renders a plain text, as a template whose only output it is.
func (t *template) asText(text string) (Value, error) {
	r := &run{ctx: context.Background(), tpl: t}
	return r.value([]any{text})
}

func TestContextEndsRendering(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	calls := 0
	s := Scope{Env: func(string) (string, bool) {
		if calls++; calls == 3 {
			cancel()
		}
		return "", true
	}}
	_, err := New().Render(ctx, "{% for i in range(90000) %}{{ env.X }}{% endfor %}", s)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if calls > 2000 {
		t.Errorf("went on for %d rounds after the end of its context", calls)
	}
	if _, err := New().Render(ctx, "x", Scope{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v with an ended context, want context.Canceled", err)
	}
}

// A fault in what the scope brings ends one rendering only.
func TestPanicEndsAsError(t *testing.T) {
	s := Scope{Env: func(string) (string, bool) { panic("boom") }}
	_, err := New().Render(context.Background(), "{{ env.X }}", s)
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("error %v, want an *Error", err)
	}
}

func TestNoWayOut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("the secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		"{% include '" + file + "' %}", "{% import '" + file + "' as x %}", "{% from '" + file + "' import x %}",
		"{% extends '" + file + "' %}", "{% do x.append(1) %}", "{% call x() %}{% endcall %}", "{% block x %}{% endblock %}",
		"{% autoescape true %}{% endautoescape %}", "{% trans %}x{% endtrans %}",
		"{{ ''.__class__.__mro__ }}", "{{ __cond(1, 2) }}", "{% __text '0' %}", "{{ self.x.y }}", "{{ gonja.version }}",
		"{{ ''['__class__']['x'] }}", "{{ x.__init__.__globals__ }}", "{{ nil }}",
	} {
		v, err := New().Render(context.Background(), src, Scope{Vars: map[string]any{"x": []any{}}})
		if err == nil {
			t.Errorf("%s gave %v, want an error", src, v.Native)
		}
	}
}

// The environment can be asked for one name at a time, never listed.
func TestEnvironmentIsNotListed(t *testing.T) {
	s := Scope{Env: func(name string) (string, bool) { return "hidden", name == "PASSWORD" }}
	for _, src := range []string{
		"{{ env }}", "x{{ env }}", "{{ env | list }}", "{{ env | tojson }}", "{{ env.items() }}", "{{ dict(env) }}",
		"{% for k in env %}{{ k }}{% endfor %}", "{{ [env] }}", "{{ env | string }}", "{{ env | items | list }}",
	} {
		v, err := New().Render(context.Background(), src, s)
		if err == nil && strings.Contains(v.Text, "hidden") {
			t.Errorf("%s shows the environment: %s", src, v.Text)
		}
	}
	v, err := New().Render(context.Background(), "{{ env.PASSWORD }}{{ env['PASSWORD'] }}{{ env.get('PASSWORD') }}", s)
	if err != nil || v.Text != "hiddenhiddenhidden" {
		t.Errorf("got %q, %v", v.Text, err)
	}
}
