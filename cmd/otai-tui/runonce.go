package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
)

func (a *app) runOnceCommand() *cobra.Command {
	var params []string
	var overlap string
	var dry bool
	cmd := &cobra.Command{
		Use: "run-once PIPE_ID", Short: "Run one pipe now, stream its log, and exit 0 when it completed", Args: cobra.ExactArgs(1),
		Example: "  otai-tui run-once ticket-routing --param limit=1\n  otai-tui run-once ticket-routing --dry-run",
		RunE: func(cmd *cobra.Command, args []string) error {
			over := map[string]string{}
			for _, p := range params {
				k, v, ok := strings.Cut(p, "=")
				if !ok || k == "" {
					return refusal{fmt.Errorf("--param %q: expected name=value", p)}
				}
				over[k] = v
			}
			return a.byHand(cmd.Context(), "", func(ctx context.Context, c controls, by orchestrator.Actor) (string, error) {
				return c.RunOnce(ctx, args[0], orchestrator.FireRequest{Params: over, Overlap: overlap, DryRun: dry, By: by})
			})
		},
	}
	cmd.Flags().StringArrayVar(&params, "param", nil, "override a parameter of the pipe: name=value (repeatable)")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "read for real and write nothing; then print what would be changed")
	cmd.Flags().StringVar(&overlap, "overlap", "",
		"overlap policy of this run, in place of the pipe's: skip, buffer_one, buffer_all, cancel_other, terminate_other or allow_all")
	return cmd
}

// withEngine does something with an engine whose triggers stay still: it does what it is told, and goes on with runs that a crash
// left behind.
func (a *app) withEngine(ctx context.Context,
	do func(ctx context.Context, w *works, sub orchestrator.Subscription, by orchestrator.Actor) error,
) error {
	ctx, stop := a.untilInterrupt(ctx)
	defer stop()
	w, err := a.open(ctx, openOptions{runOnly: true})
	if err != nil {
		return err
	}
	defer w.close()
	if err := w.engine.Start(context.WithoutCancel(ctx)); err != nil {
		return explainHeld(err, "It has no door for other commands; its console can do this. Or use another --state-dir here.")
	}
	defer func() { _ = w.engine.Stop(context.WithoutCancel(ctx)) }()
	for _, n := range w.notices {
		a.errorf("otai-tui: %s\n", n)
	}
	sub := w.engine.Subscribe()
	defer sub.Close()
	return do(ctx, w, sub, orchestrator.Actor{Name: a.userName(), Via: "cli"})
}

// controls is what makes runs by hand: an engine of this process, or the one that runs already.
type controls interface {
	RunOnce(ctx context.Context, runner string, r orchestrator.FireRequest) (string, error)
	Rerun(ctx context.Context, run string, r orchestrator.RerunRequest) error
}

// byHand makes a run with do and follows it to its end, retries included. Where an engine runs, that one does it. again is the run
// that gets another attempt; "" = a new one.
func (a *app) byHand(ctx context.Context, again string, do func(context.Context, controls, orchestrator.Actor) (run string, err error)) error {
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	if c != nil {
		return a.byRunning(ctx, c, again, do)
	}
	return a.withEngine(ctx, func(ctx context.Context, w *works, sub orchestrator.Subscription, by orchestrator.Actor) error {
		run, err := do(ctx, w.engine, by)
		if err != nil {
			return refused(err)
		}
		end, err := a.follow(ctx, w, sub, run, by)
		if err != nil {
			return err
		}
		if err := a.printDry(ctx, &end); err != nil {
			return err
		}
		return a.reportEnd(&end)
	})
}

func (a *app) reportEnd(end *orchestrator.Run) error {
	took := end.Duration(time.Now()).Round(time.Millisecond)
	word := "run"
	if end.DryRun {
		word = "dry run"
	}
	a.errorf("%s %s of %s %s in %s%s\n", word, end.ID, end.Runner, end.State, took, reasonText(*end))
	if end.State != orchestrator.Completed {
		return quietError{exitFailed}
	}
	return nil
}

// byRunning lets the engine that runs do it, and follows the run in its history. An interrupt only ends the following.
func (a *app) byRunning(ctx context.Context, c *door.Client, again string,
	do func(context.Context, controls, orchestrator.Actor) (run string, err error),
) error {
	ctx, stop := a.untilInterrupt(ctx)
	defer stop()
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	f := logFilter{follow: true}
	if again != "" {
		if f.after, err = st.LastLogSeq(ctx, again); err != nil {
			return err
		}
	}
	run, err := do(ctx, c, orchestrator.Actor{Name: a.userName(), Via: "cli"})
	if err != nil {
		return refused(err)
	}
	a.errorf("run %s, in the engine that runs\n", run)
	if err := a.printLogs(ctx, run, f, false); err != nil {
		return err
	}
	end, err := st.GetRun(context.WithoutCancel(ctx), run)
	if err != nil {
		return err
	}
	if !end.State.Terminal() {
		a.errorf("run %s goes on: otai-tui logs -f %s, otai-tui cancel %s\n", run, run, run)
		return quietError{exitFailed}
	}
	if err := a.printDry(ctx, &end); err != nil {
		return err
	}
	return a.reportEnd(&end)
}

// refused marks an error of a request that was not even tried.
func refused(err error) error {
	if errors.Is(err, orchestrator.ErrNotNow) || fault.ClassOf(err) == fault.Permanent {
		return refusal{err}
	}
	return err
}

func reasonText(r orchestrator.Run) string {
	if r.Reason == "" {
		return ""
	}
	return ": " + r.Reason
}

// follow prints a run's log until the run has ended. An interrupt cancels the run.
func (a *app) follow(ctx context.Context, w *works, sub orchestrator.Subscription, run string, by orchestrator.Actor) (orchestrator.Run, error) {
	write := a.linePrinter(false, false)
	keep := context.WithoutCancel(ctx)
	stopped := context.AfterFunc(ctx, func() { _ = w.engine.Cancel(keep, run, by) }) // it may have ended just now
	defer stopped()
	var after int64
	for {
		d, err := w.engine.RunDetail(keep, run)
		if err != nil {
			return orchestrator.Run{}, err
		}
		for _, l := range sub.Take().Logs {
			if l.Run != run || l.Seq <= after {
				continue
			}
			after = l.Seq
			if err := write(&l); err != nil {
				return d.Run, err
			}
		}
		if d.Run.State.Terminal() {
			return d.Run, nil
		}
		if err := sub.Wait(keep); err != nil {
			return d.Run, err
		}
	}
}
