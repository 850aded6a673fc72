package config

import (
	"slices"
	"time"
)

// triggerList collects a runner's triggers and gives them names that are stable over reloads.
type triggerList struct {
	c      *checker
	pace   pace
	own    timing // what the runner says for all of its triggers
	dst    *value
	out    []Trigger
	afters []afterRef
}

// afterRef is an upstream by the name that was written; it is looked up when all runners are known.
type afterRef struct {
	trigger int    // index in the runner's triggers
	name    *value // where it stands
}

// readTriggers reads every way a runner says when it is due.
func (c *checker) readTriggers(o *object, on *value, p pace) *triggerList {
	t := &triggerList{c: c, pace: p}
	problems := len(c.problems)
	t.own = t.timingOf(func(name string) *value {
		if name == "start_date" || name == "end_date" {
			return nil // words of single triggers
		}
		return o.get(name)
	}, timing{})
	t.dst = o.get("dst")
	anchor := o.get("anchor")
	if v := o.get("interval_seconds"); v != nil {
		if d, ok := c.durationOf(v, false); ok {
			t.every("", d, v, anchor, t.own)
		}
	}
	if v := o.get("run_every_milli_seconds"); v != nil {
		if ms := c.wholeOf(v, 1, 0); ms > 0 {
			t.every("", time.Duration(ms)*time.Millisecond, v, anchor, t.own)
		}
	}
	if v := o.get("cron"); v != nil {
		t.cron("", v, t.dst, t.own)
	}
	for _, v := range c.textsOf(o.get("at")) {
		t.once("", v, t.own)
	}
	if v := o.get("every_after_completion"); v != nil {
		t.afterCompletion("", v, t.own)
	}
	t.after("", o.get("after"), t.own)
	t.watch("", o.get("watch"), t.own)
	t.webhook("", o.get("webhook"), t.own)
	for _, v := range []*value{on, o.get("triggers")} {
		t.readList(v)
	}
	if len(c.problems) == problems { // with a mistake in a trigger nobody knows what there would have been
		t.checkUsed(o)
	}
	return t
}

func (t *triggerList) readList(v *value) {
	switch {
	case v == nil:
	case v.kind == kindList:
		if len(v.items) == 0 {
			t.c.at(v).expect("%s", choice(triggerNames())).errorf("%s is an empty list", lastKey(v.path))
		}
		for _, item := range v.items {
			t.read(item)
		}
	default:
		t.read(v)
	}
}

// checkUsed reports what the runner says about times when none of its triggers has any.
func (t *triggerList) checkUsed(o *object) {
	kinds := map[TriggerKind]bool{}
	for _, tr := range t.out {
		kinds[tr.Kind] = true
	}
	timed := kinds[TriggerInterval] || kinds[TriggerCron] || kinds[TriggerAt]
	zoned := kinds[TriggerCron] || kinds[TriggerAt] || timed && (o.has("start") || o.has("end") || o.has("exclude") || o.has("anchor"))
	for _, rule := range []struct {
		key, of string
		used    bool
	}{
		{"timezone", "cron", zoned},
		{"dst", "cron", kinds[TriggerCron]},
		{"anchor", "interval_seconds", kinds[TriggerInterval]},
		{"exclude", "interval_seconds, cron or at", timed},
		{"start", "interval_seconds, cron or at", timed},
		{"end", "interval_seconds, cron or at", timed},
		{"jitter", "interval_seconds, cron or at", timed},
		{"max_runs", "a trigger", len(t.out) > 0},
	} {
		if v := o.get(rule.key); v != nil && !rule.used {
			t.c.at(o.v.keyOf(rule.key)).expect("%s beside it", rule.of).errorf("%s belongs to %s, and there is none", rule.key, rule.of)
		}
	}
}

func (t *triggerList) add(id string, tr Trigger) {
	name := newNamer(func(name string) bool {
		return slices.ContainsFunc(t.out, func(other Trigger) bool { return other.Name == name })
	}).unique(orElse(id, string(tr.Kind)))
	tr.Name = name
	t.out = append(t.out, tr)
}

// triggerType is one type of trigger that may stand under `on`. Without `use` its own keys tell it.
type triggerType struct {
	name  string
	keys  []key
	timed bool // has a timetable: takes timingKeys
	read  func(t *triggerList, e *entry)
}

func triggerTypes() []triggerType {
	return []triggerType{
		{"IntervalTrigger", intervalKeys(), true, (*triggerList).readInterval},
		{"CronTrigger", cronTriggerKeys(), true, (*triggerList).readCron},
		{"AtTrigger", atKeys(), true, (*triggerList).readAt},
		{"AfterCompletionTrigger", completionKeys(), false, (*triggerList).readAfterCompletion},
		{"AfterTrigger", append([]key{{name: "after"}}, afterKeys()...), false, (*triggerList).readAfter},
		{"FileTrigger", append([]key{{name: "watch"}}, fileKeys()...), false, (*triggerList).readFile},
		{"WebhookTrigger", append([]key{{name: "webhook"}}, webhookKeys()...), false, (*triggerList).readWebhook},
	}
}

func triggerNames() []string {
	var out []string
	for _, typ := range triggerTypes() {
		out = append(out, typ.name)
	}
	return out
}

// entry is one trigger under `on`, with its parameters beside `use` or under params.
type entry struct {
	c      *checker
	v      *value
	id     string
	places []*object
	time   timing
}

func (e *entry) get(name string) *value {
	var found *value
	for _, p := range e.places {
		found = e.c.either(found, p.get(name))
	}
	return found
}

// read reads one trigger pipe: {id, use, params} or with its parameters directly beside use.
func (t *triggerList) read(v *value) {
	c := t.c
	if v.kind != kindMap {
		c.at(v).expect("{use: IntervalTrigger, params: {interval: PT5M}}").errorf("%s is no trigger", v.quoted())
		return
	}
	typ := t.typeOf(v)
	if typ == nil {
		return
	}
	keys := typ.keys
	if typ.timed {
		keys = append(keys, timingKeys()...)
	}
	head := c.object(v, "a trigger", append(triggerKeys(), keys...))
	e := &entry{c: c, v: v, places: []*object{head}}
	if id := c.nameValue(head.get("id")); id != nil {
		e.id = id.text
	}
	head.get("use")
	head.get("injects")
	if params := c.object(head.get("params"), "the trigger's params", append([]key{{name: "max_runs"}}, keys...)); params != nil {
		e.places = append(e.places, params)
	}
	if e.time = t.own; typ.timed {
		e.time = t.timingOf(e.get, t.own)
	} else if v := e.get("max_runs"); v != nil {
		e.time.maxRuns = int(c.wholeOf(v, 0, 0))
	}
	typ.read(t, e)
	for _, p := range e.places {
		p.finish()
	}
}

// typeOf names the trigger type from `use`, or from the keys when there is none.
func (t *triggerList) typeOf(v *value) *triggerType {
	use, types := v.get("use"), triggerTypes()
	for i, typ := range types {
		if use != nil && bareName(use.text) == typ.name {
			return &types[i]
		}
		for _, k := range typ.keys {
			if use == nil && (v.get(k.name) != nil || v.get("params").get(k.name) != nil) {
				return &types[i]
			}
		}
	}
	if use == nil {
		t.c.at(v).expect("use: %s", choice(triggerNames())).errorf("the trigger does not say what it is")
	} else {
		t.c.at(use).expect("%s", choice(triggerNames())).near(use.text, triggerNames()).errorf("unknown trigger %s", use.quoted())
	}
	return nil
}
