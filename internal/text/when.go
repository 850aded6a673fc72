package text

import (
	"strconv"
	"time"
)

// Duration prints a length of time in at most six columns: "38ms", "0.8s", "12s", "1m31s", "9h57m", "3d". Negative
// lengths count as 0.
func Duration(d time.Duration) string {
	switch d = max(d, 0); {
	case d == 0:
		return "0s"
	case d < 100*time.Millisecond:
		return strconv.FormatInt(max(1, d.Milliseconds()), 10) + "ms"
	case d < 10*time.Second-50*time.Millisecond:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + "s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return pair(int(d/time.Minute), "m", int(d%time.Minute/time.Second), "s")
	case d < 24*time.Hour:
		return pair(int(d/time.Hour), "h", int(d%time.Hour/time.Minute), "m")
	case d < 72*time.Hour:
		days, hours := int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour)
		if hours == 0 {
			return strconv.Itoa(days) + "d"
		}
		return strconv.Itoa(days) + "d" + strconv.Itoa(hours) + "h"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
}

// pair prints "12m05s", or "27m" when the smaller part is 0.
func pair(a int, unitA string, b int, unitB string) string {
	s := strconv.Itoa(a) + unitA
	if b == 0 {
		return s
	}
	if b < 10 {
		s += "0"
	}
	return s + strconv.Itoa(b) + unitB
}

// Countdown prints the time left until something: to the second below two minutes, to the minute above, so that a
// screen full of them stays calm. Zero and less is "now".
func Countdown(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < 2*time.Minute:
		return Duration(d.Truncate(time.Second))
	default:
		return Duration(d.Truncate(time.Minute))
	}
}

// Age prints how long ago something was, in one unit: "now", "16s", "8m", "14h", "4d".
func Age(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	default:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
}

// CalmAge is Age without seconds, for what is on the screen all the time: below a minute it is "<1m".
func CalmAge(d time.Duration) string {
	if d < time.Minute {
		return "<1m"
	}
	return Age(d)
}

// Clock prints a time of day in UTC: "14:02:31". The zero time is "-".
func Clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("15:04:05")
}

// ClockMillis prints a time of day in UTC with milliseconds: "14:02:31.118". The zero time is "-".
func ClockMillis(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("15:04:05.000")
}

// Moment prints a time as short as it stays clear seen from now: "14:02" today, "23 Nov 14:02" this year, else with
// the year. UTC. The zero time is "-".
func Moment(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	t, now = t.UTC(), now.UTC()
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	default:
		return t.Format("2 Jan 2006")
	}
}
