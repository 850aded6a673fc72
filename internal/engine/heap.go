package engine

import "time"

// item is one moment the loop waits for: a tick, a retry or the end of a pause.
type item struct {
	due   time.Time
	order uint64 // ties go first come, first served
	index int    // place in the heap; -1 = not in it
	fire  func(now time.Time)
}

func newItem(fire func(now time.Time)) *item { return &item{index: -1, fire: fire} }

func (it *item) place() *int { return &it.index }

func (it *item) before(other *item) bool {
	if it.due.Equal(other.due) {
		return it.order < other.order
	}
	return it.due.Before(other.due)
}

// timetable is what the loop waits for, the earliest first. The loop owns it.
type timetable struct {
	items ranked[*item]
	order uint64
}

// set puts an item at a new time, in the timetable already or not.
func (t *timetable) set(it *item, due time.Time) {
	it.due = due
	t.order++
	it.order = t.order
	t.items.put(it)
}

// drop takes an item out; one that is not in is fine.
func (t *timetable) drop(it *item) { t.items.drop(it) }

// next gives the earliest due time.
func (t *timetable) next() (time.Time, bool) {
	it, ok := t.items.first()
	if !ok {
		return time.Time{}, false
	}
	return it.due, true
}

// popDue takes out the earliest item if it is due.
func (t *timetable) popDue(now time.Time) *item {
	it, ok := t.items.first()
	if !ok || it.due.After(now) {
		return nil
	}
	t.items.drop(it)
	return it
}
