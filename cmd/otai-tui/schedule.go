package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
)

// maxTicks bounds what one listing computes.
const maxTicks = 100_000

// plannedTick is one line of the schedule command. Names are stable.
type plannedTick struct {
	At      time.Time `json:"at"`
	Zone    string    `json:"zone"`
	Runner  string    `json:"runner"`
	Trigger string    `json:"trigger"`
}

func (a *app) scheduleCommand() *cobra.Command {
	var from, to, only string
	var next int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "schedule", Short: "Print what will fire, computed from the configuration", Args: cobra.NoArgs,
		Example: "  otai-tui schedule --next 20\n  otai-tui schedule --from 2026-12-24 --to 2026-12-27 --runner digest",
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			begin, err := timeFlag("--from", from, now)
			if err != nil {
				return refusal{err}
			}
			end, err := timeFlag("--to", to, time.Time{})
			if err != nil {
				return refusal{err}
			}
			if !end.IsZero() {
				next = maxTicks
			}
			ticks, err := a.plan(cmd.Context(), begin, end, only, next)
			if err != nil {
				return err
			}
			return a.printPlan(ticks, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&from, "from", "", "first moment (default now): a date, a time or an RFC 3339 time")
	fl.StringVar(&to, "to", "", "last moment")
	fl.IntVar(&next, "next", 20, "how many ticks, when there is no --to")
	fl.StringVar(&only, "runner", "", "only this runner")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// timeFlag reads a point in time in the machine's zone.
func timeFlag(flag, s string, empty time.Time) (time.Time, error) {
	if s == "" {
		return empty, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return empty, fmt.Errorf("%s %q: expected a date such as 2026-11-24, 2026-11-24 08:00 or an RFC 3339 time", flag, s)
}

// plan computes the ticks after from: up to and including to when it is set, at most n.
func (a *app) plan(ctx context.Context, from, to time.Time, only string, n int) ([]plannedTick, error) {
	var d *demo
	if a.demo {
		var err error
		if d, err = startDemo(ctx); err != nil {
			return nil, err
		}
		defer d.close()
	}
	cfg, _, err := a.load(ctx, d)
	if err != nil {
		return nil, err
	}
	anchors, err := a.anchors(ctx)
	if err != nil {
		return nil, err
	}
	var out []plannedTick
	found := only == ""
	for i := range cfg.Runners {
		r := &cfg.Runners[i]
		if only != "" && r.ID != only && !slices.Contains(r.Aliases, only) {
			continue
		}
		found = true
		if r.Enabled {
			out = append(out, ticksOf(r, anchors, from, to, n)...)
		}
	}
	if !found {
		return nil, refusal{fmt.Errorf("no such runner: %q", only)}
	}
	slices.SortStableFunc(out, func(x, y plannedTick) int { return x.At.Compare(y.At) })
	return out[:min(n, len(out))], nil
}

// anchors are the phases of intervals that the history knows; without a history an interval's first tick is not known yet.
func (a *app) anchors(ctx context.Context) (map[[2]string]time.Time, error) {
	out := map[[2]string]time.Time{}
	st, err := a.openHistory(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	cursors, err := st.Cursors(ctx)
	for _, c := range cursors {
		out[[2]string{c.Runner, c.Trigger}] = c.Anchor
	}
	return out, err
}

func ticksOf(r *config.Runner, anchors map[[2]string]time.Time, from, to time.Time, n int) []plannedTick {
	var out []plannedTick
	for _, t := range r.Triggers {
		sched, zone := t.Schedule, time.UTC
		switch s := sched.(type) {
		case *schedule.Interval:
			if !s.Anchored() {
				anchor, known := anchors[[2]string{r.ID, t.Name}]
				if !known {
					anchor = from // it would start counting now
				}
				sched = s.WithAnchor(anchor)
			}
		case *schedule.Cron:
			zone = s.Zone()
		}
		at := from
		for range n {
			next, ok := sched.Next(at)
			if !ok || (!to.IsZero() && next.After(to)) {
				break
			}
			at = next
			out = append(out, plannedTick{At: next.In(zone), Zone: zone.String(), Runner: r.ID, Trigger: t.Name})
		}
	}
	return out
}

func (a *app) printPlan(ticks []plannedTick, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(a.out)
		for _, t := range ticks {
			if err := enc.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	if len(ticks) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing is planned: no enabled runner has a trigger in that time")
		return err
	}
	l := &list{headers: []string{"LOCAL", "ZONE", "UTC", "RUNNER", "TRIGGER"}, state: -1}
	for _, t := range ticks {
		l.add(t.At.Format("Mon 2006-01-02 15:04:05"), t.Zone, t.At.UTC().Format("2006-01-02 15:04:05Z"), t.Runner, t.Trigger)
	}
	return a.print(l)
}

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use: "backup FILE", Short: "Write a consistent copy of the history, also while the engine runs", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := a.stateDirectory()
			if err != nil {
				return err
			}
			if err := store.Backup(cmd.Context(), dir, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.out, "history of %s is in %s\n", dir, args[0])
			return err
		},
	}
}
