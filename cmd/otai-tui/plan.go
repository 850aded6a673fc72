package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// plannedTick is one line of the schedule command. Names are stable.
type plannedTick struct {
	At      time.Time  `json:"at"`            // the nominal time, in the schedule's zone
	Due     *time.Time `json:"due,omitempty"` // when it starts, with jitter; nil = At
	Zone    string     `json:"zone"`
	Runner  string     `json:"runner"`
	Trigger string     `json:"trigger"`
}

// plan is what will fire, and what else could.
type plan struct {
	ticks  []plannedTick
	events []string // triggers without a timetable: "report: after digest completed"
}

// plan computes the ticks after from: up to and including to when it is set, at most n.
func (a *app) plan(ctx context.Context, from, to time.Time, only string, n int) (plan, error) {
	var d *demo
	if a.demo {
		var err error
		if d, err = startDemo(ctx); err != nil {
			return plan{}, err
		}
		defer d.close()
	}
	cfg, _, err := a.load(ctx, d)
	if err != nil {
		return plan{}, err
	}
	cursors, err := a.cursors(ctx)
	if err != nil {
		return plan{}, err
	}
	var out plan
	found := only == ""
	for i := range cfg.Runners {
		r := &cfg.Runners[i]
		if only != "" && r.ID != only && !slices.Contains(r.Aliases, only) {
			continue
		}
		found = true
		if r.Enabled {
			out.add(r, cursors, from, to, n)
		}
	}
	if !found {
		return plan{}, refusal{fmt.Errorf("no such runner: %q", only)}
	}
	out.sort(n)
	return out, nil
}

// sort puts the ticks in order and keeps the first n.
func (p *plan) sort(n int) {
	slices.SortStableFunc(p.ticks, func(x, y plannedTick) int { return x.At.Compare(y.At) })
	p.ticks = p.ticks[:min(n, len(p.ticks))]
}

// cursors are what the history knows of triggers: the phases of intervals, and how many runs were made. Without a history an
// interval's first tick is not known yet.
func (a *app) cursors(ctx context.Context) (map[[2]string]store.Cursor, error) {
	out := map[[2]string]store.Cursor{}
	st, err := a.openHistory(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	list, err := st.Cursors(ctx)
	for _, c := range list {
		out[[2]string{c.Runner, c.Trigger}] = c
	}
	return out, err
}

// add plans the triggers of a runner.
func (p *plan) add(r *config.Runner, cursors map[[2]string]store.Cursor, from, to time.Time, n int) {
	for i := range r.Triggers {
		t := &r.Triggers[i]
		c, known := cursors[[2]string{r.ID, t.Name}]
		if t.Schedule == nil {
			p.events = append(p.events, r.ID+": "+eventText(t))
			continue
		}
		most := n
		if t.MaxRuns > 0 { // each tick may make a run: there are no more than these
			most = min(n, max(t.MaxRuns-madeRuns(t, c), 0))
		}
		if every, ok := schedule.IntervalOf(t.Schedule); ok && !every.Anchored() && !known {
			c.Anchor = from // it would start counting now
		}
		p.ticks = append(p.ticks, ticksOf(r.ID, t, c.Anchor, from, to, most)...)
	}
}

// madeRuns is how many runs a trigger has made. With another timetable it counts anew.
func madeRuns(t *config.Trigger, c store.Cursor) int {
	if c.Spec != t.Schedule.String() {
		return 0
	}
	return c.Runs
}

// ticksOf gives the next n ticks of a trigger. anchor is for an interval that has none of its own.
func ticksOf(runner string, t *config.Trigger, anchor, from, to time.Time, n int) []plannedTick {
	s, zone := t.Schedule, schedule.ZoneOf(t.Schedule)
	if every, ok := schedule.IntervalOf(s); ok && !every.Anchored() {
		s = schedule.WithAnchor(s, anchor)
	}
	var out []plannedTick
	next, ok := s.Next(from)
	for len(out) < n && ok && (to.IsZero() || !next.After(to)) {
		tick := plannedTick{At: next.In(zone), Zone: zone.String(), Runner: runner, Trigger: t.Name}
		following, more := s.Next(next)
		if t.Jitter > 0 {
			gap := time.Duration(0)
			if more {
				gap = following.Sub(next)
			}
			due := tick.At.Add(schedule.Jitter(runner, next, t.Jitter, gap))
			tick.Due = &due
		}
		out = append(out, tick)
		next, ok = following, more
	}
	return out
}

// eventText says what makes a trigger due that has no timetable.
func eventText(t *config.Trigger) string {
	switch t.Kind {
	case config.TriggerAfterCompletion:
		return schedule.ShortDuration(t.AfterCompletion) + " after the end of its last run"
	case config.TriggerAfter:
		return "after " + t.After.Runner + " " + afterWord(t.After.On)
	case config.TriggerFile:
		return "when " + t.FileWatch.Path + " changes"
	case config.TriggerWebhook:
		return "webhook"
	}
	return string(t.Kind)
}

func afterWord(on string) string {
	if on == "any" {
		return "ended"
	}
	return on
}

func (a *app) printPlan(p plan, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(a.out)
		for _, t := range p.ticks {
			if err := enc.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	if err := a.printTicks(p.ticks); err != nil || len(p.events) == 0 {
		return err
	}
	_, err := fmt.Fprintf(a.out, "\nnot by time: %s\n", strings.Join(p.events, "; "))
	return err
}

func (a *app) printTicks(ticks []plannedTick) error {
	if len(ticks) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing is planned: no enabled runner has a timetable in that time")
		return err
	}
	const layout = "Mon 2006-01-02 15:04:05"
	l := &list{headers: []string{"LOCAL", "ZONE", "UTC", "RUNNER", "TRIGGER"}, state: -1}
	jitter := slices.ContainsFunc(ticks, func(t plannedTick) bool { return t.Due != nil })
	if jitter {
		l.headers = append(l.headers, "DUE")
	}
	for _, t := range ticks {
		row := []string{t.At.Format(layout), t.Zone, t.At.UTC().Format("2006-01-02 15:04:05Z"), t.Runner, t.Trigger}
		switch {
		case t.Due != nil:
			row = append(row, t.Due.Format("15:04:05.000"))
		case jitter:
			row = append(row, "")
		}
		l.add(row...)
	}
	return a.print(l)
}
