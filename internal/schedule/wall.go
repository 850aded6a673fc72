package schedule

import "time"

// Wall times are counted in seconds as if the wall clock were UTC: 1970-01-01T00:00:00 on the wall is 0 in every zone.

const daySeconds = 24 * 60 * 60

// day is a civil day, walked without time zones.
type day struct {
	year, month, dom, dow int
	length                int // days in the month
}

// dayOf gives the day that begins at a wall time.
func dayOf(midnight int64) day {
	t := time.Unix(midnight, 0).UTC()
	year, month, dom := t.Date()
	return day{year: year, month: int(month), dom: dom, dow: int(t.Weekday()), length: daysIn(year, int(month))}
}

func (d *day) toNextDay() {
	d.dow = (d.dow + 1) % 7
	if d.dom++; d.dom <= d.length {
		return
	}
	d.dom = 1
	if d.month++; d.month > 12 {
		d.month = 1
		d.year++
	}
	d.length = daysIn(d.year, d.month)
}

// toNextMonth moves to the first day of the next month and gives the days in between.
func (d *day) toNextMonth() int64 {
	n := d.length - d.dom
	d.dow = (d.dow + n) % 7
	d.dom = d.length
	d.toNextDay()
	return int64(n) + 1
}

func daysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// floorDay gives the midnight at or before a wall time; -floorDay(-w) the one at or after it.
func floorDay(wall int64) int64 {
	rest := wall % daySeconds
	if rest < 0 {
		rest += daySeconds
	}
	return wall - rest
}

// segment is a stretch [start, end) of Unix time in which a zone keeps one offset. wall = unix + offset.
type segment struct {
	start, end, offset int64
	seen               int64 // the wall clock has shown everything before this by the segment's start
}

// The ends of time: far beyond the calendar, small enough to add offsets to.
const (
	beginning = -1 << 61
	forever   = 1 << 61
)

// repeatBound is longer than any time a zone ever set its clocks back (a day, when Juneau left the Russian date).
const repeatBound = 2 * daySeconds

// firstSegment gives the segment that holds a Unix time. Its seen part looks back only while it matters.
func (c *Cron) firstSegment(unix int64) segment {
	seg := segmentAt(unix, c.zone)
	seg.seen = beginning
	for at := seg.start; at > beginning && unix-at < repeatBound; {
		before := segmentAt(at-1, c.zone)
		seg.seen = max(seg.seen, at+before.offset)
		at = before.start
	}
	return seg
}

// nextSegment gives the segment after seg.
func (c *Cron) nextSegment(seg segment) segment {
	next := segmentAt(seg.end, c.zone)
	next.start = seg.end
	next.seen = max(seg.seen, seg.end+seg.offset)
	return next
}

func segmentAt(unix int64, zone *time.Location) segment {
	if unix >= forever {
		return segment{start: forever, end: forever}
	}
	if zone == time.UTC {
		return segment{start: beginning, end: forever}
	}
	t := time.Unix(unix, 0).In(zone)
	_, offset := t.Zone()
	seg := segment{start: beginning, end: forever, offset: int64(offset)}
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		seg.start = min(start.Unix(), unix)
	}
	if !end.IsZero() {
		seg.end = end.Unix()
	}
	if seg.end <= unix {
		// golang/go#81583: after a zone's table each year has 365 days, so on 31 December of a leap year the end is in the past.
		// The offset is right, and holds until midnight UTC.
		seg.end = floorDay(unix) + daySeconds
	}
	return seg
}
