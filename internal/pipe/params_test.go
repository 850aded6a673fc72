package pipe

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/render"
)

type entity struct {
	ID   string `param:"id"`
	Name string `param:"name,short"`
}

type search struct {
	Queue  *entity  `param:"queue"`
	Limit  int      `param:"limit" default:"10"`
	States []string `param:"states"`
}

type sample struct {
	Text     string            `param:"text" alias:"prompt"`
	Count    int               `param:"count"`
	Small    int8              `param:"small"`
	Ratio    float64           `param:"ratio" default:"0.8"`
	On       bool              `param:"enabled"`
	Maybe    *bool             `param:"maybe"`
	Wait     time.Duration     `param:"wait" default:"5s"`
	At       time.Time         `param:"at"`
	Criteria search            `param:"criteria"`
	List     []entity          `param:"list"`
	Env      map[string]string `param:"env"`
	Any      any               `param:"any"`
	Literal  any               `param:"literal,native"`
	Token    string            `param:"token,secret"`
	Steps    any               `param:"steps,raw"`
	Rest     map[string]any    `param:",rest"`
}

// fakeRender knows a few templates: {{ key }} gives a native value of the scope; {{ bad }} fails on line 2.
func fakeRender(ctx context.Context, s string, sc render.Scope) (render.Value, error) {
	if err := ctx.Err(); err != nil {
		return render.Value{}, err
	}
	if !HasTemplate(s) {
		var v any
		if json.Unmarshal([]byte(s), &v) != nil {
			v = s
		}
		return render.Value{Native: v, Text: s}, nil
	}
	name := strings.Trim(s, "{} ")
	if name == "bad" {
		return render.Value{}, &render.Error{Line: 2, Msg: "unknown name"}
	}
	if name == "fail()" {
		return render.Value{Native: render.Fail{}, Text: "fail"}, nil
	}
	v := sc.Vars[name]
	text, ok := v.(string)
	if !ok {
		raw, err := json.Marshal(v)
		if err != nil {
			return render.Value{}, err
		}
		text = string(raw)
	}
	return render.Value{Native: v, Text: text}, nil
}

func testParams(raw map[string]any) Params {
	return Params{Raw: raw, Render: fakeRender, Scope: render.Scope{Vars: map[string]any{
		"n": int64(42), "f": 0.5, "s": "hello", "yes": true, "inject": "{{ n }}", "m": map[string]any{"name": "VPN", "id": int64(7)},
		"l": []any{"a", "b"}, "dotted": map[string]any{"queue.name": "X"}, "crit": map[string]any{"queue": map[string]any{"name": "{{ n }}"}},
	}}}
}

func ptr[T any](v T) *T { return &v }

func TestBind(t *testing.T) {
	type m = map[string]any
	base := sample{Ratio: 0.8, Wait: 5 * time.Second, Criteria: search{}}
	for name, c := range map[string]struct {
		raw  m
		want func(s *sample)
	}{
		"defaults":             {m{}, func(*sample) {}},
		"plain text":           {m{"text": "hi"}, func(s *sample) { s.Text = "hi" }},
		"digits stay text":     {m{"text": "42"}, func(s *sample) { s.Text = "42" }},
		"number as text":       {m{"text": 42}, func(s *sample) { s.Text = "42" }},
		"template as text":     {m{"text": "{{ n }}"}, func(s *sample) { s.Text = "42" }},
		"none is unset":        {m{"text": "{{ nothing }}"}, func(*sample) {}},
		"alias":                {m{"prompt": "hi"}, func(s *sample) { s.Text = "hi" }},
		"never rendered twice": {m{"text": "{{ inject }}", "any": "{{ inject }}"}, func(s *sample) { s.Text, s.Any = "{{ n }}", "{{ n }}" }},
		"nor inside":           {m{"criteria": "{{ crit }}"}, func(s *sample) { s.Criteria = search{Queue: &entity{Name: "{{ n }}"}, Limit: 10} }},
		"int from text":        {m{"count": " 5 "}, func(s *sample) { s.Count = 5 }},
		"int from 5.0":         {m{"count": "5.0"}, func(s *sample) { s.Count = 5 }},
		"int from float":       {m{"count": 5.0}, func(s *sample) { s.Count = 5 }},
		"int from uint":        {m{"count": uint64(5)}, func(s *sample) { s.Count = 5 }},
		"int from template":    {m{"count": "{{ n }}"}, func(s *sample) { s.Count = 42 }},
		"float from int":       {m{"ratio": 1}, func(s *sample) { s.Ratio = 1 }},
		"float from text":      {m{"ratio": "0.25"}, func(s *sample) { s.Ratio = 0.25 }},
		"given zero stays":     {m{"ratio": "{{ f }}"}, func(s *sample) { s.Ratio = 0.5 }},
		"bool from yes":        {m{"enabled": "Yes"}, func(s *sample) { s.On = true }},
		"bool from 1":          {m{"enabled": 1}, func(s *sample) { s.On = true }},
		"pointer":              {m{"maybe": false}, func(s *sample) { s.Maybe = ptr(false) }},
		"null is unset":        {m{"maybe": nil, "ratio": nil}, func(*sample) {}},
		"duration seconds":     {m{"wait": 90}, func(s *sample) { s.Wait = 90 * time.Second }},
		"duration text number": {m{"wait": "0.5"}, func(s *sample) { s.Wait = time.Second / 2 }},
		"duration Go":          {m{"wait": "1m30s"}, func(s *sample) { s.Wait = 90 * time.Second }},
		"duration ISO":         {m{"wait": "PT0.5S"}, func(s *sample) { s.Wait = time.Second / 2 }},
		"duration clock":       {m{"wait": "0:01:30"}, func(s *sample) { s.Wait = 90 * time.Second }},
		"time":                 {m{"at": "2026-01-31T08:00:00Z"}, func(s *sample) { s.At = time.Date(2026, 1, 31, 8, 0, 0, 0, time.UTC) }},
		"nested": {m{"criteria": m{"queue": m{"name": "{{ s }}"}, "limit": "3"}}, func(s *sample) {
			s.Criteria = search{Queue: &entity{Name: "hello"}, Limit: 3}
		}},
		"short object": {m{"criteria": m{"queue": "Incoming"}}, func(s *sample) { s.Criteria = search{Queue: &entity{Name: "Incoming"}, Limit: 10} }},
		"short number": {m{"criteria": m{"queue": "{{ n }}"}}, func(s *sample) { s.Criteria = search{Queue: &entity{Name: "42"}, Limit: 10} }},
		"object from template": {m{"criteria": m{"queue": "{{ m }}"}}, func(s *sample) {
			s.Criteria = search{Queue: &entity{ID: "7", Name: "VPN"}, Limit: 10}
		}},
		"dotted": {m{"criteria": m{"queue.name": "X", "limit": 1}}, func(s *sample) { s.Criteria = search{Queue: &entity{Name: "X"}, Limit: 1} }},
		"dotted merges": {m{"criteria": m{"queue": m{"id": "1"}, "queue.name": "X"}}, func(s *sample) {
			s.Criteria = search{Queue: &entity{ID: "1", Name: "X"}, Limit: 10}
		}},
		"dotted top":           {m{"criteria.limit": 4}, func(s *sample) { s.Criteria = search{Limit: 4} }},
		"dotted from template": {m{"criteria": "{{ dotted }}"}, func(s *sample) { s.Criteria = search{Queue: &entity{Name: "X"}, Limit: 10} }},
		"list":                 {m{"criteria": m{"states": []any{"new", "{{ s }}"}}}, func(s *sample) { s.Criteria = search{Limit: 10, States: []string{"new", "hello"}} }},
		"list of one":          {m{"criteria": m{"states": "new"}}, func(s *sample) { s.Criteria = search{Limit: 10, States: []string{"new"}} }},
		"list from template":   {m{"criteria": m{"states": "{{ l }}"}}, func(s *sample) { s.Criteria = search{Limit: 10, States: []string{"a", "b"}} }},
		"list of objects":      {m{"list": []any{"A", m{"name": "B"}}}, func(s *sample) { s.List = []entity{{Name: "A"}, {Name: "B"}} }},
		"map":                  {m{"env": m{"A": 1, "B": "{{ s }}"}}, func(s *sample) { s.Env = map[string]string{"A": "1", "B": "hello"} }},
		"any keeps text":       {m{"any": "42"}, func(s *sample) { s.Any = "42" }},
		"any native":           {m{"any": "{{ n }}"}, func(s *sample) { s.Any = int64(42) }},
		"any walks":            {m{"any": m{"x": []any{"{{ n }}"}}}, func(s *sample) { s.Any = m{"x": []any{int64(42)}} }},
		"any takes fail":       {m{"any": "{{ fail() }}"}, func(s *sample) { s.Any = render.Fail{} }},
		"literal":              {m{"literal": "42"}, func(s *sample) { s.Literal = 42.0 }},
		"steps stay raw":       {m{"steps": []any{m{"x": "{{ n }}"}}}, func(s *sample) { s.Steps = []any{m{"x": "{{ n }}"}} }},
		"rest":                 {m{"other": "{{ n }}", "k": 1}, func(s *sample) { s.Rest = m{"other": int64(42), "k": 1} }},
	} {
		t.Run(name, func(t *testing.T) {
			want := base
			want.Criteria.Limit = 0
			c.want(&want)
			var got sample
			if err := testParams(c.raw).Bind(t.Context(), &got); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestBindErrors(t *testing.T) {
	type m = map[string]any
	type strict struct {
		ID    string `param:"ticket_id,required"`
		Limit int    `param:"limit"`
		Who   entity `param:"who"`
		Token int    `param:"token,secret"`
	}
	for name, c := range map[string]struct {
		raw  m
		want []string
	}{
		"missing":         {m{}, []string{"parameter ticket_id: is required"}},
		"empty template":  {m{"ticket_id": "{{ nothing }}"}, []string{"parameter ticket_id: is required"}},
		"wrong type":      {m{"ticket_id": 1, "limit": "many"}, []string{`parameter limit: expected a whole number, got string "many"`}},
		"fraction":        {m{"ticket_id": 1, "limit": 1.5}, []string{"parameter limit: expected a whole number, got float"}},
		"bool is no int":  {m{"ticket_id": 1, "limit": true}, []string{"got bool"}},
		"fail":            {m{"ticket_id": "{{ fail() }}"}, []string{"parameter ticket_id: expected a text, got fail()"}},
		"unknown":         {m{"ticket_id": 1, "lmit": 2}, []string{"parameter lmit: there is no such key; known are ticket_id, limit"}},
		"unknown nested":  {m{"ticket_id": 1, "who": m{"nam": 2}}, []string{"parameter who.nam: there is no such key; known are id, name"}},
		"list for object": {m{"ticket_id": 1, "who": []any{}}, []string{"parameter who: expected a map with the keys id, name, got list"}},
		"template":        {m{"ticket_id": "{{ bad }}"}, []string{"parameter ticket_id: template line 2: unknown name"}},
		"all at once":     {m{"ticket_id": "{{ bad }}", "limit": "x", "zz": 1}, []string{"template line 2", "parameter limit", "parameter zz"}},
		"secret":          {m{"ticket_id": 1, "token": "hunter2"}, []string{"parameter token: expected a whole number, got string"}},
		"dotted twice":    {m{"ticket_id": 1, "who": "A", "who.name": "B"}, []string{"parameter who.name: who is given as a whole already"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got strict
			err := testParams(c.raw).Bind(t.Context(), &got)
			if err == nil {
				t.Fatalf("bound %+v, want an error", got)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error shows a secret: %v", err)
			}
			if fault.ClassOf(err) != fault.Permanent {
				t.Errorf("class %s, want permanent", fault.ClassOf(err))
			}
			var pe *ParamError
			if !errors.As(err, &pe) || pe.Path == "" {
				t.Errorf("no ParamError in %v", err)
			}
		})
	}
}

func TestBindTwoSpellings(t *testing.T) {
	var got sample
	err := testParams(map[string]any{"text": "a", "prompt": "b"}).Bind(t.Context(), &got)
	if err == nil || !strings.Contains(err.Error(), "means the same as text") {
		t.Errorf("error %v", err)
	}
}

func TestBindCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var got sample
	if err := testParams(map[string]any{"text": "{{ n }}"}).Bind(ctx, &got); fault.ClassOf(err) != fault.Cancelled {
		t.Errorf("class %s of %v, want cancelled", fault.ClassOf(err), err)
	}
}

func TestEvaluate(t *testing.T) {
	raw := map[string]any{"a": "{{ n }}", "b": "0.8", "c": []any{"{{ s }}"}, "steps": []any{"{{ bad }}"}}
	got, err := testParams(raw).Evaluate(t.Context())
	want := map[string]any{"a": int64(42), "b": 0.8, "c": []any{"hello"}, "steps": []any{"{{ bad }}"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Evaluate = %#v, %v, want %#v", got, err, want)
	}
}

func TestFields(t *testing.T) {
	fields := Fields(&sample{})
	for key, want := range map[string]FieldKind{
		"text": FieldString, "prompt": FieldString, "count": FieldInt, "ratio": FieldFloat, "enabled": FieldBool, "maybe": FieldBool,
		"wait": FieldDuration, "at": FieldString, "criteria": FieldObject, "criteria.limit": FieldInt, "criteria.queue.name": FieldString,
		"list": FieldList, "env": FieldMap, "env.PATH": FieldString, "any": FieldAny, "unknown": FieldMap,
	} {
		f, ok := LookupField(fields, key)
		if !ok || f.Kind != want {
			t.Errorf("LookupField(%q) = %s, %v, want %s", key, f.Kind, ok, want)
		}
	}
	criteria, _ := LookupField(fields, "criteria")
	queue, _ := LookupField(criteria.Fields, "queue")
	if queue.Short != "name" {
		t.Errorf("short key of queue is %q", queue.Short)
	}
	if _, ok := LookupField(criteria.Fields, "nope"); ok {
		t.Error("found a key that is not there")
	}
	if limit, _ := LookupField(criteria.Fields, "limit"); limit.Default != "10" {
		t.Errorf("default %q", limit.Default)
	}
	if token, _ := LookupField(fields, "token"); !token.Secret {
		t.Error("token is not secret")
	}
	if Fields(nil) != nil || Fields(3) != nil {
		t.Error("fields of nothing")
	}
}

func TestEvalBool(t *testing.T) {
	for _, v := range []any{nil, false, "", 0, int64(0), 0.0, []any{}, map[string]any{}, render.Fail{}, (*int)(nil)} {
		if EvalBool(v) {
			t.Errorf("EvalBool(%#v) is true", v)
		}
	}
	for _, v := range []any{true, "false", 1, -1.5, []any{nil}, map[string]any{"a": nil}, struct{}{}, ptr(3), math.NaN()} {
		if !EvalBool(v) {
			t.Errorf("EvalBool(%#v) is false", v)
		}
	}
}

func FuzzBind(f *testing.F) {
	for _, s := range []string{
		`{"text":1,"criteria":{"queue.name":"x","limit":"5"}}`, `{"list":["a",{"name":[]}]}`, `{"wait":"P1DT"}`, `{"wait":1e300}`,
		`{"env":{"a":null},"maybe":"on","rest":{"x":"{{ n }}"}}`, `{"criteria":"{{ dotted }}","criteria.queue":"y"}`, `{"small":300,"count":1e20}`,
		`{"wait":"99999999999999999999 days, 0:00:00","at":"x"}`, `{".":1,"criteria.":2,"criteria.queue.":3}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var raw map[string]any
		if json.Unmarshal([]byte(text), &raw) != nil {
			t.Skip()
		}
		before, _ := json.Marshal(raw)
		var got sample
		err := testParams(raw).Bind(t.Context(), &got)
		if err != nil && fault.ClassOf(err) != fault.Permanent {
			t.Errorf("class %s of %v", fault.ClassOf(err), err)
		}
		if after, _ := json.Marshal(raw); string(after) != string(before) {
			t.Errorf("Bind changed its input: %s to %s", before, after)
		}
	})
}
