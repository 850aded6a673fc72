package schedule

import (
	"fmt"
	"strings"
	"time"
)

// At fires once. It is immutable.
type At struct {
	moment time.Time // UTC, no monotonic reading
	zone   *time.Location
}

// Once makes a schedule of one moment. zone is the one it is shown in; nil is UTC.
func Once(moment time.Time, zone *time.Location) (*At, error) {
	if !inCalendar(moment) {
		return nil, fmt.Errorf("expected a time in the years 1 to 9999, found the year %d", moment.Year())
	}
	if zone == nil {
		zone = time.UTC
	}
	return &At{moment: moment.UTC().Round(0), zone: zone}, nil
}

// Next gives the moment when it lies after t.
func (a *At) Next(t time.Time) (time.Time, bool) {
	if t.Unix() > maxUnix || !a.moment.After(t) { // asked first: time.Time's own comparison overflows far out
		return time.Time{}, false
	}
	return a.moment, true
}

// Zone gives the time zone it is shown in.
func (a *At) Zone() *time.Location { return a.zone }

// String gives "at 2026-12-01 08:00 Europe/Berlin".
func (a *At) String() string { return "at " + stamp(a.moment, a.zone) }

// stamp gives a moment in words that name it alone: with the offset where the wall clock shows a time twice.
func stamp(t time.Time, zone *time.Location) string {
	local := t.In(zone)
	layout := "2006-01-02 15:04"
	if local.Second() != 0 || local.Nanosecond() != 0 {
		layout = "2006-01-02 15:04:05.999999999"
	}
	_, offset := local.Zone()
	if wallTime(t.Unix()+int64(offset), zone) != t.Unix() {
		layout += " -07:00"
	}
	return local.Format(layout) + " " + zone.String()
}

// ParseMoment reads a point in time: "2026-12-01", "2026-12-01 08:00", with seconds or not, with "T" for the blank or not, or
// RFC 3339 with its own offset. Without an offset it is wall time in zone (nil is UTC): what the clock skips is the first
// instant after the gap, what it shows twice is the first of the two. day says that no time of day was given.
func ParseMoment(s string, zone *time.Location) (moment time.Time, day bool, err error) {
	if zone == nil {
		zone = time.UTC
	}
	text := strings.TrimSpace(s)
	if len(text) > len(time.DateOnly) && text[len(time.DateOnly)] == 'T' {
		text = text[:len(time.DateOnly)] + " " + text[len(time.DateOnly)+1:]
	}
	if t, err := time.Parse("2006-01-02 15:04:05Z07:00", text); err == nil {
		return checkMoment(s, t.UTC(), false)
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", "2006-01-02 15:04:05"} {
		wall, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		t := time.Unix(wallTime(wall.Unix(), zone), int64(wall.Nanosecond())).UTC()
		return checkMoment(s, t, layout == time.DateOnly)
	}
	return time.Time{}, false, fmt.Errorf("time %q: expected \"2026-12-01\", \"2026-12-01 08:00\" or \"2026-12-01T08:00:00+01:00\"", s)
}

// EndOfDay gives the last millisecond of the day that holds a moment, by the wall clock of a zone (nil is UTC).
func EndOfDay(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		zone = time.UTC
	}
	_, offset := t.In(zone).Zone()
	midnight := floorDay(t.Unix()+int64(offset)) + daySeconds
	return time.Unix(wallTime(midnight, zone), 0).UTC().Add(-time.Millisecond)
}

func checkMoment(s string, t time.Time, day bool) (time.Time, bool, error) {
	if !inCalendar(t) {
		return time.Time{}, false, fmt.Errorf("time %q: expected the years 1 to 9999", s)
	}
	return t, day, nil
}

// wallTime gives the Unix time at which a zone's wall clock has first reached a wall time.
func wallTime(wall int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return wall
	}
	for seg := segmentAt(wall-repeatBound, zone); ; seg = segmentAt(seg.end, zone) {
		if wall < seg.end+seg.offset || seg.end >= forever {
			return max(seg.start, wall-seg.offset)
		}
	}
}
