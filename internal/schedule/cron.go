package schedule

import (
	"fmt"
	"math/bits"
	"time"
)

// DST says what becomes of a tick whose wall time does not exist on the day the clocks go forward. It concerns fixed-hour
// specs only (see Cron). The zero value is RunOnce.
type DST int

const (
	// RunOnce lets it fire at the first instant after the gap.
	RunOnce DST = iota
	// Skip lets it not fire on that day.
	Skip
)

// String gives the word of the configuration.
func (d DST) String() string {
	switch d {
	case RunOnce:
		return "run_once"
	case Skip:
		return "skip"
	}
	return fmt.Sprintf("DST(%d)", int(d))
}

// searchBound is how far Next looks: nine years, longer than the eight between two leap days around 2100.
const searchBound = (9*365 + 3) * daySeconds

// Cron fires at wall times of a time zone. It is immutable.
//
// Daylight rule, after ISC (Vixie) cron. A spec whose hour field leaves out at least one hour names fixed hours: each of its
// wall times fires once. A wall time inside a gap (clocks go forward) fires at the first instant after the gap, several of
// them together once; a wall time that occurs twice (clocks go back) fires the first time only. A spec for every hour follows
// elapsed time instead: it fires wherever the wall clock matches, so twice in an overlap and not in a gap. The set of hours
// decides, not the spelling: "*/2" is the fixed hours 0, 2, 4, ..., where ISC cron would let a gap swallow one of them.
//
// When a zone leaves out a whole day (Apia, 2011-12-30), the ticks of that day fire once at the first instant of the next
// day that exists, unless that day has ticks of its own, which then stand for them.
type Cron struct {
	spec string
	zone *time.Location // never nil
	dst  DST

	second, minute, hour, dom, month, dow uint64 // bit n is set when the value n matches

	bothDays  bool // day of month and day of week must both match, because one of them is "*"; else either is enough
	fixedHour bool
}

// WithDST gives a copy with another daylight rule.
func (c *Cron) WithDST(d DST) *Cron {
	out := *c
	out.dst = d
	return &out
}

// Spec gives the trimmed text it was parsed from.
func (c *Cron) Spec() string { return c.spec }

// Zone gives the time zone whose wall clock is meant.
func (c *Cron) Zone() *time.Location { return c.zone }

// Next gives the first nominal time after t, and false when there is none within nine years. It does not allocate.
func (c *Cron) Next(t time.Time) (time.Time, bool) {
	if !inCalendar(t) {
		return time.Time{}, false
	}
	from := t.Unix() + 1 // the first whole second after t
	limit := min(from+searchBound, maxUnix)
	for seg := c.firstSegment(from); seg.start <= limit; seg = c.nextSegment(seg) {
		if seg.start >= from && c.firesAfterGap(seg) {
			return time.Unix(seg.start, 0).UTC(), true
		}
		wall := max(from, seg.start) + seg.offset
		if c.fixedHour {
			wall = max(wall, seg.seen) // what the wall clock repeats has had its turn
		}
		if w, ok := c.match(wall, min(seg.end, limit+1)+seg.offset); ok {
			return time.Unix(w-seg.offset, 0).UTC(), true
		}
	}
	return time.Time{}, false
}

// firesAfterGap says whether seg begins with a gap that holds ticks which now fire together.
func (c *Cron) firesAfterGap(seg segment) bool {
	gap, landing := seg.seen, seg.start+seg.offset
	if !c.fixedHour || c.dst == Skip || gap >= landing {
		return false
	}
	if _, ok := c.match(gap, landing); !ok {
		return false
	}
	firstDay, lastDay := -floorDay(-gap), floorDay(landing) // the days that are missing as a whole: [firstDay, lastDay)
	if firstDay >= lastDay {
		return true // part of each day touched exists, as when 23:00 becomes 0:00 in Nuuk
	}
	for _, part := range [2][2]int64{{gap, firstDay}, {lastDay, landing}} {
		if _, ok := c.match(part[0], part[1]); ok {
			return true
		}
	}
	_, ok := c.match(landing, floorDay(landing)+daySeconds)
	return !ok
}

// match gives the first matching wall time in [from, to). It walks days, not time, and so cannot get stuck.
func (c *Cron) match(from, to int64) (int64, bool) {
	if from >= to {
		return 0, false
	}
	midnight := floorDay(from)
	timeOfDay := int(from - midnight)
	for d := dayOf(midnight); midnight < to; {
		if c.month>>d.month&1 == 0 {
			midnight += d.toNextMonth() * daySeconds
			timeOfDay = 0
			continue
		}
		if c.onDay(d) {
			if s, ok := c.timeFrom(timeOfDay); ok {
				wall := midnight + int64(s)
				return wall, wall < to
			}
		}
		d.toNextDay()
		midnight += daySeconds
		timeOfDay = 0
	}
	return 0, false
}

func (c *Cron) onDay(d day) bool {
	dom, dow := c.dom>>d.dom&1 == 1, c.dow>>d.dow&1 == 1
	if c.bothDays {
		return dom && dow
	}
	return dom || dow
}

// timeFrom gives the first matching second of a day at or after the given one.
func (c *Cron) timeFrom(timeOfDay int) (int, bool) {
	h, m, s := timeOfDay/3600, timeOfDay/60%60, timeOfDay%60
	hours := c.hour >> h << h
	if hours == 0 {
		return 0, false
	}
	if hours>>h&1 == 1 {
		minutes := c.minute >> m << m
		if minutes>>m&1 == 1 {
			if seconds := c.second >> s << s; seconds != 0 {
				return clock(h, m, low(seconds)), true
			}
			minutes &^= 1 << m
		}
		if minutes != 0 {
			return clock(h, low(minutes), low(c.second)), true
		}
		if hours &^= 1 << h; hours == 0 {
			return 0, false
		}
	}
	return clock(low(hours), low(c.minute), low(c.second)), true
}

func clock(h, m, s int) int { return h*3600 + m*60 + s }

// low gives the lowest value in a set.
func low(set uint64) int { return bits.TrailingZeros64(set) }
