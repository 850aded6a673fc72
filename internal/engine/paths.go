package engine

import (
	"strings"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// cutID takes the first part off a step path when it is id.
func cutID(path, id string) (rest string, ok bool) {
	if path == id {
		return "", true
	}
	return strings.CutPrefix(path, id+"/")
}

// cutPart takes the first part off a step path.
func cutPart(path string) (part, rest string, ok bool) { return strings.Cut(path, "/") }

// childOf gives the step of d that a path begins with.
func childOf(d *pipe.Definition, path string) *pipe.Definition {
	for i := range d.Steps {
		if _, ok := cutID(path, d.Steps[i].ID); ok {
			return &d.Steps[i]
		}
	}
	return nil
}
