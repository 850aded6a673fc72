package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// examineTime bounds the questions to one service.
const examineTime = 30 * time.Second

func (a *app) examineServices(ctx context.Context) []finding {
	w, err := a.open(ctx, openOptions{runOnly: true})
	if err != nil {
		return []finding{{mark: bad, what: "configuration", says: "\n" + err.Error()}}
	}
	defer w.close()
	says := fmt.Sprintf("%s is valid: %d runners, %d warnings", w.cfg.File, len(w.cfg.Runners), len(w.cfg.Warnings))
	out := []finding{{what: "configuration", says: says}}
	names := namesOf(w.cfg)
	for _, id := range slices.Sorted(maps.Keys(w.cfg.Services)) {
		switch w.cfg.Services[id].Kind {
		case pipe.KindTicketSystem:
			own := names.systems[id]
			if isOnly(w.cfg, id) {
				own = ticket.Names{
					Queues: both(own.Queues, names.systems[""].Queues), Priorities: both(own.Priorities, names.systems[""].Priorities),
					States: both(own.States, names.systems[""].States),
				}
			}
			sys, err := w.services.Ticket(id)
			out = append(out, reachSystem(ctx, id, sys, err, own)...)
		case pipe.KindClassifier:
			own := names.models[id]
			if isOnly(w.cfg, id) {
				own = both(own, names.models[""])
			}
			c, err := w.services.Classifier(id)
			out = append(out, reachClassifier(ctx, id, c, err, own)...)
		}
	}
	for _, n := range w.notices {
		out = append(out, finding{what: "note", says: n})
	}
	return out
}

// isOnly says that a service is the only one of its kind, and so the default.
func isOnly(cfg *config.Config, id string) bool {
	for other := range cfg.Services {
		if other != id && cfg.Services[other].Kind == cfg.Services[id].Kind {
			return false
		}
	}
	return true
}

func both(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// reachSystem asks a ticket system that can tell for what the configuration needs of it.
func reachSystem(ctx context.Context, id string, sys ticket.System, err error, n ticket.Names) []finding {
	name := "service " + id
	if err != nil {
		return []finding{{mark: bad, what: name, says: err.Error()}}
	}
	out := []finding{{what: name, says: sys.Describe()}}
	examiner, ok := sys.(ticket.Examiner)
	if !ok {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	for _, f := range examiner.Examine(ctx, n) {
		mark := map[ticket.Verdict]verdict{ticket.Wrong: bad, ticket.Unknown: untold}[f.Verdict]
		out = append(out, finding{mark: mark, what: name, says: f.What + ": " + text.Line(f.Says, 600)})
	}
	return out
}

// sample is a text that any classifier can judge.
const sample = "The printer on the third floor does not print."

// reachClassifier lets a classifier judge a text, once with each model that pipes name.
func reachClassifier(ctx context.Context, id string, c classify.Classifier, err error, models []string) []finding {
	name := "service " + id
	if err != nil {
		return []finding{{mark: bad, what: name, says: err.Error()}}
	}
	out := []finding{{what: name, says: c.Describe()}}
	if len(models) == 0 {
		models = []string{""}
	}
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	for _, m := range models {
		began := time.Now()
		r, err := c.Classify(ctx, classify.Request{Text: sample, Model: m})
		what := "model " + m
		if m == "" {
			what = "without a model's name"
		}
		if err != nil {
			out = append(out, finding{mark: bad, what: name, says: what + ": " + text.Line(err.Error(), 600)})
			continue
		}
		out = append(out, finding{what: name, says: fmt.Sprintf("%s: answers in %s, with the label %q for a text about a printer", what,
			text.Duration(time.Since(began)), text.Line(r.Label, 80))})
	}
	return out
}

// healthOf tells how the services of a running engine do.
func healthOf(list []orchestrator.ServiceHealth) []finding {
	var out []finding
	for _, s := range list {
		f := finding{what: "service " + s.ID, says: "in the running engine: " + s.State}
		switch s.State {
		case "ok", "unused":
		case "open":
			f.mark = bad
		default:
			f.mark = untold
		}
		if s.Calls > 0 {
			f.says += fmt.Sprintf(", %d calls, %d failed, p50 %s, p95 %s, %d in flight", s.Calls, s.Failed, text.Duration(s.P50),
				text.Duration(s.P95), s.InFlight)
		}
		if s.LastError != "" {
			f.says += ", last error at " + s.ErrorAt.UTC().Format("15:04:05Z") + ": " + s.LastError
		}
		out = append(out, f)
	}
	return out
}
