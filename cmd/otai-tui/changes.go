package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// maxChanges is how many entries of one run are printed.
const maxChanges = 100_000

func (a *app) changesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "changes RUN", Short: "Show what a run changed, or a dry run would have changed, ticket by ticket", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.changes(cmd.Context(), args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line: the entries of the ticket journal")
	return cmd
}

func (a *app) changes(ctx context.Context, run string, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	entries, err := st.TicketLog(ctx, orchestrator.TicketLogFilter{Run: run, Changes: true, Limit: maxChanges})
	if err != nil {
		return err
	}
	if asJSON {
		return a.printEntries(entries)
	}
	if len(entries) > 0 {
		return a.printChanges(entries)
	}
	if _, err := st.GetRun(ctx, run); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.out, "this run has no changes in the ticket journal")
	return err
}

// printDry prints what a dry run would have changed.
func (a *app) printDry(ctx context.Context, run *orchestrator.Run) error {
	if !run.DryRun {
		return nil
	}
	return a.changes(context.WithoutCancel(ctx), run.ID, false)
}

// printChanges prints entries as a diff, ticket by ticket in the order in which they were touched first.
func (a *app) printChanges(entries []orchestrator.TicketEntry) error {
	byTicket := map[string][]*orchestrator.TicketEntry{}
	var order []string
	for i := range entries {
		e := &entries[i]
		key := e.Service + "\x00" + e.Ticket
		if byTicket[key] == nil {
			order = append(order, key)
		}
		byTicket[key] = append(byTicket[key], e)
	}
	p := &printer{w: a.out}
	for _, key := range order {
		list := byTicket[key]
		p.f("%s\n", ticketTitle(list))
		for _, e := range list {
			for _, line := range entryLines(e) {
				p.f("  %s\n", line)
			}
		}
	}
	return p.err
}

// ticketTitle names the ticket of entries that are all about it.
func ticketTitle(list []*orchestrator.TicketEntry) string {
	e := list[0]
	if e.Ticket == "" {
		return "no ticket"
	}
	s := "ticket " + text.Line(e.Ticket, 80)
	for _, other := range list {
		if other.Number != "" && other.Number != e.Ticket {
			return s + " (" + text.Line(other.Number, 80) + ")"
		}
	}
	return s
}

// entryLines print an entry as a diff of fields.
func entryLines(e *orchestrator.TicketEntry) []string {
	var out []string
	for _, c := range e.Changes {
		if c.Before == "" {
			out = append(out, fmt.Sprintf("%-9s + %s", c.Field, text.Line(c.After, 0)))
			continue
		}
		out = append(out, fmt.Sprintf("%-9s %s → %s", c.Field, text.Line(c.Before, 0), text.Line(c.After, 0)))
	}
	if n := e.Note; n != nil {
		s := fmt.Sprintf("note      + %s (%d bytes, %s)", orDash(text.Line(n.Subject, 0)), n.Length, noteSeen(n.Visible))
		if n.Body != "" {
			s += ": " + text.Line(n.Body, 0)
		}
		out = append(out, s)
	}
	if e.Text != "" {
		out = append(out, "would "+text.Line(e.Text, 0))
	}
	if len(out) > 0 && e.Outcome != orchestrator.TicketDone && e.Outcome != orchestrator.TicketIntended {
		out[len(out)-1] += "  [" + string(e.Outcome) + strings.TrimSuffix(": "+text.Line(e.Error, 0), ": ") + "]"
	}
	return out
}

func noteSeen(visible bool) string {
	if visible {
		return "visible to the customer"
	}
	return "internal"
}

// jsonEntry is an entry of the ticket journal as scripts read it. Names are stable.
type jsonEntry struct {
	ID         int64         `json:"id"`
	At         time.Time     `json:"at"`
	Service    string        `json:"service,omitempty"`
	Ticket     string        `json:"ticket,omitempty"`
	Number     string        `json:"number,omitempty"`
	Run        string        `json:"run,omitempty"`
	Runner     string        `json:"runner,omitempty"`
	Step       string        `json:"step,omitempty"`
	Attempt    int           `json:"attempt,omitempty"`
	Kind       string        `json:"kind"`
	DryRun     bool          `json:"dry_run,omitempty"`
	Outcome    string        `json:"outcome"`
	Error      string        `json:"error,omitempty"`
	Count      int           `json:"count,omitempty"`
	Changes    []jsonChange  `json:"changes,omitempty"`
	Note       *jsonNote     `json:"note,omitempty"`
	Decision   *jsonDecision `json:"decision,omitempty"`
	Text       string        `json:"text,omitempty"`
	By         string        `json:"by,omitempty"`
	Via        string        `json:"via,omitempty"`
	Undoes     int64         `json:"undoes,omitempty"`
	UndoneBy   int64         `json:"undone_by,omitempty"`
	FinishedAt time.Time     `json:"finished_at,omitzero"`
}

type jsonChange struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type jsonNote struct {
	Subject string `json:"subject"`
	Text    string `json:"text,omitempty"`
	Visible bool   `json:"visible"`
	Length  int    `json:"length"`
	Hash    string `json:"hash"`
}

type jsonDecision struct {
	Model        string  `json:"model"`
	Label        string  `json:"label"`
	Confidence   float64 `json:"confidence"`
	Uncalibrated bool    `json:"uncalibrated,omitempty"`
	Length       int     `json:"text_length"`
}

func entryJSON(e *orchestrator.TicketEntry) jsonEntry {
	out := jsonEntry{
		ID: e.ID, At: e.At, Service: e.Service, Ticket: e.Ticket, Number: e.Number, Run: e.Run, Runner: e.Runner, Step: e.Step,
		Attempt: e.Attempt, Kind: string(e.Kind), DryRun: e.DryRun, Outcome: string(e.Outcome), Error: e.Error, Count: e.Count, Text: e.Text,
		By: e.By, Via: e.Via, Undoes: e.Undoes, UndoneBy: e.UndoneBy, FinishedAt: e.EndedAt, Changes: changesJSON(e.Changes),
	}
	if n := e.Note; n != nil {
		out.Note = &jsonNote{Subject: n.Subject, Text: n.Body, Visible: n.Visible, Length: n.Length, Hash: n.Hash}
	}
	if d := e.Decision; d != nil {
		out.Decision = &jsonDecision{
			Model: d.Model, Label: d.Label, Confidence: d.Confidence, Uncalibrated: d.Uncalibrated, Length: d.Length,
		}
	}
	return out
}

func changesJSON(changes []orchestrator.TicketChange) []jsonChange {
	out := make([]jsonChange, len(changes))
	for i, c := range changes {
		out[i] = jsonChange(c)
	}
	return out
}

func (a *app) printEntries(entries []orchestrator.TicketEntry) error {
	enc := json.NewEncoder(a.out)
	for i := range entries {
		if err := enc.Encode(entryJSON(&entries[i])); err != nil {
			return err
		}
	}
	return nil
}
