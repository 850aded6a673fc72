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
func (c *checker) every(d time.Duration, v *value) (schedule.Schedule, bool) {
	s, err := schedule.Every(d, time.Time{})
	if err != nil {
		c.at(v).expect("from %s to %s", schedule.MinInterval, schedule.MaxInterval).errorf("%s", err)
		return nil, false
	}
	return s, true
}

// cronOf reads a cron expression in its time zone (nil = UTC). The caret stands under the field that is wrong.
func (c *checker) cronOf(v, zone *value) (schedule.Schedule, bool) {
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
			if start := len(text) - len(strings.TrimLeft(text, " \t\n")) + pe.Col - 1; pe.Col > 0 && start < len(text) {
				word, _, _ := strings.Cut(text[start:], " ")
				at = c.atOffset(v, start, len(word))
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
