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
		if pipe.HasTemplate(over[k]) {
			return d, fault.Permanentf("parameter %s: templates are not taken from a command", k)
		}
		params[k] = scalar(over[k])
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
