package base

import (
	"context"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type addNoteParams struct {
	TicketID string      `param:"ticket_id,required" doc:"which ticket"`
	Note     ticket.Note `param:"note,required" doc:"the note: a text, or subject and body"`
}

func addNoteSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:AddNotePipe", Aliases: []string{"AddNoteTicketsPipe"}, Params: &addNoteParams{}, Needs: []pipe.Need{needTicketSystem()},
		Doc: "Adds an internal note to a ticket; a repeated attempt adds it once only.",
		New: func() pipe.Pipe { return pipe.Func(addNote) },
	}
}

func addNote(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p addNoteParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	if p.Note.Subject == "" && p.Note.Body == "" {
		return pipe.Result{}, fault.Permanentf("add note to ticket %s: the note is empty", p.TicketID)
	}
	p.Note.Key = c.Key
	if err := c.Ticket.AddNote(ctx, p.TicketID, p.Note); err != nil {
		return pipe.Result{}, err
	}
	c.Log.Info(said(c, "added a note to ticket "+p.TicketID), "ticket", p.TicketID, "subject", p.Note.Subject)
	return pipe.Success("note added", map[string]any{"ticket_id": p.TicketID}), nil
}
