// Package schedule computes when a trigger is due. It is pure: no clock, no I/O, no state.
package schedule

import "time"

// Schedule is one computed timetable. Its times are nominal times: the identity of a tick, never "when we woke up".
type Schedule interface {
	// Next gives the first nominal time strictly after t, as wall time in UTC without a monotonic reading, and false
	// when there is none within the search bound of nine years.
	Next(t time.Time) (time.Time, bool)
	// String is the human form: "every 5m", "0 8 * * mon-fri Europe/Berlin".
	String() string
}
