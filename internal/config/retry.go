package config

import (
	"slices"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func retryNames() []string {
	return []string{"retries", "retry_delay_seconds", "backoff_coefficient", "max_delay_seconds", "retry_jitter", "retry_on"}
}

// readRetry gives the pipe's own policy, with what it leaves out taken from the enclosing one; nil when it says nothing
// and nothing was handed to it by the runner.
func (c *checker) readRetry(o *object, parent *draft, inherited *pipe.Retry) *pipe.Retry {
	base := pipe.Retry{Retries: pipe.DefaultRetries, Delay: pipe.DefaultDelay, MaxDelay: pipe.DefaultMaxDelay}
	switch {
	case inherited != nil:
		base = *inherited
	case parent != nil:
		for p := parent; p != nil; p = p.parent {
			if p.retry != nil {
				base = *p.retry
				break
			}
		}
	}
	given := false
	for _, name := range retryNames() {
		given = o.get(name) != nil || given
	}
	if !given {
		return inherited
	}
	delay, most := o.get("retry_delay_seconds"), o.get("max_delay_seconds")
	c.readDelays(delay, &base)
	base.Retries = int(c.wholeOf(o.get("retries"), 0, int64(base.Retries)))
	base.Coefficient = c.coefficientOf(o.get("backoff_coefficient"), base.Coefficient)
	if len(base.Delays) > 0 && o.get("backoff_coefficient") != nil {
		c.at(o.get("backoff_coefficient")).expect("one delay, or a list alone").errorf("backoff_coefficient has no meaning with a list of delays")
	}
	if d, ok := c.durationOf(most, false); ok {
		base.MaxDelay = d
		if delay == nil {
			base.Delay = min(base.Delay, d)
		}
		c.checkMaxDelay(most, base)
	}
	base.NoJitter = !c.boolOf(o.get("retry_jitter"), !base.NoJitter)
	if v := o.get("retry_on"); v != nil {
		base.On = c.readClasses(v)
	}
	return &base
}

// readDelays reads a delay, or a list of them. Without retries of its own a list gives their number too.
func (c *checker) readDelays(v *value, into *pipe.Retry) {
	if v == nil {
		return
	}
	if v.kind != kindList {
		if d, ok := c.durationOf(v, true); ok {
			into.Delay, into.Delays, into.MaxDelay = d, nil, max(d, into.MaxDelay)
		}
		return
	}
	if len(v.items) == 0 {
		c.at(v).expect("at least one delay").errorf("%s is an empty list", lastKey(v.path))
		return
	}
	delays := make([]time.Duration, 0, len(v.items))
	for _, item := range v.items {
		if d, ok := c.durationOf(item, true); ok {
			delays = append(delays, d)
		}
	}
	if len(delays) == 0 {
		return
	}
	into.Delay, into.Delays, into.Retries = delays[0], delays, len(delays)
	into.MaxDelay = max(into.MaxDelay, slices.Max(delays))
}

func (c *checker) coefficientOf(v *value, fallback float64) float64 {
	f, ok := c.floatOf(v)
	if !ok {
		return fallback
	}
	if f < 1 || f > 100 {
		c.at(v).expect("a number from 1 to 100").errorf("%s is out of range", lastKey(v.path))
		return fallback
	}
	return f
}

func (c *checker) readClasses(v *value) []fault.Class {
	var out []fault.Class
	for _, item := range c.textsOf(v) {
		if item.text == string(fault.Permanent) || item.text == string(fault.Cancelled) {
			c.at(item).expect("%s", choice(retryClasses())).errorf("retry_on: no retry helps against %s", item.text)
			continue
		}
		if w := c.wordOf(item, retryClasses(), "class of errors that a retry can help"); w != "" {
			out = append(out, fault.Class(w))
		}
	}
	if v.kind == kindList && len(v.items) == 0 {
		c.at(v).expect("retries: 0, or some of %s", choice(retryClasses())).errorf("retry_on is an empty list")
	}
	return out
}

func (c *checker) checkMaxDelay(v *value, r pipe.Retry) {
	longest := r.Delay
	if len(r.Delays) > 0 {
		longest = slices.Max(r.Delays)
	}
	if r.MaxDelay < longest {
		c.at(v).expect("at least %s", longest).errorf("%s is shorter than the delay of %s", lastKey(v.path), longest)
	}
}
