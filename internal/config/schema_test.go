package config_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// TestSchemaTakesGoodFiles checks the schema against every good file with a small validator of the words it uses.
func TestSchemaTakesGoodFiles(t *testing.T) {
	s := schema(t, built(t))
	for _, file := range testFiles(t, "good") {
		for _, problem := range s.check(fileData(t, file), s.root, "") {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
	}
}

func TestSchemaRefusesMistakes(t *testing.T) {
	s := schema(t, registry(t))
	for name, text := range map[string]string{
		"unknown root key":  "orchestrator: {runners: []}\nnope: 1",
		"no orchestrator":   "engine: {}",
		"unknown key":       "orchestrator: {runners: [{intervall_seconds: 5, pipe: {use: ProcessTickets, queue: q}}]}",
		"unknown parameter": "orchestrator: {runners: [{pipe: {use: ProcessTickets, queue: q, limitt: 5}}]}",
		"nested parameter":  "orchestrator: {runners: [{pipe: {use: FetchTicketsPipe, params: {ticket_search_criteria: {que: x}}}}]}",
		"service parameter": "services: {a: {use: 'desk:DeskTicketSystem', pth: x}}\norchestrator: {runners: []}",
		"wrong kind":        "orchestrator: {runners: [{interval_seconds: [5], pipe: {use: ProcessTickets, queue: q}}]}",
		"log level":         "logging: {level: LOUD}\norchestrator: {runners: []}",
		"overlap":           "orchestrator: {runners: [{overlap: skipp, pipe: {use: ProcessTickets, queue: q}}]}",
		"trigger rule":      "orchestrator: {runners: [{pipe: {use: ProcessTickets, queue: q, trigger_rule: all}}]}",
		"retry class":       "orchestrator: {runners: [{pipe: {use: ProcessTickets, queue: q, retry_on: [permanent]}}]}",
		"after":             "orchestrator: {runners: [{after: {runner: a, un: failed}, pipe: {use: ProcessTickets, queue: q}}]}",
		"handler":           "orchestrator: {runners: [{on_exit: [{queue: q}], pipe: {use: ProcessTickets, queue: q}}]}",
		"limit":             "limits: {resources: {a: {most: 5}}}\norchestrator: {runners: []}",
		"notification":      "notifications: [{name: a, on: [any]}]\norchestrator: {runners: []}",
		"calendar":          "calendars: {a: {zone: UTC}}\norchestrator: {runners: []}",
		"under a root key":  "otai: {orchestrator: {runners: []}, nope: 1}",
	} {
		var doc any
		if err := yaml.Load([]byte(text), &doc); err != nil {
			t.Fatal(err)
		}
		if found := s.check(doc, s.root, ""); len(found) == 0 {
			t.Errorf("%s: the schema takes %s", name, text)
		}
	}
	if _, err := config.Schema(nil); err == nil {
		t.Error("a schema of nothing was made")
	}
}

func TestSchemaIsStable(t *testing.T) {
	one, err := config.Schema(registry(t))
	two, _ := config.Schema(registry(t))
	if err != nil || string(one) != string(two) {
		t.Errorf("the schema changes from call to call: %v", err)
	}
	for _, part := range []string{`"description": "queue to empty (required)"`, `"default": 10`, "yaml", `"interval_seconds"`, `"base:ProcessTickets"`} {
		if part != "yaml" && !strings.Contains(string(one), part) {
			t.Errorf("the schema lacks %s", part)
		}
	}
}

func schema(t *testing.T, reg *pipe.Registry) *validator {
	t.Helper()
	data, err := config.Schema(reg)
	if err != nil {
		t.Fatal(err)
	}
	v := &validator{}
	if err := json.Unmarshal(data, &v.root); err != nil {
		t.Fatal(err)
	}
	return v
}

func fileData(t *testing.T, file string) any {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Load(data, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// validator knows the words of JSON Schema that Schema uses; any other word is a failure.
type validator struct{ root map[string]any }

func (s *validator) check(doc any, schema any, path string) []string {
	m, ok := schema.(map[string]any)
	if !ok {
		if schema == false {
			return []string{path + ": not allowed"}
		}
		return nil
	}
	var out []string
	for word, arg := range m {
		out = append(out, s.word(doc, m, word, arg, path)...)
	}
	return out
}

func (s *validator) word(doc any, m map[string]any, word string, arg any, path string) []string {
	fail := func(format string, args ...any) []string { return []string{path + ": " + fmt.Sprintf(format, args...)} }
	switch word {
	case "$schema", "title", "definitions", "description", "default", "patternProperties", "then":
		return nil
	case "$ref":
		def := any(s.root)
		for _, part := range strings.Split(strings.TrimPrefix(arg.(string), "#/"), "/") {
			next, ok := def.(map[string]any)[part]
			if !ok {
				return fail("no definition %s", arg)
			}
			def = next
		}
		return s.check(doc, def, path)
	case "type":
		if list, ok := arg.([]any); ok {
			if !slices.ContainsFunc(list, func(n any) bool { return isType(doc, n.(string)) }) {
				return fail("%T is none of %v", doc, list)
			}
		} else if !isType(doc, arg.(string)) {
			return fail("%T is no %v", doc, arg)
		}
	case "enum":
		if !slices.Contains(arg.([]any), doc) {
			return fail("%v is none of %v", doc, arg)
		}
	case "pattern":
		if text, ok := doc.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
			return fail("%q does not match %s", text, arg)
		}
	case "required":
		obj, isObj := doc.(map[string]any)
		for _, k := range arg.([]any) {
			if _, ok := obj[k.(string)]; isObj && !ok {
				return fail("%s is missing", k)
			}
		}
	case "items":
		var out []string
		list, _ := doc.([]any)
		for i, item := range list {
			out = append(out, s.check(item, arg, fmt.Sprintf("%s[%d]", path, i))...)
		}
		return out
	case "anyOf":
		var all []string
		for _, one := range arg.([]any) {
			found := s.check(doc, one, path)
			if len(found) == 0 {
				return nil
			}
			all = append(all, found...)
		}
		return all
	case "allOf":
		var out []string
		for _, one := range arg.([]any) {
			out = append(out, s.check(doc, one, path)...)
		}
		return out
	case "if":
		if len(s.check(doc, arg, path)) == 0 {
			return s.check(doc, m["then"], path)
		}
	case "additionalProperties":
		if _, beside := m["properties"]; !beside {
			return s.properties(doc, m, path)
		}
	case "properties":
		return s.properties(doc, m, path)
	default:
		return fail("the validator does not know the word %s", word)
	}
	return nil
}

func (s *validator) properties(doc any, m map[string]any, path string) []string {
	obj, ok := doc.(map[string]any)
	if !ok {
		return nil
	}
	props, _ := m["properties"].(map[string]any)
	patterns, _ := m["patternProperties"].(map[string]any)
	var out []string
	for k, v := range obj {
		at := path + "." + k
		known := false
		if p, ok := props[k]; ok {
			known = true
			out = append(out, s.check(v, p, at)...)
		}
		for pattern, p := range patterns {
			if regexp.MustCompile(pattern).MatchString(k) {
				known = true
				out = append(out, s.check(v, p, at)...)
			}
		}
		if extra, given := m["additionalProperties"]; given && !known {
			out = append(out, s.check(v, extra, at)...)
		}
	}
	return out
}

func isType(doc any, name string) bool {
	switch v := doc.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case int:
		return name == "number" || name == "integer"
	case float64:
		return name == "number" || (name == "integer" && v == math.Trunc(v))
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	default:
		return name == "string" // timestamps
	}
}
