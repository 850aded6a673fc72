package schedule

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// String gives the spec, its zone when that is not UTC, and the daylight rule when it is not the default:
// "0 8 * * mon-fri Europe/Berlin". Equal strings fire at equal times.
func (c *Cron) String() string {
	s := c.spec + c.zoneSuffix()
	if c.dst != RunOnce {
		s += " (dst " + c.dst.String() + ")"
	}
	return s
}

// Describe gives plain words for the common specs ("hourly", "daily 08:00 Europe/Berlin", "mon-fri 08:00"), else String.
func (c *Cron) Describe() string {
	words := c.words()
	if words == "" {
		return c.String()
	}
	if c.fixedHour { // no zone in what every hour is the same
		words += c.zoneSuffix()
	}
	return words
}

func (c *Cron) zoneSuffix() string {
	if c.zone == time.UTC {
		return ""
	}
	return " " + c.zone.String()
}

func (c *Cron) words() string {
	const (
		everyMinute = 1<<60 - 1
		everyDay    = 1<<32 - 2
		everyMonth  = 1<<13 - 2
		everyDow    = 1<<7 - 1
		workDays    = 1<<6 - 2
	)
	if c.second != 1 || c.month != everyMonth || c.dst != RunOnce {
		return ""
	}
	anyDom, anyDow := c.dom == everyDay, c.dow == everyDow
	oneMinute, oneHour := bits.OnesCount64(c.minute) == 1, bits.OnesCount64(c.hour) == 1
	if !c.fixedHour {
		step, even := evenStep(c.minute)
		switch {
		case !anyDom || !anyDow:
			return ""
		case c.minute == everyMinute:
			return "every minute"
		case c.minute == 1:
			return "hourly"
		case oneMinute:
			return fmt.Sprintf("hourly at :%02d", low(c.minute))
		case even:
			return fmt.Sprintf("every %d minutes", step)
		}
		return ""
	}
	if !oneMinute || !oneHour {
		return ""
	}
	at := fmt.Sprintf("%02d:%02d", low(c.hour), low(c.minute))
	switch {
	case anyDom && anyDow:
		return "daily " + at
	case anyDom && c.bothDays && c.dow == workDays:
		return "mon-fri " + at
	case anyDom && c.bothDays && bits.OnesCount64(c.dow) == 1:
		return "weekly " + fieldTable()[5].names[low(c.dow)] + " " + at
	case anyDow && c.bothDays && bits.OnesCount64(c.dom) == 1:
		return fmt.Sprintf("monthly on day %d %s", low(c.dom), at)
	}
	return ""
}

// evenStep says whether a set of minutes is 0, n, 2n, ... all around the hour.
func evenStep(minutes uint64) (int, bool) {
	count := bits.OnesCount64(minutes)
	if count < 2 || 60%count != 0 {
		return 0, false
	}
	step := 60 / count
	for m := 0; m < 60; m += step {
		if minutes>>m&1 == 0 {
			return 0, false
		}
	}
	return step, true
}

// warnings names what is legal and rarely meant.
func warnings(sets *cron.SpecSchedule, items [][]item) []string {
	var out []string
	if (sets.Dom|sets.Dow)&starBit == 0 {
		out = append(out, "day of month and day of week are both restricted: it fires on days that match either of them, not both")
	}
	for _, list := range items {
		for _, it := range list {
			size := it.field.max - it.field.min + 1
			if !it.star || it.step <= 1 || size%it.step == 0 {
				continue
			}
			out = append(out, unevenStep(it, size))
		}
	}
	return out
}

func unevenStep(it item, size int) string {
	f := it.field
	if f.name == "day of month" {
		return fmt.Sprintf("day of month */%d starts again on the 1st of each month: the last distance is shorter", it.step)
	}
	around := map[string]string{"second": "minute", "minute": "hour", "hour": "day", "month": "year", "day of week": "week"}[f.name]
	unit := strings.TrimPrefix(f.name, "day of ")
	if f.isDow() {
		unit = "day"
	}
	return fmt.Sprintf("%s */%d does not divide %d: the last distance of each %s is %s, not %d",
		f.name, it.step, size, around, plural(size-(size-1)/it.step*it.step, unit), it.step)
}
