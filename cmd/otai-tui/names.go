package main

import (
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// usedNames are the names that a configuration's pipes use, by service; "" is the default one. Names that templates make are not
// known before a run.
type usedNames struct {
	systems map[string]ticket.Names
	models  map[string][]string // of classifiers
}

func namesOf(cfg *config.Config) usedNames {
	found := map[string]*nameSet{}
	for i := range cfg.Runners {
		r := &cfg.Runners[i]
		gather(&r.Pipe, injected{}, found)
		for _, list := range [][]pipe.Definition{
			r.Handlers.OnSuccess, r.Handlers.OnFailure, r.Handlers.OnCancel, r.Handlers.OnCrash, r.Handlers.OnExit,
		} {
			for j := range list {
				gather(&list[j], injected{}, found)
			}
		}
	}
	out := usedNames{systems: map[string]ticket.Names{}, models: map[string][]string{}}
	for id, set := range found {
		out.systems[id] = ticket.Names{Queues: set.sorted("queue"), Priorities: set.sorted("priority"), States: set.sorted("state")}
		out.models[id] = set.sorted("model")
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

// injected are the services that a pipe is given; "" = the default.
type injected struct{ system, classifier string }

// gather looks into one pipe and what is below it. A composite hands its services down.
func gather(d *pipe.Definition, with injected, found map[string]*nameSet) {
	if id := d.Injects["ticket_system"]; id != "" {
		with.system = id
	}
	if id := d.Injects["classification_service"]; id != "" {
		with.classifier = id
	}
	all := nameSet{}
	all.walk(d.Params)
	for key := range all {
		id := with.system
		if key[0] == "model" {
			id = with.classifier
		}
		if found[id] == nil {
			found[id] = &nameSet{}
		}
		(*found[id])[key] = struct{}{}
	}
	for i := range d.Steps {
		gather(&d.Steps[i], with, found)
	}
	if d.Undo != nil {
		gather(d.Undo, with, found)
	}
}

// keysOfNames are the parameters that hold names: one, a list, or a map of labels to them.
var keysOfNames = map[string]string{
	"queue": "queue", "queue.name": "queue", "queues": "queue", "fallback_queue": "queue",
	"priority": "priority", "priority.name": "priority", "priorities": "priority", "fallback_priority": "priority",
	"state": "state", "state.name": "state", "states": "state",
	"model": "model", "model_name": "model", "priority_model": "model",
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
