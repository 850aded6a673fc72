package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/store"
)

// itemsPrefix begins the stored list of a for_each that has no result yet. A stored result begins with succeeded.
const itemsPrefix = `{"items":`

// storedItems is a for_each's list as history keeps it.
type storedItems struct {
	Items []any `json:"items"`
}

// items gives the list of a for_each: the one that the first go at the run took, so that an item's index means the same item
// over retries, restarts and reruns, whatever the template would give by now.
func (x *execution) items(ctx context.Context, def *pipe.Definition, st *store.StepRow, sc scope) ([]any, error) {
	if strings.HasPrefix(st.Result, itemsPrefix) {
		if kept, err := decodeItems(st.Result); err == nil {
			return kept, nil
		}
	}
	again := x.startedUnder(st.Path)
	v, err := x.render(ctx, def.ForEach, x.renderScope(sc))
	if err != nil {
		return nil, fault.NewPermanent(fmt.Errorf("for_each: %w", err))
	}
	items, ok := v.Native.([]any)
	if !ok && v.Native != nil {
		return nil, fault.Permanentf("for_each: expected a list, got %T", v.Native)
	}
	if len(items) > maxItems {
		return nil, fault.Permanentf("for_each: %d items, at most %d are allowed", len(items), maxItems)
	}
	kept, stored := x.keepItems(items)
	if again {
		x.logger(st.Path, 0).Warn("the list of for_each was not kept (too large, or with a secret in it) and is made anew; " +
			"items are told apart by " + keyWords(def))
	}
	if stored != "" {
		items, st.Result = kept, stored
		x.mu.Lock()
		x.collect(st, nil) // lands before the first item's end does
		x.mu.Unlock()
	}
	return items, nil
}

func keyWords(def *pipe.Definition) string {
	if def.Key == "" {
		return "their index: give them a key"
	}
	return "their key"
}

// keepItems gives the list as it is stored and as it will be read back; "" when it cannot be kept.
func (x *execution) keepItems(items []any) ([]any, string) {
	b, err := marshal(storedItems{items})
	if err != nil || len(items) == 0 || len(b) > maxResult || x.e.secrets.holds(string(b)) {
		return nil, ""
	}
	kept, err := decodeItems(string(b))
	if err != nil {
		return nil, ""
	}
	return kept, string(b)
}

func decodeItems(s string) ([]any, error) {
	var kept storedItems
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	if err := dec.Decode(&kept); err != nil {
		return nil, fmt.Errorf("read stored list: %w", err)
	}
	for i := range kept.Items {
		kept.Items[i] = numbers(kept.Items[i])
	}
	return kept.Items, nil
}

// startedUnder says that an earlier go has begun a step below path.
func (x *execution) startedUnder(path string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for p := range x.steps {
		if strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}
