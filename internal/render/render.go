// Package render evaluates Jinja templates with native values, behind a narrow interface.
//
// Templates see only what Scope gives them. There is no file access, no include and a bound on the work.
package render

import "context"

// Value is the outcome of one rendering: as a native value (nil, bool, int64, float64, string, []any, map[string]any,
// Fail) and as text. A string parameter takes Text, so that a subject "42" stays "42"; anything else takes Native.
type Value struct {
	Native any
	Text   string
}

// Fail is what the template function fail() returns: "stop here, quietly".
type Fail struct{}

// Result is what a template may know of an earlier pipe.
type Result struct {
	Succeeded  bool
	WasSkipped bool
	Message    string
	Data       map[string]any
}

// Scope is all that one rendering can see. It is read only: rendering never changes it.
type Scope struct {
	Vars         map[string]any    // top-level names
	PipeResults  map[string]Result // for get_pipe_result, has_failed and the name pipe_results
	ParentParams map[string]any    // for get_parent_param and the name parent_params; nil = none
	Env          func(name string) (string, bool)
}

// Template is a compiled template: immutable, safe for concurrent use.
type Template interface {
	Render(ctx context.Context, s Scope) (Value, error)
	Source() string
}

// Error is a template error with its place inside the template, counted from 1; 0 = not known.
type Error struct {
	Line, Col int
	Msg       string
}

func (e *Error) Error() string { return e.Msg }
