package render

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// Limits of one rendering.
const (
	maxSteps  = 400_000  // evaluated nodes and touched items
	maxOutput = 4 << 20  // bytes of the output and of any single text
	maxBytes  = 64 << 20 // bytes of all texts made on the way
	maxNodes  = 1500     // depth of the evaluated tree
)

var (
	errTooMuch = fmt.Errorf("the template does too much work (more than %d steps)", maxSteps)
	errTooLong = fmt.Errorf("the template makes too much text (more than %d MiB)", maxOutput>>20)
)

// run is one rendering. It belongs to one goroutine.
type run struct {
	ctx    context.Context //nolint:containedctx // lives no longer than the call that made it
	tpl    *template
	scope  Scope
	frames []map[string]any // innermost last
	out    []any            // what was printed, in order: texts and values
	outLen int
	steps  int
	bytes  int
	depth  int
}

// Render evaluates the template. Errors are *Error, or the context's own when it ended.
func (t *template) Render(ctx context.Context, s Scope) (v Value, err error) {
	r := &run{ctx: ctx, tpl: t, scope: s, frames: []map[string]any{{}}}
	defer func() {
		if p := recover(); p != nil {
			v, err = Value{}, &Error{Msg: "the template made the renderer fail"}
		}
	}()
	if err = ctx.Err(); err != nil {
		return Value{}, err
	}
	if err = r.nodes(t.root); err == nil {
		if v, err = r.value(r.out); err == nil {
			return v, nil
		}
	}
	return Value{}, r.finish(err)
}

// finish gives an error its place in the source.
func (r *run) finish(err error) error {
	var known *Error
	var p *placed
	switch {
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &p):
		line, col := position(r.tpl.clean, p.pos)
		return &Error{Line: line, Col: col, Msg: p.msg}
	default:
		return &Error{Msg: err.Error()}
	}
}

// step charges n steps and looks at the context now and then.
func (r *run) step(n int) error {
	before := r.steps
	r.steps += n
	if r.steps > maxSteps {
		return errTooMuch
	}
	if before>>10 != r.steps>>10 {
		return r.ctx.Err()
	}
	return nil
}

// grow charges for a new text of n bytes.
func (r *run) grow(n int) error {
	r.bytes += n
	if n > maxOutput || r.bytes > maxBytes {
		return errTooLong
	}
	if n > 1<<10 {
		return r.step(n >> 10)
	}
	return nil
}

// text charges for a text and gives it.
func (r *run) text(s string) (any, error) { return s, r.grow(len(s)) }

// at puts an error at a token, unless it has a place already.
func (r *run) at(t *tokens.Token, err error) error {
	var p *placed
	if err == nil || t == nil || errors.As(err, &p) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &placed{pos: r.tpl.sourcePos(t.Pos), msg: err.Error()}
}

// value turns what was printed into a native value and a text, as Jinja's native environment does.
func (r *run) value(out []any) (Value, error) {
	native, err := r.native(out)
	if err != nil {
		return Value{}, err
	}
	text := ""
	if len(out) != 1 || out[0] != nil { // a lone None is no text
		if text, err = r.join(out); err != nil {
			return Value{}, err
		}
	}
	exported, err := r.export(native, 0)
	return Value{Native: exported, Text: text}, err
}

func (r *run) join(out []any) (string, error) {
	var b strings.Builder
	for _, v := range out {
		s, err := r.str(v)
		if err != nil {
			return "", err
		}
		if b.Len()+len(s) > maxOutput {
			return "", errTooLong
		}
		b.WriteString(s)
	}
	return b.String(), r.grow(b.Len())
}

// native is one output as it is, or several as text read as a literal. fail() among blanks only is fail(), so that a
// folded YAML text with its last newline still stops the pipe.
func (r *run) native(out []any) (any, error) {
	if len(out) == 0 {
		return nil, nil
	}
	if len(out) == 1 {
		if _, ok := out[0].(string); !ok {
			return out[0], nil
		}
	}
	if failsAlone(out) {
		return Fail{}, nil
	}
	text, err := r.join(out)
	if err != nil {
		return nil, err
	}
	if v, ok := literal(text); ok {
		return v, nil
	}
	return text, nil
}

func failsAlone(out []any) bool {
	found := 0
	for _, v := range out {
		switch x := v.(type) {
		case Fail:
			found++
		case string:
			if strings.TrimSpace(x) != "" {
				return false
			}
		case undefined:
		default:
			return false
		}
	}
	return found == 1
}

// capture collects what fn prints, without printing it.
func (r *run) capture(fn func() error) ([]any, error) {
	out, length := r.out, r.outLen
	r.out = nil
	err := fn()
	got := r.out
	r.out, r.outLen = out, length
	return got, err
}

func (r *run) print(v any) error {
	r.out = append(r.out, v)
	if s, ok := v.(string); ok {
		r.outLen += len(s)
	}
	if r.outLen > maxOutput {
		return errTooLong
	}
	return r.step(1)
}

func (r *run) nodes(list []nodes.Node) error {
	for _, n := range list {
		if err := r.node(n); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) node(n nodes.Node) error {
	switch x := n.(type) {
	case *nodes.Output:
		v, err := r.eval(x.Expression)
		if err != nil {
			return err
		}
		return r.print(v)
	case *nodes.ControlStructureBlock:
		switch tag := x.ControlStructure.(type) {
		case *textNode:
			v, err := r.literalAt(tag.text)
			if err != nil {
				return err
			}
			return r.print(v)
		case *ifNode:
			return r.ifTag(tag)
		case *forNode:
			return r.forTag(tag)
		case *setNode:
			return r.setTag(tag)
		case *withNode:
			return r.withTag(tag)
		case *filterNode:
			return r.filterTag(tag)
		}
	}
	return nil // blanks between tags: the texts are tags of our own
}

func (r *run) ifTag(n *ifNode) error {
	for i, cond := range n.conds {
		v, err := r.eval(cond)
		if err != nil {
			return err
		}
		if truth(v) {
			return r.nodes(n.bodies[i].Nodes)
		}
	}
	if len(n.bodies) > len(n.conds) {
		return r.nodes(n.bodies[len(n.conds)].Nodes)
	}
	return nil
}

// inFrame runs fn with a scope of its own.
func (r *run) inFrame(vars map[string]any, fn func() error) error {
	r.frames = append(r.frames, vars)
	defer func() { r.frames = r.frames[:len(r.frames)-1] }()
	return fn()
}

func (r *run) forTag(n *forNode) error {
	over, err := r.eval(n.in)
	if err != nil {
		return err
	}
	items, err := r.iterate(over)
	if err != nil {
		return r.at(n.Position(), err)
	}
	if n.cond != nil {
		if items, err = r.filterItems(n, items); err != nil {
			return err
		}
	}
	if len(items) == 0 && n.empty != nil {
		return r.nodes(n.empty.Nodes)
	}
	l := &loop{items: items}
	if outer, ok := r.find("loop"); ok {
		l.outer, _ = outer.(*loop)
	}
	for i, item := range items {
		l.at = i
		vars := map[string]any{"loop": l}
		if err := r.assign(vars, n.names, norm(item)); err != nil {
			return r.at(n.Position(), err)
		}
		if err := r.inFrame(vars, func() error { return r.nodes(n.body.Nodes) }); err != nil {
			return err
		}
	}
	return nil
}

// filterItems is the `if` of a for.
func (r *run) filterItems(n *forNode, items []any) ([]any, error) {
	kept := []any{}
	for _, item := range items {
		vars := map[string]any{}
		if err := r.assign(vars, n.names, norm(item)); err != nil {
			return nil, r.at(n.Position(), err)
		}
		err := r.inFrame(vars, func() error {
			ok, err := r.eval(n.cond)
			if err == nil && truth(ok) {
				kept = append(kept, item)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// assign sets one name to v, or several to v's items.
func (r *run) assign(vars map[string]any, names []string, v any) error {
	if len(names) == 1 {
		vars[names[0]] = v
		return r.step(1)
	}
	items, err := r.iterate(v)
	if err != nil {
		return err
	}
	if len(items) != len(names) {
		return fmt.Errorf("%d names cannot be set from %d values", len(names), len(items))
	}
	for i, name := range names {
		vars[name] = norm(items[i])
	}
	return r.step(len(names))
}

func (r *run) setTag(n *setNode) (err error) {
	var v any
	if n.body == nil {
		v, err = r.eval(n.value)
	} else {
		v, err = r.block(n.body, n.filters)
	}
	if err != nil {
		return err
	}
	if n.attr == "" {
		return r.at(n.Position(), r.assign(r.frames[len(r.frames)-1], n.names, v))
	}
	target, _ := r.find(n.names[0])
	s, ok := target.(space)
	if !ok {
		return r.at(n.Position(), errors.New("only attributes of a namespace() can be set"))
	}
	return r.at(n.Position(), s.set(n.attr, v))
}

// block renders a body to a native value and sends it through filters.
func (r *run) block(body *nodes.Wrapper, filters []*nodes.FilterCall) (any, error) {
	out, err := r.capture(func() error {
		return r.inFrame(map[string]any{}, func() error { return r.nodes(body.Nodes) })
	})
	if err != nil {
		return nil, err
	}
	if len(filters) == 0 {
		return r.native(out)
	}
	text, err := r.join(out)
	if err != nil {
		return nil, err
	}
	return r.filtered(text, filters)
}

func (r *run) filterTag(n *filterNode) error {
	v, err := r.block(n.body, n.filters)
	if err != nil {
		return err
	}
	return r.print(v)
}

func (r *run) withTag(n *withNode) error {
	vars := map[string]any{}
	for i, name := range n.names {
		v, err := r.eval(n.values[i])
		if err != nil {
			return err
		}
		vars[name] = v
	}
	return r.inFrame(vars, func() error { return r.nodes(n.body.Nodes) })
}

// iterate gives the items of a list, the keys of a dict or the characters of a text.
func (r *run) iterate(v any) ([]any, error) {
	if list, ok := asList(v); ok {
		return list, r.step(len(list))
	}
	if m, ok := asMapping(v); ok {
		return m.order(), r.step(m.size())
	}
	switch x := v.(type) {
	case undefined:
		return nil, nil
	case string:
		if err := r.items(utf8.RuneCountInString(x)); err != nil {
			return nil, err
		}
		out := make([]any, 0, len(x))
		for _, c := range x {
			out = append(out, string(c))
		}
		return out, nil
	}
	return nil, fmt.Errorf("a value of type %s has no items", typeName(v))
}
