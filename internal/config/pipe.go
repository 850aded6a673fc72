package config

import (
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// draft is one pipe as it was read, before anything that needs its neighbours.
type draft struct {
	v        *value
	parent   *draft
	id       string
	idValue  *value // nil = the id is made up
	typeName string // bare name of its type
	spec     *pipe.Spec
	params   []field
	injects  []field
	cond     *value // if
	depends  []*value
	steps    []*draft
	parallel bool
	forEach  *value
	as       string
	key      *value
	retry    *pipe.Retry // nil = inherited
	timeout  time.Duration
	rule     pipe.Rule
	undo     *draft
	sees     *draft // of a group of handlers: the run's pipe, whose results they see

	def pipe.Definition // built by build.go
}

const compositeName = "CompositePipe"

// readPipe reads a pipe and all its steps. retry is the policy it inherits; nil = the defaults.
func (c *checker) readPipe(v *value, parent *draft, retry *pipe.Retry) *draft {
	if v.kind != kindMap {
		c.at(v).expect("{use: ...}, or {steps: [...]}").errorf("a pipe has to be a map, got %s", v.quoted())
		return nil
	}
	d := &draft{v: v, parent: parent}
	o := c.object(v, "the pipe", append(pipeKeys(), compositeKeys()...))
	params := o.get("params")
	if params != nil && params.kind != kindMap {
		c.at(params).expect("a map").errorf("params has to be a map, got %s", params.quoted())
		params = nil
	}
	hasSteps := o.get("steps") != nil || params.get("steps") != nil
	c.resolveUse(d, o.get("use"), hasSteps)
	if d.idValue = c.nameValue(o.get("id")); d.idValue != nil {
		d.id = d.idValue.text
	}
	d.cond = c.conditionOf(c.either(o.get("if"), o.get("when")))
	d.depends = c.textsOf(o.get("depends_on"))
	d.injects = c.readInjects(o.get("injects"))
	d.timeout, _ = c.durationOf(o.get("timeout_seconds"), true)
	d.retry = c.readRetry(o, parent, retry)
	d.rule = pipe.Rule(c.wordOf(o.get("trigger_rule"), ruleWords(), "trigger rule"))
	if undo := o.get("undo"); undo != nil {
		d.undo = c.readUndo(undo, d)
	}
	if d.spec == nil && !hasSteps {
		return d // unknown type: its parameters cannot be judged
	}
	if d.spec == nil || d.spec.Composite {
		c.readComposite(d, o, params)
	} else {
		d.params = c.gather(o, params, compositeKeyNames()...)
	}
	return d
}

func compositeKeyNames() []string { return keyNames(compositeKeys()) }

func (c *checker) resolveUse(d *draft, use *value, hasSteps bool) {
	name, ok := c.textOf(use)
	switch {
	case use != nil && !ok:
		return
	case use == nil && hasSteps:
		name = compositeName
	case use == nil:
		c.at(d.v).expect("use: and a pipe type, or steps").errorf("the pipe does not say what it is")
		return
	}
	d.typeName = bareName(name)
	spec, known := c.opts.Pipes.Lookup(name)
	if known && (bareName(spec.Name) == sequentialRunner || bareName(spec.Name) == sequentialOrchestrator) {
		c.at(use).expect("it among the orchestrator's steps").errorf("%s schedules pipes and cannot be one", bareName(spec.Name))
		return
	}
	if known {
		d.spec, d.typeName = spec, bareName(spec.Name)
		return
	}
	c.at(use).expect("one of the pipe types (otai-tui pipes lists them)").near(name, c.opts.Pipes.Names()).errorf("unknown pipe %s", use.quoted())
}

// conditionOf reads `if`. A text without a template would always be true, which nobody means.
func (c *checker) conditionOf(v *value) *value {
	switch {
	case v == nil:
		return nil
	case v.kind == kindBool:
		made := *v
		made.text, made.made, made.kind = "{{ "+v.text+" }}", true, kindText
		if b, _ := yesNo(v.text); !b {
			made.text = "{{ false }}"
		} else {
			made.text = "{{ true }}"
		}
		return &made
	}
	s, ok := c.textOf(v)
	if ok && !pipe.HasTemplate(s) {
		c.at(v).expect("a template such as \"{{ not has_failed('update') }}\", or true, or false").
			errorf("%s is no template: as a text %s would always be true", lastKey(v.path), v.quoted())
		return nil
	}
	return v
}

// readUndo reads the pipe that takes a step's work back. It runs alone.
func (c *checker) readUndo(v *value, d *draft) *draft {
	undo := c.readPipe(v, d, nil)
	if undo == nil {
		return nil
	}
	if undo.id == "" {
		undo.id = "undo"
	}
	for _, key := range []string{"depends_on", "trigger_rule", "undo"} {
		if v.get(key) != nil {
			c.at(v.keyOf(key)).expect("a pipe without it").errorf("an undo step runs alone: %s has no meaning there", key)
		}
	}
	return undo
}

func (c *checker) readComposite(d *draft, o *object, params *value) {
	steps := o.get("steps")
	if inner := params.get("steps"); inner != nil {
		steps = c.either(steps, inner)
	}
	d.parallel = c.boolOf(o.get("parallel"), false)
	d.forEach = c.conditionOf(o.get("for_each"))
	if o.has("for_each") { // without it these are plain parameters of the composite, as in 0.x
		d.key = o.get("key")
		d.as, _ = c.nameOf(o.get("as"))
	}
	for _, f := range c.gather(o, params) {
		if f.key.text != "steps" {
			d.params = append(d.params, f)
		}
	}
	items := c.listOf(steps, "steps")
	if steps == nil || (steps.kind == kindList && len(items) == 0) {
		at := d.v
		if steps != nil {
			at = steps
		}
		c.at(at).expect("at least one step").errorf("the composite pipe has no steps")
	}
	for _, item := range items {
		if s := c.readPipe(item, d, nil); s != nil {
			d.steps = append(d.steps, s)
		}
	}
	c.nameSteps(d)
}

// gather gives a pipe's parameters: the keys of params and every key beside use that is not a pipe's own. Keys named in
// own are handed over too when they were given.
func (c *checker) gather(o *object, params *value, own ...string) []field {
	for _, name := range own {
		delete(o.used, name)
	}
	var out []field
	at := map[string]int{}
	add := func(f field) {
		i, twice := at[f.key.text]
		switch {
		case !twice:
			at[f.key.text] = len(out)
			out = append(out, f)
		case f.val.env != "":
			out[i] = f
		case out[i].val.env == "":
			c.at(f.key).expect("beside params or inside, not both").
				errorf("parameter %s is given twice, first in line %d", f.key.quoted(), out[i].key.line)
		}
	}
	if params != nil {
		for _, f := range params.fields {
			add(f)
		}
	}
	for _, f := range o.rest() {
		add(f)
	}
	return out
}

// nameSteps gives every step an id and reports ids that are taken.
func (c *checker) nameSteps(d *draft) {
	taken := map[string]*draft{}
	for _, s := range d.steps {
		if s.id == "" {
			continue
		}
		if first := taken[s.id]; first != nil {
			c.at(s.idValue).expect("an id of its own for every step of a composite").
				errorf("step %s is given twice, first in line %d", s.idValue.quoted(), first.idValue.line)
			continue
		}
		taken[s.id] = s
	}
	names := newNamer(func(name string) bool { return taken[name] != nil })
	for _, s := range d.steps {
		if s.id == "" {
			s.id = names.unique(orElse(s.typeName, "step"))
			taken[s.id] = s
		}
	}
}

func (c *checker) readInjects(v *value) []field {
	if v == nil {
		return nil
	}
	if v.kind != kindMap {
		c.at(v).expect("a map such as {ticket_system: my_service}").errorf("injects has to be a map, got %s", v.quoted())
		return nil
	}
	var out []field
	for _, f := range v.fields {
		if _, ok := c.textOf(f.val); ok {
			out = append(out, f)
		}
	}
	return out
}
