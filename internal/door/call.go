package door

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// method does one call with the request's body: the arguments but the context, as a list.
type method func(ctx context.Context, o orchestrator.Orchestrator, body []byte) ([]json.RawMessage, error)

// notCalls are the methods that are not calls: the engine's life is its own process's matter, and a live view is a stream.
func notCalls() map[string]bool {
	return map[string]bool{"Start": true, "Stop": true, "Run": true, "Subscribe": true}
}

// methods are the calls by name: all that the seam has, what is added to it included.
func methods() map[string]method {
	out := map[string]method{}
	seam := reflect.TypeFor[orchestrator.Orchestrator]()
	for i := range seam.NumMethod() {
		if m := seam.Method(i); !notCalls()[m.Name] {
			out[m.Name] = call(m)
		}
	}
	return out
}

// call makes a method of the seam's own. Its first argument is the context, its last result the error; TestTheSeamCanTravel holds that.
func call(m reflect.Method) method {
	return func(ctx context.Context, o orchestrator.Orchestrator, body []byte) ([]json.RawMessage, error) {
		var raw []json.RawMessage
		if err := json.Unmarshal(body, &raw); err != nil {
			return nil, fault.NewPermanent(fmt.Errorf("read the request: %w", err))
		}
		args := make([]reflect.Value, m.Type.NumIn())
		if len(raw) != len(args)-1 {
			return nil, fault.Permanentf("%s takes %d arguments, not %d (is it another version that asks?)", m.Name, len(args)-1, len(raw))
		}
		args[0] = reflect.ValueOf(ctx)
		for i := range raw {
			in := reflect.New(m.Type.In(i + 1))
			if err := json.Unmarshal(raw[i], in.Interface()); err != nil {
				return nil, fault.NewPermanent(fmt.Errorf("read the request: %w", err))
			}
			args[i+1] = in.Elem()
		}
		results := reflect.ValueOf(o).MethodByName(m.Name).Call(args)
		last := len(results) - 1
		if err, ok := results[last].Interface().(error); ok {
			return nil, err
		}
		out := make([]json.RawMessage, last)
		for i := range out {
			b, err := json.Marshal(results[i].Interface())
			if err != nil {
				return nil, fmt.Errorf("write the answer of %s: %w", m.Name, err)
			}
			out[i] = b
		}
		return out, nil
	}
}
