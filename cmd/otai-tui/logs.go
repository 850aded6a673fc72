package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/text"
)

// logFilter is which log lines are printed.
type logFilter struct {
	scope  orchestrator.LogScope
	grep   text.Pattern
	since  time.Time
	tail   int   // 0 = all
	after  int64 // of a run: only lines with higher numbers
	follow bool
}

func (f *logFilter) fits(l *orchestrator.LogLine) bool {
	return (f.grep.Empty() || f.grep.Match(l.Msg)) && !l.At.Before(f.since)
}

func (a *app) logsCommand() *cobra.Command {
	var f logFilter
	var grep, since string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "logs [RUN]", Args: cobra.MaximumNArgs(1),
		Short: "Print the log of a run (its number, or a runner's name for its newest run), or of all runs",
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if f.grep, err = text.ParsePattern(grep); err != nil {
				return refusal{fmt.Errorf("--grep: %w", err)}
			}
			if f.since, err = sinceTime(since, time.Now()); err != nil {
				return refusal{err}
			}
			ctx, stop := a.untilInterrupt(cmd.Context())
			defer stop()
			return a.printLogs(ctx, strings.Join(args, ""), f, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.BoolVarP(&f.follow, "follow", "f", false, "go on until the run ends; without RUN until ctrl+c")
	fl.StringVar(&f.scope.Level, "level", "", "at least this level: debug, info, warn, error")
	fl.StringVar(&f.scope.Step, "step", "", "only this step and those inside it")
	fl.StringSliceVar(&f.scope.Runners, "runner", nil, "only lines of these runners; may be repeated")
	fl.StringVar(&grep, "grep", "", "only lines with this text, as the console searches: small letters find both cases, /text/ is an expression")
	fl.StringVar(&since, "since", "", "only since then: 24h, 30m, PT1H, 2026-11-24 or an RFC 3339 time")
	fl.IntVar(&f.tail, "tail", 0, "only the last lines")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) printLogs(ctx context.Context, what string, f logFilter, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	if what != "" {
		run, err := findRun(ctx, st, what)
		if err != nil {
			return err
		}
		f.scope.Run = run.ID
	}
	write, from := a.linePrinter(asJSON, what == ""), orchestrator.LogPlace{At: f.since, Seq: f.after}
	if f.tail > 0 {
		if from, err = printTail(ctx, st, &f, write); err != nil {
			return err
		}
	}
	for {
		ended := !f.follow
		if f.follow && f.scope.Run != "" { // before the lines: what is written until the end is not missed
			run, err := st.GetRun(ctx, f.scope.Run)
			if err != nil {
				return err
			}
			ended = run.State.Terminal()
		}
		if from, err = printFrom(ctx, st, &f, from, write); err != nil || ended {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

// printFrom prints the lines behind a place, and gives the place of the last one.
func printFrom(
	ctx context.Context, st *store.Store, f *logFilter, from orchestrator.LogPlace, write func(*orchestrator.LogLine) error,
) (orchestrator.LogPlace, error) {
	for {
		p, err := st.ReadLog(ctx, orchestrator.LogQuery{LogScope: f.scope, From: from})
		if err != nil {
			return from, err
		}
		for i := range p.Lines {
			if f.fits(&p.Lines[i]) {
				if err := write(&p.Lines[i]); err != nil {
					return from, err
				}
			}
		}
		from = p.Next
		if p.Done {
			return from, nil
		}
	}
}

// printTail prints the last lines that fit, and gives the place of the newest line of all.
func printTail(
	ctx context.Context, st *store.Store, f *logFilter, write func(*orchestrator.LogLine) error,
) (newest orchestrator.LogPlace, err error) {
	var last []orchestrator.LogLine // newest first
	q := orchestrator.LogQuery{LogScope: f.scope, Back: true}
	for len(last) < f.tail {
		p, err := st.ReadLog(ctx, q)
		if err != nil {
			return newest, err
		}
		if n := len(p.Lines); n > 0 && newest.Zero() {
			newest = orchestrator.PlaceOf(&p.Lines[n-1])
		}
		for _, l := range slices.Backward(p.Lines) {
			if f.fits(&l) && len(last) < f.tail {
				last = append(last, l)
			}
		}
		if p.Done || !f.since.IsZero() && p.Next.At.Before(f.since) {
			break
		}
		q.From = p.Next
	}
	for _, l := range slices.Backward(last) {
		if err := write(&l); err != nil {
			return newest, err
		}
	}
	return newest, nil
}

// findRun takes a run's number, or a runner's name for its newest run.
func findRun(ctx context.Context, st *store.Store, what string) (orchestrator.Run, error) {
	run, err := st.GetRun(ctx, what)
	if !errors.Is(err, orchestrator.ErrUnknownRun) {
		return run, err
	}
	newest, nerr := st.Runs(ctx, orchestrator.RunFilter{Runner: what, Limit: 1})
	if nerr != nil {
		return run, nerr
	}
	if len(newest) == 0 {
		return run, fmt.Errorf("%w; otai-tui runs lists them", err)
	}
	return newest[0], nil
}

// linePrinter writes log lines for a person or for a program; of several runs each line says whose it is.
func (a *app) linePrinter(asJSON, several bool) func(*orchestrator.LogLine) error {
	if asJSON {
		enc := json.NewEncoder(a.out)
		return func(l *orchestrator.LogLine) error {
			return enc.Encode(struct {
				Run     string    `json:"run"`
				Runner  string    `json:"runner"`
				Seq     int64     `json:"seq"`
				Step    string    `json:"step"`
				Attempt int       `json:"attempt"`
				At      time.Time `json:"at"`
				Level   string    `json:"level"`
				Msg     string    `json:"msg"`
				Gap     int       `json:"gap,omitempty"`
			}{l.Run, l.Runner, l.Seq, l.Step, l.Attempt, l.At, l.Level, l.Msg, l.Gap})
		}
	}
	return func(l *orchestrator.LogLine) error {
		if l.Gap > 0 {
			if _, err := fmt.Fprintf(a.out, "-- %d lines are missing here --\n", l.Gap); err != nil {
				return err
			}
		}
		layout, whose := "15:04:05.000", l.Step
		if several {
			layout, whose = "2006-01-02 15:04:05.000", "run "+l.Run+" "+l.Step
		}
		_, err := fmt.Fprintf(a.out, "%s %-5s %s  %s\n", l.At.Local().Format(layout), strings.ToUpper(l.Level), whose, l.Msg)
		return err
	}
}
