package config

import (
	"fmt"
	"slices"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/schedule"
)

// checker carries one load: the file, what was found wrong in it and what is known. It is used by one goroutine.
type checker struct {
	opts     Options
	src      *source
	env      func(string) (string, bool)
	problems []Problem
	warnings []Problem
	services map[string]Service

	secrets   []string // values that were read from the environment into secret places
	limits    Limits
	calendars map[string]*schedule.Calendar
}

// maxProblems bounds what one load reports; nobody reads further, and a hostile file must not fill the memory.
const maxProblems = 1000

// report builds one Problem.
type report struct {
	c *checker
	p Problem
}

// at begins a report that points at v.
func (c *checker) at(v *value) report {
	r := report{c: c, p: Problem{Path: v.path}}
	if v.env != "" {
		r.p.Pos = pipe.Pos{File: "environment variable " + v.env}
		return r
	}
	line, col := c.src.clamp(v.line, v.col)
	r.p.Pos = pipe.Pos{File: c.src.file, Line: line, Col: col}
	r.p.Line = c.src.shown(line)
	r.p.Width = c.src.span(v)
	return r
}

// atOffset begins a report that points at byte offset of v's text, width characters wide.
func (c *checker) atOffset(v *value, offset, width int) report {
	r := c.at(v)
	line, col, ok := c.src.inside(v, offset)
	if !ok {
		return r
	}
	r.p.Pos.Line, r.p.Pos.Col = c.src.clamp(line, col)
	r.p.Line, r.p.Width = c.src.shown(line), max(1, width)
	return r
}

func (r report) wide(n int) report {
	r.p.Width = n
	return r
}

func (r report) expect(format string, args ...any) report {
	r.p.Expected = fmt.Sprintf(format, args...)
	return r
}

func (r report) near(name string, candidates []string) report {
	r.p.Nearest = nearest(name, candidates)
	return r
}

func (r report) errorf(format string, args ...any) {
	if len(r.c.problems) >= maxProblems {
		return
	}
	r.p.Msg = fmt.Sprintf(format, args...)
	r.c.problems = append(r.c.problems, r.p)
}

func (r report) warnf(format string, args ...any) {
	if len(r.c.warnings) >= maxProblems {
		return
	}
	r.p.Msg = fmt.Sprintf(format, args...)
	r.c.warnings = append(r.c.warnings, r.p)
}

func (c *checker) pos(v *value) pipe.Pos {
	if v.env != "" {
		return pipe.Pos{File: "environment variable " + v.env}
	}
	return pipe.Pos{File: c.src.file, Line: v.line, Col: v.col}
}

// object reads the keys of one map and remembers which ones were known.
type object struct {
	c     *checker
	v     *value
	what  string // "a runner", for messages
	known []string
	used  map[string]bool
}

// object begins to read v as a map with the given keys; a problem and nil when it is none. An absent value gives nil,
// and every method of a nil object answers "not given".
func (c *checker) object(v *value, what string, keys []key) *object {
	if v == nil {
		return nil
	}
	if v.kind != kindMap {
		c.at(v).expect("a map with the keys %s", listing(keyNames(keys))).errorf("%s cannot be %s", v.quoted(), what)
		return nil
	}
	return &object{c: c, v: v, what: what, known: keyNames(keys), used: map[string]bool{}}
}

func (o *object) get(key string) *value {
	if o == nil {
		return nil
	}
	o.used[key] = true
	if v := o.v.get(key); v != nil && (v.kind != kindNull) {
		return v
	}
	return nil
}

// has says that the key is written down, even with nothing behind it.
func (o *object) has(key string) bool { return o != nil && o.v.get(key) != nil }

// rest gives the fields that no get asked for.
func (o *object) rest() []field {
	if o == nil {
		return nil
	}
	var out []field
	for _, f := range o.v.fields {
		if !o.used[f.key.text] {
			out = append(out, f)
		}
	}
	return out
}

// finish reports every key that nothing asked for.
func (o *object) finish() {
	for _, f := range o.rest() {
		o.unknown(f.key, o.known)
	}
}

func (o *object) unknown(k *value, known []string) {
	o.c.at(k).expect("one of %s", listing(known)).near(k.text, known).errorf("unknown key %q in %s", k.text, o.what)
}

// listing joins names for a message; long lists are cut.
func listing(names []string) string {
	const most = 16
	var out string
	for i, n := range names {
		switch {
		case i == most:
			return out + ", …"
		case i > 0:
			out += ", "
		}
		out += n
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
