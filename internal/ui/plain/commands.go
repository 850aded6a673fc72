package plain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// verb is a command: its name, what follows it, and what it does.
type verb struct {
	name, args, help string
	do               func(p *lines, ctx context.Context, args []string) error
}

// verbs are the commands in the order of help. The names are the palette's.
func verbs() []verb {
	return []verb{
		{"help", "", "this list", (*lines).help},
		{"status", "[PIPE]", "all pipes, those with trouble first, or one pipe", (*lines).status},
		{"runs", "[PIPE]", "the newest runs", (*lines).runs},
		{"log", "PIPE or RUN", "the last lines of the log of a run, or of a pipe's newest run", (*lines).log},
		{"follow", "PIPE, all or off", "tell new log lines as they come", (*lines).followLog},
		{"events", "", "the newest events", (*lines).events},
		{"approvals", "", "what waits for an answer", (*lines).approvals},
		{"answer", "RUN yes or no [NOTE]", "answer a question; it asks first", (*lines).answer},
		{"engine", "", "health, slots, limits and pauses", (*lines).engineLines},
		{"pause", "PIPE [FOR] [REASON]", "hold a pipe, for 15m or 2h or until resumed; tag NAME, resource NAME and engine ask first", (*lines).pause},
		{"resume", "PIPE", "end its pause, or that of tag NAME, resource NAME or engine", (*lines).resume},
		{"drain", "[REASON]", "finish what was claimed and start nothing new; it asks first", (*lines).drain},
		{"reload", "", "read the configuration again", (*lines).reload},
		{"fire", "PIPE", "run it once now; it asks first", (*lines).fire},
		{"cancel", "RUN", "cancel a live run; it asks first", (*lines).cancel},
		{"retry", "RUN", "go on with an ended run from its failed steps; it asks first", (*lines).retry},
		{"quiet", "", "tell only trouble from now on", func(p *lines, _ context.Context, _ []string) error {
			p.quiet = true
			p.say("quiet: only trouble is told")
			return nil
		}},
		{"all", "", "tell all changes again", func(p *lines, _ context.Context, _ []string) error {
			p.quiet = false
			p.say("all changes are told")
			return nil
		}},
		{"quit", "", "leave", func(*lines, context.Context, []string) error { return errQuit }},
	}
}

// command does a typed line, or answers the question that is open.
func (p *lines) command(ctx context.Context, line string) error {
	words := strings.Fields(line)
	if ask := p.pending; ask != nil {
		p.pending = nil
		if len(words) == 1 && (strings.EqualFold(words[0], "y") || strings.EqualFold(words[0], "yes")) {
			return ask(ctx)
		}
		p.say("nothing done")
		if len(words) == 0 || strings.EqualFold(words[0], "n") || strings.EqualFold(words[0], "no") {
			return nil
		}
	}
	if len(words) == 0 {
		return nil
	}
	name := strings.ToLower(strings.TrimPrefix(words[0], ":"))
	for _, v := range verbs() {
		if v.name == name || name == "?" && v.name == "help" || name == "q" && v.name == "quit" {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			return v.do(p, ctx, words[1:])
		}
	}
	return fmt.Errorf("no command %s: help lists them", words[0])
}

// ask asks before something is done that acts outside.
func (p *lines) ask(do func(context.Context) error, format string, args ...any) error {
	p.say(format+" Type yes to go on.", args...)
	p.pending = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience) // asked for is asked for, also when one leaves
		defer cancel()
		return do(ctx)
	}
	return nil
}

func (p *lines) help(context.Context, []string) error {
	for _, v := range verbs() {
		name := v.name
		if v.args != "" {
			name += " " + v.args
		}
		p.say("%s: %s", name, v.help)
	}
	return nil
}

var errWhich = errors.New("say which: help shows what follows each command")

// named gives a known runner.
func (p *lines) named(args []string) (*orchestrator.Runner, error) {
	if len(args) == 0 {
		return nil, errWhich
	}
	if r, ok := p.runners[args[0]]; ok {
		return r, nil
	}
	var near []string
	for _, id := range p.order {
		if strings.Contains(strings.ToLower(id), strings.ToLower(args[0])) && len(near) < 5 {
			near = append(near, id)
		}
	}
	if len(near) == 1 {
		return p.runners[near[0]], nil
	}
	if len(near) > 1 {
		return nil, fmt.Errorf("no pipe %s: did you mean %s?", args[0], strings.Join(near, ", "))
	}
	return nil, fmt.Errorf("no pipe %s: status lists them", args[0])
}

func (p *lines) pause(ctx context.Context, args []string) error {
	if s, pipes, rest, ok := p.scope(args); ok {
		return p.pauseScope(s, pipes, p.pauseOf(rest))
	}
	r, err := p.named(args)
	if err != nil {
		return err
	}
	req := p.pauseOf(args[1:])
	if err := p.o.Orchestrator.Pause(ctx, r.ID, req); err != nil {
		return err
	}
	until := "until resumed"
	if !req.Until.IsZero() {
		until = "until " + p.at(req.Until)
	}
	p.say("paused %s %s. resume %s takes it back.", r.ID, until, r.ID)
	return nil
}

// pauseOf reads how long a pause is to last, and why.
func (p *lines) pauseOf(words []string) orchestrator.PauseRequest {
	req := orchestrator.PauseRequest{By: p.o.Actor}
	if len(words) > 0 {
		if d, err := time.ParseDuration(words[0]); err == nil && d > 0 {
			req.Until, words = p.o.Now().Add(d), words[1:]
		}
	}
	req.Reason = strings.Join(words, " ")
	return req
}

func (p *lines) resume(ctx context.Context, args []string) error {
	if s, _, _, ok := p.scope(args); ok {
		if err := p.o.Orchestrator.ResumeScope(ctx, s, p.o.Actor); err != nil {
			return err
		}
		p.say("%s goes on", s)
		return nil
	}
	r, err := p.named(args)
	if err != nil {
		return err
	}
	if err := p.o.Orchestrator.Resume(ctx, r.ID, p.o.Actor); err != nil {
		return err
	}
	p.say("resumed %s", r.ID)
	return nil
}

func (p *lines) fire(_ context.Context, args []string) error {
	r, err := p.named(args)
	if err != nil {
		return err
	}
	id := r.ID
	return p.ask(func(ctx context.Context) error {
		run, err := p.o.Orchestrator.RunOnce(ctx, id, orchestrator.FireRequest{By: p.o.Actor})
		if err != nil {
			return err
		}
		p.say("fired %s, run %s", id, run)
		return nil
	}, "Fire %s now? It runs beside its schedule and acts on the systems it is for.", id)
}

func (p *lines) cancel(_ context.Context, args []string) error {
	if len(args) == 0 {
		return errWhich
	}
	return p.ask(func(ctx context.Context) error {
		if err := p.o.Orchestrator.Cancel(ctx, args[0], p.o.Actor); err != nil {
			return err
		}
		p.say("asked run %s to stop", args[0])
		return nil
	}, "Cancel run %s? Its step is stopped, what is done stays done.", args[0])
}

func (p *lines) retry(_ context.Context, args []string) error {
	if len(args) == 0 {
		return errWhich
	}
	return p.ask(func(ctx context.Context) error {
		if err := p.o.Orchestrator.Rerun(ctx, args[0], orchestrator.RerunRequest{By: p.o.Actor}); err != nil {
			return err
		}
		p.say("retrying run %s", args[0])
		return nil
	}, "Retry run %s? Completed steps are kept.", args[0])
}

func (p *lines) answer(_ context.Context, args []string) error {
	if len(args) < 2 {
		return errWhich
	}
	req := orchestrator.AnswerRequest{Run: args[0], Note: strings.Join(args[2:], " "), By: p.o.Actor}
	switch strings.ToLower(args[1]) {
	case "yes", "y":
		req.Approve = true
	case "no", "n":
	default:
		return fmt.Errorf("answer %s %s: say yes or no", args[0], args[1])
	}
	word := map[bool]string{true: "yes", false: "no"}[req.Approve]
	return p.ask(func(ctx context.Context) error {
		if err := p.o.Orchestrator.Answer(ctx, req); err != nil {
			return err
		}
		p.say("answered %s: run %s goes on", word, req.Run)
		return nil
	}, "Answer %s to run %s?", word, req.Run)
}
