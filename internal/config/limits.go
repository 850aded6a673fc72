package config

import (
	"strconv"
	"strings"
	"time"
)

// readLimits reads what runs share. Resources are known from here on, tags are checked when the runners are.
func (c *checker) readLimits(v *value) Limits {
	l := Limits{Tags: map[string]int{}, Resources: map[string]Resource{}}
	o := c.object(v, "limits", limitsKeys())
	if o == nil {
		return l
	}
	for _, f := range c.mapOf(o.get("tags"), "bounds by tag, such as {batch: 2}") {
		if n := c.wholeOf(f.val, 1, 0); n > 0 {
			l.Tags[f.key.text] = int(n)
		}
	}
	for _, f := range c.mapOf(o.get("resources"), "resources by name, such as {otobo: 4}") {
		if name, ok := c.nameOf(f.key); ok {
			l.Resources[name] = c.readResource(f)
		}
	}
	o.finish()
	return l
}

// mapOf gives the fields of a map; a problem and none when v is something else.
func (c *checker) mapOf(v *value, what string) []field {
	switch {
	case v == nil:
		return nil
	case v.kind != kindMap:
		c.at(v).expect("a map of %s", what).errorf("%s has to be a map, got %s", lastKey(v.path), v.quoted())
		return nil
	}
	return v.fields
}

func (c *checker) readResource(f field) Resource {
	v := f.val
	if v.kind != kindMap {
		return Resource{Max: int(c.wholeOf(v, 1, 0))}
	}
	o := c.object(v, "a resource", resourceKeys())
	r := Resource{Max: int(c.wholeOf(o.get("max"), 0, 0)), Burst: int(c.wholeOf(o.get("burst"), 1, 0))}
	r.Rate, r.Per = c.readRate(o.get("rate"))
	if burst := o.get("burst"); burst != nil && o.get("rate") == nil {
		c.at(burst).expect("rate beside it").errorf("burst belongs to a rate, and there is none")
	}
	if b := c.object(o.get("breaker"), "a breaker", breakerKeys()); b != nil {
		r.BreakerFailures = int(c.wholeOf(b.get("failures"), 1, 0))
		if b.get("failures") == nil {
			c.at(o.get("breaker")).expect("failures: 5").errorf("the breaker does not say after how many failures it opens")
		}
		r.BreakerOpenFor, _ = c.durationOf(b.get("open_for"), false)
		b.finish()
	}
	if o.get("max") == nil && o.get("rate") == nil && o.get("breaker") == nil {
		c.at(f.key).expect("max, rate or breaker").errorf("resource %s bounds nothing", f.key.quoted())
	}
	o.finish()
	return r
}

const rateForms = "starts of runs in a time: 10/s, 100/min, 5/10s, or {runs: 10, per: 1m}"

// readRate reads "10/s" or {runs, per}.
func (c *checker) readRate(v *value) (runs int, per time.Duration) {
	if v == nil {
		return 0, 0
	}
	if v.kind == kindMap {
		o := c.object(v, "a rate", rateKeys())
		runs, per = int(c.wholeOf(o.get("runs"), 1, 0)), time.Second
		if o.get("runs") == nil {
			c.at(v).expect(rateForms).errorf("the rate does not say how many runs")
		}
		if d, ok := c.durationOf(o.get("per"), false); ok {
			per = d
		}
		o.finish()
		return runs, per
	}
	count, unit, _ := strings.Cut(v.text, "/")
	n, err := strconv.ParseInt(strings.TrimSpace(count), 10, 32)
	per, ok := rateTime(strings.TrimSpace(unit))
	if err != nil || n < 1 || !ok || !v.scalar() {
		c.at(v).expect(rateForms).errorf("%s is no rate", v.quoted())
		return 0, 0
	}
	return int(n), per
}

// rateTime reads what stands behind the stroke: a unit, or a duration with one.
func rateTime(s string) (time.Duration, bool) {
	switch s {
	case "s", "sec", "second":
		return time.Second, true
	case "m", "min", "minute":
		return time.Minute, true
	case "h", "hour":
		return time.Hour, true
	case "d", "day":
		return 24 * time.Hour, true
	}
	d, err := parseDuration(s)
	return d, err == nil && d > 0 && d <= maxDuration
}

// checkTags reports limits of tags that no runner has.
func (c *checker) checkTags(limits *value, runners []*runnerDraft) {
	tags := limits.get("tags")
	if tags == nil {
		return
	}
	known := tagsOfRunners(runners)
	for _, f := range tags.fields {
		c.knownTag(f.key, known)
	}
}

func tagsOfRunners(runners []*runnerDraft) []string {
	all := map[string]bool{}
	for _, r := range runners {
		for _, tag := range r.tags {
			all[tag] = true
		}
	}
	return sortedKeys(all)
}

func (c *checker) knownTag(v *value, known []string) {
	for _, tag := range known {
		if tag == v.text {
			return
		}
	}
	expected := "a tag of a runner, and there is none"
	if len(known) > 0 {
		expected = "one of the tags: " + listing(known)
	}
	c.at(v).expect("%s", expected).near(v.text, known).errorf("no runner has the tag %s", v.quoted())
}
