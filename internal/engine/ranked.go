package engine

import "container/heap"

// rank is what a ranked heap needs of its items.
type rank[T any] interface {
	before(other T) bool
	place() *int // where the item keeps its place in the heap; -1 = not in one
}

// ranked is a min-heap whose items know their place, so that one whose rank has changed is moved without a search. The zero
// value is an empty heap.
type ranked[T rank[T]] struct{ items []T }

func (h *ranked[T]) Len() int           { return len(h.items) }
func (h *ranked[T]) Less(i, j int) bool { return h.items[i].before(h.items[j]) }

func (h *ranked[T]) Swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	*h.items[i].place(), *h.items[j].place() = i, j
}

// Push is for container/heap only.
func (h *ranked[T]) Push(x any) {
	it := x.(T) //nolint:forcetypeassert // container/heap gives back what put gave it
	*it.place() = len(h.items)
	h.items = append(h.items, it)
}

// Pop is for container/heap only.
func (h *ranked[T]) Pop() any {
	last := len(h.items) - 1
	it := h.items[last]
	var none T
	h.items[last] = none
	h.items = h.items[:last]
	*it.place() = -1
	return it
}

// put adds an item, or moves one that is in the heap to where its rank has become.
func (h *ranked[T]) put(it T) {
	if i := *it.place(); i >= 0 {
		heap.Fix(h, i)
	} else {
		heap.Push(h, it)
	}
}

// drop takes an item out; one that is not in is fine.
func (h *ranked[T]) drop(it T) {
	if i := *it.place(); i >= 0 {
		heap.Remove(h, i)
	}
}

// first gives the item that comes before all others.
func (h *ranked[T]) first() (T, bool) {
	if len(h.items) == 0 {
		var none T
		return none, false
	}
	return h.items[0], true
}
