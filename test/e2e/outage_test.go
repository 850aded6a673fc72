//go:build e2e && !windows

package e2e

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
)

const outageConfig = `
services:
  otobo:
    use: "otobo-znuny:OTOBOZnunyTicketSystemService"
    params: {base_url: %q, password: otai-agent-pass, timeout: 1s, breaker: {failures: 4, open_for: 2s}}
  words: {use: "rules:RulesClassificationService", params: {labels: {Network: [vpn], Other: [zzz]}}}
orchestrator:
  runners:
    - pipe_id: routing
      interval_seconds: 0.2
      pipe: {use: ProcessTickets, queue: Incoming, priority_model: "", retries: 20, retry_delay_seconds: [0.1]}
    - pipe_id: counting
      interval_seconds: 0.3
      pipe: {use: FetchTicketsPipe, ticket_search_criteria: {queue: Raw}, retries: 20, retry_delay_seconds: [0.1]}
`

// TestOutage takes the ticket system away for a while, under the eyes of an operator: the engine screen and the doctor say so, the
// system is left alone meanwhile, and everything goes on by itself when it is back.
func TestOutage(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	s := otobotest.Start(otobotest.Options{Keep: 1, Fault: func(otobotest.Call) otobotest.Fault {
		if down.Load() {
			return otobotest.BadGateway
		}
		return otobotest.NoFault
	}})
	t.Cleanup(s.Close)
	id := s.Add(otobotest.Seed{Title: "one", Queue: "Incoming", Body: "the vpn"})
	cfg, state := writeConfig(t, fmt.Sprintf(outageConfig, s.BaseURL())), t.TempDir()
	moved := func(id string) func() bool {
		return func() bool { now, _ := s.Ticket(id); return now.Queue == "Network" && len(now.Articles) == 2 }
	}
	x := StartApp(t, Small, "-c", cfg, "--state-dir", state)
	x.WaitFor(t, "routing", quick)
	x.Keys(t, "6")
	x.WaitFor(t, "SERVICES", quick)
	if !Poll(t, quick, moved(id)) {
		t.Fatal("the first ticket is not moved")
	}
	x.WaitFor(t, "ok · ", quick)
	down.Store(true)
	x.WaitFor(t, "open after", 2*quick)
	before := s.Total()
	id = s.Add(otobotest.Seed{Title: "two", Queue: "Incoming", Body: "the vpn"})
	if r := Run(t, quick, "doctor", "-c", cfg, "--state-dir", state); r.Code != 1 || !strings.Contains(r.Stdout, "BAD  service otobo") ||
		!strings.Contains(r.Stdout, "in the running engine: ") {
		t.Errorf("doctor: %+v", r)
	}
	Poll(t, 3*time.Second, func() bool { return false })
	if n := s.Total() - before; n > 10 { // two looks by the engine, one by the doctor, and some room
		t.Errorf("%d requests in three seconds to a system that is down", n)
	}
	down.Store(false)
	if !Poll(t, 2*quick, moved(id)) {
		t.Fatalf("the second ticket is not moved\n%s", x.Screen(t))
	}
	x.WaitGone(t, "open after", quick)
	x.Keys(t, "q")
	if r := Run(t, quick, "runs", "-c", cfg, "--state-dir", state, "--state", "failed"); strings.Contains(r.Stdout, "failed") {
		t.Errorf("runs failed:\n%s", r.Stdout)
	}
}
