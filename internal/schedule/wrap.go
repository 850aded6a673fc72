package schedule

import "time"

// wrapper is a schedule that passes on some ticks of another one.
type wrapper interface {
	Schedule
	unwrap() Schedule
	rewrap(Schedule) Schedule // a copy around another one
}

// ZoneOf gives the time zone a schedule is meant in, UTC when it has none.
func ZoneOf(s Schedule) *time.Location {
	switch s := s.(type) {
	case wrapper:
		return ZoneOf(s.unwrap())
	case interface{ Zone() *time.Location }:
		return s.Zone()
	}
	return time.UTC
}

// IntervalOf gives the interval at the bottom of a schedule, and false when it is of another kind.
func IntervalOf(s Schedule) (*Interval, bool) {
	if w, ok := s.(wrapper); ok {
		return IntervalOf(w.unwrap())
	}
	i, ok := s.(*Interval)
	return i, ok
}

// WithAnchor gives a copy of a schedule whose interval has another anchor; one without an interval comes back as it is.
func WithAnchor(s Schedule, anchor time.Time) Schedule {
	switch s := s.(type) {
	case wrapper:
		return s.rewrap(WithAnchor(s.unwrap(), anchor))
	case *Interval:
		return s.WithAnchor(anchor)
	}
	return s
}
