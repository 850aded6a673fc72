package base

import (
	"context"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type createParams struct {
	Ticket ticket.Ticket `param:"ticket,required" alias:"new_ticket" doc:"the new ticket: subject, body, queue, priority, state, customer"`
}

func createTicketSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:CreateTicketPipe", Aliases: []string{"CreateTicketsPipe"}, Params: &createParams{}, Needs: []pipe.Need{needTicketSystem()},
		Doc: "Creates a ticket; the result is ticket_id and ticket.",
		New: func() pipe.Pipe { return pipe.Func(createTicket) },
	}
}

func createTicket(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p createParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	notes := p.Ticket.Notes
	p.Ticket.Notes, p.Ticket.ID, p.Ticket.Key = nil, "", c.Key
	made, err := c.Ticket.Create(ctx, p.Ticket)
	if err != nil {
		return pipe.Result{}, err
	}
	if err := addNotes(ctx, c, made.ID, notes); err != nil {
		return pipe.Result{}, err
	}
	c.Log.Info(said(c, "created ticket "+made.ID), "ticket", made.ID, "queue", made.Queue.Label())
	return pipe.Success("ticket "+made.ID+" created", map[string]any{"ticket_id": made.ID, "ticket": made.Map()}), nil
}
