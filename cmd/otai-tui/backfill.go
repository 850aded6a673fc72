package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func (a *app) backfillCommand() *cobra.Command {
	var from, to string
	var req orchestrator.BackfillRequest
	cmd := &cobra.Command{
		Use: "backfill PIPE_ID --from TIME [--to TIME]", Short: "Run the ticks of the past that never had a run, and exit 0 when all completed",
		Args: cobra.ExactArgs(1),
		Long: "Gives ticks of a timetable that were skipped, missed, dropped or never due their runs, the oldest first.\n" +
			"A tick that ever had a run is left alone, as far as history goes back. An interrupt leaves the rest to the next engine.",
		Example: "  otai-tui backfill digest --from 2026-11-01 --to 2026-11-08 --dry-run\n" +
			"  otai-tui backfill digest --from 2026-11-01 --parallel 2",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			req.Runner = args[0]
			if req.From, err = timeFlag("--from", from, time.Time{}); err != nil {
				return refusal{err}
			}
			if req.From.IsZero() {
				return refusal{errors.New("--from is needed: the first moment of the range")}
			}
			if req.To, err = timeFlag("--to", to, time.Now()); err != nil {
				return refusal{err}
			}
			return a.backfill(cmd.Context(), req)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&from, "from", "", "first moment: a date, a time or an RFC 3339 time")
	fl.StringVar(&to, "to", "", "last moment (default now)")
	fl.StringVar(&req.Trigger, "trigger", "", "name of the trigger, when there are several with a timetable")
	fl.IntVar(&req.Limit, "limit", 0, "most ticks (default 1000)")
	fl.IntVar(&req.Parallel, "parallel", 0, "most runs at once (default 1)")
	fl.BoolVar(&req.DryRun, "dry-run", false, "only count")
	return cmd
}

// backfill runs a backfill to its end. Where an engine runs it is only begun: that one goes on with it.
func (a *app) backfill(ctx context.Context, req orchestrator.BackfillRequest) error {
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	if c != nil {
		return a.steer(ctx, func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
			req.By = by
			b, err := c.Backfill(ctx, req)
			if err != nil {
				return err
			}
			if req.DryRun {
				return a.printCount(b)
			}
			a.errorf("backfill %s of %s: %d ticks%s; the engine that runs goes on with it, otai-tui cancel --backfill %s ends it\n",
				b.ID, b.Runner, b.Total, rangeText(b), b.ID)
			return nil
		})
	}
	return a.withEngine(ctx, func(ctx context.Context, w *works, sub orchestrator.Subscription, by orchestrator.Actor) error {
		req.By = by
		b, err := w.engine.Backfill(ctx, req)
		if err != nil {
			return refused(err)
		}
		if req.DryRun {
			return a.printCount(b)
		}
		a.errorf("backfill %s of %s: %d ticks%s\n", b.ID, b.Runner, b.Total, rangeText(b))
		end, err := awaitBackfill(ctx, w, sub, b.ID)
		switch {
		case err != nil && ctx.Err() != nil:
			a.errorf("backfill %s: %d of %d runs made; the next engine goes on with it\n", end.ID, end.Claimed, end.Total)
			return quietError{exitFailed}
		case err != nil:
			return err
		}
		return a.reportBackfill(context.WithoutCancel(ctx), w, end)
	})
}

func (a *app) printCount(b orchestrator.Backfill) error {
	_, err := fmt.Fprintf(a.out, "%d ticks of %s need a run%s\n", b.Total, b.Runner, rangeText(b))
	return err
}

func rangeText(b orchestrator.Backfill) string {
	if b.Total == 0 {
		return ""
	}
	return fmt.Sprintf(", from %s to %s", b.First.Local().Format(time.RFC3339), b.Last.Local().Format(time.RFC3339))
}

// awaitBackfill waits until a backfill has ended.
func awaitBackfill(ctx context.Context, w *works, sub orchestrator.Subscription, id string) (orchestrator.Backfill, error) {
	var latest orchestrator.Backfill
	for {
		sub.Take() // before the look: what changes after it wakes Wait
		all, err := w.engine.Backfills(context.WithoutCancel(ctx))
		if err != nil {
			return latest, err
		}
		for _, b := range all {
			if b.ID == id {
				latest = b
			}
		}
		if latest.State != orchestrator.Running {
			return latest, nil
		}
		if err := sub.Wait(ctx); err != nil {
			return latest, err
		}
	}
}

// reportBackfill says what became of the runs.
func (a *app) reportBackfill(ctx context.Context, w *works, b orchestrator.Backfill) error {
	runs, err := w.engine.Runs(ctx, orchestrator.RunFilter{Runner: b.Runner, Since: b.At, WithIdle: true, Limit: 200_000})
	if err != nil {
		return err
	}
	completed, others := 0, 0
	for _, r := range runs {
		switch {
		case r.Backfill != b.ID:
		case r.State == orchestrator.Completed:
			completed++
		default:
			others++
		}
	}
	a.errorf("backfill %s of %s %s: %d runs, %d completed, %d not\n", b.ID, b.Runner, b.State, b.Claimed, completed, others)
	if others > 0 || b.State != orchestrator.Completed {
		return quietError{exitFailed}
	}
	return nil
}
