package config

import (
	"errors"
	"strings"

	"github.com/openticketai/otai-tui/internal/schedule"
)

// readCalendars reads the named calendars. Those with mistakes are known too, so that one mistake is told once.
func (c *checker) readCalendars(v *value) {
	for _, f := range c.mapOf(v, "calendars by name, such as {holidays: [2026-12-24..2026-12-26]}") {
		name, ok := c.nameOf(f.key)
		if ok && looksLikeEntry(name) {
			c.at(f.key).expect("a name that begins with a letter, without blanks").errorf("%s is not usable as a calendar's name", f.key.quoted())
		} else if ok {
			c.calendars[name] = c.readCalendar(name, f.val)
		}
	}
}

func (c *checker) readCalendar(name string, v *value) *schedule.Calendar {
	zone, entries := (*value)(nil), v
	if v.kind == kindMap {
		o := c.object(v, "a calendar", calendarKeys())
		zone, entries = o.get("timezone"), o.get("entries")
		if entries == nil {
			c.at(v).expect("entries: [...]").errorf("calendar %q has no entries", name)
		}
		o.finish()
	}
	return schedule.NewCalendar(name, c.zoneOf(zone), c.entriesOf(c.textsOf(entries)))
}

func (c *checker) entriesOf(list []*value) []schedule.Entry {
	var out []schedule.Entry
	for _, v := range list {
		if e, ok := c.entryOf(v); ok {
			out = append(out, e)
		}
	}
	return out
}

func (c *checker) entryOf(v *value) (schedule.Entry, bool) {
	e, warnings, err := schedule.ParseEntry(v.text)
	if err != nil {
		var pe *schedule.ParseError
		at := c.at(v)
		if errors.As(err, &pe) && pe.Col > 0 {
			at = c.atWord(v, pe.Col)
		}
		at.expect("a date, a range of dates (2026-12-24..2026-12-26) or a cron expression of 5 fields (* * * * sat,sun)").
			errorf("bad calendar entry: %s", err)
		return e, false
	}
	for _, w := range warnings {
		c.at(v).warnf("calendar entry %s: %s", v.quoted(), w)
	}
	return e, true
}

// looksLikeEntry tells entries from names of calendars: no name has a blank or begins with anything but a letter.
func looksLikeEntry(s string) bool {
	first := s[0] | 0x20
	return strings.ContainsAny(s, " \t") || (first < 'a' || first > 'z') && s[0] < 0x80
}

// excludeOf reads names of calendars and single entries. Those make a calendar of their own, in the zone of the trigger.
func (c *checker) excludeOf(v, zone *value) []*schedule.Calendar {
	var out []*schedule.Calendar
	var own []*value
	for _, item := range c.textsOf(v) {
		if item.text != "" && looksLikeEntry(item.text) {
			own = append(own, item)
			continue
		}
		calendar, ok := c.calendars[item.text]
		if !ok {
			known := sortedKeys(c.calendars)
			expected := "a calendar under calendars, and there is none; or a date, a range of dates, a cron expression"
			if len(known) > 0 {
				expected = "one of the calendars: " + listing(known) + "; or a date, a range of dates, a cron expression"
			}
			c.at(item).expect("%s", expected).near(item.text, known).errorf("there is no calendar %s", item.quoted())
			continue
		}
		out = append(out, calendar)
	}
	if loc := c.zoneOf(zone); len(own) > 0 && loc != nil {
		out = append(out, schedule.NewCalendar("days", loc, c.entriesOf(own)))
	}
	return out
}
