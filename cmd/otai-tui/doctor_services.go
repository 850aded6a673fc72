package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

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
	systems := systemsOf(w.cfg)
	for _, id := range slices.Sorted(maps.Keys(w.cfg.Services)) {
		var what interface{ Describe() string }
		var err error
		switch w.cfg.Services[id].Kind {
		case pipe.KindTicketSystem:
			what, err = w.services.Ticket(id)
		case pipe.KindClassifier:
			what, err = w.services.Classifier(id)
		default:
			continue
		}
		if err != nil {
			out = append(out, finding{mark: bad, what: "service " + id, says: err.Error()})
			continue
		}
		own := names[id]
		if len(systems) == 1 && systems[0] == id {
			own = joined(own, names[""])
		}
		out = append(out, reach(ctx, id, what, own)...)
	}
	for _, n := range w.notices {
		out = append(out, finding{what: "note", says: n})
	}
	return out
}

func systemsOf(cfg *config.Config) []string {
	var out []string
	for id := range cfg.Services {
		if cfg.Services[id].Kind == pipe.KindTicketSystem {
			out = append(out, id)
		}
	}
	return out
}

func joined(a, b ticket.Names) ticket.Names {
	both := func(x, y []string) []string {
		all := slices.Concat(x, y)
		slices.Sort(all)
		return slices.Compact(all)
	}
	return ticket.Names{Queues: both(a.Queues, b.Queues), Priorities: both(a.Priorities, b.Priorities), States: both(a.States, b.States)}
}

// reach asks a service that can tell whether it answers, and whether it knows the names of the configuration.
func reach(ctx context.Context, id string, what interface{ Describe() string }, n ticket.Names) []finding {
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	name := "service " + id
	switch s := what.(type) {
	case ticket.Examiner:
		out := []finding{{what: name, says: what.Describe()}}
		for _, f := range s.Examine(ctx, n) {
			mark := map[ticket.Verdict]verdict{ticket.Wrong: bad, ticket.Unknown: untold}[f.Verdict]
			out = append(out, finding{mark: mark, what: name, says: f.What + ": " + text.Line(f.Says, 600)})
		}
		return out
	case interface {
		Check(ctx context.Context) error
	}:
		if err := s.Check(ctx); err != nil {
			return []finding{{mark: bad, what: name, says: what.Describe() + ": " + err.Error()}}
		}
		return []finding{{what: name, says: what.Describe() + " answers"}}
	}
	return []finding{{what: name, says: what.Describe()}}
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
