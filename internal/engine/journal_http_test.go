package engine

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/otobo"
	"github.com/openticketai/otai-tui/internal/ticket/otobo/otobotest"
	"github.com/openticketai/otai-tui/internal/ticket/zammad"
	"github.com/openticketai/otai-tui/internal/ticket/zammad/zammadtest"
)

// remote is a ticket system over HTTP with the names a test uses.
type remote struct {
	sys              ticket.System
	from, to         string
	priority, raised string
}

func remotes(t *testing.T) map[string]remote {
	t.Helper()
	o := otobotest.Start(otobotest.Options{})
	t.Cleanup(o.Close)
	oc, err := otobo.New(otobo.Config{BaseURL: o.BaseURL(), Password: "otai-agent-pass", Customer: "chen"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = oc.Close() })
	z := httptest.NewServer(zammadtest.New())
	t.Cleanup(z.Close)
	zc, err := zammad.New(zammad.Options{BaseURL: z.URL, Token: zammadtest.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = zc.Close() })
	return map[string]remote{
		"otobo":  {sys: oc, from: "Incoming", to: "Support::Billing", priority: "3 normal", raised: "4 high"},
		"zammad": {sys: zc, from: "Incoming", to: "IT", priority: "2 normal", raised: "3 high"},
	}
}

// moving is routing with the names of a ticket system.
func (r remote) moving() pipe.Definition {
	def := routing()
	def.Steps = def.Steps[:3]
	criteria := func(queue string) map[string]any {
		return map[string]any{"ticket_search_criteria": map[string]any{"queue": map[string]any{"name": queue}}}
	}
	def.Steps[0].Params, def.Steps[2].Params = criteria(r.from), criteria(r.to)
	def.Steps[1].Steps[1].Params = map[string]any{"ticket_id": "{{ ticket.id }}", "updated_ticket": map[string]any{
		"queue": map[string]any{"name": r.to}, "priority": map[string]any{"name": r.raised},
	}}
	def.Retry = retries(3, time.Millisecond)
	return def
}

// TestRealTicketSystemsAreJournalledAndPutBack runs, dry and for real, against the servers of OTOBO and Zammad over HTTP.
func TestRealTicketSystemsAreJournalledAndPutBack(t *testing.T) {
	t.Parallel()
	for name, r := range remotes(t) {
		t.Run(name, func(t *testing.T) {
			made, err := r.sys.Create(t.Context(), ticket.Ticket{
				Subject: "invoice is wrong", Body: "charged twice", Queue: ticket.Named(r.from), Priority: ticket.Named(r.priority),
			})
			if err != nil {
				t.Fatal(err)
			}
			reg, err := pipe.NewRegistry(append(base.Specs(), &pipe.Spec{Name: "test:Group", Composite: true})...)
			if err != nil {
				t.Fatal(err)
			}
			cfg := &config.Config{Runners: []config.Runner{runnerOf(r.moving())}, Engine: config.Engine{MaxParallelRuns: 2, DrainTimeout: time.Second}}
			e := New(Options{Config: cfg, Pipes: reg, Services: &office{sys: r.sys}, Renderer: render.New(), StateDir: t.TempDir()})
			if err := e.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = e.Stop(context.WithoutCancel(t.Context())) }()
			stands := func() string {
				got, err := r.sys.Get(t.Context(), made.ID)
				if err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("%s %s %d", got.Queue.Label(), got.Priority.Label(), len(got.Notes))
			}
			before := stands()
			dry := runTo(t, e, orchestrator.FireRequest{DryRun: true})
			if s := step(dry, "routing/look"); stands() != before || s.Message != "1 ticket" {
				t.Errorf("dry: %s, was %s; later step saw %q", stands(), before, s.Message)
			}
			intended := entriesOf(t, e, dry.Run.ID)
			moved := runTo(t, e, orchestrator.FireRequest{})
			written := entriesOf(t, e, moved.Run.ID)
			want := fmt.Sprintf("update queue %s>%s priority %s>%s", r.from, r.to, r.priority, r.raised)
			for what, es := range map[string][]orchestrator.TicketEntry{"intended": intended, "done": written} {
				if got := words(es); len(es) != 2 || !strings.Contains(got, want) || !strings.HasSuffix(strings.Split(got, "\n")[0], what) {
					t.Errorf("%s:\n%s\nwant %s", what, got, want)
				}
			}
			undo, err := e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: moved.Run.ID, By: orchestrator.Actor{Name: "kim", Via: "cli"}})
			if err != nil || len(undo.Steps) != 1 || !undo.Steps[0].Done {
				t.Fatalf("undo: %+v, %v", undo, err)
			}
			if got := stands(); !strings.HasPrefix(got, r.from+" "+r.priority+" ") {
				t.Errorf("put back: %s", got)
			}
			live, err := e.Ticket(t.Context(), orchestrator.TicketRef{Ticket: made.Number})
			if err != nil || live.ID != made.ID || live.Queue != r.from {
				t.Errorf("by its number: %+v, %v", live, err)
			}
		})
	}
}

// runTo fires the runner and waits for the run's end.
func runTo(t *testing.T, e *Engine, req orchestrator.FireRequest) orchestrator.RunDetail {
	t.Helper()
	sub := e.Subscribe()
	defer sub.Close()
	id, err := e.RunOnce(t.Context(), "routing", req)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		d, err := e.RunDetail(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if d.Run.State.Terminal() {
			if d.Run.State != orchestrator.Completed {
				t.Fatalf("run: %+v", d.Run)
			}
			return d
		}
		if err := sub.Wait(ctx); err != nil {
			t.Fatalf("the run is %s: %v", d.Run.State, err)
		}
		sub.Take()
	}
}

func entriesOf(t *testing.T, e *Engine, run string) []orchestrator.TicketEntry {
	t.Helper()
	es, err := e.TicketLog(t.Context(), orchestrator.TicketLogFilter{Run: run, Changes: true})
	if err != nil {
		t.Fatal(err)
	}
	return es
}
