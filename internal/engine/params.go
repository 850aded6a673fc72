package engine

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// definitionFor gives a runner's pipe with the parameters of a manual run put over its own.
func (e *Engine) definitionFor(d pipe.Definition, over map[string]string) (pipe.Definition, error) {
	if len(over) == 0 {
		return d, nil
	}
	params := maps.Clone(d.Params)
	if params == nil {
		params = map[string]any{}
	}
	for _, k := range slices.Sorted(maps.Keys(over)) {
		if !e.takesParam(&d, k) {
			return d, fault.Permanentf("%s takes no parameter %q: it has %s", d.ID, k, strings.Join(e.paramNames(&d), ", "))
		}
		if pipe.HasTemplate(over[k]) {
			return d, fault.Permanentf("parameter %s: templates are not taken from a command", k)
		}
		v, err := e.typedParam(&d, k, over[k])
		if err != nil {
			return d, err
		}
		params[k] = v
	}
	d.Params = params
	return d, nil
}

// scalar reads a command's value as a person means it: numbers and booleans natively, everything else as text.
func scalar(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && strings.ContainsAny(s, ".eE") {
		return f
	}
	switch s {
	case "true":
		return true
	case "false":
		return false
	}
	return s
}

// secretName matches parameter names whose values must not reach history.
func secretName(name string) bool {
	return regexp.MustCompile(`(?i)(passw|token|secret|api_?key|credential)`).MatchString(name)
}

// refuseSecrets keeps secrets out of history: they come from the environment or files.
func refuseSecrets(params map[string]string) error {
	for k := range params {
		if secretName(k) {
			return fault.Permanentf("parameter %s looks like a secret: parameters are kept in history, put it into the environment "+
				"and use {{ get_env('NAME') }} in the configuration", k)
		}
	}
	return nil
}

// takesParam says whether a parameter would have an effect: the pipe defines it, the configuration sets it, or a step of
// the composite reads it.
func (e *Engine) takesParam(d *pipe.Definition, name string) bool {
	if _, set := d.Params[name]; set {
		return true
	}
	if spec, ok := e.o.Pipes.Lookup(d.Use); ok && spec.Params != nil {
		if _, ok := pipe.LookupField(pipe.Fields(spec.Params), name); ok {
			return true
		}
	}
	return slices.ContainsFunc(d.Steps, func(s pipe.Definition) bool { return readsParam(s, name) })
}

// readsParam says whether a definition's templates name a parameter of the composite around it.
func readsParam(d pipe.Definition, name string) bool {
	reads := func(s string) bool {
		return pipe.HasTemplate(s) && (strings.Contains(s, "params."+name) || strings.Contains(s, "config."+name) ||
			strings.Contains(s, "'"+name+"'") || strings.Contains(s, `"`+name+`"`))
	}
	var inside func(v any) bool
	inside = func(v any) bool {
		switch v := v.(type) {
		case string:
			return reads(v)
		case []any:
			return slices.ContainsFunc(v, inside)
		case map[string]any:
			for _, x := range v {
				if inside(x) {
					return true
				}
			}
		}
		return false
	}
	return reads(d.If) || reads(d.ForEach) || inside(d.Params) ||
		slices.ContainsFunc(d.Steps, func(s pipe.Definition) bool { return readsParam(s, name) })
}

// paramNames lists what a pipe takes, for messages.
func (e *Engine) paramNames(d *pipe.Definition) []string {
	names := slices.Collect(maps.Keys(d.Params))
	if spec, ok := e.o.Pipes.Lookup(d.Use); ok && spec.Params != nil {
		for _, f := range pipe.Fields(spec.Params) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return []string{"none"}
	}
	return names
}
