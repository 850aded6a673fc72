package base

import (
	"maps"
	"slices"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// macro turns a definition into a composite of steps, with the defaults of its parameters filled in. Steps find the
// evaluated parameters as the result of the step settings, at any depth; directly inside they are params, too.
func macro(d pipe.Definition, params any, steps ...pipe.Definition) pipe.Definition {
	out := d
	out.Use = "base:CompositePipe"
	out.Params = maps.Clone(d.Params)
	if out.Params == nil {
		out.Params = map[string]any{}
	}
	for _, f := range pipe.Fields(params) {
		if out.Params[f.Name] == nil {
			out.Params[f.Name] = defaultOf(f)
		}
	}
	settings := step("settings", "base:ExpressionPipe", map[string]any{"expression": "{{ params }}"})
	out.Steps = handDown(append([]pipe.Definition{settings}, steps...), d.Injects)
	return out
}

func defaultOf(f pipe.Field) any {
	switch {
	case f.Kind == pipe.FieldMap:
		return map[string]any{}
	case f.Kind == pipe.FieldList:
		return []any{}
	case f.Kind == pipe.FieldBool:
		return f.Default == "true"
	default:
		return f.Default
	}
}

// handDown gives every step the services of the macro.
func handDown(steps []pipe.Definition, injects map[string]string) []pipe.Definition {
	out := slices.Clone(steps)
	for i := range out {
		if len(injects) > 0 {
			out[i].Injects = needed(out[i].Use, injects)
		}
		out[i].Steps = handDown(out[i].Steps, injects)
	}
	return out
}

func needed(use string, injects map[string]string) map[string]string {
	for _, s := range Specs() {
		if s.Name != use {
			continue
		}
		out := map[string]string{}
		for _, n := range s.Needs {
			if id := injects[n.Name]; id != "" {
				out[n.Name] = id
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

func step(id, use string, params map[string]any) pipe.Definition {
	return pipe.Definition{ID: id, Use: use, Params: params}
}

// setting is a template for one of the macro's parameters.
func setting(name string) string { return "{{ get_pipe_result('settings')." + name + " }}" }

// guard ends the run quietly when the step fetch found nothing.
func guard() pipe.Definition {
	return step("any_tickets", "base:ExpressionPipe", map[string]any{
		"expression": "{{ fail() if (get_pipe_result('fetch', 'fetched_tickets') | length) == 0 else true }}",
	})
}

// perTicket runs steps for each fetched ticket, in order; one ticket's failure does not stop the others.
func perTicket(steps ...pipe.Definition) pipe.Definition {
	return pipe.Definition{
		ID: "tickets", Use: "base:CompositePipe", Params: map[string]any{}, Steps: steps,
		ForEach: "{{ get_pipe_result('fetch', 'fetched_tickets') }}", As: "ticket", Key: "{{ ticket.id }}",
	}
}
