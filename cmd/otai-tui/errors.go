package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// maxFailures bounds the failed runs that are grouped, the newest first.
const maxFailures = 20_000

func (a *app) errorsCommand() *cobra.Command {
	var runner, since string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "errors", Short: "List failed runs grouped by equal error", Args: cobra.NoArgs,
		Long: "Failed runs, grouped by their error: numbers, ids, times and quoted texts do not make another error.\n" +
			"The most frequent comes first.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			now := time.Now()
			from, err := sinceTime(since, now)
			if err != nil {
				return refusal{err}
			}
			return a.listErrors(cmd.Context(), orchestrator.TrendRequest{Runner: runner, From: from, To: now}, limit, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&runner, "runner", "", "only this runner")
	fl.StringVar(&since, "since", "24h", "only since then: 24h, 30m, PT1H, 2026-11-24 or an RFC 3339 time")
	fl.IntVar(&limit, "limit", 50, "at most this many")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// jsonErrors is a group as scripts read it. Names are stable.
type jsonErrors struct {
	Count   int       `json:"count"`
	Error   string    `json:"error"`
	Class   string    `json:"class,omitempty"`
	Key     string    `json:"key"`
	Where   []string  `json:"where"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	LastRun string    `json:"last_run"`
}

func (a *app) listErrors(ctx context.Context, r orchestrator.TrendRequest, limit int, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	failures, err := st.Failures(ctx, r.Runner, r.From, r.To, maxFailures)
	if err != nil {
		return err
	}
	groups := orchestrator.GroupErrors(failures, r.Sane())
	groups = groups[:min(len(groups), max(limit, 0))]
	if asJSON {
		enc := json.NewEncoder(a.out)
		for i := range groups {
			g := &groups[i]
			if err := enc.Encode(jsonErrors{g.Count, g.Error, g.Class, g.Key, g.Where, g.First, g.Last, g.LastRun}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(groups) == 0 {
		_, err := fmt.Fprintln(a.out, "no run failed in that time")
		return err
	}
	l := &list{headers: []string{"COUNT", "ERROR", "WHERE", "FIRST", "LAST", "LAST RUN"}, state: -1}
	for i := range groups {
		g := &groups[i]
		l.add(strconv.Itoa(g.Count), text.Line(g.Error, 200), strings.Join(g.Where, ", "), g.First.Local().Format(time.DateTime),
			g.Last.Local().Format(time.DateTime), g.LastRun)
	}
	return a.print(l)
}
