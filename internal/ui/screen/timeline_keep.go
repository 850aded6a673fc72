package screen

import (
	"encoding/json"
	"fmt"
)

// timelineKept is what is remembered of the timeline.
type timelineKept struct {
	Filter string `json:"filter,omitempty"`
	Scale  *int   `json:"scale,omitempty"` // place in scales
	Fold   bool   `json:"fold,omitempty"`
}

// KeepAs names the timeline.
func (t *Timeline) KeepAs() string { return "timeline" }

// Keep gives what is remembered of the timeline.
func (t *Timeline) Keep() any {
	k := timelineKept{Filter: t.filter.query, Fold: t.fold}
	if scale := t.scale; scale != homeScale {
		k.Scale = &scale
	}
	return k
}

// Restore takes back what was remembered of the timeline.
func (t *Timeline) Restore(env Env, data json.RawMessage) error {
	var k timelineKept
	if err := json.Unmarshal(data, &k); err != nil {
		return fmt.Errorf("what was kept of the timeline: %w", err)
	}
	t.scale, t.fold = homeScale, k.Fold
	if k.Scale != nil {
		t.scale = min(max(*k.Scale, 0), len(scales())-1)
	}
	t.SetFilter(env, keptText(k.Filter))
	return nil
}
