package schedule

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Calendar is a named set of wall times in a time zone: holidays, weekends, maintenance windows. It is immutable.
type Calendar struct {
	name   string
	zone   *time.Location // never nil
	ranges []wallRange    // in order, apart from each other
	crons  []*Cron        // of whole minutes; their zone and daylight rule are not used
	hash   string
}

// wallRange is a stretch [from, to) of wall time.
type wallRange struct{ from, to int64 }

// Entry is one entry of a calendar, as ParseEntry gives it.
type Entry struct {
	days wallRange
	cron *Cron // nil = days
}

// ParseEntry reads an entry of a calendar: a date ("2026-12-24"), a range of dates with both ends ("2026-12-24..2026-12-26")
// or a cron spec of five fields, which stands for the whole of each minute that matches ("* * * * sat,sun"). An error is a
// *ParseError. The warnings are for entries that are legal and rarely meant.
func ParseEntry(text string) (Entry, []string, error) {
	trimmed := strings.TrimSpace(text)
	first, last, ranged := strings.Cut(trimmed, "..")
	if from, isDate := parseDate(first); isDate || ranged {
		return parseDays(trimmed, from, isDate, last, ranged)
	}
	if n := len(splitWords(trimmed)); n == 6 {
		return Entry{}, nil, &ParseError{Msg: "expected 5 fields (minute, hour, day of month, month, day of week), found 6: " +
			"an entry of a calendar is whole minutes"}
	} else if n <= 1 && !strings.HasPrefix(trimmed, "@") {
		return Entry{}, nil, &ParseError{Col: 1, Msg: "expected a date (2026-12-24), a range (2026-12-24..2026-12-26) " +
			"or a cron spec of five fields (* * * * sat,sun)"}
	}
	c, warnings, err := ParseCron(trimmed, nil)
	if err != nil {
		return Entry{}, nil, err
	}
	if c.covers() == 1 {
		warnings = append(warnings, "it is a single minute of the day: for whole days, minute and hour are \"* *\"")
	}
	c.second = 1<<60 - 1
	return Entry{cron: c}, warnings, nil
}

func parseDays(text string, from int64, isDate bool, last string, ranged bool) (Entry, []string, error) {
	to := from
	if ranged {
		var ok bool
		if to, ok = parseDate(last); !ok {
			return Entry{}, nil, &ParseError{Col: len(text) - len(last) + 1, Msg: fmt.Sprintf("%q: expected a date such as 2026-12-26", last)}
		}
	}
	switch {
	case !isDate:
		return Entry{}, nil, &ParseError{Col: 1, Msg: fmt.Sprintf("%q: expected a date such as 2026-12-24",
			strings.TrimSuffix(text, ".."+last))}
	case to < from:
		return Entry{}, nil, &ParseError{Col: 1, Msg: fmt.Sprintf("%q runs backwards: expected the earlier date first", text)}
	}
	return Entry{days: wallRange{from, to + daySeconds}}, nil, nil
}

func parseDate(s string) (midnight int64, ok bool) {
	t, err := time.Parse(time.DateOnly, strings.TrimSpace(s))
	return t.Unix(), err == nil && inCalendar(t)
}

// covers counts the minutes of a day that match, as far as 1 and more.
func (c *Cron) covers() int {
	if c.minute&(c.minute-1) == 0 && c.hour&(c.hour-1) == 0 {
		return 1
	}
	return 2
}

// NewCalendar makes a calendar of entries, which may overlap. nil is UTC. Its name is for people.
func NewCalendar(name string, zone *time.Location, entries []Entry) *Calendar {
	if zone == nil {
		zone = time.UTC
	}
	c := &Calendar{name: name, zone: zone}
	var ranges []wallRange
	for _, e := range entries {
		switch {
		case e.cron != nil:
			c.crons = append(c.crons, e.cron)
		case e.days.from < e.days.to:
			ranges = append(ranges, e.days)
		}
	}
	slices.SortFunc(ranges, func(a, b wallRange) int { return cmp.Compare(a.from, b.from) })
	for _, r := range ranges {
		if n := len(c.ranges); n > 0 && r.from <= c.ranges[n-1].to {
			c.ranges[n-1].to = max(c.ranges[n-1].to, r.to)
			continue
		}
		c.ranges = append(c.ranges, r)
	}
	c.hash = c.content()
	return c
}

// content is a short hash of all that decides what the calendar holds.
func (c *Calendar) content() string {
	specs := make([]string, len(c.crons))
	for i, e := range c.crons {
		specs[i] = fmt.Sprintf("%x %x %x %x %x %t", e.minute, e.hour, e.dom, e.month, e.dow, e.bothDays)
	}
	slices.Sort(specs)
	sum := sha256.Sum256(fmt.Append(nil, c.zone, c.ranges, slices.Compact(specs)))
	return hex.EncodeToString(sum[:4])
}

// Name gives the name it was made with.
func (c *Calendar) Name() string { return c.name }

// Zone gives the time zone whose wall clock is meant.
func (c *Calendar) Zone() *time.Location { return c.zone }

// String gives the name and a short hash of the content: "holidays 5f3a09c1".
func (c *Calendar) String() string { return c.name + " " + c.hash }

// Holds says whether a moment belongs to the calendar.
func (c *Calendar) Holds(t time.Time) bool {
	if !inCalendar(t) {
		return false
	}
	_, offset := t.In(c.zone).Zone()
	wall := t.Unix() + int64(offset)
	return c.nextFree(wall, wall+1) != wall
}

// freeFrom gives the first whole second from unix on that the calendar does not hold, limit when there is none before.
func (c *Calendar) freeFrom(unix, limit int64) int64 { return c.search(unix, limit, c.nextFree) }

// heldFrom gives the first whole second from unix on that the calendar holds, limit when there is none before.
func (c *Calendar) heldFrom(unix, limit int64) int64 { return c.search(unix, limit, c.nextHeld) }

// search asks for wall times, stretch by stretch of one offset. next gives its second argument for "none".
func (c *Calendar) search(unix, limit int64, next func(from, to int64) int64) int64 {
	for unix < limit {
		seg := segmentAt(unix, c.zone)
		end := min(seg.end, limit) + seg.offset
		if wall := next(unix+seg.offset, end); wall < end {
			return wall - seg.offset
		}
		unix = seg.end
	}
	return limit
}

func (c *Calendar) nextHeld(from, to int64) int64 {
	for _, r := range c.ranges[c.rangeFrom(from):] {
		to = min(to, max(r.from, from))
		break
	}
	for _, e := range c.crons {
		if wall, ok := e.match(from, to); ok {
			to = wall
		}
	}
	return to
}

// rangeFrom gives the index of the first range that ends after a wall time.
func (c *Calendar) rangeFrom(wall int64) int {
	i, _ := slices.BinarySearchFunc(c.ranges, wall, func(r wallRange, wall int64) int {
		if r.to <= wall {
			return -1
		}
		return 1
	})
	return i
}

// nextFree steps over days, hours and minutes that are held as a whole; it moves by a minute at least.
func (c *Calendar) nextFree(from, to int64) int64 {
	for from < to {
		if i := c.rangeFrom(from); i < len(c.ranges) && c.ranges[i].from <= from {
			from = c.ranges[i].to
			continue
		}
		midnight := floorDay(from)
		free := midnight + c.freeMinute(dayOf(midnight), int(from-midnight)/60)*60
		if free <= from {
			return from
		}
		from = free // may be the next midnight, and in the next day's range
	}
	return to
}

// freeMinute gives the first minute of a day from one on that no cron entry holds, 1440 when there is none.
func (c *Calendar) freeMinute(d day, minute int) int64 {
	const allMinutes = 1<<60 - 1
	hour, minute := minute/60, minute%60
	for ; hour < 24; hour, minute = hour+1, 0 {
		var held uint64
		for _, e := range c.crons {
			if e.month>>d.month&1 == 1 && e.hour>>hour&1 == 1 && e.onDay(d) {
				held |= e.minute
			}
		}
		if free := ^held & allMinutes >> minute << minute; free != 0 {
			return int64(hour*60 + low(free))
		}
	}
	return 24 * 60
}
