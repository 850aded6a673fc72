package render

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nikolalohinski/gonja/v2/nodes"
	"github.com/nikolalohinski/gonja/v2/tokens"
)

// Limits of one rendering.
const (
	maxSteps  = 1_000_000 // evaluated nodes and touched items; a text counts one for each 256 bytes
	maxOutput = 4 << 20   // bytes of the output and of any single text
	maxBytes  = 64 << 20  // bytes of all texts made on the way
	maxNodes  = 4000      // depth of the evaluated tree
)

var (
	errTooMuch = fmt.Errorf("the template does too much work (more than %d steps)", maxSteps)
	errTooLong = fmt.Errorf("the template makes too much text (more than %d MiB)", maxOutput>>20)
)

// run is one rendering. It belongs to one goroutine.
type run struct {
	ctx    context.Context // lives no longer than the call that made it
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
	return r.step(n >> 8)
}

// touch charges for looking at values: long texts cost more.
func (r *run) touch(vals ...any) error {
	for _, v := range vals {
		if s, ok := v.(string); ok && len(s) > 0xff {
			if err := r.step(len(s) >> 8); err != nil {
				return err
			}
		}
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
