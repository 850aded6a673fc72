package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/store"
)

// maxTicks bounds what one listing computes.
const maxTicks = 100_000

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
			p, err := a.plan(cmd.Context(), begin, end, only, next)
			if err != nil {
				return err
			}
			return a.printPlan(p, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&from, "from", "", "first moment (default now): a date, a time or an RFC 3339 time")
	fl.StringVar(&to, "to", "", "last moment")
	fl.IntVar(&next, "next", 20, "how many ticks, when there is no --to")
	fl.StringVar(&only, "runner", "", "only this runner")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a tick and line")
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
