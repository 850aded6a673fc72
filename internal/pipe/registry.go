package pipe

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
	// a field of type map[string]any tagged `param:",rest"` takes unknown keys. nil = no parameters.
	Params any
	Needs  []Need

	New       func() Pipe
	Expand    func(d Definition) (Definition, error) // macro: gives a composite built of base pipes, keeping d.ID
	Composite bool
}

// Registry holds the known pipe types. It is filled at start and read only afterwards.
type Registry struct {
	specs map[string]*Spec // canonical name -> spec
	names map[string]string
}
