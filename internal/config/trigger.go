package config

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/openticketai/otai-tui/internal/schedule"
)

// readTriggers reads every way a runner says when it is due.
func (c *checker) readTriggers(o *object, on *value, p pace) []Trigger {
	t := &triggerList{c: c, pace: p}
	if v := o.get("interval_seconds"); v != nil {
		if d, ok := c.durationOf(v, false); ok {
			t.every("", d, v)
		}
	}
	if v := o.get("run_every_milli_seconds"); v != nil {
		if ms := c.wholeOf(v, 1, 0); ms > 0 {
			t.every("", time.Duration(ms)*time.Millisecond, v)
		}
	}
	zone := o.get("timezone")
	if v := o.get("cron"); v != nil {
		t.cron("", v, zone)
	} else if zone != nil {
		c.at(o.v.keyOf("timezone")).expect("cron beside it").errorf("timezone belongs to cron, and there is none")
	}
	for _, v := range []*value{on, o.get("triggers")} {
		switch {
		case v == nil:
		case v.kind == kindList:
			if len(v.items) == 0 {
				c.at(v).expect("IntervalTrigger or CronTrigger").errorf("%s is an empty list", lastKey(v.path))
			}
			for _, item := range v.items {
				t.read(item)
			}
		default:
			t.read(v)
		}
	}
	return t.out
}

// triggerList collects a runner's triggers and gives them names that are stable over reloads.
type triggerList struct {
	c    *checker
	pace pace
	out  []Trigger
}

func (t *triggerList) add(id, kind string, s schedule.Schedule) {
	name := newNamer(func(name string) bool {
		return slices.ContainsFunc(t.out, func(other Trigger) bool { return other.Name == name })
	}).unique(orElse(id, kind))
	t.out = append(t.out, Trigger{Name: name, Schedule: s})
}

func (t *triggerList) every(id string, d time.Duration, v *value) {
	if d < t.pace.sleep {
		t.c.at(v).warnf("the interval of %s is shorter than orchestrator_sleep: it runs every %s", d, t.pace.sleep)
		d = t.pace.sleep
	}
	if s, ok := t.c.every(d, v); ok {
		t.add(id, "interval", s)
	}
}

func (t *triggerList) cron(id string, v, zone *value) {
	if s, ok := t.c.cronOf(v, zone); ok {
		t.add(id, "cron", s)
	}
}

// read reads one trigger pipe: {id, use, params} or with its parameters directly beside use.
func (t *triggerList) read(v *value) {
	c := t.c
	if v.kind != kindMap {
		c.at(v).expect("{use: IntervalTrigger, params: {interval: PT5M}}").errorf("%s is no trigger", v.quoted())
		return
	}
	kind := t.kindOf(v)
	var keys []key
	switch kind {
	case "IntervalTrigger":
		keys = intervalKeys()
	case "CronTrigger":
		keys = cronTriggerKeys()
	default:
		return
	}
	head := c.object(v, "a trigger", append(triggerKeys(), keys...))
	id := c.nameValue(head.get("id"))
	head.get("use")
	head.get("injects")
	places := []*object{head}
	if params := c.object(head.get("params"), "the trigger's params", keys); params != nil {
		places = append(places, params)
	}
	get := func(name string) *value {
		var found *value
		for _, p := range places {
			found = c.either(found, p.get(name))
		}
		return found
	}
	name := ""
	if id != nil {
		name = id.text
	}
	if kind == "IntervalTrigger" {
		t.readInterval(name, v, get)
	} else {
		t.readCron(name, v, get)
	}
	for _, p := range places {
		p.finish()
	}
}

// kindOf names the trigger type from `use`, or from the keys when there is none.
func (t *triggerList) kindOf(v *value) string {
	known := []string{"IntervalTrigger", "CronTrigger"}
	use := v.get("use")
	if use == nil {
		for _, place := range []*value{v, v.get("params")} {
			for _, k := range intervalKeys() {
				if place.get(k.name) != nil {
					return known[0]
				}
			}
			for _, k := range cronTriggerKeys() {
				if place.get(k.name) != nil {
					return known[1]
				}
			}
		}
		t.c.at(v).expect("use: IntervalTrigger or CronTrigger").errorf("the trigger does not say what it is")
		return ""
	}
	bare := bareName(use.text)
	if bare == known[0] || bare == known[1] {
		return bare
	}
	t.c.at(use).expect("IntervalTrigger or CronTrigger").near(use.text, known).errorf("unknown trigger %s", use.quoted())
	return ""
}

func (t *triggerList) readInterval(id string, v *value, get func(string) *value) {
	c := t.c
	total, given, bad := time.Duration(0), false, false
	if whole := get("interval"); whole != nil {
		d, ok := c.durationOf(whole, false)
		total, given, bad = d, true, !ok
	}
	units := map[string]time.Duration{
		"milliseconds": time.Millisecond, "seconds": time.Second, "minutes": time.Minute,
		"hours": time.Hour, "days": 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
	}
	for _, k := range intervalKeys()[1:] {
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
		t.every(id, total, v)
	}
}

func (t *triggerList) readCron(id string, v *value, get func(string) *value) {
	c := t.c
	zone := get("timezone")
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
		t.cron(id, expression, zone)
	case len(parts) == 0:
		c.at(v).expect("cron: \"0 8 * * *\", or hour, minute, day_of_week").errorf("the CronTrigger has no schedule")
	default:
		if built := c.cronFromFields(parts); built != nil {
			t.cron(id, built, zone)
		}
	}
}

// cronFields are APScheduler's fields from the least significant one, in the order of a cron expression.
var cronFields = [...]string{"second", "minute", "hour", "day", "month", "day_of_week"}

// cronFromFields writes APScheduler's fields as a cron expression: fields below the least one given are 0 (or the
// first), fields above are "any". A schedule that cron cannot say is a problem, never something near it.
func (c *checker) cronFromFields(parts map[string]*value) *value {
	words := make([]string, len(cronFields))
	var place *value
	for i, name := range cronFields {
		part := parts[name]
		switch {
		case part != nil:
			text, ok := c.textOf(part)
			if !ok {
				return nil
			}
			if place == nil {
				place = part
			}
			words[i] = strings.ReplaceAll(strings.TrimSpace(text), " ", "")
		case place != nil || name == "month" || name == "day_of_week":
			words[i] = "*"
		case name == "day":
			words[i] = "1"
			if parts["day_of_week"] != nil {
				words[i] = "*"
			}
		default:
			words[i] = "0"
		}
		if name == "day" && strings.ContainsFunc(words[i], unicode.IsLetter) {
			c.at(part).expect("a list, range or step").errorf("%s is not supported as %s", part.quoted(), name)
			return nil
		}
	}
	if parts["day"] != nil && parts["day_of_week"] != nil && words[3] != "*" && words[5] != "*" {
		c.at(parts["day_of_week"]).expect("day or day_of_week").
			errorf("day and day_of_week together are not supported: cron means either, APScheduler both")
		return nil
	}
	words[5] = mondayFirst(words[5])
	built := *place
	built.made, built.text, built.kind = true, strings.Join(words, " "), kindText
	built.native = built.text
	return &built
}

// mondayFirst turns APScheduler's numbers (0 = Monday) into names, so that cron's (0 = Sunday) are not meant.
func mondayFirst(field string) string {
	days := [...]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	entries := strings.Split(field, ",")
	for i, entry := range entries {
		span, step, stepped := strings.Cut(entry, "/")
		ends := strings.Split(span, "-")
		for j, end := range ends {
			if len(end) == 1 && end[0] >= '0' && end[0] <= '6' {
				ends[j] = days[end[0]-'0']
			}
		}
		entries[i] = strings.Join(ends, "-")
		if stepped {
			entries[i] += "/" + step
		}
	}
	return strings.Join(entries, ",")
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
