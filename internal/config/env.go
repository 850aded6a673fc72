package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/joho/godotenv"

	"go.yaml.in/yaml/v4"
)

// environment is what the process and the .env file say. The process wins.
type environment struct {
	process map[string]string
	dotenv  map[string]string
}

func (e environment) lookup(name string) (string, bool) {
	if v, ok := e.process[name]; ok {
		return v, true
	}
	v, ok := e.dotenv[name]
	return v, ok
}

var secretName = regexp.MustCompile(`(?i)(passw|token|secret|api[_-]?key|credential)`)

// secrets gives the values of the .env file that are secret by their names.
func (e environment) secrets() []string {
	var out []string
	for name, value := range e.dotenv {
		if secretName.MatchString(name) && value != "" {
			out = append(out, value)
		}
	}
	return out
}

func environOf(list []string) map[string]string {
	out := make(map[string]string, len(list))
	for _, entry := range list {
		if name, val, ok := strings.Cut(entry, "="); ok && name != "" {
			out[name] = val
		}
	}
	return out
}

var dotenvLine = regexp.MustCompile(`^\s*(?:#.*|(?:export\s+)?[A-Za-z_][A-Za-z0-9_.]*\s*[=:].*)?$`)

// readDotEnv reads the .env file. Its own errors may quote values, so they are never passed on.
func (c *checker) readDotEnv(data []byte, file string) (vars map[string]string) {
	defer func() {
		if recover() != nil { // the reader's own slips on broken quotes
			c.dotEnvProblem(data, file)
			vars = nil
		}
	}()
	if len(data) > maxFileBytes {
		c.dotEnvProblem(nil, file)
		return nil
	}
	vars, err := godotenv.UnmarshalBytes(bytes.TrimPrefix(data, []byte("\ufeff")))
	if err != nil {
		c.dotEnvProblem(data, file)
		return nil
	}
	return vars
}

func (c *checker) dotEnvProblem(data []byte, file string) {
	p := Problem{Msg: "cannot be read as NAME=value lines", Expected: "lines such as OTAI_PASSWORD=\"…\""}
	p.Pos.File = file
	for i, line := range strings.Split(string(data), "\n") {
		if !dotenvLine.MatchString(strings.TrimRight(line, "\r")) {
			p.Msg = "line " + strconv.Itoa(i+1) + " cannot be read as NAME=value"
			break
		}
	}
	c.problems = append(c.problems, p)
}

// override is one variable that names a place in the configuration.
type override struct {
	name, text string
	path       []string
}

// overridesIn picks the variables that begin with one of the root spellings: OTAI_OPEN_TICKET_AI__, OPEN_TICKET_AI__,
// OTAI__, CFG__ and so on, in any case. A variable that is just the root counts when it holds a JSON object.
func overridesIn(vars map[string]string) []override {
	var out []override
	for name, text := range vars {
		if path, ok := overridePath(name, text); ok {
			out = append(out, override{name: name, text: text, path: path})
		}
	}
	slices.SortFunc(out, func(a, b override) int {
		return cmp.Or(cmp.Compare(len(a.path), len(b.path)), cmp.Compare(a.name, b.name))
	})
	return out
}

func overridePath(name, text string) ([]string, bool) {
	lower := strings.ToLower(name)
	for _, rest := range []string{lower, strings.TrimPrefix(lower, "otai_")} {
		for _, root := range rootNames() {
			if rest == root {
				return nil, strings.HasPrefix(strings.TrimSpace(text), "{")
			}
			if tail, ok := strings.CutPrefix(rest, root+"__"); ok {
				return strings.Split(tail, "__"), true
			}
		}
	}
	return nil, false
}

// override puts the environment's values into the file's tree: .env first, then the process, wide before narrow.
func (c *checker) override(body *value, env environment) {
	for _, vars := range []map[string]string{env.dotenv, env.process} {
		for _, o := range overridesIn(vars) {
			c.applyOverride(body, o)
		}
	}
}

func (c *checker) applyOverride(body *value, o override) {
	cur := body
	place := &value{env: o.name}
	for i, seg := range o.path {
		last := i == len(o.path)-1
		if seg == "" {
			c.at(place).expect("names joined by two underscores").errorf("the path in the variable's name has an empty part")
			return
		}
		switch next := c.child(cur, seg); {
		case next == nil && cur.kind == kindMap:
			created := &value{kind: kindMap, env: o.name}
			cur.fields = append(cur.fields, field{&value{kind: kindText, text: seg, env: o.name}, created})
			cur = created
		case next == nil:
			c.at(place).expect("a path of the configuration").errorf("there is no %q: %s is %s", seg, strings.Join(o.path[:i], "."), cur.kind)
			return
		case next.kind == kindNull && !last:
			*next = value{kind: kindMap, env: o.name}
			cur = next
		default:
			cur = next
		}
	}
	c.put(cur, o)
}

// child finds what one part of a path names: a key in any case, with _ for -, or a list entry by number or id.
func (c *checker) child(v *value, seg string) *value {
	for _, same := range []func(string) bool{
		func(s string) bool { return s == seg },
		func(s string) bool { return strings.EqualFold(s, seg) },
		func(s string) bool { return strings.EqualFold(strings.ReplaceAll(s, "-", "_"), seg) },
	} {
		for _, f := range v.fields {
			if same(f.key.text) {
				return f.val
			}
		}
		for i, item := range v.items {
			if strconv.Itoa(i) == seg {
				return item
			}
			for _, name := range []string{"pipe_id", "id"} {
				if id := item.get(name); id != nil && same(id.text) {
					return item
				}
			}
		}
	}
	return nil
}

// put sets one place to the variable's value. JSON objects are merged into maps, everything else replaces.
func (c *checker) put(v *value, o override) {
	fresh, ok := c.envValue(o)
	if !ok {
		return
	}
	merge(v, fresh)
}

func merge(old, fresh *value) {
	if old.kind != kindMap || fresh.kind != kindMap {
		*old = *fresh
		return
	}
	for _, f := range fresh.fields {
		if there := old.get(f.key.text); there != nil {
			merge(there, f.val)
			continue
		}
		old.fields = append(old.fields, f)
	}
}

// envValue reads a variable: JSON for objects and lists; numbers and true/false as such; anything else is a text.
func (c *checker) envValue(o override) (*value, bool) {
	v := &value{kind: kindText, text: o.text, native: o.text, env: o.name}
	trimmed := strings.TrimSpace(o.text)
	switch {
	case strings.HasPrefix(trimmed, "{{"), strings.HasPrefix(trimmed, "{%"): // a template, not JSON
		return v, true
	case strings.HasPrefix(trimmed, "{"), strings.HasPrefix(trimmed, "["):
		out, err := jsonValue(trimmed, o.name)
		if err == nil {
			return out, true
		}
		if len(o.path) == 0 {
			c.at(v).expect("a JSON object").errorf("the value is not valid JSON")
			return nil, false
		}
		return v, true
	case trimmed == "true" || trimmed == "false":
		v.kind, v.native = kindBool, trimmed == "true"
	case json.Valid([]byte(trimmed)) && trimmed != "null" && !strings.HasPrefix(trimmed, `"`):
		if n, ok := number(trimmed); ok {
			v.kind, v.native = kindNumber, n
		}
	}
	return v, true
}

var errNotJSON = errors.New("not JSON")

// jsonValue reads JSON as a tree. JSON is YAML, so the same bounds hold.
func jsonValue(text, name string) (*value, error) {
	if !json.Valid([]byte(text)) || len(text) > maxFileBytes {
		return nil, errNotJSON
	}
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
		return nil, errNotJSON
	}
	inner := &checker{src: newSource(name, []byte(text))}
	r := &resolver{c: inner, active: map[*yaml.Node]bool{}}
	v := r.value(doc.Content[0], 0)
	if len(inner.problems) > 0 {
		return nil, errNotJSON
	}
	markEnv(v, name)
	return v, nil
}

func markEnv(v *value, name string) {
	v.env = name
	for _, item := range v.items {
		markEnv(item, name)
	}
	for _, f := range v.fields {
		f.key.env = name
		markEnv(f.val, name)
	}
}
