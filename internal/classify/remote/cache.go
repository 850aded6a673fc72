package remote

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/openticketai/otai-tui/internal/classify"
)

// key is a hash: the cache holds no texts and no tokens.
type key [sha256.Size]byte

// keyOf tells requests apart by model, text and token: what one token may see is not given to another.
func keyOf(model, token, text string) key {
	h := sha256.New()
	for _, part := range []string{model, token, text} {
		sum := sha256.Sum256([]byte(part)) // of equal length, so parts cannot run into each other
		_, _ = h.Write(sum[:])             // a hash never fails
	}
	return key(h.Sum(nil))
}

// cache keeps the latest answers. mu guards all of it; it is held for look-ups only.
type cache struct {
	mu    sync.Mutex
	size  int
	order *list.List // of entry, the latest used first
	byKey map[key]*list.Element
}

type entry struct {
	key    key
	result classify.Result
}

// newCache makes a cache of at most size answers; below 1 it keeps none.
func newCache(size int) *cache {
	return &cache{size: size, order: list.New(), byKey: map[key]*list.Element{}}
}

func (c *cache) get(k key) (classify.Result, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[k]
	if !ok {
		return classify.Result{}, false
	}
	c.order.MoveToFront(e)
	return own(e.Value.(entry).result), true
}

func (c *cache) put(k key, r classify.Result) {
	if c.size < 1 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.byKey[k]; ok {
		c.order.Remove(e)
	}
	c.byKey[k] = c.order.PushFront(entry{key: k, result: own(r)})
	if c.order.Len() > c.size {
		last := c.order.Back()
		delete(c.byKey, last.Value.(entry).key)
		c.order.Remove(last)
	}
}

// own gives a result that shares nothing with the cache.
func own(r classify.Result) classify.Result {
	r.Scores = slices.Clone(r.Scores)
	return r
}
