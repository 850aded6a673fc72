package ticket

import (
	"fmt"
	"log/slog"
	"sync"
)

// maxFilters bounds the number of filters that EmptyPolls watches.
const maxFilters = 256

// EmptyPolls counts searches that found nothing, by filter: to some systems a misspelt queue looks like an empty one for ever. It is
// safe for concurrent use; mu guards what is below it.
type EmptyPolls struct {
	After int          // warn after so many
	Hint  string       // what to check
	Log   *slog.Logger // nil = none

	mu   sync.Mutex
	seen map[string]int // empty searches so far; -1 = it found something once
}

// Count notes a search and warns once when its filter never found anything.
func (e *EmptyPolls) Count(c Criteria, found int) {
	if e.Log == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen == nil {
		e.seen = map[string]int{}
	}
	filter := fmt.Sprintf("queue %q, states %q, priorities %q", c.Queue.Label(), c.States, c.Priorities)
	n, known := e.seen[filter]
	switch {
	case !known && len(e.seen) >= maxFilters, n < 0:
		return
	case found > 0:
		e.seen[filter] = -1
		return
	}
	e.seen[filter] = n + 1
	if n+1 == e.After {
		e.Log.Warn("a search never found a ticket: "+e.Hint, "filter", filter, "searches", e.After)
	}
}
