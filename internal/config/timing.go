package config

import (
	"errors"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/schedule"
)

// parseDuration reads "2m" and "1h30m" besides the forms of schedule.ParseDuration; plain numbers are seconds.
func parseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if d, err := time.ParseDuration(text); err == nil && strings.ContainsAny(text, "hmsuµn") {
		return d, nil
	}
	return schedule.ParseDuration(text)
}

// every makes an interval; what is out of its range is reported at v.
func (c *checker) every(d time.Duration, v *value) (*schedule.Interval, bool) {
	s, err := schedule.Every(d, time.Time{})
	if err != nil {
		c.at(v).expect("from %s to %s", schedule.MinInterval, schedule.MaxInterval).errorf("%s", err)
		return nil, false
	}
	return s, true
}

// atWord begins a report that points at the word that begins at a column, from 1, of v's trimmed text.
func (c *checker) atWord(v *value, col int) report {
	start := len(v.text) - len(strings.TrimLeft(v.text, " \t\n")) + col - 1
	if start >= len(v.text) {
		return c.at(v)
	}
	word, _, _ := strings.Cut(v.text[start:], " ")
	return c.atOffset(v, start, len(word))
}

// momentOf reads a point in time, wall time in loc when it has no offset. day says that it is a date alone.
func (c *checker) momentOf(v *value, loc *time.Location) (t time.Time, day, ok bool) {
	text, ok := c.textOf(v)
	if !ok || loc == nil {
		return time.Time{}, false, false
	}
	t, day, err := schedule.ParseMoment(text, loc)
	if err != nil {
		c.at(v).expect("2026-12-01, \"2026-12-01 08:00\" or \"2026-12-01T08:00:00+01:00\"").
			errorf("%s has to be a time, got %s", lastKey(v.path), v.quoted())
		return time.Time{}, false, false
	}
	return t, day, true
}

// dstOf reads the daylight rule.
func (c *checker) dstOf(v *value) schedule.DST {
	if c.wordOf(v, dstWords(), "daylight rule") == schedule.Skip.String() {
		return schedule.Skip
	}
	return schedule.RunOnce
}

// cronOf reads a cron expression in its time zone (nil = UTC). The caret stands under the field that is wrong.
func (c *checker) cronOf(v, zone *value) (*schedule.Cron, bool) {
	loc := c.zoneOf(zone)
	text, ok := c.textOf(v)
	if !ok || loc == nil {
		return nil, false
	}
	s, warnings, err := schedule.ParseCron(text, loc)
	if err != nil {
		var pe *schedule.ParseError
		at, msg := c.at(v), err.Error()
		if errors.As(err, &pe) {
			if pe.Col > 0 {
				at = c.atWord(v, pe.Col)
			}
		}
		if v.made {
			msg += " (the fields make the cron expression " + v.quoted() + ")"
		}
		at.expect("5 or 6 fields: [second] minute hour day month weekday").errorf("bad cron expression: %s", msg)
		return nil, false
	}
	for _, w := range warnings {
		c.at(v).warnf("cron %s: %s", v.quoted(), w)
	}
	return s, true
}

// zoneOf loads a time zone; nil after a problem.
func (c *checker) zoneOf(v *value) *time.Location {
	if v == nil {
		return time.UTC
	}
	name, ok := c.textOf(v)
	if !ok {
		return nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		c.at(v).expect("an IANA name such as Europe/Berlin, or UTC").near(name, commonZones()).errorf("unknown time zone %s", v.quoted())
		return nil
	}
	return loc
}

// commonZones are only for suggestions.
func commonZones() []string {
	return []string{
		"UTC", "Europe/Berlin", "Europe/Vienna", "Europe/Zurich", "Europe/London", "Europe/Paris", "Europe/Madrid", "Europe/Rome",
		"Europe/Amsterdam", "Europe/Warsaw", "Europe/Prague", "Europe/Stockholm", "Europe/Helsinki", "Europe/Athens", "Europe/Istanbul",
		"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Toronto", "America/Sao_Paulo",
		"Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland",
	}
}
