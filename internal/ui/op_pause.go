package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ui/action"
	"github.com/openticketai/otai-tui/internal/ui/screen"
	"github.com/openticketai/otai-tui/internal/ui/theme"
)

// theEngine is the scope of everything.
func theEngine() orchestrator.Scope { return orchestrator.Scope{Kind: orchestrator.ScopeEngine} }

// under are the runners that a pause of the scope touches, disabled ones left out.
func (a *App) under(s orchestrator.Scope) []*orchestrator.Runner {
	var out []*orchestrator.Runner
	for i := range a.data.Runners {
		r := &a.data.Runners[i]
		in := false
		switch s.Kind {
		case orchestrator.ScopeEngine:
			in = true
		case orchestrator.ScopeTag:
			in = slices.Contains(r.Tags, s.Name)
		case orchestrator.ScopeResource:
			in = slices.Contains(r.Resources, s.Name)
		case orchestrator.ScopeRunner:
			in = r.ID == s.Name
		}
		if in && r.State != orchestrator.Disabled {
			out = append(out, r)
		}
	}
	return out
}

// hold is the pause of a scope; nil = it has none of its own.
func (a *App) hold(s orchestrator.Scope) *orchestrator.Hold {
	if s.Kind == orchestrator.ScopeRunner {
		if r := a.data.Runner(s.Name); r != nil && r.Pause != nil {
			return &orchestrator.Hold{Scope: s, Pause: *r.Pause}
		}
		return nil
	}
	for i := range a.data.Engine.Holds {
		if h := &a.data.Engine.Holds[i]; h.Scope == s {
			return h
		}
	}
	return nil
}

// underWords name what a scope holds, and what of it is at work.
func (a *App) underWords(s orchestrator.Scope) []fact {
	rs := a.under(s)
	names, live := make([]string, 0, len(rs)), 0
	for _, r := range rs {
		names = append(names, r.ID)
		live += screen.LiveRuns(r)
	}
	out := []fact{}
	if s.Kind != orchestrator.ScopeRunner {
		out = append(out, fact{theme.Plain, plural(len(rs), "pipe") + ": " + text.Truncate(strings.Join(names, ", "), 200, theme.Ellipsis)})
	}
	if live > 0 {
		out = append(out, fact{theme.Plain, plural(live, "live run") + ": what runs goes on, what waits keeps waiting"})
	}
	return out
}

// stampOf changes when what a scope holds, or its pause, changed.
func (a *App) stampOf(s orchestrator.Scope) string {
	stamp := ""
	if h := a.hold(s); h != nil {
		stamp = fmt.Sprint(h.Pause.By, h.Pause.At.Unix(), h.Pause.Until.Unix(), h.Drain)
	}
	for _, r := range a.under(s) {
		stamp += " " + r.ID
	}
	return stamp
}

// pauseForm asks for the reason and the end of a pause. What holds many needs the number of pipes to be typed. A drain
// lets what was claimed before finish; of the engine only.
func (a *App) pauseForm(s orchestrator.Scope, until, reason string, drain bool) *form {
	verb := "pause"
	if drain {
		verb = "drain"
	}
	end := textField("for", until, "until resumed; else 15m, 1h, 15:30 or a date (UTC)")
	end.check = func(a *App, v string) error { _, err := parseUntil(v, a.now); return err }
	why := textField("reason", reason, "for the others, such as release 2.4")
	f := &form{title: verb + theme.Sep + s.String(), verb: verb, fields: []*field{why, end}}
	f.facts = func(a *App, f *form) facts { return a.pauseFacts(s, f.get("for"), drain) }
	if s.Kind != orchestrator.ScopeRunner {
		f.phrase = func(a *App, _ *form) string { return fmt.Sprintf("%s %d", verb, len(a.under(s))) }
	}
	f.submit = func(a *App, f *form) {
		t, _ := parseUntil(f.get("for"), a.now) // checked
		req := orchestrator.PauseRequest{Reason: f.get("reason"), Until: t, Drain: drain, By: a.opts.Actor}
		said := map[bool]string{false: "paused ", true: "draining "}[drain] + s.String() + " " + untilWords(t, a.now)
		a.send(f, verb+" "+s.String(), func(ctx context.Context) (string, error) { return said, a.doPause(ctx, s, req) }, a.undoPause(s))
	}
	return f
}

// pauseFacts say what a pause of the scope would do.
func (a *App) pauseFacts(s orchestrator.Scope, end string, drain bool) facts {
	out := facts{stamp: a.stampOf(s), lines: a.underWords(s)}
	say := func(role theme.Role, s string) { out.lines = append(out.lines, fact{role, s}) }
	switch {
	case len(a.under(s)) == 0:
		out.why = "no pipe belongs to " + s.String()
	case drain:
		say(theme.Plain, "nothing new starts; what was claimed before finishes, retries included. Ticks meanwhile are skipped")
	case s.Kind == orchestrator.ScopeResource:
		say(theme.Plain, "runs that use it wait until it is resumed; their ticks are not skipped")
	default:
		say(theme.Plain, "ticks meanwhile become skipped rows and are not caught up")
	}
	if h := a.hold(s); h != nil {
		say(theme.Paused, "it takes the place of: "+screen.HoldWords(h, a.env()))
	}
	if t, err := parseUntil(end, a.now); err == nil {
		say(theme.Muted, untilWords(t, a.now)+theme.Sep+a.recorded())
	}
	return out
}

// recorded says how the audit trail names the one who acts.
func (a *App) recorded() string {
	return "recorded as " + a.opts.Actor.Name + " via " + a.opts.Actor.Via
}

func (a *App) doPause(ctx context.Context, s orchestrator.Scope, r orchestrator.PauseRequest) error {
	if s.Kind == orchestrator.ScopeRunner {
		return a.o.Pause(ctx, s.Name, r)
	}
	return a.o.PauseScope(ctx, s, r)
}

func (a *App) doResume(ctx context.Context, s orchestrator.Scope) error {
	if s.Kind == orchestrator.ScopeRunner {
		return a.o.Resume(ctx, s.Name, a.opts.Actor)
	}
	return a.o.ResumeScope(ctx, s, a.opts.Actor)
}

// undoPause takes a pause back: it resumes, or brings back the pause that was there before.
func (a *App) undoPause(s orchestrator.Scope) *undo {
	u := &undo{what: "pause of " + s.String(), do: func(ctx context.Context) error { return a.doResume(ctx, s) }}
	if h := a.hold(s); h != nil {
		req := orchestrator.PauseRequest{Reason: h.Pause.Reason, Until: h.Pause.Until, Drain: h.Drain, By: a.opts.Actor}
		u.do = func(ctx context.Context) error { return a.doPause(ctx, s, req) }
	}
	return u
}

// whyResume says why a scope cannot be resumed; "" = it can.
func (a *App) whyResume(s orchestrator.Scope) string {
	if a.hold(s) == nil {
		return s.String() + " is not paused"
	}
	return a.mayNot(s)
}

// mayNot says that the one at this console may not pause or resume a scope: the engine as a whole is the admins'.
func (a *App) mayNot(s orchestrator.Scope) string {
	if s.Kind == orchestrator.ScopeEngine {
		return a.needs(&act{Tier: action.Dialog, Role: action.Admin})
	}
	return ""
}

// resumeScope ends a pause after a question; it can be undone.
func (a *App) resumeScope(s orchestrator.Scope) {
	a.question(func(a *App) question {
		h := a.hold(s)
		if h == nil {
			return question{why: a.whyResume(s)}
		}
		n := len(a.under(s))
		q := question{stamp: a.stampOf(s), text: "resume " + s.String() + "? " + screen.HoldWords(h, a.env()) + ". "}
		q.text += plural(n, "pipe") + " goes on with its next tick; nothing that was skipped is caught up"
		if n != 1 {
			q.text = strings.Replace(q.text, "goes on with its next tick", "go on with their next ticks", 1)
		}
		return q
	}, func(a *App) {
		u := a.undoPause(s) // the pause that is there now comes back
		u.what = "resume of " + s.String()
		a.command("resume "+s.String(), func(ctx context.Context) (string, error) {
			return "resumed " + s.String() + " by " + a.opts.Actor.Name, a.doResume(ctx, s)
		}, u)
	})
}

// rowScope is the scope under the cursor of the engine's screen: the engine itself on rows that stand for nothing else.
func (a *App) rowScope() (orchestrator.Scope, bool) {
	e, ok := a.top().(*screen.Engine)
	if !ok {
		return orchestrator.Scope{}, false
	}
	s, held := e.Scope(a.env())
	return s, held
}

func (a *App) whyRowPause() string {
	s, _ := a.rowScope()
	if s.Kind == "" {
		return "this row cannot be paused: choose the slots, a limit or a pause"
	}
	return a.mayNot(s)
}

// toggleRow pauses or resumes what the row of the engine's screen stands for.
func (a *App) toggleRow() {
	s, held := a.rowScope()
	if held {
		a.resumeScope(s)
		return
	}
	a.openForm(a.pauseForm(s, "", "", false))
}

// scopes that can be named: the engine, then tags and resources as the runners have them.
func (a *App) allScopes() []orchestrator.Scope {
	out := []orchestrator.Scope{theEngine()}
	add := func(kind string, names []string) {
		for _, n := range names {
			if s := (orchestrator.Scope{Kind: kind, Name: n}); !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	for i := range a.data.Runners {
		add(orchestrator.ScopeTag, a.data.Runners[i].Tags)
	}
	for i := range a.data.Runners {
		add(orchestrator.ScopeResource, a.data.Runners[i].Resources)
	}
	for _, h := range a.data.Engine.Holds {
		add(h.Scope.Kind, []string{h.Scope.Name})
	}
	return out
}

// scopeOf reads a scope off a typed line: "engine", "tag routing", "resource otobo", or a pipe's name.
func (a *App) scopeOf(line string) (s orchestrator.Scope, rest string, ok bool) {
	for _, s := range a.allScopes() {
		name := s.String()
		if strings.EqualFold(line, name) {
			return s, "", true
		}
		if hasPrefixFold(line, name+" ") {
			return s, strings.TrimSpace(line[len(name):]), true
		}
	}
	word, rest := cutWord(line)
	if a.data.Runner(word) != nil {
		return orchestrator.Scope{Kind: orchestrator.ScopeRunner, Name: word}, rest, true
	}
	return s, "", false
}

// pauseOffers are ":pause SCOPE [FOR] [REASON]".
func pauseOffers(a *App, rest string) []action.Offer[*App] {
	s, more, ok := a.scopeOf(strings.TrimSpace(rest))
	if !ok {
		return a.scopeOffers("pause", rest, func(s orchestrator.Scope) action.Offer[*App] { return a.pauseOffer(s, "", "") })
	}
	if s.Kind == orchestrator.ScopeRunner && more == "" {
		return nil // the pipe's own key does it, at once
	}
	end, reason := "", more
	if word, tail := cutWord(more); word != "" {
		if _, err := parseUntil(word, a.now); err == nil {
			end, reason = word, tail
		}
	}
	return []action.Offer[*App]{a.pauseOffer(s, end, unquote(reason))}
}

func (a *App) pauseOffer(s orchestrator.Scope, end, reason string) action.Offer[*App] {
	t, _ := parseUntil(end, a.now) // "" or read before
	o := action.Offer[*App]{
		Line: join("pause", s.String(), end, quoted(reason)), Title: plural(len(a.under(s)), "pipe") + theme.Sep + untilWords(t, a.now),
		Do: func(a *App) { a.openForm(a.pauseForm(s, end, reason, false)) },
	}
	if why := a.mayNot(s); why != "" {
		o.Why = why
	} else if len(a.under(s)) == 0 {
		o.Why = "no pipe belongs to " + s.String()
	} else if a.hold(s) != nil {
		o.Title += theme.Sep + "paused already"
	}
	return o
}

// scopeOffers offers every scope that begins with what was typed.
func (a *App) scopeOffers(verb, typed string, offer func(orchestrator.Scope) action.Offer[*App]) []action.Offer[*App] {
	var out []action.Offer[*App]
	for _, s := range a.allScopes() {
		if hasPrefixFold(verb+" "+s.String(), verb+" "+strings.TrimSpace(typed)) {
			out = append(out, offer(s))
		}
	}
	return out
}

// resumeOffers are ":resume SCOPE".
func resumeOffers(a *App, rest string) []action.Offer[*App] {
	offer := func(s orchestrator.Scope) action.Offer[*App] {
		o := action.Offer[*App]{Line: "resume " + s.String(), Why: a.whyResume(s), Do: func(a *App) { a.resumeScope(s) }}
		if h := a.hold(s); h != nil {
			o.Title = screen.HoldWords(h, a.env())
		}
		return o
	}
	if s, more, ok := a.scopeOf(strings.TrimSpace(rest)); ok && more == "" {
		if s.Kind == orchestrator.ScopeRunner {
			return nil // the pipe's own key does it
		}
		return []action.Offer[*App]{offer(s)}
	}
	return a.scopeOffers("resume", rest, offer)
}

// pauseWith opens the form for the chosen pipe.
func (a *App) pauseWith() {
	if r, _ := a.chosen(); r != nil {
		a.openForm(a.pauseForm(orchestrator.Scope{Kind: orchestrator.ScopeRunner, Name: r.ID}, "", "", false))
	}
}

// paused says that the runner has a pause of its own.
func paused(r *orchestrator.Runner) bool {
	return r.Pause != nil || r.State == orchestrator.Paused && r.HeldBy == "" && !screen.Asking(r)
}
