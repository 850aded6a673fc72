package config

import (
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// serviceType is what is known of a service type; see service.Spec.
type serviceType struct {
	name   string
	kind   pipe.Kind
	doc    string
	params any
}

// readServices reads services as a map by id, and 0.x's lists in services and defs.
func (c *checker) readServices(services, defs *value) {
	for _, v := range []*value{services, defs} {
		if v == nil {
			continue
		}
		switch v.kind {
		case kindMap:
			for _, f := range v.fields {
				if v == defs && !c.looksLikeService(f.val) {
					continue
				}
				if _, ok := c.nameOf(f.key); ok {
					c.readService(f.key, f.val)
				}
			}
		case kindList:
			for _, item := range v.items {
				if id := item.get("id"); id != nil && c.looksLikeService(item) {
					c.readService(id, item)
				}
			}
		default:
			c.at(v).expect("a map of services by id").errorf("%s has to be a map, got %s", lastKey(v.path), v.quoted())
		}
	}
}

// looksLikeService tells the services of a 0.x list from the pieces that are only there for YAML aliases: those have no
// `use`, hold steps, or use a pipe type.
func (c *checker) looksLikeService(v *value) bool {
	use := v.get("use")
	if use == nil || use.kind != kindText || v.get("steps") != nil {
		return false
	}
	if _, known := c.serviceType(use.text); known {
		return true
	}
	_, isPipe := c.opts.Pipes.Lookup(use.text)
	return !isPipe && !strings.HasSuffix(use.text, "Pipe") // an unknown pipe is reported where it is used
}

func (c *checker) readService(id, v *value) {
	if first, twice := c.services[id.text]; twice {
		c.at(id).errorf("service %s is given twice, first in line %d", id.quoted(), first.Pos.Line)
		return
	}
	s := Service{ID: id.text, Pos: c.pos(id)}
	// Known from here on, so that one mistake is not reported again at every pipe that uses it.
	defer func() { c.services[s.ID] = s }()
	o := c.object(v, "the service", serviceKeys())
	if o == nil {
		return
	}
	use := o.get("use")
	name, ok := c.textOf(use)
	if !ok {
		c.noUse(id, v)
		return
	}
	s.Use = name
	o.get("id")
	s.Injects = map[string]string{}
	for _, f := range c.readInjects(o.get("injects")) {
		s.Injects[f.key.text] = f.val.text
	}
	params := o.get("params")
	if params != nil && params.kind != kindMap {
		c.at(params).expect("a map").errorf("params has to be a map, got %s", params.quoted())
		params = nil
	}
	typ, known := c.serviceType(name)
	if !known {
		c.unknownService(use, name)
		return
	}
	s.Use, s.Kind = typ.name, typ.kind
	t := &templates{c: c}
	s.Params = c.paramsOf(t, pipe.Fields(typ.params), c.gather(o, params), bareName(typ.name), use)
	for _, ref := range t.refs {
		c.atOffset(ref.v, ref.offset, ref.width).expect("get_env, or a plain value").errorf("%s: a service has no pipe results", ref.function)
	}
}

// noUse reports a service without a type. One that only the environment names is a mistyped variable.
func (c *checker) noUse(id, v *value) {
	if v.get("use") != nil {
		return // reported by textOf
	}
	if id.env != "" {
		known := slices.DeleteFunc(sortedKeys(c.services), func(s string) bool { return s == id.text })
		c.at(id).expect("%s", serviceIDs(known)).near(id.text, known).errorf("there is no service %q in the configuration", id.text)
		return
	}
	c.at(id).expect("use: and a service type").errorf("service %s does not say what it is", id.quoted())
}

func (c *checker) unknownService(use *value, name string) {
	if spec, isPipe := c.opts.Pipes.Lookup(name); isPipe {
		c.at(use).expect("one of %s", listing(c.serviceTypeNames())).errorf("%s is a pipe, not a service", spec.Name)
		return
	}
	names := c.serviceTypeNames()
	c.at(use).expect("one of %s", listing(names)).near(name, names).errorf("unknown service type %s", use.quoted())
}

func serviceIDs(known []string) string {
	if len(known) == 0 {
		return "a service under services, and there is none"
	}
	return "one of the services: " + listing(known)
}

// resolveInjects checks the services a pipe is given and fills in those that follow by themselves: from an enclosing
// composite, else the only one of its kind. With none of the kind the engine's own default serves.
func (c *checker) resolveInjects(d *draft) map[string]string {
	needs := c.needsOf(d)
	out := map[string]string{}
	for _, f := range d.injects {
		if _, given := out[f.key.text]; given {
			continue
		}
		if c.checkInject(f, needs, d) {
			out[f.key.text] = f.val.text
		}
	}
	if d.spec == nil || d.spec.Composite {
		return out
	}
	for _, n := range d.spec.Needs {
		if out[n.Name] == "" && n.Kind != pipe.KindRenderer {
			if id := c.inferInject(d, n); id != "" {
				out[n.Name] = id
			}
		}
	}
	return out
}

// needsOf is what may be injected: a leaf's own needs, for a composite those of any pipe type, which it hands down.
func (c *checker) needsOf(d *draft) []pipe.Need {
	if d.spec != nil && !d.spec.Composite {
		return d.spec.Needs
	}
	var out []pipe.Need
	for _, s := range c.opts.Pipes.Specs() {
		for _, n := range s.Needs {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}

func (c *checker) checkInject(f field, needs []pipe.Need, d *draft) bool {
	var names []string
	var need *pipe.Need
	for i, n := range needs {
		names = append(names, n.Name)
		if n.Name == f.key.text {
			need = &needs[i]
		}
	}
	if need == nil {
		// Templates are rendered by the engine itself, so a renderer is accepted anywhere. The runner's own injects
		// may name more than its pipe takes.
		if s, ok := c.services[f.val.text]; ok && s.Kind == pipe.KindRenderer {
			return false
		}
		expected := "one of " + listing(names)
		if len(names) == 0 {
			expected = "no services"
		}
		c.at(f.key).expect("%s", expected).near(f.key.text, names).errorf("%s takes no service %q", orElse(d.typeName, "the pipe"), f.key.text)
		return false
	}
	s, ok := c.services[f.val.text]
	if !ok {
		known := sortedKeys(c.services)
		c.at(f.val).expect("%s", serviceIDs(known)).near(f.val.text, known).errorf("there is no service %s", f.val.quoted())
		return false
	}
	if s.Kind != "" && s.Kind != need.Kind {
		c.at(f.val).expect("a %s", need.Kind).errorf("service %s is a %s, but %s has to be a %s", f.val.quoted(), s.Kind, f.key.text, need.Kind)
		return false
	}
	return true
}

func (c *checker) inferInject(d *draft, n pipe.Need) string {
	for p := d.parent; p != nil; p = p.parent {
		for _, f := range p.injects {
			if f.key.text == n.Name {
				return f.val.text
			}
		}
	}
	var fitting []string
	for _, id := range sortedKeys(c.services) {
		if c.services[id].Kind == n.Kind {
			fitting = append(fitting, id)
		}
	}
	switch len(fitting) {
	case 0:
		return ""
	case 1:
		return fitting[0]
	}
	at := d.v
	if use := d.v.get("use"); use != nil {
		at = use
	}
	c.at(at).expect("injects: {%s: %s}", n.Name, fitting[0]).
		errorf("%s needs a %s, and there are %d: %s", d.typeName, n.Kind, len(fitting), listing(fitting))
	return ""
}
