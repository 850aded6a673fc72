package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/schedule"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/text"
)

// followEvery is how often a followed log is read again.
const followEvery = 300 * time.Millisecond

func (a *app) openHistory(ctx context.Context) (*store.Store, error) {
	dir, err := a.stateDirectory()
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, dir, store.Options{ReadOnly: true})
}

func (a *app) runsCommand() *cobra.Command {
	var f orchestrator.RunFilter
	var states, since, tag string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "runs", Short: "List runs from history, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if tag != "" {
				var err error
				if f.Runners, err = a.tagged(cmd.Context(), tag); err != nil {
					return err
				}
			}
			for _, s := range strings.FieldsFunc(states, func(r rune) bool { return r == ',' }) {
				f.States = append(f.States, orchestrator.State(s))
			}
			var err error
			if f.Since, err = sinceTime(since, time.Now()); err != nil {
				return refusal{err}
			}
			return a.listRuns(cmd.Context(), f, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Runner, "runner", "", "only this runner")
	fl.StringVar(&tag, "tag", "", "only runners with this tag, by the running engine or the configuration")
	fl.StringVar(&states, "state", "", "only these states, such as failed,crashed")
	fl.StringVar(&f.By, "by", "", "only runs that somebody of this name fired or cancelled; a part of it will do")
	fl.StringArrayVar(&f.Text, "text", nil, "only with this text in the runner, number, trigger, step, reason, error or who; may be repeated")
	fl.StringVar(&since, "since", "", "only since then: 24h, 30m, PT1H, 2026-11-24 or an RFC 3339 time")
	fl.StringVar(&f.Before, "before", "", "only runs with a lower number, for the next page")
	fl.IntVar(&f.Limit, "limit", 50, "at most this many")
	fl.BoolVar(&f.WithIdle, "all", false, "also runs with nothing to do, and skipped ticks")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// sinceTime reads a point in time: an age or a date.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	if d, err := schedule.ParseDuration(s); err == nil {
		return now.Add(-d), nil
	}
	return time.Time{}, fmt.Errorf("--since %q: expected an age such as 24h or PT1H, a date or an RFC 3339 time", s)
}

func (a *app) listRuns(ctx context.Context, f orchestrator.RunFilter, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	runs, err := st.Runs(ctx, f)
	if err != nil {
		return err
	}
	a.explainWaiting(ctx, runs)
	if asJSON {
		enc := json.NewEncoder(a.out)
		for i := range runs {
			if err := enc.Encode(runJSON(&runs[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(runs) == 0 {
		_, err := fmt.Fprintln(a.out, "no runs")
		return err
	}
	l := &list{headers: []string{"RUN", "RUNNER", "STATE", "STARTED", "DURATION", "ATTEMPTS", "TRIGGER", "NOTE"}, state: 2}
	now := time.Now()
	for i := range runs {
		r := &runs[i]
		started, took := "-", "-"
		if !r.StartedAt.IsZero() {
			started, took = r.StartedAt.Local().Format(time.DateTime), text.Duration(r.Duration(now))
		}
		note := text.Line(cmp.Or(r.Error, r.Reason), 200)
		if r.Count > 1 {
			note = fmt.Sprintf("%s (x%d since %s)", note, r.Count, r.FirstAt.Local().Format(time.TimeOnly))
		}
		l.add(r.ID, r.Runner, string(r.State), started, took, strconv.Itoa(max(r.Attempts, r.Attempt)), r.Trigger, note)
	}
	return a.print(l)
}

// explainWaiting gives runs that wait the reason of this moment, which no row holds: the running engine knows it. Where none answers
// they are left as they are.
func (a *app) explainWaiting(ctx context.Context, runs []orchestrator.Run) {
	if !slices.ContainsFunc(runs, func(r orchestrator.Run) bool { return r.State == orchestrator.Pending }) {
		return
	}
	c, err := a.running(ctx)
	if err != nil || c == nil {
		return
	}
	waiting, err := c.Runs(ctx, orchestrator.RunFilter{States: []orchestrator.State{orchestrator.Pending}, Limit: len(runs) + 1000})
	if err != nil {
		return // it ends, or another version runs it
	}
	why := make(map[string]string, len(waiting))
	for i := range waiting {
		why[waiting[i].ID] = waiting[i].Reason
	}
	for i := range runs {
		if reason := why[runs[i].ID]; reason != "" && runs[i].State == orchestrator.Pending {
			runs[i].Reason = reason
		}
	}
}

// tagged gives the runners with a tag: of the engine that runs, else of the configuration.
func (a *app) tagged(ctx context.Context, tag string) ([]string, error) {
	tags := map[string][]string{}
	c, err := a.running(ctx)
	if err != nil {
		return nil, err
	}
	if c != nil {
		snap, err := c.Snapshot(ctx)
		if err != nil {
			return nil, err
		}
		for i := range snap.Runners {
			tags[snap.Runners[i].ID] = snap.Runners[i].Tags
		}
	} else {
		cfg, _, err := a.load(ctx, nil)
		if err != nil {
			return nil, err
		}
		for i := range cfg.Runners {
			tags[cfg.Runners[i].ID] = cfg.Runners[i].Tags
		}
	}
	var out []string
	for id, has := range tags {
		if slices.ContainsFunc(has, func(t string) bool { return strings.EqualFold(t, tag) }) {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, refusal{fmt.Errorf("--tag %q: no runner has this tag", tag)}
	}
	slices.Sort(out)
	return out, nil
}

// jsonRun is a run as scripts read it. Names are stable.
type jsonRun struct {
	ID         string            `json:"id"`
	Runner     string            `json:"runner"`
	Trigger    string            `json:"trigger"`
	State      string            `json:"state"`
	Reason     string            `json:"reason,omitempty"`
	Nominal    time.Time         `json:"nominal,omitzero"`
	DueAt      time.Time         `json:"due_at,omitzero"`
	StartedAt  time.Time         `json:"started_at,omitzero"`
	EndedAt    time.Time         `json:"ended_at,omitzero"`
	NextAt     time.Time         `json:"next_at,omitzero"`
	Attempt    int               `json:"attempt"`
	Attempts   int               `json:"attempts"`
	FailedStep string            `json:"failed_step,omitempty"`
	Error      string            `json:"error,omitempty"`
	ErrorClass string            `json:"error_class,omitempty"`
	Warnings   int               `json:"warnings"`
	Count      int               `json:"count"`
	FirstAt    time.Time         `json:"first_at,omitzero"`
	Idle       bool              `json:"idle"`
	By         string            `json:"by,omitempty"`
	Params     map[string]string `json:"params,omitempty"`
	Parent     string            `json:"parent,omitempty"`
	Backfill   string            `json:"backfill,omitempty"`
	Priority   int               `json:"priority,omitempty"`
	Overlap    string            `json:"overlap,omitempty"`
	Definition string            `json:"definition,omitempty"`
	Handlers   string            `json:"handlers,omitempty"`
	DryRun     bool              `json:"dry_run,omitempty"`
}

func runJSON(r *orchestrator.Run) jsonRun {
	return jsonRun{
		ID: r.ID, Runner: r.Runner, Trigger: r.Trigger, State: string(r.State), Reason: r.Reason, Nominal: r.Nominal, DueAt: r.DueAt,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt, NextAt: r.NextAt, Attempt: r.Attempt, Attempts: r.Attempts,
		FailedStep: r.FailedStep, Error: r.Error, ErrorClass: r.ErrorClass, Warnings: r.Warnings, Count: r.Count, FirstAt: r.FirstAt,
		Idle: r.Idle, By: r.By, Params: r.Params, Parent: r.Parent, Backfill: r.Backfill, Priority: r.Priority, Overlap: r.Overlap,
		Definition: r.Definition, Handlers: r.Handlers, DryRun: r.DryRun,
	}
}

func splitLines(s string) []string {
	return strings.Split(strings.ReplaceAll(strings.TrimRight(s, "\n"), "\r\n", "\n"), "\n")
}
