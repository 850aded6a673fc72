package config

import (
	"time"

	"github.com/openticketai/otai-tui/internal/schedule"
)

// timing is what bounds a timetable: a trigger's own words, else the runner's.
type timing struct {
	zone, exclude, start, end *value
	jitter                    time.Duration
	maxRuns                   int
}

// timingOf reads a timing; what is not given is taken from base.
func (t *triggerList) timingOf(get func(string) *value, base timing) timing {
	c, out := t.c, base
	for _, one := range []struct {
		into        **value
		name, other string
	}{{&out.zone, "timezone", ""}, {&out.exclude, "exclude", ""}, {&out.start, "start", "start_date"}, {&out.end, "end", "end_date"}} {
		v := get(one.name)
		if one.other != "" {
			v = c.either(v, get(one.other))
		}
		if v != nil {
			*one.into = v
		}
	}
	if v := get("jitter"); v != nil {
		out.jitter, _ = c.durationOf(v, true)
	}
	if v := get("max_runs"); v != nil {
		out.maxRuns = int(c.wholeOf(v, 0, 0))
	}
	return out
}

// timetable adds a trigger with a schedule, with its calendars and bounds applied. v is what to point at.
func (t *triggerList) timetable(id string, kind TriggerKind, s schedule.Schedule, v *value, own timing) {
	c, problems := t.c, len(t.c.problems)
	calendars := c.excludeOf(own.exclude, own.zone)
	start, end := t.bounds(own)
	if !start.IsZero() && !end.IsZero() && end.Before(start) {
		c.at(own.end).expect("a time after the start").errorf("end is before start: it would never run")
		return
	}
	if len(c.problems) > problems {
		return // what is wrong with the bounds says nothing about their ticks
	}
	s = schedule.Between(schedule.Excluding(s, calendars...), start, end)
	if _, ok := s.Next(time.Time{}); !ok {
		c.at(v).expect("a timetable with times left").errorf("it would never run: no time of it is between start and end and not excluded")
		return
	}
	t.add(id, Trigger{Kind: kind, Schedule: s, Jitter: own.jitter, MaxRuns: own.maxRuns})
}

// bounds reads start and end. A date alone is its first moment as a start and its last one as an end.
func (t *triggerList) bounds(own timing) (start, end time.Time) {
	loc := t.c.zoneOf(own.zone)
	if own.start != nil {
		start, _, _ = t.c.momentOf(own.start, loc)
	}
	if own.end != nil {
		var day bool
		if end, day, _ = t.c.momentOf(own.end, loc); day {
			end = schedule.EndOfDay(end, loc)
		}
	}
	return start, end
}

func (t *triggerList) every(id string, d time.Duration, v, anchor *value, own timing) {
	c := t.c
	if d < t.pace.sleep {
		c.at(v).warnf("the interval of %s is shorter than orchestrator_sleep: it runs every %s", d, t.pace.sleep)
		d = t.pace.sleep
	}
	s, ok := c.every(d, v)
	if !ok {
		return
	}
	if anchor == nil {
		anchor = own.start // the first tick is the start, then
	}
	if anchor != nil {
		at, _, ok := c.momentOf(anchor, c.zoneOf(own.zone))
		if !ok {
			return
		}
		s = s.WithAnchor(at)
	}
	t.timetable(id, TriggerInterval, s, v, own)
}

func (t *triggerList) cron(id string, v, dst *value, own timing) {
	if s, ok := t.c.cronOf(v, own.zone); ok {
		t.timetable(id, TriggerCron, s.WithDST(t.c.dstOf(dst)), v, own)
	}
}

func (t *triggerList) once(id string, v *value, own timing) {
	loc := t.c.zoneOf(own.zone)
	moment, _, ok := t.c.momentOf(v, loc)
	if !ok {
		return
	}
	if s, err := schedule.Once(moment, loc); err == nil { // ParseMoment gives no other
		t.timetable(id, TriggerAt, s, v, own)
	}
}

func (t *triggerList) readInterval(e *entry) {
	c, get, v := t.c, e.get, e.v
	total, given, bad := time.Duration(0), false, false
	if whole := get("interval"); whole != nil {
		d, ok := c.durationOf(whole, false)
		total, given, bad = d, true, !ok
	}
	units := map[string]time.Duration{
		"milliseconds": time.Millisecond, "seconds": time.Second, "minutes": time.Minute,
		"hours": time.Hour, "days": 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	}
	for _, k := range intervalKeys()[1:7] {
		part := get(k.name)
		if part == nil {
			continue
		}
		n, ok := c.floatOf(part)
		d := scaled(n, units[k.name])
		ok = ok && c.checkDuration(part, d, true)
		total, given, bad = min(total+d, maxDuration+1), true, bad || !ok
	}
	switch {
	case bad:
	case !given:
		c.at(v).expect("interval: PT5M, or seconds, minutes, hours").errorf("the IntervalTrigger has no interval")
	case total <= 0 || total > maxDuration:
		c.at(v).expect("more than 0, at most ten years").errorf("the interval is out of range")
	default:
		t.every(e.id, total, v, get("anchor"), e.time)
	}
}

func (t *triggerList) readCron(e *entry) {
	c, get, v := t.c, e.get, e.v
	dst := get("dst")
	if dst == nil {
		dst = t.dst
	}
	expression := c.either(get("cron"), get("expression"))
	parts := map[string]*value{}
	for _, name := range cronFields {
		if part := get(name); part != nil {
			parts[name] = part
		}
	}
	switch {
	case expression != nil && len(parts) > 0:
		c.at(expression).errorf("a cron expression and single fields are given; use one of them")
	case expression != nil:
		t.cron(e.id, expression, dst, e.time)
	case len(parts) == 0:
		c.at(v).expect("cron: \"0 8 * * *\", or hour, minute, day_of_week").errorf("the CronTrigger has no schedule")
	default:
		if built := c.cronFromFields(parts); built != nil {
			t.cron(e.id, built, dst, e.time)
		}
	}
}

func (t *triggerList) readAt(e *entry) {
	v := t.c.either(e.get("at"), e.get("run_date"))
	if v == nil {
		t.c.at(e.v).expect("at: \"2026-12-01 08:00\"").errorf("the AtTrigger has no time")
		return
	}
	t.once(e.id, v, e.time)
}
