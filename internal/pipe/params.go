package pipe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/render"
)

// ParamError is one parameter that could not be bound.
type ParamError struct {
	Path     string // "ticket_search_criteria.queue.name", "steps[2]"
	Expected string // "int"; "" when Err says it all
	Got      string // what came, without secrets
	Line     int    // line inside the parameter's template; 0 = not a template error
	Err      error  // nil = told by Expected and Got
}

func (e *ParamError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "parameter %s: ", e.Path)
	if e.Line > 0 {
		fmt.Fprintf(&b, "template line %d: ", e.Line)
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
		return b.String()
	}
	fmt.Fprintf(&b, "expected %s, got %s", e.Expected, e.Got)
	return b.String()
}

// Unwrap gives the cause, when there is one.
func (e *ParamError) Unwrap() error { return e.Err }

// Bind fills the struct dst points to from the raw parameters, rendering templates on the way. What a field takes is
// said by its tags, see Fields; conversions are lax as upstream's are ("5" for an int, "yes" for a bool, a plain text
// for an object with a short key, "queue.name: X" for "queue: {name: X}"). Values that come out of a template are never
// rendered again. All problems are reported at once, as *ParamError inside one permanent error.
func (p Params) Bind(ctx context.Context, dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return fault.Permanentf("bind parameters: want a pointer to a struct, got %T", dst)
	}
	b := &binder{ctx: ctx, render: p.Render, scope: p.Scope}
	b.object("", p.Raw, v.Elem(), false)
	return b.result()
}

// Evaluate renders all raw parameters to native values: what a composite shows its steps as params and parent_params.
// Pipes held as parameters (steps, on, run) stay as they are.
func (p Params) Evaluate(ctx context.Context) (map[string]any, error) {
	b := &binder{ctx: ctx, render: p.Render, scope: p.Scope}
	out := make(map[string]any, len(p.Raw))
	for _, k := range slices.Sorted(maps.Keys(p.Raw)) {
		if heldPipe(k) {
			out[k] = p.Raw[k]
			continue
		}
		out[k] = b.native(k, p.Raw[k], true)
	}
	return out, b.result()
}

// HasTemplate says whether s holds Jinja markup.
func HasTemplate(s string) bool {
	return render.IsTemplate(s)
}

func heldPipe(key string) bool { return key == "steps" || key == "on" || key == "run" }

// binder carries one Bind. It is used by one goroutine and thrown away.
type binder struct {
	ctx    context.Context // of the one call it lives for
	render func(ctx context.Context, template string, s render.Scope) (render.Value, error)
	scope  render.Scope
	errs   []error
}

func (b *binder) result() error {
	if len(b.errs) == 0 {
		return nil
	}
	err := errors.Join(b.errs...)
	if b.ctx.Err() != nil {
		return err // ended from outside: the class of the context's error holds
	}
	return fault.NewPermanent(err)
}

func (b *binder) fail(path, expected string, got any, secret bool) {
	b.errs = append(b.errs, &ParamError{Path: nameOf(path), Expected: expected, Got: describe(got, secret)})
}

func (b *binder) failf(path, format string, args ...any) {
	b.errs = append(b.errs, &ParamError{Path: nameOf(path), Err: fmt.Errorf(format, args...)})
}

// template renders s. The second result is false when it failed; the error is kept.
func (b *binder) template(path, s string) (render.Value, bool) {
	if b.render == nil {
		return render.Value{Native: s, Text: s}, true
	}
	v, err := b.render(b.ctx, s, b.scope)
	if err == nil {
		return v, true
	}
	pe := &ParamError{Path: nameOf(path), Err: err}
	var re *render.Error
	if errors.As(err, &re) {
		pe.Line = re.Line
	}
	b.errs = append(b.errs, pe)
	return render.Value{}, false
}

// native renders a value for a target that takes anything: templates become native values, structures are walked.
// With literals even strings without a template are read as upstream's renderer does.
func (b *binder) native(path string, raw any, literals bool) any {
	switch x := raw.(type) {
	case string:
		if !literals && !HasTemplate(x) {
			return x
		}
		v, ok := b.template(path, x)
		if !ok {
			return nil
		}
		return v.Native
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = b.native(fmt.Sprintf("%s[%d]", path, i), item, literals)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for _, k := range slices.Sorted(maps.Keys(x)) {
			out[k] = b.native(join(path, k), x[k], literals)
		}
		return out
	default:
		return raw
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func nameOf(path string) string {
	if path == "" {
		return "(all)"
	}
	return path
}

// describe says what came, shortly and without secrets.
func describe(v any, secret bool) string {
	kind := kindOf(v)
	if secret || v == nil {
		return kind
	}
	switch v.(type) {
	case map[string]any, []any, render.Fail:
		return kind
	}
	text := []rune(fmt.Sprint(v))
	if len(text) > 40 {
		text = append(text[:40], '…')
	}
	return fmt.Sprintf("%s %q", kind, string(text))
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case render.Fail:
		return "fail()"
	case string:
		return "string"
	case bool:
		return "bool"
	case []any:
		return "list"
	case map[string]any:
		return "map"
	}
	switch rv := reflect.ValueOf(v); {
	case rv.CanInt(), rv.CanUint():
		return "int"
	case rv.CanFloat():
		return "float"
	default:
		return rv.Type().String()
	}
}
