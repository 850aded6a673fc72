package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/service"
)

// node is one part of a JSON Schema.
type node = map[string]any

// Schema gives the JSON Schema (draft 7, which yaml-language-server reads best) of a configuration in any dialect. It is
// made of the same tables and parameter structs that Load checks with. Load is stricter: a schema cannot follow
// references.
func Schema(reg *pipe.Registry) ([]byte, error) {
	if reg == nil {
		return nil, errors.New("make the schema: the registry of pipes is missing")
	}
	s := &schemaMaker{reg: reg, shared: node{}, names: map[string]string{}}
	body := s.object(bodyKeys())
	body["patternProperties"] = node{"^(_|x-)": true}
	root := s.object(bodyKeys())
	root["patternProperties"] = node{"^(_|x-)": true}
	props, _ := root["properties"].(node)
	choices := []any{node{"required": []string{"orchestrator"}}}
	for _, name := range rootNames() {
		props[name] = described(ref("body"), "Root key of Open Ticket AI; everything may stand under it.", "")
		choices = append(choices, node{"required": []string{name}})
	}
	root["anyOf"] = choices
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "otai-tui configuration"
	root["definitions"] = s.definitions(body)
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("make the schema: %w", err)
	}
	return append(out, '\n'), nil
}

// schemaMaker collects the definitions that are referred to, so that none is written twice.
type schemaMaker struct {
	reg    *pipe.Registry
	shared node
	names  map[string]string // content of a shared definition -> its name
}

func ref(name string) node { return node{"$ref": "#/definitions/" + name} }

func described(n node, doc, def string) node {
	if _, isRef := n["$ref"]; isRef {
		n = node{"allOf": []any{n}} // draft 7 ignores what stands beside $ref
	}
	if doc != "" {
		n["description"] = doc
	}
	if def != "" {
		n["default"] = defaultValue(def)
	}
	return n
}

// defaultValue gives numbers and bools as such, words as they are.
func defaultValue(def string) any {
	var v any
	if json.Unmarshal([]byte(def), &v) == nil {
		return v
	}
	return def
}

// object is a map with exactly these keys.
func (s *schemaMaker) object(keys []key) node {
	return node{"type": "object", "properties": s.properties(keys), "additionalProperties": false}
}

func (s *schemaMaker) properties(keys []key) node {
	props := node{}
	for _, k := range keys {
		props[k.name] = described(s.shape(k.shape), k.doc, k.def)
	}
	return props
}

func types(names ...string) node {
	if len(names) == 1 {
		return node{"type": names[0]}
	}
	return node{"type": names}
}

func listOf(n node) node { return node{"type": "array", "items": n} }

func anyOf(list ...node) node { return node{"anyOf": list} }

// shape gives the schema of a word used in the key tables.
func (s *schemaMaker) shape(name string) node {
	switch name {
	case "text":
		return types("string", "number", "null")
	case "whole", "number", "seconds", "duration", "scalar", "size":
		return types("number", "string")
	case "bool":
		return types("boolean", "string")
	case "texts":
		return anyOf(types("string"), listOf(types("string", "number")))
	case "template":
		return types("string", "boolean")
	case "injects":
		return node{"type": "object", "additionalProperties": types("string")}
	case "level":
		return anyOf(node{"enum": []string{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}}, node{"type": "string", "pattern": "^[a-z]+$"})
	case "use":
		return suggested(s.reg.Names())
	case "serviceUse":
		names := make([]string, 0, 8)
		for _, spec := range service.Specs() {
			names = append(names, spec.Name)
		}
		return suggested(names)
	case "any":
		return node{}
	case "pipes":
		return listOf(ref("pipe"))
	case "handlers":
		return anyOf(ref("pipe"), listOf(ref("pipe")))
	default:
		if n := s.words(name); n != nil {
			return n
		}
		return ref(name)
	}
}

// words gives the schema of a key that takes certain words, or a short form beside a map; nil for other names.
func (s *schemaMaker) words(name string) node {
	counts := node{"type": "object", "additionalProperties": types("number", "string")}
	switch name {
	case "catchup":
		return node{"enum": catchupWords()}
	case "overlap":
		return node{"enum": overlapWords()}
	case "dst":
		return node{"enum": dstWords()}
	case "afterOn":
		return node{"enum": afterWords()}
	case "rule":
		return node{"enum": ruleWords()}
	case "classes":
		return oneOrMany(node{"enum": retryClasses()})
	case "kinds":
		return oneOrMany(node{"enum": notificationWords()})
	case "delays":
		return oneOrMany(types("number", "string"))
	case "themeName":
		return node{"enum": themeWords()}
	case "glyphsName":
		return node{"enum": glyphsWords()}
	case "consoleEnv":
		return anyOf(types("string"), s.object(consoleEnvKeys()))
	case "keymap":
		return node{"type": "object", "additionalProperties": oneOrMany(types("string", "number", "boolean"))}
	case "counts":
		return counts
	case "weights":
		return anyOf(oneOrMany(types("string")), counts)
	case "afters":
		return oneOrMany(anyOf(types("string"), s.object(afterKeys())))
	case "watches":
		return oneOrMany(anyOf(types("string"), s.object(fileKeys())))
	case "webhook":
		return anyOf(types("boolean", "string"), s.object(webhookKeys()))
	case "rate":
		return anyOf(types("string"), s.object(rateKeys()))
	case "http":
		return anyOf(types("string"), s.object(httpKeys()))
	case "headers":
		return node{"type": "object", "additionalProperties": types("string", "number", "boolean")}
	}
	return nil
}

func oneOrMany(n node) node { return anyOf(n, listOf(n)) }

// suggested offers names to complete and takes their other spellings too.
func suggested(names []string) node {
	return anyOf(node{"enum": names}, types("string"))
}

func (s *schemaMaker) definitions(body node) node {
	defs := node{
		"body":           body,
		"engine":         s.object(engineKeys()),
		"logging":        s.object(loggingKeys()),
		"console":        s.object(consoleKeys()),
		"infrastructure": s.object(infrastructureKeys()),
		"settings":       s.object(settingsKeys()),
		"concurrency":    s.object(concurrencyKeys()),
		"limits":         s.object(limitsKeys()),
		"resourceMap":    node{"type": "object", "additionalProperties": anyOf(types("number", "string"), s.object(resourceKeys()))},
		"breaker":        s.object(breakerKeys()),
		"calendars":      node{"type": "object", "additionalProperties": anyOf(s.shape("texts"), s.object(calendarKeys()))},
		"notifications":  listOf(s.object(notificationKeys())),
		"retry":          s.object(retryKeys()),
		"runner":         s.object(runnerKeys()),
		"runners":        listOf(anyOf(ref("runner"), ref("pipe"))),
		"orchestrator":   anyOf(s.object(orchestratorKeys()), listOf(ref("runner"))),
		"trigger":        s.trigger(),
		"triggers":       anyOf(ref("trigger"), listOf(ref("trigger"))),
		"pipe":           s.pipe(),
		"service":        s.service(),
		"services":       anyOf(node{"type": "object", "additionalProperties": ref("service")}, listOf(types("object"))),
	}
	defs["infrastructure"].(node)["patternProperties"] = node{"^(_|x-)": true}
	defs["orchestratorParams"] = s.object(orchestratorKeys()[5:])
	maps.Copy(defs, s.shared)
	return defs
}

// trigger is any trigger: which keys belong together is for Load to check.
func (s *schemaMaker) trigger() node {
	keys := slices.Concat(triggerKeys(), timingKeys(), intervalKeys(), cronTriggerKeys(), atKeys(), completionKeys(),
		afterKeys(), fileKeys(), webhookKeys())
	for _, k := range runnerKeys() {
		if k.name == "after" || k.name == "watch" || k.name == "webhook" {
			keys = append(keys, k)
		}
	}
	return s.object(keys)
}

// pipe is any pipe: its own keys, and by its type the parameters beside them or under params.
func (s *schemaMaker) pipe() node {
	own := s.properties(slices.Concat(pipeKeys(), compositeKeys()))
	rules := []any{}
	for _, spec := range s.reg.Specs() {
		if spec.Composite {
			continue // takes any parameter
		}
		rules = append(rules, s.rule(spec.Name, spellings(spec.Name, spec.Aliases), spec.Doc, pipe.Fields(spec.Params), keyNames(pipeKeys())))
	}
	says := []any{}
	for _, name := range []string{"use", "steps", "params"} {
		says = append(says, node{"required": []string{name}})
	}
	return node{"type": "object", "properties": own, "anyOf": says, "allOf": rules}
}

func (s *schemaMaker) service() node {
	rules := []any{}
	for _, spec := range service.Specs() {
		own := append(keyNames(serviceKeys()), "id")
		rules = append(rules, s.rule(spec.Name, spellings(spec.Name, spec.Aliases), spec.Doc, pipe.Fields(spec.Params), own))
	}
	return node{"type": "object", "properties": s.properties(serviceKeys()), "required": []string{"use"}, "allOf": rules}
}

// rule says which parameters a type takes, when `use` is one of its spellings.
func (s *schemaMaker) rule(name string, uses []string, doc string, fields []pipe.Field, own []string) node {
	inside := s.parameters(fields)
	s.shared[paramsName(name)] = inside
	props, _ := inside["properties"].(node)
	direct := node{}
	for param := range props {
		direct[param] = ref(paramsName(name) + "/properties/" + param)
	}
	for _, key := range own {
		direct[key] = true
	}
	direct["params"] = ref(paramsName(name))
	return node{
		"if": node{"properties": node{"use": node{"enum": uses}}, "required": []string{"use"}},
		"then": node{
			"description": doc, "properties": direct,
			"additionalProperties": hasRest(fields), "patternProperties": dotted(),
		},
	}
}

// dotted allows "queue.name" for {queue: {name: ...}}.
func dotted() node { return node{`^[A-Za-z_]+\.`: true} }

func hasRest(fields []pipe.Field) bool {
	return slices.ContainsFunc(fields, func(f pipe.Field) bool { return f.Rest })
}

// spellings are the `use` values an editor knows: the full name, the bare one, upstream's prefix, and aliases.
func spellings(name string, aliases []string) []string {
	bare := bareName(name)
	out := []string{name, bare}
	if name == "base:"+bare {
		out = append(out, "otai_base:"+bare, "open_ticket_ai.base:"+bare)
	}
	return append(out, aliases...)
}

// parameters is a map of exactly these parameters.
func (s *schemaMaker) parameters(fields []pipe.Field) node {
	return node{
		"type": "object", "properties": s.fieldProperties(fields),
		"additionalProperties": hasRest(fields), "patternProperties": dotted(),
	}
}

// share puts a definition aside, once for equal ones, and gives the reference to it.
func (s *schemaMaker) share(n node) node {
	content, err := json.Marshal(n)
	if err != nil {
		return n
	}
	name, known := s.names[string(content)]
	if !known {
		name = fmt.Sprintf("object.%d", len(s.names)+1)
		s.names[string(content)] = name
		s.shared[name] = n
	}
	return ref(name)
}

func (s *schemaMaker) fieldProperties(fields []pipe.Field) node {
	props := node{}
	for _, f := range fields {
		if f.Rest {
			continue
		}
		doc := f.Doc
		if f.Required {
			doc += " (required)"
		}
		props[f.Name] = described(s.fieldSchema(f), doc, f.Default)
		for _, alias := range f.Aliases {
			props[alias] = described(s.fieldSchema(f), "Other word for "+f.Name+".", "")
		}
	}
	return props
}

// fieldSchema is what one parameter takes. A text is possible everywhere: it may be a template.
func (s *schemaMaker) fieldSchema(f pipe.Field) node {
	switch f.Kind {
	case pipe.FieldString:
		return types("string", "number", "boolean", "null")
	case pipe.FieldInt, pipe.FieldFloat, pipe.FieldDuration:
		return types("number", "string", "null")
	case pipe.FieldBool:
		return types("boolean", "string", "integer", "null")
	case pipe.FieldList:
		return anyOf(types("string", "null"), listOf(s.fieldSchema(elem(f))), s.fieldSchema(elem(f)))
	case pipe.FieldMap:
		return anyOf(types("string", "null"), node{"type": "object", "additionalProperties": s.fieldSchema(elem(f))})
	case pipe.FieldObject:
		return anyOf(types("string", "number", "null"), s.share(s.parameters(f.Fields)))
	default:
		return node{}
	}
}

// paramsName names a definition by its type, without what a URI would have to escape.
func paramsName(use string) string { return "params." + strings.ReplaceAll(use, ":", ".") }
