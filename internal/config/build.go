package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// build checks what needs the whole picture and makes the runners. It gives nothing useful once a problem was found.
func (c *checker) build(drafts []*runnerDraft) []Runner {
	out := make([]Runner, 0, len(drafts))
	for _, r := range drafts {
		if r.pipe == nil {
			continue
		}
		before := len(c.problems)
		c.checkGraph(r.pipe)
		ids := map[string]bool{}
		collect(r.pipe, ids)
		c.define(ids, r.pipe)
		sound := before == len(c.problems)
		for _, group := range r.handlers {
			if group != nil {
				collect(group, ids)
			}
		}
		handlers, good := c.buildHandlers(r, ids)
		if len(c.problems) > 0 {
			// Macros are expanded only when their definition is sound; what others did wrong does not matter.
			if !sound || !good || c.unsound(r.pipe) {
				continue
			}
		}
		def := c.assemble(r.pipe)
		runner := Runner{
			ID: r.id, Aliases: r.aliases, Description: r.description, Tags: r.tags, Enabled: r.enabled,
			Triggers: r.triggers, Pipe: def, Timeout: r.timeout, Policy: r.policy, Handlers: handlers, DryRun: r.dry,
			Hash: hashDefinitions(def, handlers), Pos: c.pos(r.v),
		}
		out = append(out, runner)
	}
	return out
}

func (c *checker) unsound(d *draft) bool {
	return d.spec == nil || slices.ContainsFunc(d.steps, c.unsound) || (d.undo != nil && c.unsound(d.undo))
}

// define fills in the definitions of d and its steps from what was read. ids are those of the whole runner.
func (c *checker) define(ids map[string]bool, d *draft) {
	t := &templates{c: c}
	var fields []pipe.Field
	what, place := "the composite", d.v
	if d.spec != nil {
		fields, what = pipe.Fields(d.spec.Params), bareName(d.spec.Name)
	}
	if use := d.v.get("use"); use != nil {
		place = use
	}
	if d.spec == nil || d.spec.Composite {
		// A composite's parameters are free: its steps see them as params. What it declares is its own business.
		fields = []pipe.Field{{Kind: pipe.FieldAny, Rest: true}}
	}
	d.def = pipe.Definition{
		ID: d.id, Parallel: d.parallel, Retry: d.retry, Timeout: d.timeout, Pos: c.pos(d.v),
		Injects: c.resolveInjects(d), As: d.as, Rule: d.rule,
	}
	if d.spec != nil {
		d.def.Use = d.spec.Name
	}
	if d.spec != nil || len(d.steps) > 0 {
		d.def.Params = c.paramsOf(t, fields, d.params, what, place)
	}
	d.def.If = templateText(t, d.cond)
	d.def.ForEach = templateText(t, d.forEach)
	d.def.Key = templateText(t, d.key)
	for _, dep := range d.depends {
		d.def.DependsOn = append(d.def.DependsOn, dep.text)
	}
	c.checkResults(ids, d, t.refs)
	for _, s := range d.steps {
		c.define(ids, s)
	}
	if d.undo != nil {
		c.define(ids, d.undo)
	}
}

func templateText(t *templates, v *value) string {
	if v == nil || !v.scalar() {
		return ""
	}
	t.check(v)
	return v.text
}

// assemble puts the steps together and expands macros on the way up.
func (c *checker) assemble(d *draft) pipe.Definition {
	def := d.def
	for _, s := range d.steps {
		def.Steps = append(def.Steps, c.assemble(s))
	}
	if d.undo != nil {
		undo := c.assemble(d.undo)
		def.Undo = &undo
	}
	if d.spec == nil || d.spec.Expand == nil {
		return def
	}
	expanded, err := c.expand(def, 0)
	if err != nil {
		at := d.v
		if use := d.v.get("use"); use != nil {
			at = use
		}
		c.at(at).errorf("%s: %s", bareName(d.spec.Name), err)
		return def
	}
	return expanded
}

const maxExpansion = 10 // macros made of macros

// expand replaces a macro, and the macros it is made of, by base pipes. What it gives stands where the macro stood.
func (c *checker) expand(def pipe.Definition, depth int) (pipe.Definition, error) {
	spec, ok := c.opts.Pipes.Lookup(def.Use)
	if !ok {
		return def, fmt.Errorf("unknown pipe %q inside", def.Use)
	}
	if spec.Expand != nil {
		if depth >= maxExpansion {
			return def, fmt.Errorf("it is made of itself")
		}
		at, id := def.Pos, def.ID
		out, err := spec.Expand(def)
		if err != nil {
			return def, err
		}
		if out.ID == "" {
			out.ID = id
		}
		out.Rule, out.Undo = def.Rule, def.Undo // they belong to the step, whatever stands in its place
		place(&out, at)
		return c.expand(out, depth+1)
	}
	def.Use = spec.Name
	if len(def.Steps) > 0 {
		steps := make([]pipe.Definition, len(def.Steps))
		for i, s := range def.Steps {
			if s.Pos == (pipe.Pos{}) {
				place(&s, def.Pos)
			}
			var err error
			if steps[i], err = c.expand(s, depth); err != nil {
				return def, err
			}
		}
		def.Steps = steps
	}
	if len(spec.Needs) > 0 && len(def.Injects) < len(spec.Needs) {
		def.Injects = c.fillInjects(def, spec)
	}
	return def, nil
}

// fillInjects gives pipes inside a macro the only service of a kind when the macro did not pass one on.
func (c *checker) fillInjects(def pipe.Definition, spec *pipe.Spec) map[string]string {
	out := maps.Clone(def.Injects)
	if out == nil {
		out = map[string]string{}
	}
	for _, n := range spec.Needs {
		if out[n.Name] != "" || n.Kind == pipe.KindRenderer {
			continue
		}
		var fitting []string
		for _, id := range sortedKeys(c.services) {
			if c.services[id].Kind == n.Kind {
				fitting = append(fitting, id)
			}
		}
		if len(fitting) == 1 {
			out[n.Name] = fitting[0]
		}
	}
	return out
}

func place(def *pipe.Definition, at pipe.Pos) {
	if def.Pos == (pipe.Pos{}) {
		def.Pos = at
	}
	for i := range def.Steps {
		place(&def.Steps[i], at)
	}
}

// hashDefinitions is the same for the same definitions, wherever they stand in the file.
func hashDefinitions(def pipe.Definition, handlers Handlers) string {
	groups := [][]pipe.Definition{
		{def}, handlers.OnSuccess, handlers.OnFailure, handlers.OnCancel, handlers.OnCrash, handlers.OnExit,
	}
	for i, list := range groups {
		groups[i] = make([]pipe.Definition, len(list))
		for j, d := range list {
			groups[i][j] = withoutPlaces(d)
		}
	}
	data, err := json.Marshal(groups)
	if err != nil { // a file holds nothing that JSON cannot say; a macro might
		data = []byte(err.Error() + def.ID)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func withoutPlaces(def pipe.Definition) pipe.Definition {
	def.Pos = pipe.Pos{}
	def.Steps = slices.Clone(def.Steps)
	for i, s := range def.Steps {
		def.Steps[i] = withoutPlaces(s)
	}
	if def.Undo != nil {
		undo := withoutPlaces(*def.Undo)
		def.Undo = &undo
	}
	return def
}
