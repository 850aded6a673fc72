package plain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// How many rows an answer has at most.
const (
	mostRuns   = 15
	mostLines  = 40
	mostEvents = 20
)

func (p *lines) status(_ context.Context, args []string) error {
	if len(args) > 0 {
		return p.statusOf(args)
	}
	now, order := p.o.Now(), slices.Clone(p.order)
	slices.SortStableFunc(order, func(a, b string) int {
		return cmp.Compare(screen.RankOf(p.runners[a], now), screen.RankOf(p.runners[b], now))
	})
	p.say("%s", p.counts())
	for _, id := range order {
		p.told(p.runners[id])
	}
	return nil
}

func (p *lines) statusOf(args []string) error {
	r, err := p.named(args)
	if err != nil {
		return err
	}
	p.told(r)
	p.say("schedule: %s", r.Schedule)
	p.say("policy: %s", r.Policy)
	if r.Pause != nil {
		p.say("paused by %s since %s: %s", r.Pause.By, p.at(r.Pause.At), cmp.Or(r.Pause.Reason, "no reason given"))
	}
	if r.Runs > 0 {
		p.say("last %d runs: %.1f%% ok, median %s, 95%% within %s", r.Runs, 100*r.OKRate, text.Duration(r.P50), text.Duration(r.P95))
	}
	if r.Current != nil {
		p.run(r.Current)
	}
	if r.Last != nil {
		p.run(r.Last)
	}
	return nil
}

// run tells one run in one line.
func (p *lines) run(r *orchestrator.Run) {
	m := screen.StateMark(r.State)
	rest := ""
	if !r.StartedAt.IsZero() {
		rest = fmt.Sprintf(", started %s, %s", p.at(r.StartedAt), text.Duration(r.Duration(p.o.Now())))
	}
	if r.Attempts > 1 {
		rest += fmt.Sprintf(", %d attempts", r.Attempts)
	}
	for _, s := range []string{r.Reason, r.Error} {
		if s != "" && !strings.Contains(rest, s) {
			rest += ": " + s
		}
	}
	p.line("run "+text.Line(r.ID, 64)+" of "+text.Line(r.Runner, 256)+" "+p.colour(m.Role, m.Word), rest)
}

func (p *lines) runs(ctx context.Context, args []string) error {
	f := orchestrator.RunFilter{Limit: mostRuns}
	if len(args) > 0 {
		r, err := p.named(args)
		if err != nil {
			return err
		}
		f.Runner = r.ID
	}
	runs, err := p.o.Orchestrator.Runs(ctx, f)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		p.say("no runs")
	}
	for i := range runs {
		p.run(&runs[i])
	}
	return nil
}

func (p *lines) log(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errWhich
	}
	run := args[0]
	if r, err := p.named(args); err == nil {
		runs, err := p.o.Orchestrator.Runs(ctx, orchestrator.RunFilter{Runner: r.ID, Limit: 1, WithIdle: true})
		if err != nil {
			return err
		}
		if len(runs) == 0 {
			return fmt.Errorf("%s has not run yet", r.ID)
		}
		run = runs[0].ID
	}
	d, err := p.o.Orchestrator.RunDetail(ctx, run)
	if err != nil {
		return err
	}
	got, err := p.o.Orchestrator.Logs(ctx, orchestrator.LogFilter{Run: d.Run.ID, Tail: mostLines})
	if err != nil {
		return err
	}
	p.run(&d.Run)
	if len(got) == 0 {
		p.say("its log is empty")
	}
	for i := range got {
		p.logLine(&got[i])
	}
	return nil
}

func (p *lines) followLog(_ context.Context, args []string) error {
	if len(args) == 0 {
		return errWhich
	}
	switch args[0] {
	case "off":
		p.follow = ""
		p.say("log lines are not told")
		return nil
	case "all":
		p.follow = "*"
	default:
		r, err := p.named(args)
		if err != nil {
			return err
		}
		p.follow = r.ID
	}
	p.say("new log lines of %s are told; follow off ends it", args[0])
	return nil
}

func (p *lines) events(ctx context.Context, _ []string) error {
	es, err := p.o.Orchestrator.Events(ctx, mostEvents)
	if err != nil {
		return err
	}
	for _, e := range slices.Backward(es) {
		by := ""
		if e.By != "" && e.By != "engine" {
			by = ", by " + e.By
		}
		p.say("%s %s: %s%s", p.at(e.At), cmp.Or(e.Runner, "engine"), e.Text, by)
	}
	return nil
}

func (p *lines) approvals(ctx context.Context, _ []string) error {
	p.asked = nil
	if err := p.questions(ctx); err != nil {
		return err
	}
	if len(p.asked) == 0 {
		p.say("nothing waits for an answer")
	}
	return nil
}

func (p *lines) engineLines(context.Context, []string) error {
	e := &p.engine
	p.say("engine %s %s, health %s", e.Name, e.Version, cmp.Or(e.Health, "ok"))
	for _, s := range e.Problems {
		p.line(p.colour(theme.Failed, "problem"), ": "+s)
	}
	p.say("%d of %d slots busy, %d runs wait", e.Busy, e.Slots, e.Queue)
	for i := range e.Limits {
		l := &e.Limits[i]
		p.say("limit %s: %d of %d used, %d wait %s", l.Name, l.Used, l.Max, l.Waiting, strings.Join([]string{l.Rate, l.Breaker}, " "))
	}
	for i := range e.Holds {
		h := &e.Holds[i]
		p.say("paused: %s by %s: %s", h.Scope, h.Pause.By, cmp.Or(h.Pause.Reason, "no reason given"))
	}
	if e.ConfigError != "" {
		p.say("the newer configuration was not taken: %s", e.ConfigError)
	}
	p.say("configuration %s, state in %s", e.Config, e.StateDir)
	return nil
}
