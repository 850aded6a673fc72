package render

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the table of differences into docs/templates.md")

// wanted is what Jinja2 answered: a type and a value.
type wanted struct {
	T string          `json:"t"`
	V json.RawMessage `json:"v"`
}

type jinjaCase struct {
	ID    string `json:"id"`
	Group string `json:"g"`
	Text  string `json:"t"`
	Ctx   int    `json:"ctx"`
	Want  wanted `json:"want"`
}

type jinjaCases struct {
	Contexts []map[string]any  `json:"contexts"`
	Env      map[string]string `json:"env"`
	Cases    []jinjaCase       `json:"cases"`
}

func loadCases(t testing.TB) (*jinjaCases, []Scope) {
	t.Helper()
	data, err := os.ReadFile("../../testdata/jinja-cases.json")
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	var all jinjaCases
	if err := dec.Decode(&all); err != nil {
		t.Fatal(err)
	}
	scopes := make([]Scope, len(all.Contexts))
	for i, vars := range all.Contexts {
		scopes[i] = scopeOf(vars, all.Env)
	}
	return &all, scopes
}

func scopeOf(vars map[string]any, env map[string]string) Scope {
	s := Scope{Vars: maps.Clone(vars), PipeResults: map[string]Result{}}
	results, _ := vars["pipe_results"].(map[string]any)
	for id, v := range results {
		m, _ := v.(map[string]any)
		data, _ := m["data"].(map[string]any)
		msg, _ := m["message"].(string)
		s.PipeResults[id] = Result{Succeeded: m["succeeded"] == true, WasSkipped: m["was_skipped"] == true, Message: msg, Data: data}
	}
	s.ParentParams, _ = vars["parent_params"].(map[string]any)
	delete(s.Vars, "pipe_results")
	delete(s.Vars, "parent_params")
	s.Env = func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	return s
}

// matches says whether v, err is what Jinja2 gave. A missing value as None or as an empty text is fine.
func (w wanted) matches(v any, err error) bool {
	if err != nil {
		return w.T == "error"
	}
	var text string
	isText := json.Unmarshal(w.V, &text) == nil
	switch w.T {
	case "undefined", "none":
		return v == nil || (w.T == "undefined" && v == "")
	case "bool":
		return !isText && v == (string(w.V) == "true")
	case "int":
		n, err := strconv.ParseInt(text, 10, 64)
		got, ok := v.(int64)
		return err == nil && ok && got == n
	case "float":
		f, err := strconv.ParseFloat(text, 64)
		got, ok := v.(float64)
		return err == nil && ok && got == f
	case "str":
		got, ok := v.(string)
		return isText && ok && got == text
	case "fail":
		return v == Fail{}
	case "other": // the object Ellipsis: the three dots stay a text here
		return text == "ellipsis" && v == "..."
	}
	return w.matchesNested(v)
}

func (w wanted) matchesNested(v any) bool {
	switch w.T {
	case "list", "tuple":
		var items []wanted
		got, ok := v.([]any)
		if json.Unmarshal(w.V, &items) != nil || !ok || len(items) != len(got) {
			return false
		}
		for i := range items {
			if !items[i].matches(got[i], nil) {
				return false
			}
		}
		return true
	case "dict":
		var pairs [][2]wanted
		got, ok := v.(map[string]any)
		if json.Unmarshal(w.V, &pairs) != nil || !ok || len(pairs) != len(got) {
			return false
		}
		for _, p := range pairs {
			var key string
			if json.Unmarshal(p[0].V, &key) != nil {
				return false
			}
			item, ok := got[key]
			if !ok || !p[1].matches(item, nil) {
				return false
			}
		}
		return true
	}
	return false
}

// floors are the measured scores: cases that match, of all cases of the group. A score may rise, never fall.
var floors = map[string][2]int{
	"A upstream":      {250, 250},
	"B native typing": {76, 78},
	"C undefined":     {43, 43},
	"D functions":     {32, 35},
	"E filters":       {92, 96},
	"F methods":       {42, 49},
	"G operators":     {80, 81},
	"H statements":    {42, 43},
}

func TestJinjaCases(t *testing.T) {
	all, scopes := loadCases(t)
	matched, total := map[string]int{}, map[string]int{}
	var differences []string
	r := New()
	for _, c := range all.Cases {
		total[c.Group]++
		v, err := r.Render(context.Background(), c.Text, scopes[c.Ctx])
		if c.Want.matches(v.Native, err) {
			matched[c.Group]++
			continue
		}
		if strings.HasPrefix(c.Group, "A") {
			t.Errorf("%s %q: got %s, want %s", c.ID, c.Text, shown(v.Native, err), c.Want)
		}
		row := []string{c.ID, code(c.Text), code(c.Want.String()), code(shown(v.Native, err))}
		differences = append(differences, "| "+strings.Join(row, " | ")+" |")
	}
	score := []string{}
	for _, g := range slices.Sorted(maps.Keys(total)) {
		t.Logf("%-18s %3d of %3d", g, matched[g], total[g])
		score = append(score, fmt.Sprintf("| %s | %d | %d |", g, matched[g], total[g]))
		if floor := floors[g]; matched[g] < floor[0] || total[g] != floor[1] {
			t.Errorf("%s: %d of %d cases match, the floor is %d of %d", g, matched[g], total[g], floor[0], floor[1])
		}
	}
	checkDoc(t, "scores", "| group | matching | cases |\n|---|---|---|\n"+strings.Join(score, "\n"))
	checkDoc(t, "differences", "| case | template | Jinja2 gives | here |\n|---|---|---|---|\n"+strings.Join(differences, "\n"))
}

func (w wanted) String() string {
	switch w.T {
	case "error":
		var s string
		if json.Unmarshal(w.V, &s) == nil {
			return "error: " + s
		}
		return "error"
	case "list", "tuple":
		var items []wanted
		if json.Unmarshal(w.V, &items) == nil {
			parts := []string{}
			for _, i := range items {
				parts = append(parts, i.String())
			}
			return w.T + " " + strings.Join(parts, ", ")
		}
	case "dict":
		var pairs [][2]wanted
		if json.Unmarshal(w.V, &pairs) == nil {
			parts := []string{}
			for _, p := range pairs {
				parts = append(parts, p[0].String()+": "+p[1].String())
			}
			return "dict " + strings.Join(parts, ", ")
		}
	}
	if len(w.V) == 0 {
		return w.T
	}
	return w.T + " " + string(w.V)
}

func shown(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	switch x := v.(type) {
	case nil:
		return "none"
	case Fail:
		return "fail"
	case string:
		return "str " + strconv.Quote(x)
	}
	return fmt.Sprintf("%s %v", typeName(v), v)
}

// code shows text in a table's cell.
func code(s string) string {
	s = strings.NewReplacer("\n", "⏎", "|", "\\|").Replace(s)
	if runes := []rune(s); len(runes) > 160 {
		s = string(runes[:157]) + "..."
	}
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}

const docFile = "../../docs/templates.md"

// checkDoc compares a generated part of the documentation, or writes it with -update.
func checkDoc(t *testing.T, name, want string) {
	t.Helper()
	data, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin "+name+" -->\n", "\n<!-- end "+name+" -->"
	head, rest, ok := strings.Cut(string(data), begin)
	got, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no markers for %q", docFile, name)
	}
	if got == want {
		return
	}
	if !*update {
		t.Errorf("%s is out of date (%s); run go test ./internal/render -run TestJinjaCases -update", docFile, name)
		return
	}
	if err := os.WriteFile(docFile, []byte(head+begin+want+end+tail), 0o600); err != nil {
		t.Fatal(err)
	}
}
