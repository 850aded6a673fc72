package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// allEvents is more than history keeps.
const allEvents = 1 << 20

// eventFilter says which events to print. The zero value is all of them.
type eventFilter struct {
	runner string
	kinds  []string
	since  time.Time
	limit  int // at most so many, the newest; 0 = all
}

func (f *eventFilter) passes(e *orchestrator.Event) bool {
	return (f.runner == "" || e.Runner == f.runner) && !e.At.Before(f.since) &&
		(len(f.kinds) == 0 || slices.Contains(f.kinds, e.Kind))
}

func (a *app) eventsCommand() *cobra.Command {
	var f eventFilter
	var kinds, since string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "events", Short: "List what happened and who did what, newest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.kinds = strings.FieldsFunc(kinds, func(r rune) bool { return r == ',' })
			var err error
			if f.since, err = sinceTime(since, time.Now()); err != nil {
				return refusal{err}
			}
			return a.listEvents(cmd.Context(), f, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.runner, "runner", "", "only this runner")
	fl.StringVar(&kinds, "kind", "", "only these kinds, such as paused,fired")
	fl.StringVar(&since, "since", "", "only since then: 24h, 30m, PT1H, 2026-11-24 or an RFC 3339 time")
	fl.IntVar(&f.limit, "limit", 100, "at most this many; 0 = all")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) listEvents(ctx context.Context, f eventFilter, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	all, err := st.Events(ctx, allEvents)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(e orchestrator.Event) bool { return !f.passes(&e) })
	if f.limit > 0 && len(all) > f.limit {
		all = all[:f.limit]
	}
	if asJSON {
		enc := json.NewEncoder(a.out)
		for i := range all {
			if err := enc.Encode(eventJSON(&all[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(a.out, "no events")
		return err
	}
	l := &list{headers: []string{"AT", "KIND", "RUNNER", "RUN", "BY", "EVENT"}, state: -1}
	for i := range all {
		e := &all[i]
		by := e.By
		if e.Via != "" {
			by += "/" + e.Via
		}
		what := text.Line(e.Text, 0)
		if e.Before != "" || e.After != "" {
			what += text.Line(fmt.Sprintf(" (%s -> %s)", orDash(e.Before), orDash(e.After)), 0)
		}
		l.add(e.At.Local().Format(time.DateTime), e.Kind, orDash(e.Runner), orDash(e.Run), orDash(by), what)
	}
	return a.print(l)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return text.Line(s, 0)
}

// jsonEvent is an event as scripts read it. Names are stable.
type jsonEvent struct {
	ID     int64     `json:"id"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
	Runner string    `json:"runner,omitempty"`
	Run    string    `json:"run,omitempty"`
	State  string    `json:"state,omitempty"`
	Text   string    `json:"text"`
	By     string    `json:"by,omitempty"`
	Via    string    `json:"via,omitempty"`
	Before string    `json:"before,omitempty"`
	After  string    `json:"after,omitempty"`
}

func eventJSON(e *orchestrator.Event) jsonEvent {
	return jsonEvent{
		ID: e.ID, At: e.At, Kind: e.Kind, Runner: e.Runner, Run: e.Run, State: string(e.State), Text: e.Text, By: e.By, Via: e.Via,
		Before: e.Before, After: e.After,
	}
}
