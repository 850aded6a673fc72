package plain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// scope reads "engine", "tag NAME" or "resource NAME" from the beginning of args, and how many pipes that is. A pipe of such a name goes
// before. ok says that there is one.
func (p *lines) scope(args []string) (s orchestrator.Scope, pipes int, rest []string, ok bool) {
	if len(args) == 0 || p.runners[args[0]] != nil {
		return s, 0, nil, false
	}
	switch kind := args[0]; {
	case kind == orchestrator.ScopeEngine:
		s, rest = orchestrator.Scope{Kind: kind}, args[1:]
	case (kind == orchestrator.ScopeTag || kind == orchestrator.ScopeResource) && len(args) > 1:
		s, rest = orchestrator.Scope{Kind: kind, Name: args[1]}, args[2:]
	default:
		return s, 0, nil, false
	}
	for _, r := range p.runners {
		if s.Kind == orchestrator.ScopeEngine || s.Kind == orchestrator.ScopeTag && slices.Contains(r.Tags, s.Name) ||
			s.Kind == orchestrator.ScopeResource && slices.Contains(r.Resources, s.Name) {
			pipes++
		}
	}
	return s, pipes, rest, true
}

// pauseScope asks before many pipes are held at once.
func (p *lines) pauseScope(s orchestrator.Scope, pipes int, req orchestrator.PauseRequest) error {
	if pipes == 0 {
		return fmt.Errorf("no pipe has the %s", s)
	}
	what := "Pause"
	if req.Drain {
		what = "Drain"
	}
	return p.ask(func(ctx context.Context) error {
		if err := p.o.Orchestrator.PauseScope(ctx, s, req); err != nil {
			return err
		}
		p.say("%s is held. resume %s takes it back.", s, s)
		return nil
	}, "%s %s, %d pipes? What runs goes on.", what, s, pipes)
}

func (p *lines) drain(_ context.Context, args []string) error {
	req := orchestrator.PauseRequest{By: p.o.Actor, Drain: true, Reason: strings.Join(args, " ")}
	return p.pauseScope(orchestrator.Scope{Kind: orchestrator.ScopeEngine}, len(p.runners), req)
}

func (p *lines) reload(ctx context.Context, _ []string) error {
	if err := p.o.Orchestrator.Reload(ctx, p.o.Actor); err != nil {
		return err
	}
	p.say("the configuration was taken")
	return nil
}
