package base

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type updateParams struct {
	TicketID string         `param:"ticket_id,required" doc:"which ticket"`
	Updated  ticket.Ticket  `param:"updated_ticket,required" alias:"updates" doc:"the fields to change; empty ones stay as they are"`
	Expected *ticket.Ticket `param:"expected" doc:"the ticket that was decided on, such as {{ ticket }}: when somebody has moved, closed, prioritised or locked it since, nothing is changed, and the pipe stops quietly; default: changes are made in any case"`
}

func updateTicketSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:UpdateTicketPipe", Aliases: []string{"UpdateTicketsPipe", "TicketUpdatePipe"}, Params: &updateParams{},
		Needs: []pipe.Need{needTicketSystem()}, Doc: "Changes fields of a ticket and adds the notes in it; the result is the ticket after it.",
		New: func() pipe.Pipe { return pipe.Func(updateTicket) },
	}
}

func updateTicket(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p updateParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	notes := p.Updated.Notes
	p.Updated.Notes = nil
	changes := changesOf(p.Updated)
	if len(changes) == 0 && len(notes) == 0 {
		return pipe.Success("nothing to change", map[string]any{"ticket_id": p.TicketID}), nil
	}
	p.Updated.Was = p.Expected
	after, err := c.Ticket.Update(ctx, p.TicketID, p.Updated)
	if errors.Is(err, ticket.ErrConflict) {
		c.Log.Warn("left ticket "+p.TicketID+" alone: "+err.Error(), "ticket", p.TicketID)
		return pipe.Stop("left alone: " + err.Error()), nil
	}
	if err != nil {
		return pipe.Result{}, err
	}
	if err := addNotes(ctx, c, p.TicketID, notes); err != nil {
		return pipe.Result{}, err
	}
	message := strings.Join(changes, ", ")
	c.Log.Info(said(c, "updated ticket "+p.TicketID), "ticket", p.TicketID, "changes", message)
	return pipe.Success(message, map[string]any{"ticket_id": p.TicketID, "ticket": after.Map()}), nil
}

// changesOf names what an update sets, without texts that people wrote.
func changesOf(t ticket.Ticket) []string {
	var out []string
	if t.Subject != "" {
		out = append(out, "subject")
	}
	for _, e := range []struct {
		name  string
		value *ticket.Entity
	}{{"queue", t.Queue}, {"priority", t.Priority}, {"state", t.State}, {"owner", t.Owner}, {"customer", t.Customer}} {
		if !e.value.IsZero() {
			out = append(out, e.name+" "+e.value.Label())
		}
	}
	if t.Lock != "" {
		out = append(out, t.Lock)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Fields)) {
		out = append(out, "field "+name)
	}
	return out
}

// addNotes adds notes that came inside a ticket, each once however often the step is tried.
func addNotes(ctx context.Context, c *pipe.Call, id string, notes []ticket.Note) error {
	for i, n := range notes {
		if n.ID != "" {
			continue // a note that the ticket has already
		}
		n.Key = noteKey(c.Key, i)
		if err := c.Ticket.AddNote(ctx, id, n); err != nil {
			return err
		}
	}
	return nil
}

func noteKey(key string, i int) string {
	if key == "" {
		return ""
	}
	return fmt.Sprintf("%s#%d", key, i)
}
