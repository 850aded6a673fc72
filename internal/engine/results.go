package engine

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// storedResult is a result as history keeps it.
type storedResult struct {
	pipe.Result
	Quiet bool  `json:"quiet,omitempty"` // a quiet stop was in it
	Items []any `json:"items,omitempty"` // the list of a for_each whose steps may have to be undone
}

// settle makes a result's data what it will be when read back from the store, so that a run that goes on sees the same.
func (x *execution) settle(r *pipe.Result, quiet bool, items []any) (string, error) {
	if items == nil && len(r.Data) == 0 && r.Message == "" && r.Succeeded && !r.WasSkipped && !quiet {
		return `{"succeeded":true}`, nil
	}
	b, err := marshal(storedResult{Result: *r, Quiet: quiet, Items: items})
	if err != nil {
		return "", fault.NewPermanent(fmt.Errorf("the result cannot be stored as JSON: %w", err))
	}
	if *r, _, err = decodeResult(string(b)); err != nil {
		return "", err
	}
	if len(b) > maxResult || x.e.secrets.holds(string(b)) { // then it is computed again when the run goes on
		return "", nil
	}
	return string(b), nil
}

// marshal turns a panic in a value's own MarshalJSON into an error.
func marshal(v any) (b []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return json.Marshal(v)
}

func decodeResult(s string) (r pipe.Result, quiet bool, err error) {
	var kept storedResult
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(&kept); err != nil {
		return r, false, fmt.Errorf("read stored result: %w", err)
	}
	data, ok := numbers(kept.Data).(map[string]any)
	if !ok || data == nil {
		data = map[string]any{}
	}
	kept.Data = data
	return kept.Result, kept.Quiet, nil
}

// numbers turns JSON numbers into int64 where they are whole, else float64.
func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, err := v.Float64()
		if err != nil {
			return v.String()
		}
		return f
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k])
		}
		return v
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
		return v
	default:
		return v
	}
}
