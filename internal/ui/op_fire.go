package ui

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// ownOverlap is the choice that leaves the overlap policy to the runner.
const ownOverlap = "the pipe's own"

// overlaps are what a fire may ask for in place of the runner's overlap policy.
func overlaps() []string {
	return []string{ownOverlap, "skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"}
}

// overlapWords say what an overlap policy does to a run by hand while another one is live.
func overlapWords(policy string) string {
	switch policy {
	case "buffer_one":
		return "waits for the live run; at most one waits"
	case "buffer_all":
		return "waits for the live run and those that wait already"
	case "cancel_other":
		return "asks the live run to stop, then starts"
	case "terminate_other":
		return "ends the live run at once, then starts"
	case "allow_all":
		return "starts beside the live run"
	default:
		return "is refused while another run is live"
	}
}

// parseParams reads "name=value other=\"two words\"".
func parseParams(s string) (map[string]string, error) {
	out := map[string]string{}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		name, rest, ok := strings.Cut(s, "=")
		if name = strings.TrimSpace(name); !ok || name == "" || strings.Contains(name, " ") {
			return nil, fmt.Errorf("%q is not name=value", text.Truncate(s, 40, theme.Ellipsis))
		}
		if _, twice := out[name]; twice {
			return nil, errors.New(name + " is there twice")
		}
		if strings.HasPrefix(rest, " ") || rest == "" { // no value
			out[name], s = "", rest
			continue
		}
		out[name], s = cutWord(rest)
	}
	return out, nil
}

// paramWords print parameters as parseParams reads them.
func paramWords(p map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(p)) {
		out = append(out, k+"="+quoted(p[k]))
	}
	return strings.Join(out, " ")
}

// fireForm asks for the parameters and the overlap of a run by hand. The engine checks the parameters' names and types;
// the form stays open with what it says.
func (a *App) fireForm(runner, params, overlap string, dry bool) *form {
	over := choiceField("overlap", overlaps()...)
	over.pick = indexOf(over.options, overlap)
	line := textField("parameters", params, "name=value name=\"two words\"; none = as configured")
	line.check = func(_ *App, v string) error { _, err := parseParams(v); return err }
	mode := choiceField("dry run", "no", "yes")
	if dry {
		mode.pick = 1
	}
	f := &form{title: "fire" + theme.Sep + runner, verb: "fire", fields: []*field{line, over, mode}}
	f.facts = func(a *App, f *form) facts {
		r := a.data.Runner(runner)
		if r == nil {
			return facts{why: "the configuration has no pipe " + runner + " any more"}
		}
		out := facts{stamp: string(r.State), why: a.whyFireOf(r)}
		if r.Description != "" {
			out.lines = append(out.lines, fact{theme.Muted, r.Description})
		}
		policy := f.get("overlap")
		if policy == ownOverlap {
			policy = r.Overlap
		}
		s := "one run now, beside the schedule"
		if n := screen.LiveRuns(r); n > 0 {
			s = "live now: " + plural(n, "run") + ". The new one " + overlapWords(policy)
		}
		role := theme.Plain
		if screen.LiveRuns(r) > 0 && (policy == "cancel_other" || policy == "terminate_other") {
			role = theme.Danger
		}
		out.lines = append(out.lines, fact{role, s})
		if r.DryRun || f.get("dry run") == "yes" {
			out.lines = append(out.lines, fact{theme.Late, "dry run: it reads for real and writes nothing; c shows what it would change"})
		}
		out.lines = append(out.lines, fact{theme.Muted, a.recorded() + ", with its parameters: no secrets in them"})
		return out
	}
	f.submit = func(a *App, f *form) {
		p, _ := parseParams(f.get("parameters")) // checked
		req := orchestrator.FireRequest{Params: p, DryRun: f.get("dry run") == "yes", By: a.opts.Actor}
		if o := f.get("overlap"); o != ownOverlap {
			req.Overlap = o
		}
		o := a.o
		a.send(f, "fire "+runner, func(ctx context.Context) (string, error) {
			run, err := o.RunOnce(ctx, runner, req)
			return "fired " + runner + theme.Sep + "run " + screen.ShortID(run), err
		}, nil)
	}
	return f
}

// fireWith opens the form for the chosen pipe, with the parameters of its last run by hand.
func (a *App) fireWith() {
	r, _ := a.chosen()
	params := ""
	if r.Last != nil && r.Last.Trigger == "manual" {
		params = paramWords(r.Last.Params)
	}
	a.openForm(a.fireForm(r.ID, params, ownOverlap, false))
}

// fireOffers are ":fire PIPE [dry] [name=value …] [overlap=POLICY]".
func fireOffers(a *App, rest string) []action.Offer[*App] {
	runner, more := cutWord(rest)
	r := a.data.Runner(runner)
	if r == nil || more == "" {
		return nil // the pipe's own key asks and fires
	}
	dry := false
	if word, others := cutWord(more); word == "dry" {
		dry, more = true, others
	}
	params, err := parseParams(more)
	if err != nil {
		return []action.Offer[*App]{{Line: join("fire", rest), Why: err.Error(), Do: func(*App) {}}}
	}
	overlap := ownOverlap
	if o, ok := params["overlap"]; ok {
		if !slices.Contains(overlaps(), o) {
			return []action.Offer[*App]{{
				Line: join("fire", rest), Why: "overlap is one of " + strings.Join(overlaps()[1:], ", "), Do: func(*App) {},
			}}
		}
		overlap = o
		delete(params, "overlap")
	}
	return []action.Offer[*App]{{
		Line: join("fire", rest), Title: "a run with these parameters; asks first", Why: a.whyFireOf(r),
		Do: func(a *App) { a.openForm(a.fireForm(runner, paramWords(params), overlap, dry)) },
	}}
}
