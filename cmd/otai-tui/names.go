package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// namesOf gathers the queues, priorities and states that a configuration's pipes name, by ticket system; "" is the default one.
// Names that templates make are not known before a run.
func namesOf(cfg *config.Config) map[string]ticket.Names {
	found := map[string]*nameSet{}
	for i := range cfg.Runners {
		r := &cfg.Runners[i]
		gather(&r.Pipe, "", found)
		for _, list := range [][]pipe.Definition{
			r.Handlers.OnSuccess, r.Handlers.OnFailure, r.Handlers.OnCancel, r.Handlers.OnCrash, r.Handlers.OnExit,
		} {
			for j := range list {
				gather(&list[j], "", found)
			}
		}
	}
	out := map[string]ticket.Names{}
	for id, set := range found {
		out[id] = ticket.Names{Queues: set.sorted("queue"), Priorities: set.sorted("priority"), States: set.sorted("state")}
	}
	return out
}

// nameSet holds names by kind.
type nameSet map[[2]string]struct{}

func (s *nameSet) sorted(kind string) []string {
	var out []string
	for k := range *s {
		if k[0] == kind {
			out = append(out, k[1])
		}
	}
	slices.Sort(out)
	return out
}

// gather looks into one pipe and what is below it. A composite hands its ticket system down.
func gather(d *pipe.Definition, system string, found map[string]*nameSet) {
	for _, dep := range []string{"ticket_system", "ticketsystem"} {
		if id := d.Injects[dep]; id != "" {
			system = id
		}
	}
	if found[system] == nil {
		found[system] = &nameSet{}
	}
	found[system].walk(d.Params)
	for i := range d.Steps {
		gather(&d.Steps[i], system, found)
	}
	if d.Undo != nil {
		gather(d.Undo, system, found)
	}
}

// keysOfNames are the parameters that hold names: one, a list, or a map of labels to them.
var keysOfNames = map[string]string{
	"queue": "queue", "queue.name": "queue", "queues": "queue", "fallback_queue": "queue",
	"priority": "priority", "priority.name": "priority", "priorities": "priority", "fallback_priority": "priority",
	"state": "state", "state.name": "state", "states": "state",
}

func (s *nameSet) walk(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			if kind, ok := keysOfNames[key]; ok {
				s.take(kind, x[key])
				continue
			}
			s.walk(x[key])
		}
	case []any:
		for _, item := range x {
			s.walk(item)
		}
	}
}

func (s *nameSet) take(kind string, v any) {
	switch x := v.(type) {
	case string:
		if x = strings.TrimSpace(x); x != "" && !pipe.HasTemplate(x) {
			(*s)[[2]string{kind, x}] = struct{}{}
		}
	case []any:
		for _, item := range x {
			s.take(kind, item)
		}
	case map[string]any:
		if name, ok := x["name"]; ok {
			s.take(kind, name)
			return
		}
		if _, ok := x["id"]; ok {
			return
		}
		for _, item := range x { // label -> name
			s.take(kind, item)
		}
	}
}
