package plain

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// patience bounds every question to the engine.
const patience = 15 * time.Second

// update tells what changed, one line each.
func (p *lines) update(ctx context.Context, u *orchestrator.Update) error {
	for i := range u.Runners {
		p.runner(&u.Runners[i])
	}
	if u.Engine != nil {
		was := problems(&p.engine)
		asks := p.engine.Approvals
		p.engine = *u.Engine
		p.health(was)
		if u.Engine.Approvals > asks {
			if err := p.questions(ctx); err != nil {
				return err
			}
		}
	}
	for i := range u.Events {
		p.event(&u.Events[i])
	}
	p.logs(u)
	if u.Resync {
		before := len(p.order)
		if err := p.look(ctx); err != nil {
			return err
		}
		if len(p.order) != before {
			p.say("the configuration changed: %s", p.counts())
		}
	}
	return nil
}

// runner tells a runner's change of state, its new run, or its ended one.
func (p *lines) runner(r *orchestrator.Runner) {
	old, known := p.runners[r.ID]
	if !known {
		return // the next snapshot brings it
	}
	p.runners[r.ID] = r
	m := screen.RunnerMark(r, p.o.Now())
	if stamp(old) == stamp(r) || p.quiet && !trouble(m.Role) && !trouble(screen.RunnerMark(old, p.o.Now()).Role) {
		return
	}
	p.told(r)
}

// told writes a runner's line: its name, its state as a word, and why.
func (p *lines) told(r *orchestrator.Runner) {
	m := screen.RunnerMark(r, p.o.Now())
	rest := ""
	if r.Reason != "" && r.Reason != string(r.State) {
		rest = ": " + r.Reason
	}
	switch {
	case r.Last != nil && r.Last.Error != "" && m.Role == theme.Failed && !strings.Contains(r.Reason, r.Last.Error):
		rest += theme.Sep + r.Last.Error
	case r.Current == nil && !r.NextAt.IsZero():
		rest += fmt.Sprintf("%snext %s", theme.Sep, p.at(r.NextAt))
	}
	p.line(text.Line(r.ID, 256)+" "+p.colour(m.Role, m.Word), rest)
}

// stamp is what makes a change of a runner worth a line: not the steps on the way, nor the figures.
func stamp(r *orchestrator.Runner) string {
	s := string(r.State) + "/" + r.HeldBy
	if r.Current != nil {
		s += "/" + r.Current.ID + string(r.Current.State)
	}
	if r.Last != nil && r.Current == nil {
		s += "/" + r.Last.ID + string(r.Last.State)
	}
	if r.OverdueFor > 0 {
		s += "/overdue"
	}
	return s
}

func trouble(r theme.Role) bool {
	return r == theme.Failed || r == theme.Retry || r == theme.Late || r == theme.Paused
}

// event tells what people did, and what no runner's line says. What runs did is told by their runners.
func (p *lines) event(e *orchestrator.Event) {
	if e.Kind == "started" || e.Run != "" && e.By == "engine" && e.Kind != "stuck" {
		return
	}
	by := ""
	if e.By != "" && e.By != "engine" && !strings.Contains(e.Text, e.By) {
		by = " by " + e.By
	}
	at := ""
	if e.Runner != "" && !strings.Contains(e.Text, e.Runner) {
		at = e.Runner + " "
	}
	p.say("event: %s%s%s", at, e.Text, by)
}

func (p *lines) logs(u *orchestrator.Update) {
	if p.follow == "" {
		return
	}
	if u.LogGap > 0 {
		p.say("log: %d lines are left out here, they came too fast; the log of their run has them", u.LogGap)
	}
	for i := range u.Logs {
		if l := &u.Logs[i]; p.follow == "*" || l.Runner == p.follow {
			p.logLine(l)
		}
	}
}

func (p *lines) logLine(l *orchestrator.LogLine) {
	if l.Gap > 0 {
		p.say("log: %d lines are missing here", l.Gap)
	}
	role := theme.Plain
	switch l.Level {
	case "error":
		role = theme.Failed
	case "warn":
		role = theme.Retry
	}
	step := l.Step[strings.LastIndexByte(l.Step, '/')+1:]
	p.line("log "+p.colour(role, text.Line(l.Level, 16)), fmt.Sprintf(" %s %s: %s", text.ClockMillis(l.At), step, l.Msg))
}

func problems(e *orchestrator.Engine) string { return strings.Join(e.Problems, theme.Sep) }

// health tells the engine's problems when they are others than was.
func (p *lines) health(was string) {
	switch now := problems(&p.engine); {
	case now == was:
	case now == "":
		p.line(p.colour(theme.OK, "engine ok"), " again")
	default:
		p.line(p.colour(theme.Failed, "engine degraded"), ": "+now)
	}
}

// questions tells the approvals that were not told before.
func (p *lines) questions(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	open, err := p.o.Orchestrator.Approvals(ctx)
	if err != nil {
		return fmt.Errorf("read what waits for an answer: %w", err)
	}
	if p.asked == nil {
		p.asked = map[string]bool{}
	}
	for i := range open {
		a := &open[i]
		if key := a.Run + "/" + a.Step; !p.asked[key] {
			p.asked[key] = true
			p.say("%s asks, run %s: %s (answer %s yes, or no)", a.Runner, a.Run, a.Question, a.Run)
		}
	}
	return nil
}

// counts says how many pipes are in which condition.
func (p *lines) counts() string {
	words := []struct {
		role theme.Role
		word string
	}{
		{theme.Failed, "failed"},
		{theme.Retry, "retrying"},
		{theme.Late, "late or asking"},
		{theme.Running, "running or queued"},
		{theme.Paused, "paused"},
	}
	n := map[theme.Role]int{}
	for _, r := range p.runners {
		n[screen.RunnerMark(r, p.o.Now()).Role]++
	}
	parts := []string{fmt.Sprintf("%d pipes", len(p.runners))}
	for _, w := range words {
		if n[w.role] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w.role], w.word))
		}
	}
	return strings.Join(parts, ", ")
}
