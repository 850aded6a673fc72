package otobo

import (
	"context"
	"fmt"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/ticket"
)

var _ ticket.Examiner = (*Client)(nil)

// Examine asks for login, routes and names. OTOBO has no lists to compare names with, and answers a wrong name as it answers
// one without tickets: what no ticket proves is said to be unknown.
func (c *Client) Examine(ctx context.Context, n ticket.Names) []ticket.Finding {
	login := c.examineLogin(ctx)
	out := []ticket.Finding{login}
	if login.Verdict != ticket.Fine {
		return out
	}
	out = append(out, c.examineRoutes(ctx)...)
	for _, names := range []struct {
		what, key string
		list      []string
		hint      string
	}{
		{"queue", "Queues", n.Queues, "upper and lower case and the full path with :: matter, and the agent needs the right ro"},
		{"priority", "Priorities", n.Priorities, "priority names begin with their number, such as 3 normal"},
		{"state", "States", n.States, "names are those of the installation, such as closed successful"},
	} {
		for _, name := range names.list {
			out = append(out, c.examineName(ctx, names.what, names.key, name, names.hint))
		}
	}
	return append(out, ticket.Finding{
		Verdict: ticket.Unknown, What: "rights to write",
		Says: "OTOBO tells them only when something is written: move_into where tickets go, and note, priority or rw where they are",
	})
}

func (c *Client) examineLogin(ctx context.Context) ticket.Finding {
	f := ticket.Finding{What: "login", Verdict: ticket.Wrong}
	var reply searchReply
	err := c.call(ctx, opSearch, map[string]any{"StateType": unfinished, "Limit": 1}, &reply)
	switch {
	case kindOf(err) == KindAuthFail:
		f.Says = fmt.Sprintf("refused for %s: check username and password: %v", c.c.Username, err)
	case err != nil:
		f.Says = err.Error()
	case len(reply.TicketID) == 0:
		f.Verdict, f.Says = ticket.Fine, "accepted for "+c.c.Username+"; it sees no open ticket at all: it may lack the right ro everywhere"
	default:
		f.Verdict, f.Says = ticket.Fine, "accepted for "+c.c.Username
	}
	return f
}

// examineRoutes sends each operation a request that lacks what it needs most, so that it can do nothing: the refusal shows
// that the route, the verb and the login are right.
func (c *Client) examineRoutes(ctx context.Context) []ticket.Finding {
	var out []ticket.Finding
	for _, op := range []struct{ name, need string }{
		{opGet, "needed"}, {opUpdate, "needed to move, prioritise and note"}, {opCreate, "needed to create tickets only"},
	} {
		f := ticket.Finding{What: "operation " + op.name, Verdict: ticket.Fine}
		f.Says = fmt.Sprintf("answers at %s %s", c.c.Methods[op.name], c.c.Operations[op.name])
		var reply writeReply
		switch err := c.call(ctx, op.name, map[string]any{}, &reply); {
		case kindOf(err) == KindMissingParameter:
		case err == nil:
			f.Verdict, f.Says = ticket.Unknown, "takes a request without a ticket: the web service maps its input"
		case op.name == opCreate && fault.ClassOf(err) == fault.Permanent:
			f.Verdict, f.Says = ticket.Unknown, "is not offered, "+op.need+": "+err.Error()
		default:
			f.Verdict, f.Says = ticket.Wrong, "is not reached, "+op.need+": "+err.Error()
		}
		out = append(out, f)
	}
	return out
}

func (c *Client) examineName(ctx context.Context, what, key, name, hint string) ticket.Finding {
	f := ticket.Finding{What: what + " " + name, Verdict: ticket.Fine, Says: "exists and is readable"}
	var reply searchReply
	switch err := c.call(ctx, opSearch, map[string]any{key: []string{name}, "Limit": 1}, &reply); {
	case err != nil:
		f.Verdict, f.Says = ticket.Wrong, err.Error()
	case len(reply.TicketID) == 0:
		f.Verdict, f.Says = ticket.Unknown, "no ticket has it: it is unused, misspelt, or hidden from "+c.c.Username+"; "+hint
	}
	return f
}
