package render

import (
	"context"
	"testing"
)

// The templates of upstream's deployment/config.yml.
var deployment = []string{
	"{{ fail() if (get_pipe_result('ticket_fetcher', 'fetched_tickets') | length) == 0 else 'Tickets found' }}\n",
	"{{ get_pipe_result('ticket_fetcher', 'fetched_tickets')[0] }}",
	"{{ get_pipe_result('ticket')['subject'] }} {{ get_pipe_result('ticket')['body'] }}",
	"{{ get_pipe_result('queue_classify','label') if get_pipe_result('queue_classify','confidence') >= 0.8 " +
		"else 'OpenTicketAI::Unclassified' }}",
	"{{ get_pipe_result('ticket')['id'] }}",
	"{{ get_pipe_result('queue_select_final') }}",
	"{{ get_pipe_result('ticket')['id'] }}",
	"Das Ticket wurde der Queue {{ get_pipe_result('queue_select_final') }} zugeordnet " +
		"(Konfidenz: {{ get_pipe_result('queue_classify','confidence') | round(2) }}).",
	"{{ get_pipe_result('ticket')['subject'] }} {{ get_pipe_result('ticket')['body'] }}",
	"{{ get_pipe_result('priority_classify','label') if get_pipe_result('priority_classify','confidence') >= 0.8 else 'medium' }}",
	"{{ get_pipe_result('ticket')['id'] }}",
	"{{ get_pipe_result('priority_select_final') }}",
	"{{ get_pipe_result('ticket')['id'] }}",
	"Das Ticket wurde der Priorität {{ get_pipe_result('priority_select_final') }} zugeordnet " +
		"(Konfidenz: {{ get_pipe_result('priority_classify','confidence') | round(2) }}).",
}

func deploymentScope() Scope {
	ticket := map[string]any{"id": "1042", "subject": "Drucker", "body": "Der Drucker im dritten Stock ist kaputt."}
	ok := func(data map[string]any) Result { return Result{Succeeded: true, Data: data} }
	classified := ok(map[string]any{"label": "IT::Printer", "confidence": 0.8765})
	return Scope{PipeResults: map[string]Result{
		"ticket_fetcher":        ok(map[string]any{"fetched_tickets": []any{ticket}}),
		"ticket":                ok(map[string]any{"value": ticket}),
		"queue_classify":        classified,
		"priority_classify":     classified,
		"queue_select_final":    ok(map[string]any{"value": "IT::Printer"}),
		"priority_select_final": ok(map[string]any{"value": "medium"}),
	}}
}

func BenchmarkDeploymentCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for _, src := range deployment {
			if _, err := compile(src); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkDeploymentRender(b *testing.B) {
	b.ReportAllocs()
	r, s := New(), deploymentScope()
	for b.Loop() {
		for _, src := range deployment {
			if _, err := r.Render(context.Background(), src, s); err != nil {
				b.Fatal(err)
			}
		}
	}
}
