package base

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type searchParams struct {
	Queue         *ticket.Entity    `param:"queue" doc:"queue, by name or id"`
	State         *ticket.Entity    `param:"state" doc:"one state, as Open Ticket AI 0.x wrote it"`
	States        []string          `param:"states" doc:"states; default every one that is not closed"`
	Priorities    []string          `param:"priorities" doc:"priorities; default any"`
	OlderThan     time.Duration     `param:"older_than" doc:"created at least this long ago"`
	Fields        map[string]string `param:"fields" doc:"value by dynamic field or custom attribute; empty text = has none; such as the mark of what is done already"`
	Limit         int               `param:"limit" default:"10" doc:"most tickets to fetch"`
	Offset        int               `param:"offset" doc:"tickets to leave out at the start"`
	WithSubQueues bool              `param:"with_sub_queues" doc:"queues below it, too"`

	SkipLocked    bool   `param:"skip_locked" doc:"leave out tickets that someone holds"`
	WithoutNote   string `param:"without_note" doc:"leave out tickets that carry a note with this subject; {queue} in it stands for the queue the ticket is in"`
	PriorityBelow string `param:"priority_below" doc:"only tickets less urgent than this priority"`
}

type fetchParams struct {
	Criteria searchParams `param:"ticket_search_criteria,required" alias:"search_criteria" doc:"what to search for; at least one of queue, states, priorities and older_than"`
}

func fetchTicketsSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:FetchTicketsPipe", Aliases: []string{"TicketFetchPipe"}, Params: &fetchParams{}, Needs: []pipe.Need{needTicketSystem()},
		Doc:      "Fetches tickets, oldest first; the result is the list fetched_tickets.",
		ReadOnly: true, New: func() pipe.Pipe { return pipe.Func(fetchTickets) },
	}
}

func fetchTickets(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p fetchParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	found, err := p.Criteria.fetch(ctx, c.Ticket)
	if err != nil {
		return pipe.Result{}, fmt.Errorf("fetch tickets: %w", err)
	}
	list := make([]any, len(found))
	for i, t := range found {
		list[i] = t.Map()
	}
	message := fmt.Sprintf("%d tickets", len(found))
	if len(found) == 1 {
		message = "1 ticket"
	}
	where := ""
	if queue := p.Criteria.Queue.Label(); queue != "" {
		where = " from " + queue
	}
	c.Log.Info("fetched " + message + where)
	return pipe.Success(message, map[string]any{"fetched_tickets": list}), nil
}

// maxScan bounds how many tickets are looked at for one fetch when some are left out on our side.
const maxScan = 1000

func (s searchParams) criteria() (ticket.Criteria, error) {
	states := slices.Clone(s.States)
	if !s.State.IsZero() {
		states = append(states, s.State.Label())
	}
	if s.PriorityBelow != "" && ticket.PriorityRank(s.PriorityBelow) == ticket.RankUnknown {
		return ticket.Criteria{}, fault.Permanentf("priority_below %q is not a known priority, such as 4 high", s.PriorityBelow)
	}
	return ticket.Criteria{
		Queue: s.Queue, States: states, Priorities: s.Priorities, OlderThan: s.OlderThan, Limit: s.Limit, Offset: s.Offset,
		WithSubQueues: s.WithSubQueues, Fields: s.Fields,
	}.Checked()
}

// fetch asks page by page until enough tickets pass the filters that ticket systems do not have.
func (s searchParams) fetch(ctx context.Context, sys ticket.System) ([]ticket.Ticket, error) {
	criteria, err := s.criteria()
	if err != nil {
		return nil, err
	}
	want := criteria.Limit
	if !s.SkipLocked && s.WithoutNote == "" && s.PriorityBelow == "" {
		return sys.Find(ctx, criteria)
	}
	var out []ticket.Ticket
	criteria.WithNotes = s.WithoutNote != ""
	for scanned := 0; scanned < maxScan; {
		page, err := sys.Find(ctx, criteria)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			if s.passes(t) {
				out = append(out, t)
			}
			if len(out) == want {
				return out, nil
			}
		}
		if len(page) < criteria.Limit {
			break
		}
		scanned += len(page)
		criteria.Offset += len(page)
		criteria.Limit = max(want, 50)
	}
	return out, nil
}

// passes applies our own filters.
func (s searchParams) passes(t ticket.Ticket) bool {
	if s.SkipLocked && t.Locked {
		return false
	}
	if s.PriorityBelow != "" {
		rank, below := ticket.PriorityRank(t.Priority.Label()), ticket.PriorityRank(s.PriorityBelow)
		next, known := ticket.RaisePriority(t.Priority.Label())
		top := below == ticket.RankVeryHigh && known && next == "" // of a scale that ends at high
		if rank == ticket.RankUnknown || rank >= below || top {
			return false
		}
	}
	if s.WithoutNote == "" {
		return true
	}
	subject := strings.ReplaceAll(s.WithoutNote, "{queue}", t.Queue.Label())
	return !slices.ContainsFunc(t.Notes, func(n ticket.Note) bool { return n.Subject == subject })
}
