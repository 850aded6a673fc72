package render

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// testScope has the results, parameters and environment that the tables below use.
func testScope() Scope {
	type label string
	return Scope{
		Vars: map[string]any{
			"subject": "42", "body": "Zoë's \"printer\"", "label": "Printer", "int": 7, "named": label("x"), "words": []string{"a", "b"},
			"tickets": []map[string]any{{"id": "1", "queue": map[string]string{"name": "Raw"}}}, "when": time.Unix(0, 0).UTC(),
			"big": uint64(1) << 63, "ptr": new(int), "nothing": (*int)(nil), "st": struct {
				Name string `json:"name"`
			}{"N"}, "ticket": map[string]any{"_id": "u", "items": "own", "number": "2024101210000015"},
		},
		PipeResults: map[string]Result{
			"fetch":   {Succeeded: true, Data: map[string]any{"value": "v", "list": []any{"x", "y"}, "empty": nil}},
			"broken":  {Message: "boom"},
			"skipped": {WasSkipped: true},
		},
		ParentParams: map[string]any{"limit": 5, "none": nil},
		Env: func(name string) (string, bool) {
			v, ok := map[string]string{"TOKEN": "t0k", "PORT": "8080"}[name]
			return v, ok
		},
	}
}

func TestRender(t *testing.T) {
	for _, c := range []struct {
		src    string
		native any
		text   string
	}{
		// both values
		{"{{ subject }}", int64(42), "42"},
		{"Ticket {{ subject }}", "Ticket 42", "Ticket 42"},
		{"{{ ticket.number }}", int64(2024101210000015), "2024101210000015"},
		{"plain", "plain", "plain"},
		{"", nil, ""},
		{"{{ none }}", nil, ""},
		{"x{{ none }}", "xNone", "xNone"},
		{"{{ nope }}", nil, ""},
		{"{{ [1, 'a', none] }}", []any{int64(1), "a", nil}, "[1, 'a', None]"},
		{"{{ {'a': (1, 2.0)} }}", map[string]any{"a": []any{int64(1), 2.0}}, "{'a': (1, 2.0)}"},
		{"{{ {1: 'a'} }}", map[string]any{"1": "a"}, "{1: 'a'}"},
		{"{{ body }}", "Zoë's \"printer\"", "Zoë's \"printer\""},
		{"{{ [body] }}", []any{"Zoë's \"printer\""}, `['Zoë\'s "printer"']`},
		// values from Go
		{"{{ int + 1 }}", int64(8), "8"},
		{"{{ words | join('-') }}", "a-b", "a-b"},
		{"{{ tickets[0].queue.name }}", "Raw", "Raw"},
		{"{{ named }}", "x", "x"},
		{"{{ when }}", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"},
		{"{{ ptr }}", int64(0), "0"},
		{"{{ nothing }}", nil, ""},
		{"{{ st.name }}", "N", "N"},
		{"{{ big }}", "9223372036854775808", "9223372036854775808"},
		{"{{ ticket['_id'] }}{{ ticket._id }}", "uu", "uu"},
		{"{{ ticket['items'] }}", "own", "own"},
		// fail()
		{"{{ fail() }}", Fail{}, "<FailMarker>"},
		{"{{ fail() }}\n", Fail{}, "<FailMarker>"},
		{" {{ fail() if int > 1 else 'x' }} \n\n", Fail{}, " <FailMarker> \n"},
		{"{% if int %}\n  {{ fail() }}\n{% endif %}\n", Fail{}, "  <FailMarker>\n"},
		{"{{ nope }}{{ fail() }}", Fail{}, "<FailMarker>"},
		{"{{ fail() }}{{ fail() }}", "<FailMarker><FailMarker>", "<FailMarker><FailMarker>"},
		{"no {{ fail() }}", "no <FailMarker>", "no <FailMarker>"},
		{"{{ [fail()] }}", []any{Fail{}}, "[<FailMarker>]"},
		// functions
		{"{{ get_pipe_result('fetch') }}{{ pipe_result('fetch') }}", "vv", "vv"},
		{"{{ get_pipe_result(pipe_id='fetch', data_key='list')[1] }}", "y", "y"},
		{"{{ pipe_results.fetch.data.list[0] }}", "x", "x"},
		{"{{ pipe_results['broken'].message }}", "boom", "boom"},
		{"{{ pipe_results.fetch.succeeded }}", true, "True"},
		{"{{ 'fetch' in pipe_results, 'no' in pipe_results }}", []any{true, false}, "(True, False)"},
		{"{{ [has_failed('fetch'), has_failed('broken'), has_failed('skipped')] }}", []any{false, true, false}, "[False, True, False]"},
		{"{{ [has_succeeded('fetch'), has_succeeded('broken')] }}", []any{true, false}, "[True, False]"},
		{"{{ get_env('TOKEN') }}", "t0k", "t0k"},
		{"{{ get_env('PORT') }}", int64(8080), "8080"},
		{"{{ env.TOKEN }}{{ env['TOKEN'] }}", "t0kt0k", "t0kt0k"},
		{"{{ env.NOPE | default('d') }}", "d", "d"},
		{"{{ env.get('NOPE', 'd') }}", "d", "d"},
		{"{{ 'TOKEN' in env }}", true, "True"},
		{"{{ get_parent_param('limit') }}", int64(5), "5"},
		{"{{ get_parent_param('none') }}", nil, ""},
		{"{{ parent_params.limit + params.limit }}", int64(10), "10"},
		{"{{ at_path({'a': {'b': 1}}, 'a.b') }}", int64(1), "1"},
		{"{{ label | at_path('queue.name') }}", map[string]any{"queue": map[string]any{"name": "Printer"}}, "{'queue': {'name': 'Printer'}}"},
		{"{{ label | at_path('queue') }}", map[string]any{"queue": "Printer"}, "{'queue': 'Printer'}"},
		{
			"{{ label | at_path('a.b.c') }}",
			map[string]any{"a": map[string]any{"b": map[string]any{"c": "Printer"}}},
			"{'a': {'b': {'c': 'Printer'}}}",
		},
		// what gonja alone reads wrongly
		{"{{ 'a' in words | map('lower') and 'z' not in words }}", true, "True"},
		{"{{ 1 + (2 if int > 9 else 3) }}", int64(4), "4"},
		{"{{ 'x' if int > 9 else 'y' if int > 8 else 'z' }}", "z", "z"},
		{"{{ [1 if int else 2, 3] }}", []any{int64(1), int64(3)}, "[1, 3]"},
		{"{{ words | join('a' if int else 'b') }}", "aab", "aab"},
		{"{{\n'a'\n~\n'b'\n}}", "ab", "ab"},
		{"{{ 'C:\\\\d' }}{{ '\\d' }}", `C:\d\d`, `C:\d\d`},
		{"{{ int is defined and int is not none }}", true, "True"},
		{"{{ {'a': 1,}['a'] }}{{ [1,2,][1] }}", int64(12), "12"},
		{"{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", int64(6), "6"},
		{"{% for k, v in {'a': 1, 'b': 2}.items() %}{{ k }}{{ v }}{{ loop.depth }};{% endfor %}", "a11;b21;", "a11;b21;"},
		{"{% for i in [1, 1, 2] if i > 0 %}{{ loop.changed(i) }} {% else %}none{% endfor %}", "True False True ", "True False True "},
		{"{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "3False", "3False"},
		{"{% set t | upper %}ab{% endset %}{{ t }}", "AB", "AB"},
		{"{% set int = 1 %}{{ int }}", int64(1), "1"},
		{"{{ '%5.1f|%-4s|%03d' % (2.25, 'a', 7) }}", "  2.2|a   |007", "  2.2|a   |007"},
		{"{{ '{0:>5}|{n:,}|{0!r}'.format('a', n=1234567) }}", "    a|1,234,567|'a'", "    a|1,234,567|'a'"},
	} {
		v, err := New().Render(context.Background(), c.src, testScope())
		if err != nil || !reflect.DeepEqual(v.Native, c.native) || v.Text != c.text {
			t.Errorf("%s\n got %#v, %q, %v\nwant %#v, %q", c.src, v.Native, v.Text, err, c.native, c.text)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		src       string
		line, col int
		msg       string
		compile   bool
	}{
		{"a\n  {{ x | nofilter }}", 2, 10, "there is no filter named 'nofilter'", true},
		{"{{ x is notest }}", 1, 9, "there is no test named 'notest'", true},
		{"ä {{ now() }}", 1, 6, "there is no function named 'now'", true},
		{"{% if x %}\n{% for a in b %}\n{% endif %}", 3, 4, "unexpected 'endif', expected 'endfor'", true},
		{"x\n {% if x %}", 2, 2, "'if' is never closed; add endif", true},
		{"{% endfor %}", 1, 4, "'endfor' ends no block", true},
		{"{% else %}", 1, 4, "'else' has no 'if' before it", true},
		{"{% break %}", 1, 4, "there is no tag named 'break'", true},
		{"{% include 'x' %}", 1, 4, "the tag 'include' is not supported", true},
		{"{{ a b }}", 1, 6, "unexpected 'b'", true},
		{"{{ a + }}", 1, 8, "expected an expression, got the end of the tag", true},
		{"{{ f(a", 1, 1, "this tag is never closed; add }}", true},
		{"{{ (a] }}", 1, 6, "unexpected ']', expected ')'", true},
		{"{{ 'a }}", 1, 4, "this string is never closed", true},
		{"{{ a ? b }}", 1, 6, "unexpected character '?'", true},
		{"{{ 99999999999999999999 }}", 1, 4, "this number is too large", true},
		{"{# x", 1, 1, "this comment is never closed; add #}", true},
		{"{% raw %}x", 1, 1, "'raw' is never closed; add {% endraw %}", true},
		{"{% for i in a recursive %}{% endfor %}", 1, 15, "'recursive' is not supported", true},
		{"{{ a if b if c }}", 1, 11, "unexpected 'if'; add else or brackets", true},
		{"{{ __x }}", 1, 4, "the name '__x' is not allowed", true},
		{"{% set true = 1 %}", 1, 8, "the name 'true' cannot be set", true},
		{"{{ x in (1, 2) == y }}", 1, 16, "this cannot be read here: '}}' expected here", true},
		{"a\r\nb {{ nope.x }}", 2, 10, "'nope' is undefined", false},
		{"\n\n{{ 1 +\n 'a' }}", 3, 6, "'+' cannot be applied to int and str", false},
		{"{{ nope + 1 }}", 1, 9, "'nope' is undefined", false},
		{"{{ 1 / 0 }}", 1, 6, "division by zero", false},
		{"{{ label.nope() }}", 1, 9, "'str' has no method 'nope'", false},
		{"{{ words.append(1) }}", 1, 9, "append() would change a value; templates cannot do that", false},
		{"{{ get_pipe_result('no') }}", 1, 4, "there is no result of a pipe 'no' here; name a pipe that has run before", false},
		{"{{ get_pipe_result('fetch', 'empty') }}", 1, 4, "the pipe 'fetch' has no 'empty' in its result", false},
		{"{{ get_pipe_result('fetch', 'k') | default(1) }}", 1, 4, "the pipe 'fetch' has no 'k' in its result", false},
		{"{{ get_env('NOPE') | default('d') }}", 1, 4, "the environment variable 'NOPE' is not set", false},
		{"{{ get_parent_param('x') }}", 1, 4, "the parent pipe has no parameter 'x'", false},
		{"{{ fail('x') }}", 1, 4, "fail() takes at most 0 arguments, got 1", false},
		{"{{ get_env(name='x') }}", 1, 4, "get_env() has no argument 'name'", false},
		{"{{ get_env() }}", 1, 4, "get_env() needs the argument 'env_name'", false},
		{"{{ at_path(label, 'a.b') }}", 1, 4, "there is no 'a' on the path 'a.b'", false},
		{"{{ at_path(label, 'a') }}", 1, 4, "a path must have the form 'a.b'", false},
		{"{{ env('A') }}", 1, 4, "there is no function named 'env'", true},
		{"{{ (range(60000) + range(60000)) | length }}", 1, 18, "a list may have at most 100000 items", false},
		{"{{ " + strings.Repeat("1 if 0 else ", 70) + "1 }}", 1, 772, "this expression is nested too deeply (more than 64)", true},
		{"{{ words | round }}", 1, 12, "round needs a number, got list", false},
		{"{% for a, b in words %}{% endfor %}", 1, 8, "2 names cannot be set from 1 values", false},
		{"{% set words.x = 1 %}", 1, 8, "only attributes of a namespace() can be set", false},
		{strings.Repeat("(", 3) + "{{ " + strings.Repeat("(", 99), 1, 71, "brackets are nested too deeply (more than 64)", true},
	} {
		_, cerr := New().Compile(c.src)
		if (cerr != nil) != c.compile {
			t.Errorf("%s: compile error %v, want one: %v", c.src, cerr, c.compile)
		}
		_, err := New().Render(context.Background(), c.src, testScope())
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v, want an *Error", c.src, err)
			continue
		}
		if e.Line != c.line || e.Col != c.col || e.Msg != c.msg {
			t.Errorf("%s\n got %d:%d %s\nwant %d:%d %s", c.src, e.Line, e.Col, e.Msg, c.line, c.col, c.msg)
		}
	}
}

func TestIsTemplate(t *testing.T) {
	for s, want := range map[string]bool{
		"{{ x }}": true, "a {% if %}": true, "{# c #}": true, "{{": true, "{": false, "": false, "{ {": false, "a{b{{": true, "}}": false,
	} {
		if got := IsTemplate(s); got != want {
			t.Errorf("IsTemplate(%q) = %v", s, got)
		}
	}
}

func TestNamesPipeResults(t *testing.T) {
	src := "{% if has_failed('a') %}{{ get_pipe_result(\"b\", 'k') }}{% endif %}{{ pipe_result('a') ~ has_succeeded('c') }}" +
		"{{ get_pipe_result(x) }}{{ get_env('E') }}"
	if got := NamesPipeResults(src); !slices.Equal(got, []string{"a", "b", "c"}) {
		t.Errorf("got %v", got)
	}
	for _, src := range []string{"plain get_pipe_result('a')", "{{ get_pipe_result('a') ", "{{ '{{ get_pipe_result(1) }}' }}"} {
		if got := NamesPipeResults(src); len(got) > 0 {
			t.Errorf("%s: got %v", src, got)
		}
	}
}

// Rendering changes neither its scope nor the next rendering, and its result shares nothing with the scope.
func TestNothingLeaks(t *testing.T) {
	r, s := New(), testScope()
	before := fmt.Sprint(s.Vars, s.PipeResults)
	if _, err := r.Render(context.Background(), "{% set leak = 1 %}{% set subject = 2 %}{{ leak }}", s); err != nil {
		t.Fatal(err)
	}
	if v, err := r.Render(context.Background(), "{{ leak is defined }}{{ subject }}", s); err != nil || v.Text != "False42" {
		t.Errorf("got %q, %v", v.Text, err)
	}
	v, err := r.Render(context.Background(), "{{ get_pipe_result('fetch', 'list') }}", s)
	list, ok := v.Native.([]any)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", v.Native, err)
	}
	list[0] = "changed"
	if after := fmt.Sprint(s.Vars, s.PipeResults); after != before {
		t.Errorf("the scope has changed:\n%s\n%s", before, after)
	}
}

func TestCacheIsBounded(t *testing.T) {
	r := New()
	kept, err := r.Compile("{{ 'kept' }}")
	if err != nil {
		t.Fatal(err)
	}
	for i := range cacheEntries + 100 {
		if _, err := r.Compile(fmt.Sprintf("{{ %d }}", i)); err != nil {
			t.Fatal(err)
		}
		if again, err := r.Compile("{{ 'kept' }}"); err != nil || again != kept { // used all the time: it stays
			t.Fatalf("the template used last was compiled anew, %v", err)
		}
	}
	if len(r.byKey) != cacheEntries || r.used.Len() != cacheEntries {
		t.Errorf("%d templates are kept, want %d", len(r.byKey), cacheEntries)
	}
	for i := range 100 {
		if _, err := r.Compile(strings.Repeat("x", maxSource-10) + fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if r.bytes > cacheBytes {
		t.Errorf("%d bytes are kept, at most %d", r.bytes, cacheBytes)
	}
	sum := 0
	for src := range maps.Keys(r.byKey) {
		sum += len(src)
	}
	if sum != r.bytes {
		t.Errorf("the cache counts %d bytes and holds %d", r.bytes, sum)
	}
}

func TestConcurrentUse(t *testing.T) {
	r := New()
	tpl, err := r.Compile("{% set x = int %}{% for i in words %}{{ i }}{{ x }}{% endfor %}")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				if v, err := tpl.Render(context.Background(), testScope()); err != nil || v.Text != "a7b7" {
					t.Errorf("got %q, %v", v.Text, err)
				}
				src := fmt.Sprintf("{{ %d + 1 }}", (g*7+i)%50)
				if _, err := r.Render(context.Background(), src, Scope{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
