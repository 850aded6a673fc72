package config

import (
	"strconv"
	"time"
)

// runnerDraft is a runner as it was read, before anything that needs the other runners.
type runnerDraft struct {
	v           *value
	id          string
	name        *value   // where its name stands; nil = none given
	others      []*value // further names
	aliases     []string
	description string
	tags        []string
	enabled     bool
	triggers    []Trigger
	afters      []afterRef
	pipe        *draft
	handlers    []*draft // in the order of handlerKeys: each holds its handlers as steps; nil = none
	timeout     time.Duration
	policy      Policy
	dry         bool
}

// The pipes of 1.x that schedule others: they are read here and never run.
const (
	sequentialRunner       = "SimpleSequentialRunner"
	sequentialOrchestrator = "SimpleSequentialOrchestrator"
)

// readRunner reads one entry of runners, or with step one of a 1.x orchestrator's steps: there any other pipe is a
// runner of its own that is due in every round.
func (c *checker) readRunner(v *value, p pace, step bool) *runnerDraft {
	use := v.get("use")
	if step && use != nil && bareName(use.text) != sequentialRunner {
		return c.readRoundStep(v, p)
	}
	o := c.object(v, "a runner", runnerKeys())
	if o == nil {
		return nil
	}
	if s, ok := c.textOf(o.get("use")); ok && bareName(s) != sequentialRunner {
		c.at(use).expect("base:%s here; the pipe type belongs under pipe", sequentialRunner).errorf("%s cannot be a runner's use", use.quoted())
	}
	r := &runnerDraft{v: v}
	on, run := o.get("on"), o.get("run")
	if params := c.object(o.get("params"), "a runner's params", []key{{name: "on"}, {name: "run"}}); params != nil {
		on, run = c.either(on, params.get("on")), c.either(run, params.get("run"))
		params.finish()
	}
	main := c.either(o.get("pipe"), run)
	due := c.readTriggers(o, on, p)
	r.triggers, r.afters = due.out, due.afters
	if use != nil && on == nil && len(r.triggers) == 0 {
		c.at(v).expect("on: {use: IntervalTrigger, params: {interval: PT1M}}").errorf("the runner has no trigger")
	}
	c.readRunnerPlain(o, r)
	retry := c.readSettings(o.get("settings"), r, p.retry)
	if main == nil {
		c.at(v).expect("pipe: {use: ...}").errorf("the runner has no pipe")
	} else {
		r.pipe = c.readPipe(main, nil, retry)
		if r.pipe != nil {
			r.pipe.injects = append(r.pipe.injects, c.readInjects(o.get("injects"))...)
		}
	}
	r.handlers = c.readHandlers(o, r.pipe)
	c.chooseNames(o, r, main != nil && main == run)
	c.finishRunner(o)
	return r
}

// chooseNames: pipe_id is the name. Without it a runner with `run` goes by its pipe's id, as in 1.x, and one with `pipe`
// by its own id, as in 0.x, where several runners share one pipe. The other names become aliases.
func (c *checker) chooseNames(o *object, r *runnerDraft, byPipe bool) {
	names := []*value{c.nameValue(o.get("pipe_id")), c.nameValue(o.get("id")), nil}
	if r.pipe != nil {
		names[2] = r.pipe.idValue
	}
	if byPipe {
		names[1], names[2] = names[2], names[1]
	}
	for _, n := range names {
		switch {
		case n == nil:
		case r.name == nil:
			r.name = n
		default:
			r.others = append(r.others, n)
		}
	}
}

func (c *checker) nameValue(v *value) *value {
	if _, ok := c.nameOf(v); ok {
		return v
	}
	return nil
}

func (c *checker) readRunnerPlain(o *object, r *runnerDraft) {
	r.description, _ = c.textOf(o.get("description"))
	r.enabled = c.boolOf(o.get("enabled"), true)
	r.timeout, _ = c.durationOf(o.get("timeout_seconds"), true)
	r.policy = c.readPolicy(o)
	r.dry = c.boolOf(o.get("dry_run"), false)
	for _, tag := range c.textsOf(o.get("tags")) {
		r.tags = append(r.tags, tag.text)
	}
}

// finishRunner reports unknown keys, and says where a pipe's own keys belong.
func (c *checker) finishRunner(o *object) {
	moved := map[string]bool{}
	for _, k := range append(pipeKeys(), compositeKeys()...) {
		moved[k.name] = true
	}
	for _, f := range o.rest() {
		if moved[f.key.text] {
			c.at(f.key).expect("%s under pipe", f.key.text).errorf("%q belongs to the pipe, not to the runner", f.key.text)
			continue
		}
		o.unknown(f.key, o.known)
	}
}

// either gives the one that is there; both is a problem.
func (c *checker) either(a, b *value) *value {
	if a != nil && b != nil {
		first := ""
		if a.line > 0 {
			first = " in line " + itoa(a.line)
		}
		c.at(b).expect("one of them").errorf("%s means the same as %s%s", b.path, a.path, first)
	}
	if a != nil {
		return a
	}
	return b
}

// readRoundStep makes a runner of a plain pipe among a 1.x orchestrator's steps. Upstream runs it in every round; here
// a round is orchestrator_sleep, at least a second.
func (c *checker) readRoundStep(v *value, p pace) *runnerDraft {
	r := &runnerDraft{v: v, enabled: true, pipe: c.readPipe(v, nil, p.retry)}
	if r.pipe == nil {
		return nil
	}
	r.name = r.pipe.idValue
	every := max(p.sleep, time.Second)
	if s, ok := c.every(every, v); ok {
		r.triggers = []Trigger{{Name: string(TriggerInterval), Kind: TriggerInterval, Schedule: s}}
	}
	c.at(v).warnf("a pipe without a trigger runs in every round: every %s here", every)
	return r
}

func itoa(n int) string { return strconv.Itoa(n) }

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
