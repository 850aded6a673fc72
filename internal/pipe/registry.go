package pipe

import (
	"context"
	"fmt"
	"slices"
)

// Need is a service a pipe is given by the composite's injects: the key of `injects:` and what kind it must be.
type Need struct {
	Name string // "ticket_system", "classification_service"
	Kind Kind
}

// Kind is a kind of service.
type Kind string

// The kinds of services.
const (
	KindTicketSystem Kind = "ticket system"
	KindClassifier   Kind = "classifier"
	KindRenderer     Kind = "template renderer" // accepted for upstream's JinjaRenderer; there is one renderer only
)

// Spec describes one type of pipe. Exactly one of New, Expand and Composite is set.
type Spec struct {
	Name    string   // canonical: "base:FetchTicketsPipe"
	Aliases []string // other spellings without prefix: "FetchTicketsPipe" is implied by Name
	Doc     string   // one sentence for docs and schema
	// Params is a pointer to a zero struct whose exported fields are the parameters: `param:"name"`, optionally
	// `param:"name,required"`, with `doc:"…"` and `default:"…"`. Nested structs, slices and maps are allowed, and
	// a field of type map[string]any tagged `param:",rest"` takes unknown keys. nil = no parameters. See Fields for
	// the other options.
	Params any
	Needs  []Need

	// ReadOnly says that the pipe changes nothing outside: a run of only such steps that stops quietly is "nothing to do"
	// and folded with its neighbours in history.
	ReadOnly bool

	// Dry is what a dry run does in place of the pipe; it changes nothing outside and tells Call.Would what it left out. nil = the
	// pipe itself when it is ReadOnly or is given a ticket system (which keeps the writes of a dry run to itself), else nothing.
	Dry func(ctx context.Context, c *Call) (Result, error)

	New       func() Pipe
	Expand    func(d Definition) (Definition, error) // macro: gives a composite built of base pipes, keeping d.ID
	Composite bool
}

// Registry holds the known pipe types. It is filled at start and read only afterwards.
type Registry struct {
	specs map[string]*Spec // canonical name -> spec
	names *Names
}

// NewRegistry makes a registry of specs. A name or alias that is taken already, or a spec that is not exactly one of
// leaf, macro and composite, is an error.
func NewRegistry(specs ...*Spec) (*Registry, error) {
	r := &Registry{specs: make(map[string]*Spec, len(specs)), names: NewNames("base", "basic_pipes", "core")}
	for _, s := range specs {
		if err := s.check(); err != nil {
			return nil, err
		}
		if err := r.names.Add(s.Name, s.Aliases...); err != nil {
			return nil, fmt.Errorf("register pipe type: %w", err)
		}
		r.specs[s.Name] = s
	}
	return r, nil
}

func (s *Spec) check() error {
	n := 0
	for _, is := range []bool{s.New != nil, s.Expand != nil, s.Composite} {
		if is {
			n++
		}
	}
	if n != 1 {
		return fmt.Errorf("register pipe type %q: exactly one of New, Expand and Composite must be set, got %d", s.Name, n)
	}
	return nil
}

// Lookup finds the spec for a `use:` value in any of the spellings of Names.Lookup.
func (r *Registry) Lookup(use string) (*Spec, bool) {
	canonical, ok := r.names.Lookup(use)
	if !ok {
		return nil, false
	}
	return r.specs[canonical], true
}

// Names gives the canonical names and their bare forms, sorted: what a search for the nearest name looks through.
func (r *Registry) Names() []string { return r.names.All() }

// Specs gives all specs, sorted by name.
func (r *Registry) Specs() []*Spec {
	out := make([]*Spec, 0, len(r.specs))
	for _, s := range r.specs {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Spec) int { return compareStrings(a.Name, b.Name) })
	return out
}
