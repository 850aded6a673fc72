package base

import (
	"maps"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type escalationParams struct {
	Queue         *ticket.Entity `param:"queue" doc:"queue to look at; default all"`
	WithSubQueues bool           `param:"with_sub_queues" default:"false" doc:"queues below it, too"`
	States        []string       `param:"states" doc:"states to look at; default every one that is not closed"`
	OlderThan     time.Duration  `param:"older_than" default:"24h" doc:"age from which a ticket is raised"`
	RaiseTo       string         `param:"raise_to" doc:"priority to raise to; empty = one step up"`
	Limit         int            `param:"limit" default:"10" doc:"most tickets in one run"`
	Note          string         `param:"note" doc:"text of the note, may hold templates such as {{ ticket.id }}; default says what was done and why"`
}

func checkEscalationsSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:CheckEscalations", Params: &escalationParams{}, Expand: expandCheckEscalations,
		Needs: []pipe.Need{needTicketSystem()},
		Doc: "Raises the priority of tickets older than a limit and notes it. " +
			"A ticket is raised once: its note marks it, so that people may lower it again.",
	}
}

func expandCheckEscalations(d pipe.Definition) (pipe.Definition, error) {
	d.Params = canonical(maps.Clone(d.Params), &escalationParams{})
	body := "{{ get_pipe_result('raise', 'why') }}"
	if own, ok := d.Params["note"].(string); ok && own != "" {
		body = own
	}
	delete(d.Params, "note") // it speaks of the ticket, which only the steps see
	criteria := map[string]any{
		"limit": "{{ params.limit }}", "states": "{{ params.states }}", "older_than": "{{ params.older_than }}",
		"with_sub_queues": "{{ params.with_sub_queues }}", "without_note": noteEscalated, "priority_below": "{{ params.raise_to or 'highest' }}",
	}
	if d.Params["queue"] != nil {
		criteria["queue"] = "{{ params.queue }}"
	}
	raise := step("raise", "base:RaisePriorityPipe", map[string]any{
		"priority": "{{ ticket.priority }}", "raise_to": setting("raise_to"), "older_than": setting("older_than"),
	})
	const changed = "{{ get_pipe_result('raise', 'change') }}"
	update := step("update", "base:UpdateTicketPipe", map[string]any{
		"ticket_id": "{{ ticket.id }}", "updated_ticket": map[string]any{"priority": changed}, "expected": "{{ ticket }}",
	})
	note := step("note", "base:AddNotePipe", map[string]any{
		"ticket_id": "{{ ticket.id }}", "note": map[string]any{"subject": noteEscalated, "body": body},
	})
	update.If, note.If = changed, changed
	return macro(d, &escalationParams{}, step("fetch", "base:FetchTicketsPipe", map[string]any{"ticket_search_criteria": criteria}),
		guard(), perTicket(raise, update, note)), nil
}
