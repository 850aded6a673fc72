package config

// readPolicy reads what happens to ticks that cannot simply run, and after failures.
func (c *checker) readPolicy(o *object) Policy {
	p := Policy{
		Catchup:            Catchup(orElse(c.wordOf(o.get("catchup"), catchupWords(), "catch-up policy"), string(CatchupLatest))),
		CatchupMax:         int(c.wholeOf(o.get("catchup_max"), 1, 0)),
		PauseAfterFailures: int(c.wholeOf(o.get("pause_after_failures"), 0, 0)),
		Overlap:            Overlap(c.wordOf(o.get("overlap"), overlapWords(), "overlap policy")),
		QueueMax:           int(c.wholeOf(o.get("queue_max"), 1, 0)),
		MaxParallelRuns:    int(c.wholeOf(o.get("max_parallel_runs"), 0, 0)),
		Priority:           c.priorityOf(o.get("priority")),
		Resources:          c.readWeights(o.get("resources")),
	}
	p.CatchupWindow, _ = c.durationOf(o.get("catchup_window"), true)
	p.StartDeadline, _ = c.durationOf(o.get("start_deadline"), true)
	p.ResumeAfter, _ = c.durationOf(o.get("resume_after"), true)
	p.QueueTimeout, _ = c.durationOf(o.get("queue_timeout"), true)
	p.ExpectSuccessWithin, _ = c.durationOf(o.get("expect_success_within"), true)
	if v := o.get("max_parallel_runs"); v != nil && p.MaxParallelRuns > 0 && p.Overlap != OverlapAllowAll {
		c.at(v).expect("overlap: allow_all").warnf("max_parallel_runs has no effect: with overlap %s one run goes on at once",
			orElse(string(p.Overlap), string(OverlapSkip)))
	}
	return p
}

func (c *checker) priorityOf(v *value) int {
	n := c.wholeOf(v, 1, 0)
	if n > 5 {
		c.at(v).expect("a number from 1 (first) to 5").errorf("priority is out of range")
	}
	return int(n)
}

// readWeights reads the resources a run takes part of: a name, a list of names, or a map from names to weights.
func (c *checker) readWeights(v *value) map[string]int {
	if v == nil {
		return nil
	}
	out := map[string]int{}
	if v.kind != kindMap {
		for _, name := range c.textsOf(v) {
			if c.knownResource(name) {
				c.weigh(out, name, name, 1)
			}
		}
		return out
	}
	for _, f := range v.fields {
		if weight := c.wholeOf(f.val, 1, 0); weight > 0 && c.knownResource(f.key) {
			c.weigh(out, f.key, f.val, int(weight))
		}
	}
	return out
}

// weigh notes a weight. One that is more than the whole resource would wait for ever.
func (c *checker) weigh(out map[string]int, name, at *value, weight int) {
	if most := c.limits.Resources[name.text].Max; most > 0 && weight > most {
		c.at(at).expect("at most %d", most).errorf("a weight of %d is more than resource %q has: the runner could never run", weight, name.text)
	}
	out[name.text] = weight
}

func (c *checker) knownResource(name *value) bool {
	if _, ok := c.limits.Resources[name.text]; ok {
		return true
	}
	known := sortedKeys(c.limits.Resources)
	expected := "a resource under limits.resources, and there is none"
	if len(known) > 0 {
		expected = "one of the resources: " + listing(known)
	}
	c.at(name).expect("%s", expected).near(name.text, known).errorf("there is no resource %s", name.quoted())
	return false
}
