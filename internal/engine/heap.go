package engine

import (
	"container/heap"
	"time"
)

// item is one moment the loop waits for: a tick, a retry or the end of a pause.
type item struct {
	due   time.Time
	order uint64 // ties go first come, first served
	index int    // place in the heap; -1 = not in it
	fire  func(now time.Time)
}

// timetable is an indexed min-heap of items. The loop owns it.
type timetable struct {
	items []*item
	order uint64
}

func (t *timetable) Len() int { return len(t.items) }
func (t *timetable) Less(i, j int) bool {
	a, b := t.items[i], t.items[j]
	if a.due.Equal(b.due) {
		return a.order < b.order
	}
	return a.due.Before(b.due)
}

func (t *timetable) Swap(i, j int) {
	t.items[i], t.items[j] = t.items[j], t.items[i]
	t.items[i].index, t.items[j].index = i, j
}

// Push is for container/heap only.
func (t *timetable) Push(x any) {
	it := x.(*item) //nolint:forcetypeassert // container/heap gives back what set gave it
	it.index = len(t.items)
	t.items = append(t.items, it)
}

// Pop is for container/heap only.
func (t *timetable) Pop() any {
	last := len(t.items) - 1
	it := t.items[last]
	t.items[last] = nil
	t.items = t.items[:last]
	it.index = -1
	return it
}

func newItem(fire func(now time.Time)) *item { return &item{index: -1, fire: fire} }

// set puts an item at a new time, in the heap already or not.
func (t *timetable) set(it *item, due time.Time) {
	it.due = due
	t.order++
	it.order = t.order
	if it.index >= 0 {
		heap.Fix(t, it.index)
	} else {
		heap.Push(t, it)
	}
}

// drop takes an item out; one that is not in is fine.
func (t *timetable) drop(it *item) {
	if it.index >= 0 {
		heap.Remove(t, it.index)
	}
}

// next gives the earliest due time.
func (t *timetable) next() (time.Time, bool) {
	if len(t.items) == 0 {
		return time.Time{}, false
	}
	return t.items[0].due, true
}

// popDue takes out the earliest item if it is due.
func (t *timetable) popDue(now time.Time) *item {
	if len(t.items) == 0 || t.items[0].due.After(now) {
		return nil
	}
	return heap.Pop(t).(*item) //nolint:forcetypeassert // only items go in
}
