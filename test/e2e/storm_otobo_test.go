//go:build e2e && !windows

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

// stormRunner is one runner of the configuration, in the words of Open Ticket AI 1.x.
const stormRunner = `
        - id: runner-%[1]d
          use: "base:SimpleSequentialRunner"
          params:
            "on": { id: every, use: "base:IntervalTrigger", params: { interval: "PT0.02S" } }
            run:
              id: "routing-%[1]d"
              use: "base:CompositePipe"
              retries: 12
              retry_delay_seconds: [0.2, 0.3]
              params:
                steps:
                  - id: fetcher
                    use: "base:FetchTicketsPipe"
                    injects: { ticket_system: "otobo_znuny" }
                    params: { ticket_search_criteria: { queue: { name: "%[2]s" }, limit: 1 } }
                  - id: fail_no_tickets
                    use: "base:ExpressionPipe"
                    params: { expression: "{{ fail() if (get_pipe_result('fetcher', 'fetched_tickets') | length) == 0 else 'found' }}" }
                  - id: ticket
                    use: "base:ExpressionPipe"
                    params: { expression: "{{ get_pipe_result('fetcher', 'fetched_tickets')[0] }}" }
                  - id: classify
                    use: "base:ClassificationPipe"
                    injects: { classification_service: "hf_local" }
                    params: { text: "{{ get_pipe_result('ticket')['body'] }}", model_name: "softoft/otai-queue-de-bert-v1" }
                  - id: update
                    use: "base:UpdateTicketPipe"
                    injects: { ticket_system: "otobo_znuny" }
                    params:
                      ticket_id: "{{ get_pipe_result('ticket')['id'] }}"
                      updated_ticket: { queue: { name: "{{ get_pipe_result('classify', 'label') }}" }, priority: { name: "4 high" } }
                  - id: note
                    use: "base:AddNotePipe"
                    injects: { ticket_system: "otobo_znuny" }
                    params:
                      ticket_id: "{{ get_pipe_result('ticket')['id'] }}"
                      note: { subject: "Queue chosen", body: "{{ get_pipe_result('classify', 'label') }}" }
`

// TestStormOTOBO is the storm over OTOBO's generic interface.
func TestStormOTOBO(t *testing.T) {
	t.Parallel()
	rnd := &lockedRand{}
	faults := []otobotest.Fault{
		otobotest.Hang, otobotest.HangAfter, otobotest.Late, otobotest.FaultObject, otobotest.TooMany, otobotest.DropAfter, otobotest.DropBefore,
		otobotest.BadGatewayAfter, otobotest.Cut, otobotest.Plain500,
	}
	queues := map[string]otobotest.Right{}
	for _, q := range stormTargets {
		queues[q] = otobotest.Full
	}
	for r := range stormRunners {
		queues[stormQueue(r)] = otobotest.Full
	}
	s := otobotest.Start(otobotest.Options{Queues: queues, Retry: -1, Keep: 1, Fault: func(otobotest.Call) otobotest.Fault {
		if rnd.n(10) > 0 {
			return otobotest.NoFault
		}
		return faults[rnd.n(len(faults))]
	}})
	t.Cleanup(s.Close)
	want := map[string]string{}
	for i := range stormTickets {
		body, queue := stormText(i)
		want[s.Add(otobotest.Seed{Title: fmt.Sprint("ticket ", i), Queue: stormQueue(i % stormRunners), Body: body})] = queue
	}
	head, err := os.ReadFile(filepath.Join(Root(), "testdata", "storm", "otobo.yml"))
	if err != nil {
		t.Fatal(err)
	}
	var runners strings.Builder
	for r := range stormRunners {
		fmt.Fprintf(&runners, stormRunner, r, stormQueue(r))
	}
	env := []string{"OTAI_STORM_URL=" + s.BaseURL(), "OTAI_STORM_PASSWORD=otai-agent-pass", "OTAI_STORM_MODEL=" + model(t, rnd)}
	storm(t, strings.Replace(string(head), "RUNNERS", runners.String(), 1), env, func() []ended {
		var out []ended
		for _, now := range s.Tickets() {
			e := ended{id: now.ID, queue: now.Queue, want: want[now.ID]}
			for _, a := range now.Articles[1:] {
				e.notes++
				e.visible = e.visible || a.Visible
			}
			if e.notes > 0 && now.Priority != "4 high" {
				t.Errorf("ticket %s has the priority %s", now.ID, now.Priority)
			}
			out = append(out, e)
		}
		return out
	}, s.Total)
}
