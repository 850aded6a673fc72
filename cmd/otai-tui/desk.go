package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/text"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

// deskCommand works on the embedded desk. It may run beside an engine that uses the same desk.
func (a *app) deskCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "desk", Short: "Look at and fill the embedded ticket desk",
		Long: "The desk is the ticket system that is used when a configuration names none, with --desk, and in the demonstration.\n" +
			"It lives in the state directory; these commands may run beside the engine.",
	}
	cmd.AddCommand(a.deskListCommand(), a.deskShowCommand(), a.deskAddCommand(), a.deskImportCommand(), a.deskExportCommand())
	return cmd
}

// withDesk opens the desk for one command.
func (a *app) withDesk(ctx context.Context, f func(d *desk.Desk) error) error {
	dir, err := a.stateDirectory()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("create state directory: %w", err)
	}
	d, err := desk.Open(ctx, filepath.Join(dir, deskFile), desk.Options{Author: a.userName()})
	if err != nil {
		return err
	}
	return errors.Join(f(d), d.Close())
}

func (a *app) deskListCommand() *cobra.Command {
	var f desk.ListFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List tickets, newest first, with the count of each queue", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDesk(cmd.Context(), func(d *desk.Desk) error { return a.deskList(cmd.Context(), d, f, asJSON) })
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.Queue, "queue", "", "only this queue")
	fl.StringVar(&f.State, "state", "", "only this state")
	fl.IntVar(&f.Limit, "limit", 50, "at most this many")
	fl.BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func (a *app) deskList(ctx context.Context, d *desk.Desk, f desk.ListFilter, asJSON bool) error {
	tickets, err := d.List(ctx, f)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(a.out)
		for i := range tickets {
			if err := enc.Encode(tickets[i]); err != nil {
				return err
			}
		}
		return nil
	}
	l := &list{headers: []string{"TICKET", "QUEUE", "PRIORITY", "STATE", "CREATED", "SUBJECT"}, state: -1}
	for i := range tickets {
		t := &tickets[i]
		l.add(t.ID, nameOf(t.Queue), nameOf(t.Priority), nameOf(t.State), t.CreatedAt.Local().Format(time.DateTime), text.Line(t.Subject, 80))
	}
	if err := a.print(l); err != nil {
		return err
	}
	queues, err := d.Queues(ctx)
	if err != nil {
		return err
	}
	for _, q := range queues {
		if _, err := fmt.Fprintf(a.out, "%s: %d open of %d\n", text.Line(q.Name, 80), q.Open, q.Total); err != nil {
			return err
		}
	}
	return nil
}

func nameOf(e *ticket.Entity) string {
	if e == nil {
		return "-"
	}
	return text.Line(e.Name, 60)
}

func (a *app) deskShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show TICKET", Short: "Show a ticket with its notes and everything that was changed", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withDesk(cmd.Context(), func(d *desk.Desk) error { return a.deskShow(cmd.Context(), d, args[0]) })
		},
	}
}

func (a *app) deskShow(ctx context.Context, d *desk.Desk, id string) error {
	t, err := d.Get(ctx, id)
	if err != nil {
		return err
	}
	history, err := d.History(ctx, id)
	if err != nil {
		return err
	}
	p := &printer{w: a.out}
	p.f("ticket %s  %s\n", t.ID, text.Line(t.Subject, 200))
	p.f("queue %s · priority %s · state %s · customer %s · created %s\n\n", nameOf(t.Queue), nameOf(t.Priority), nameOf(t.State),
		nameOf(t.Customer), t.CreatedAt.Local().Format(time.DateTime))
	p.lines(t.Body, "  ")
	for _, n := range t.Notes {
		seen := "internal"
		if n.Visible {
			seen = "visible to the customer"
		}
		p.f("\nnote by %s, %s, %s: %s\n", text.Line(n.Author, 60), n.CreatedAt.Local().Format(time.DateTime), seen, text.Line(n.Subject, 200))
		p.lines(n.Body, "  ")
	}
	p.f("\nhistory\n")
	for _, c := range history {
		p.f("  %s  %-10s %s", c.At.Local().Format(time.DateTime), c.What, text.Line(c.Who, 40))
		if c.Before != "" || c.After != "" {
			p.f("  %s → %s", text.Line(c.Before, 60), text.Line(c.After, 60))
		}
		p.f("\n")
	}
	return p.err
}

// printer writes until the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// lines writes a foreign text line by line, each made safe for a terminal.
func (p *printer) lines(s, indent string) {
	for _, line := range splitLines(s) {
		p.f("%s%s\n", indent, text.Line(line, 4000))
	}
}

func (a *app) deskAddCommand() *cobra.Command {
	var t ticket.Ticket
	var queue, priority, customer string
	cmd := &cobra.Command{
		Use: "add SUBJECT", Short: "Add a ticket", Args: cobra.ExactArgs(1),
		Example: `  otai-tui desk add "VPN does not connect" --body "Since this morning…" --queue Incoming`,
		RunE: func(cmd *cobra.Command, args []string) error {
			t.Subject = args[0]
			t.Queue = entity(queue)
			t.Priority = entity(priority)
			t.Customer = entity(customer)
			return a.withDesk(cmd.Context(), func(d *desk.Desk) error {
				made, err := d.Create(cmd.Context(), t)
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(a.out, "ticket %s in %s\n", made.ID, nameOf(made.Queue))
				return err
			})
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&t.Body, "body", "", "text of the ticket")
	fl.StringVar(&queue, "queue", "Incoming", "queue it lands in")
	fl.StringVar(&priority, "priority", "", "its priority")
	fl.StringVar(&customer, "customer", "", "who wrote it")
	return cmd
}

func entity(name string) *ticket.Entity {
	if name == "" {
		return nil
	}
	return &ticket.Entity{Name: name}
}

func (a *app) deskImportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "import FILE.jsonl", Short: "Add tickets from a file with one JSON object a line (- for standard input)", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var from io.Reader = a.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return refusal{fmt.Errorf("import tickets: %w", err)}
				}
				defer func() { _ = f.Close() }()
				from = f
			}
			return a.withDesk(cmd.Context(), func(d *desk.Desk) error {
				n, problems := d.Import(cmd.Context(), from)
				for _, p := range problems {
					a.errorf("otai-tui: %s: %s\n", args[0], p)
				}
				if _, err := fmt.Fprintf(a.out, "%d tickets imported, %d lines refused\n", n, len(problems)); err != nil {
					return err
				}
				if len(problems) > 0 {
					return quietError{exitFailed}
				}
				return nil
			})
		},
	}
}

func (a *app) deskExportCommand() *cobra.Command {
	return &cobra.Command{
		Use: "export", Short: "Print every ticket as one JSON object a line", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withDesk(cmd.Context(), func(d *desk.Desk) error {
				_, err := d.Export(cmd.Context(), a.out)
				return err
			})
		},
	}
}
