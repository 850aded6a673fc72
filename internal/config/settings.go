package config

import (
	"slices"

	"github.com/openticketai/otai-tui/internal/pipe"
)

// readSettings reads 0.x's settings. What the engine does differently is said, not passed over.
func (c *checker) readSettings(v *value, r *runnerDraft, retry *pipe.Retry) *pipe.Retry {
	o := c.object(v, "settings", settingsKeys())
	if o == nil {
		return retry
	}
	for _, tag := range c.textsOf(o.get("tags")) {
		r.tags = append(r.tags, tag.text)
	}
	if d, ok := c.durationOf(o.get("timeout"), true); ok {
		r.timeout = d
	}
	for name, why := range map[string]string{
		"priority":    "which end of its numbers comes first is not said anywhere; the runner's own priority, 1 to 5, has one",
		"retry_scope": "steps are retried one by one",
	} {
		if o.get(name) != nil {
			c.at(v.keyOf(name)).warnf("settings.%s has no effect: %s", name, why)
		}
	}
	c.readConcurrency(o.get("concurrency"), &r.policy)
	if given := o.get("retry"); given != nil {
		retry = c.readRetrySettings(given)
	}
	o.finish()
	return retry
}

// readConcurrency turns upstream's workers into an overlap policy: with one worker further ticks wait in line, with several
// that many runs go on side by side. A runner's own overlap wins.
func (c *checker) readConcurrency(v *value, p *Policy) {
	o := c.object(v, "concurrency", concurrencyKeys())
	if o == nil {
		return
	}
	workers := int(c.wholeOf(o.get("max_workers"), 1, 1))
	when, _ := c.textOf(o.get("when_exhausted"))
	o.finish()
	waits, skips := []string{"", "wait", "enqueue", "queue", "block"}, []string{"skip", "drop", "reject"}
	switch {
	case p.Overlap != "":
		c.at(v).warnf("concurrency has no effect beside the runner's overlap: %s", p.Overlap)
	case slices.Contains(waits, when) && workers == 1:
		p.Overlap = OverlapBufferAll
	case slices.Contains(waits, when):
		p.Overlap, p.MaxParallelRuns = OverlapAllowAll, workers
	case slices.Contains(skips, when) && workers == 1:
		p.Overlap = OverlapSkip
	default:
		c.at(v).expect("wait, or one worker and skip").
			warnf("concurrency has no effect: there is no overlap policy for %d workers and when_exhausted %q", workers, when)
	}
}

func (c *checker) readRetrySettings(v *value) *pipe.Retry {
	o := c.object(v, "retry", retryKeys())
	if o == nil {
		return nil
	}
	retry := pipe.Retry{Delay: pipe.DefaultDelay, MaxDelay: pipe.DefaultMaxDelay}
	retry.Retries = int(c.wholeOf(o.get("attempts"), 0, pipe.DefaultRetries))
	if d, ok := c.durationOf(o.get("delay"), true); ok {
		retry.Delay = d
		retry.MaxDelay = max(d, retry.MaxDelay)
	}
	if d, ok := c.durationOf(o.get("max_delay"), false); ok {
		retry.MaxDelay = d
		c.checkMaxDelay(o.get("max_delay"), retry)
	}
	retry.Coefficient = c.coefficientOf(o.get("backoff_factor"), 0)
	retry.NoJitter = !c.boolOf(o.get("jitter"), true)
	o.finish()
	return &retry
}
