package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

func (a *app) ticketCommand() *cobra.Command {
	var asJSON, offline bool
	var service string
	cmd := &cobra.Command{
		Use: "ticket NUMBER|ID", Short: "Show a ticket as it is now, and who moved it, when and why", Args: cobra.ExactArgs(1),
		Long: "ticket reads a ticket by the configured service and prints what the ticket journal knows of it: what was read, what a\n" +
			"classifier decided, what was written, by which run and step, and what it was before.",
		Example: "  otai-tui ticket 4711\n  otai-tui ticket 4711 --json\n  otai-tui ticket undo 4711",
		RunE: func(cmd *cobra.Command, args []string) error {
			ref := orchestrator.TicketRef{Service: service, Ticket: args[0]}
			return a.showTicket(cmd.Context(), ref, asJSON, offline)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line: the entries of the journal")
	cmd.Flags().BoolVar(&offline, "journal", false, "only the journal: the ticket system is not asked")
	cmd.Flags().StringVar(&service, "service", "", "id of the ticket system's service, when the number alone does not tell")
	cmd.AddCommand(a.ticketUndoCommand())
	return cmd
}

// showTicket prints the ticket as it is now, then its journal. A ticket that cannot be read is said; the journal is there all the same.
func (a *app) showTicket(ctx context.Context, ref orchestrator.TicketRef, asJSON, offline bool) error {
	entries, err := a.ticketLog(ctx, &ref)
	if err != nil {
		return err
	}
	if asJSON {
		return a.printEntries(entries)
	}
	if !offline {
		live, err := a.liveTicket(ctx, ref)
		switch {
		case err != nil && len(entries) == 0:
			return refused(err)
		case err != nil:
			a.errorf("otai-tui: the ticket cannot be read now: %s\n", err)
		default:
			if err := a.printTicket(&live); err != nil {
				return err
			}
		}
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintf(a.out, "the journal knows nothing of ticket %s\n", text.Line(ref.Ticket, 80))
		return err
	}
	return a.printJournal(entries)
}

// ticketLog reads the journal of a ticket from history, and puts into ref what history knows it by.
func (a *app) ticketLog(ctx context.Context, ref *orchestrator.TicketRef) ([]orchestrator.TicketEntry, error) {
	st, err := a.openHistory(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	seen, err := st.TicketByRef(ctx, *ref)
	if err != nil {
		return nil, err
	}
	if seen != nil {
		*ref = orchestrator.TicketRef{Service: seen.Service, Ticket: seen.Ticket}
	}
	return st.TicketLog(ctx, orchestrator.TicketLogFilter{Ticket: *ref})
}

// tickets is what a command needs of an engine, that of this process or the one that runs.
type tickets interface {
	Ticket(ctx context.Context, ref orchestrator.TicketRef) (orchestrator.Ticket, error)
	UndoTickets(ctx context.Context, r orchestrator.TicketUndoRequest) (orchestrator.TicketUndo, error)
}

// withTickets does something by the engine that runs, else by one of its own whose triggers stay still.
func (a *app) withTickets(ctx context.Context, do func(ctx context.Context, t tickets, by orchestrator.Actor) error) error {
	c, err := a.running(ctx)
	if err != nil {
		return err
	}
	if c != nil {
		return do(ctx, c, orchestrator.Actor{Name: a.userName(), Via: "cli"})
	}
	return a.withEngine(ctx, func(ctx context.Context, w *works, _ orchestrator.Subscription, by orchestrator.Actor) error {
		return do(ctx, w.engine, by)
	})
}

func (a *app) liveTicket(ctx context.Context, ref orchestrator.TicketRef) (out orchestrator.Ticket, err error) {
	err = a.withTickets(ctx, func(ctx context.Context, t tickets, _ orchestrator.Actor) error {
		out, err = t.Ticket(ctx, ref)
		return err
	})
	return out, err
}

func (a *app) printTicket(t *orchestrator.Ticket) error {
	p := &printer{w: a.out}
	p.f("ticket %s  %s  %s\n", text.Line(t.ID, 80), text.Line(t.Number, 80), text.Line(t.Subject, 200))
	locked := ""
	if t.Locked {
		locked = " · locked"
	}
	p.f("queue %s · state %s · priority %s · owner %s%s\n", orDash(text.Line(t.Queue, 200)), orDash(text.Line(t.State, 200)),
		orDash(text.Line(t.Priority, 200)), orDash(text.Line(t.Owner, 200)), locked)
	p.f("customer %s · changed %s · in %s\n", orDash(text.Line(t.Customer, 200)), orDash(localTime(t.UpdatedAt)), text.Line(t.System, 200))
	for _, n := range t.Notes[max(len(t.Notes)-3, 0):] {
		p.f("  %s  note %s by %s, %s, %d bytes\n", localTime(n.At), orDash(text.Line(n.Subject, 120)), orDash(text.Line(n.Author, 60)),
			noteSeen(n.Visible), n.Length)
	}
	p.f("\n")
	return p.err
}

func localTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// printJournal prints who did what to a ticket, when and why.
func (a *app) printJournal(entries []orchestrator.TicketEntry) error {
	p := &printer{w: a.out}
	for i := range entries {
		e := &entries[i]
		p.f("%s  %-8s #%-5d %s\n", localTime(e.At), e.Kind, e.ID, journalWhy(e))
		for _, line := range entryLines(e) {
			p.f("    %s\n", line)
		}
	}
	return p.err
}

// journalWhy says who did it and in which step.
func journalWhy(e *orchestrator.TicketEntry) string {
	s := "run " + e.Run + " · " + text.Line(e.Step, 0)
	if e.Run == "" {
		s = fmt.Sprintf("by %s via %s, puts #%d back", text.Line(e.By, 80), e.Via, e.Undoes)
	}
	if e.Attempt > 1 {
		s += fmt.Sprintf(" · attempt %d", e.Attempt)
	}
	if e.DryRun {
		s += " · dry run"
	}
	if d := e.Decision; d != nil {
		s += fmt.Sprintf(" · %s %.2f", text.Line(d.Label, 0), d.Confidence)
		if d.Uncalibrated {
			s += " by its own estimate"
		}
		if d.Model != "" {
			s += " · " + text.Line(d.Model, 0)
		}
	}
	if e.Count > 1 {
		s += fmt.Sprintf(" · %d times", e.Count)
	}
	if e.UndoneBy != 0 {
		s += fmt.Sprintf(" · put back by #%d", e.UndoneBy)
	}
	return s
}

func (a *app) ticketUndoCommand() *cobra.Command {
	var req orchestrator.TicketUndoRequest
	var yes, asJSON bool
	var service string
	cmd := &cobra.Command{
		Use: "undo [NUMBER|ID]", Short: "Put back what a run wrote to a ticket, as far as it still stands so", Args: cobra.MaximumNArgs(1),
		Long: "undo writes the values back that a ticket had before. Without --entry and --run it is the ticket's newest move.\n" +
			"A ticket that was changed since is left alone, and it is said what changed. Notes and created tickets stay.\n" +
			"Without --yes it only shows what would be done.",
		Example: "  otai-tui ticket undo 4711            # shows what would be done\n  otai-tui ticket undo 4711 --yes\n" +
			"  otai-tui ticket undo --run 128 --yes # every move of a run",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				req.Ticket = orchestrator.TicketRef{Service: service, Ticket: args[0]}
			}
			switch {
			case len(args) == 0 && req.Run == "" && req.Entry == 0:
				return refusal{errors.New("name a ticket, --entry or --run")}
			case req.Run != "" && req.Entry != 0:
				return refusal{errors.New("--entry and --run exclude each other")}
			}
			req.DryRun = !yes
			return a.undoTickets(cmd.Context(), req, asJSON)
		},
	}
	fl := cmd.Flags()
	fl.Int64Var(&req.Entry, "entry", 0, "this entry of the journal (otai-tui ticket shows their numbers)")
	fl.StringVar(&req.Run, "run", "", "every update of this run; with a ticket only that one's")
	fl.BoolVar(&yes, "yes", false, "do it; without it the changes are only shown")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	fl.StringVar(&service, "service", "", "id of the ticket system's service, when the number alone does not tell")
	return cmd
}

// undoTickets puts back, or shows it. It ends with exit code 1 when something could not be put back.
func (a *app) undoTickets(ctx context.Context, req orchestrator.TicketUndoRequest, asJSON bool) error {
	return a.withTickets(ctx, func(ctx context.Context, t tickets, by orchestrator.Actor) error {
		req.By = by
		done, err := t.UndoTickets(ctx, req)
		if err != nil {
			return refused(err)
		}
		if err := a.printUndo(&done, asJSON); err != nil {
			return err
		}
		for i := range done.Steps {
			if s := &done.Steps[i]; s.Conflict != "" || s.Error != "" {
				return quietError{exitFailed}
			}
		}
		return nil
	})
}

// jsonUndo is a step of an undo as scripts read it. Names are stable.
type jsonUndo struct {
	Entry    int64        `json:"entry"`
	Service  string       `json:"service,omitempty"`
	Ticket   string       `json:"ticket"`
	Number   string       `json:"number,omitempty"`
	Run      string       `json:"run,omitempty"`
	Changes  []jsonChange `json:"changes,omitempty"`
	Conflict string       `json:"conflict,omitempty"`
	Done     bool         `json:"done"`
	Error    string       `json:"error,omitempty"`
	DryRun   bool         `json:"dry_run"`
}

func (a *app) printUndo(u *orchestrator.TicketUndo, asJSON bool) error {
	enc := json.NewEncoder(a.out)
	p := &printer{w: a.out}
	for i := range u.Steps {
		s := &u.Steps[i]
		if asJSON {
			p.err = errors.Join(p.err, enc.Encode(jsonUndo{
				Entry: s.Entry, Service: s.Service, Ticket: s.Ticket, Number: s.Number, Run: s.Run, Changes: changesJSON(s.Changes),
				Conflict: s.Conflict, Done: s.Done, Error: s.Error, DryRun: u.DryRun,
			}))
			continue
		}
		word := "would be put back"
		switch {
		case s.Conflict != "":
			word = "left alone: " + text.Line(s.Conflict, 0)
		case s.Error != "":
			word = "failed: " + text.Line(s.Error, 0)
		case s.Done:
			word = "put back"
		}
		p.f("ticket %s  entry #%d of run %s  %s\n", text.Line(s.Ticket, 80), s.Entry, orDash(s.Run), word)
		if s.Conflict == "" {
			for _, c := range s.Changes {
				p.f("    %s\n", strings.TrimRight(fmt.Sprintf("%-9s %s → %s", c.Field, text.Line(c.Before, 0), text.Line(c.After, 0)), " "))
			}
		}
	}
	if u.DryRun && !asJSON && u.Ready() > 0 {
		p.f("nothing was written; --yes does it\n")
	}
	return p.err
}
