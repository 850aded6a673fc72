package base

import (
	"strings"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// Subjects of the notes. A ticket that carries noteLeft, followed by the queue it is in, is not processed there again.
const (
	noteRouted    = "Open Ticket AI: routed"
	noteLeft      = "Open Ticket AI: left in "
	noteEscalated = "Open Ticket AI: escalated"
)

type processParams struct {
	Queue         *ticket.Entity `param:"queue,required" doc:"queue to take tickets from"`
	Limit         int            `param:"limit" default:"10" doc:"most tickets in one run"`
	States        []string       `param:"states" doc:"states of the tickets to take; default every one that is not closed"`
	WithSubQueues bool           `param:"with_sub_queues" default:"false" doc:"queues below it, too"`
	SkipLocked    bool           `param:"skip_locked" default:"true" doc:"leave out tickets that someone holds"`

	Model         string            `param:"model_name" alias:"model" default:"softoft/otai-queue-de-bert-v1" doc:"model that chooses the queue"`
	MinConfidence float64           `param:"min_confidence" default:"0.8" doc:"confidence needed to move a ticket"`
	Queues        map[string]string `param:"queues" doc:"queue per label; a label that is not in it is the queue's name"`
	FallbackQueue string            `param:"fallback_queue" doc:"queue when the confidence is too low; empty = the ticket stays"`

	Review         bool          `param:"review" default:"false" doc:"a confidence that is too low for the queue: an operator is asked"`
	ReviewDeadline time.Duration `param:"review_deadline" default:"0" doc:"time for the operator's answer; default none"`
	ReviewExpire   string        `param:"review_on_expire" default:"skip" doc:"without an answer: accept, skip (as without a review), fail, or \"label X\""`
	ReviewLabels   []string      `param:"review_labels" doc:"labels an operator may choose; default those of the model's scores"`
	KeepText       bool          `param:"keep_text" default:"false" doc:"keep the text with a reviewed decision, as training data"`

	Batch bool `param:"batch" default:"false" doc:"ask the classifier for all tickets in few calls, before the first is moved"`

	PriorityModel         string            `param:"priority_model" default:"softoft/otai-priority-de-bert-v1" doc:"model that chooses the priority; empty = priorities are left alone"`
	MinPriorityConfidence float64           `param:"min_priority_confidence" default:"0.8" doc:"confidence needed to change the priority"`
	Priorities            map[string]string `param:"priorities" doc:"priority per label; a label that is not in it is the priority's name"`
	FallbackPriority      string            `param:"fallback_priority" doc:"priority when the confidence is too low; empty = it stays"`

	Note bool `param:"note" default:"true" doc:"add a note that says what was decided and why; a ticket that stays in its queue gets one in any case"`
}

func processTicketsSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:ProcessTickets", Params: &processParams{}, Expand: expandProcessTickets,
		Needs: []pipe.Need{needTicketSystem(), needClassifier()},
		Doc: "Takes the tickets of a queue, classifies, moves and prioritises them by confidence, and notes what was decided and why. " +
			"A ticket that stays in its queue is marked by its note and not taken again there; in another queue it is.",
	}
}

func expandProcessTickets(d pipe.Definition) (pipe.Definition, error) {
	if d.Params["queue"] == nil && d.Params["queue.name"] == nil && d.Params["queue.id"] == nil {
		return d, fault.Permanentf("the parameter queue is missing")
	}
	d.Params = canonical(d.Params, &processParams{})
	prioritise := true
	if model, given := d.Params["priority_model"]; given {
		prioritise = model != nil && model != ""
	}
	if !prioritise {
		d.Params["priority_model"] = ""
	}
	review, err := flag(d.Params, "review")
	if err != nil {
		return d, err
	}
	batch, err := flag(d.Params, "batch")
	if err != nil {
		return d, err
	}
	fetch := step("fetch", "base:FetchTicketsPipe", map[string]any{"ticket_search_criteria": map[string]any{
		"queue": "{{ params.queue }}", "limit": "{{ params.limit }}", "states": "{{ params.states }}",
		"with_sub_queues": "{{ params.with_sub_queues }}", "skip_locked": "{{ params.skip_locked }}", "without_note": noteLeft + "{queue}",
	}})
	steps := []pipe.Definition{fetch, guard()}
	if batch { // what is answered here the classifier keeps for the steps of each ticket
		steps = append(steps, classifyAllStep("classify_queues", "model_name"))
		if prioritise {
			steps = append(steps, classifyAllStep("classify_priorities", "priority_model"))
		}
	}
	return macro(d, &processParams{}, append(steps, perTicket(processSteps(prioritise, review)...))...), nil
}

func classifyAllStep(id, model string) pipe.Definition {
	return step(id, "base:BatchClassificationPipe", map[string]any{
		"texts": "{{ get_pipe_result('fetch', 'fetched_tickets') }}", "model_name": setting(model),
	})
}

// flag reads a parameter that decides which steps there are, so it cannot be a template.
func flag(params map[string]any, name string) (bool, error) {
	switch v := params[name].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(v) {
		case "true", "yes", "on":
			return true, nil
		case "", "false", "no", "off":
			return false, nil
		}
	}
	return false, fault.Permanentf("%s: expected true or false, got %v", name, params[name])
}

// reviewStep asks an operator about the queue. A skip goes on: the note it leaves keeps the ticket from being asked about again.
func reviewStep() pipe.Definition {
	return step("review_queue", "base:ReviewPipe", map[string]any{
		"result": "classify_queue", "threshold": setting("min_confidence"), "ticket": "{{ ticket }}", "on_skip": "continue",
		"deadline": setting("review_deadline"), "on_expire": setting("review_on_expire"), "labels": setting("review_labels"),
		"keep_text": setting("keep_text"),
	})
}

func processSteps(prioritise, review bool) []pipe.Definition {
	steps := []pipe.Definition{classifyStep("classify_queue", "model_name")}
	decided := "classify_queue"
	if review {
		steps, decided = append(steps, reviewStep()), "review_queue"
	}
	steps = append(steps,
		selectStep("select_queue", decided, "queue", "min_confidence", "queues", "fallback_queue"))
	change := "get_pipe_result('select_queue', 'change')"
	changed := change
	updated := map[string]any{"queue": "{{ " + change + " }}"}
	why := "{{ get_pipe_result('select_queue', 'why') }}"
	if prioritise {
		steps = append(steps,
			classifyStep("classify_priority", "priority_model"),
			selectStep("select_priority", "classify_priority", "priority", "min_priority_confidence", "priorities", "fallback_priority"))
		updated["priority"] = "{{ get_pipe_result('select_priority', 'change') }}"
		changed += " or get_pipe_result('select_priority', 'change')"
		why += "\n{{ get_pipe_result('select_priority', 'why') }}"
	}
	update := step("update", "base:UpdateTicketPipe", map[string]any{
		"ticket_id": "{{ ticket.id }}", "updated_ticket": updated, "expected": "{{ ticket }}",
	})
	update.If = "{{ " + changed + " }}"
	note := step("note", "base:AddNotePipe", map[string]any{"ticket_id": "{{ ticket.id }}", "note": map[string]any{
		"subject": "{{ '" + noteRouted + "' if " + change + " else '" + noteLeft + "' ~ get_pipe_result('select_queue', 'current') }}", "body": why,
	}})
	// Without a move the note is what keeps the ticket from being taken again and again.
	note.If = "{{ get_pipe_result('settings').note or not " + change + " }}"
	return append(steps, update, note)
}

func classifyStep(id, model string) pipe.Definition {
	return step(id, "base:ClassificationPipe", map[string]any{
		"text": "{{ ticket.subject }}\n{{ ticket.body }}", "model_name": setting(model), "ticket": "{{ ticket.id }}",
	})
}

func selectStep(id, from, what, threshold, mapping, fallback string) pipe.Definition {
	return step(id, "base:SelectPipe", map[string]any{
		"label": "{{ get_pipe_result('" + from + "', 'label') }}", "confidence": "{{ get_pipe_result('" + from + "', 'confidence') }}",
		"model": "{{ get_pipe_result('" + from + "', 'model') }}", "current": "{{ ticket." + what + " }}", "what": what,
		"min_confidence": setting(threshold), "map": setting(mapping), "fallback": setting(fallback),
	})
}

// canonical gives the parameters under their first names: steps refer to those.
func canonical(params map[string]any, spec any) map[string]any {
	out := make(map[string]any, len(params))
	fields := pipe.Fields(spec)
	for k, v := range params {
		name := k
		for _, f := range fields {
			for _, a := range f.Aliases {
				if a == k {
					name = f.Name
				}
			}
		}
		out[name] = v
	}
	for k, v := range out { // "queue.name: X" is "queue: {name: X}"
		for _, part := range []string{"name", "id"} {
			if k == "queue."+part {
				delete(out, k)
				queue, ok := out["queue"].(map[string]any)
				if !ok {
					queue = map[string]any{}
				}
				queue[part] = v
				out["queue"] = queue
			}
		}
	}
	return out
}
