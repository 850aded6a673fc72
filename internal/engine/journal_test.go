package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/rules"
	"github.com/openticketai/otai-tui/internal/config"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

// office is what a test's pipes are given: a desk, possibly with a fault in front of it, and the rules.
type office struct{ sys ticket.System }

func (o *office) Ticket(string) (ticket.System, error) { return o.sys, nil }

func (o *office) Classifier(string) (classify.Classifier, error) { return rules.Default(), nil }

// flaky is a ticket system whose answers get lost: the work is done all the same.
type flaky struct {
	ticket.System
	lose   int // answers of updates that get lost
	refuse bool
}

func (f *flaky) Update(ctx context.Context, id string, c ticket.Ticket) (ticket.Ticket, error) {
	if f.refuse {
		return ticket.Ticket{}, fault.Permanentf("no right to move there")
	}
	t, err := f.System.Update(ctx, id, c)
	if f.lose > 0 {
		f.lose--
		return ticket.Ticket{}, fault.NewTransient(errors.New("connection reset"))
	}
	return t, err
}

// routing fetches the tickets of Raw and moves each to Billing with a note.
func routing() pipe.Definition {
	move := pipe.Definition{ID: "move", Use: "base:UpdateTicketPipe", Params: map[string]any{
		"ticket_id": "{{ ticket.id }}", "updated_ticket": map[string]any{"queue": map[string]any{"name": "Billing"}, "priority": map[string]any{"name": "4 high"}},
	}}
	note := pipe.Definition{ID: "note", Use: "base:AddNotePipe", Params: map[string]any{
		"ticket_id": "{{ ticket.id }}", "note": map[string]any{"subject": "routed", "body": "to Billing, said the model"},
	}}
	decide := pipe.Definition{ID: "decide", Use: "base:ClassificationPipe", Params: map[string]any{"text": "{{ ticket.subject }}"}}
	return pipe.Definition{ID: "routing", Use: "test:Group", Steps: []pipe.Definition{
		{ID: "fetch", Use: "base:FetchTicketsPipe", Params: map[string]any{"ticket_search_criteria": map[string]any{"queue": map[string]any{"name": "Raw"}}}},
		{
			ID: "each", Use: "test:Group", ForEach: "{{ get_pipe_result('fetch', 'fetched_tickets') }}", As: "ticket", Key: "{{ ticket.id }}",
			Steps: []pipe.Definition{decide, move, note},
		},
		{ID: "look", Use: "base:FetchTicketsPipe", Params: map[string]any{"ticket_search_criteria": map[string]any{"queue": map[string]any{"name": "Billing"}}}},
		{ID: "chat", Use: "test:Probe"},
	}}
}

// newOffice is a bench whose pipes work on a desk with two tickets in Raw.
func newOffice(t *testing.T, r config.Runner) (*bench, *desk.Desk, *office) {
	t.Helper()
	b := newBench(t, r)
	d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), "desk.db"), desk.Options{Author: "otai"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	for _, s := range []string{"invoice is wrong", "vpn is down"} {
		if _, err := d.Create(t.Context(), ticket.Ticket{Subject: s, Queue: ticket.Named("Raw")}); err != nil {
			t.Fatal(err)
		}
	}
	of := &office{sys: d}
	b.opts = func(o *Options) {
		o.Services = of
		reg, err := pipe.NewRegistry(append(base.Specs(), &pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(b.process) }},
			&pipe.Spec{Name: "test:Group", Composite: true})...)
		if err != nil {
			t.Fatal(err)
		}
		o.Pipes = reg
	}
	return b, d, of
}

func (b *bench) journal(f orchestrator.TicketLogFilter) []orchestrator.TicketEntry {
	b.t.Helper()
	es, err := b.e.TicketLog(b.t.Context(), f)
	if err != nil {
		b.t.Fatal(err)
	}
	return es
}

// words print entries shortly: "each/1/move update queue Raw>Billing done".
func words(es []orchestrator.TicketEntry) string {
	var out []string
	for i := range es {
		e := &es[i]
		s := fmt.Sprintf("%s %s %s", strings.TrimPrefix(e.Step, "routing/"), e.Ticket, e.Kind)
		for _, c := range e.Changes {
			s += fmt.Sprintf(" %s %s>%s", c.Field, c.Before, c.After)
		}
		if e.Note != nil {
			s += fmt.Sprintf(" %s %d %q", e.Note.Subject, e.Note.Length, e.Note.Body)
		}
		if e.Decision != nil {
			s += " " + e.Decision.Label
		}
		if e.Text != "" {
			s += " " + e.Text
		}
		if e.By != "" {
			s += fmt.Sprintf(" by %s undoes %d", e.By, e.Undoes)
		}
		out = append(out, s+" "+string(e.Outcome))
	}
	return strings.Join(out, "\n")
}

func queueOf(t *testing.T, d *desk.Desk, id string) string {
	t.Helper()
	got, err := d.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s notes=%d", got.Queue.Name, got.Priority.Name, len(got.Notes))
}

func TestTheJournalSaysWhoMovedATicketAndTheMoveIsPutBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d, _ := newOffice(t, runnerOf(routing()))
		b.start()
		defer b.stop()
		run := b.fire("routing")
		pass(time.Second)
		if r := b.detail(run).Run; r.State != orchestrator.Completed {
			t.Fatalf("run: %+v", r)
		}
		got := words(b.journal(orchestrator.TicketLogFilter{Ticket: orchestrator.TicketRef{Ticket: "1"}}))
		want := `fetch 1 read done
each/1/decide 1 decision Billing done
each/1/move 1 update queue Raw>Billing priority 3 normal>4 high done
each/1/note 1 note routed 26 "" done
look 1 read done`
		if strings.ReplaceAll(got, "decision billing", "decision Billing") != want {
			t.Errorf("journal:\n%s\nwant\n%s", got, want)
		}
		seen, err := b.e.TicketsSeen(t.Context(), orchestrator.TicketFilter{Queue: "bill"})
		if err != nil || len(seen) != 2 || seen[0].Queue != "Billing" || seen[0].Runner != "routing" || seen[1].Subject == "" || seen[0].Label == "" {
			t.Errorf("seen: %+v, %v", seen, err)
		}
		live, err := b.e.Ticket(t.Context(), orchestrator.TicketRef{Ticket: seen[0].Number})
		if err != nil || live.Queue != "Billing" || len(live.Notes) != 1 || live.Notes[0].Subject != "routed" {
			t.Errorf("live: %+v, %v", live, err)
		}
		if _, err := b.e.Ticket(t.Context(), orchestrator.TicketRef{Ticket: "99"}); !errors.Is(err, orchestrator.ErrUnknownTicket) {
			t.Errorf("an unknown ticket: %v", err)
		}
		undoes(t, b, d, run)
	})
}

// undoes puts the run back, in which one ticket was changed since.
func undoes(t *testing.T, b *bench, d *desk.Desk, run string) {
	t.Helper()
	kim := orchestrator.Actor{Name: "kim", Via: "cli"}
	if _, err := d.Update(t.Context(), "2", ticket.Ticket{Queue: ticket.Named("Network")}); err != nil {
		t.Fatal(err)
	}
	before := b.journal(orchestrator.TicketLogFilter{})
	plan, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: run, DryRun: true, By: kim})
	if err != nil || len(plan.Steps) != 2 || plan.Ready() != 1 || queueOf(t, d, "1") != "Billing 4 high notes=1" {
		t.Fatalf("plan: %+v, %v, ticket %s", plan, err, queueOf(t, d, "1"))
	}
	if len(b.journal(orchestrator.TicketLogFilter{})) != len(before) {
		t.Error("a plan is in the journal")
	}
	if c := plan.Steps[0].Conflict; c != `it was changed since: queue is "Network" now, not "Billing" as it was left` {
		t.Errorf("conflict: %q", c)
	}
	done, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: run, By: kim})
	if err != nil || !done.Steps[1].Done || done.Steps[0].Done {
		t.Fatalf("undo: %+v, %v", done, err)
	}
	if is := queueOf(t, d, "1"); is != "Raw 3 normal notes=1" {
		t.Errorf("ticket 1 is %s", is)
	}
	if is := queueOf(t, d, "2"); is != "Network 4 high notes=1" {
		t.Errorf("ticket 2, which a person moved, is %s", is)
	}
	log := b.journal(orchestrator.TicketLogFilter{Ticket: orchestrator.TicketRef{Ticket: "1"}})
	last := log[len(log)-1:]
	if got := words(last); !strings.HasPrefix(got, " 1 update queue Billing>Raw priority 4 high>3 normal by kim undoes ") || last[0].Via != "cli" {
		t.Errorf("undo in the journal: %s", got)
	}
	if log[2].UndoneBy != last[0].ID {
		t.Errorf("the move does not say that it was put back: %+v", log[2])
	}
	again, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Entry: log[2].ID, By: kim})
	if err != nil || again.Steps[0].Done || !strings.Contains(again.Steps[0].Conflict, "put back already") {
		t.Errorf("a second undo: %+v, %v", again, err)
	}
	evs, err := b.e.Events(t.Context(), 5)
	if err != nil || evs[0].Kind != "undo" || evs[0].By != "kim" || evs[0].Run != run {
		t.Errorf("events: %+v, %v", evs, err)
	}
}

func TestADryRunWritesNothingAndGoesOnAsIfItHad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(routing())
		child := runnerOf(probe("child"), config.Trigger{Name: "after", Kind: config.TriggerAfter, After: config.After{Runner: "routing"}})
		b, d, _ := newOffice(t, r)
		b.cfg.Runners = append(b.cfg.Runners, child)
		b.start()
		defer b.stop()
		before := queueOf(t, d, "1")
		id, err := b.e.RunOnce(t.Context(), "routing", orchestrator.FireRequest{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		detail := b.detail(id)
		if !detail.Run.DryRun || detail.Run.State != orchestrator.Completed || detail.Run.Reason != "dry run: 5 changes intended · 2 done; 2 tickets" &&
			!strings.HasPrefix(detail.Run.Reason, "dry run: 5 changes intended") {
			t.Errorf("run: %+v", detail.Run)
		}
		if m := step(detail, "routing/look").Message; m != "2 tickets" {
			t.Errorf("a later step does not see what the run would have done: %q", m)
		}
		if is := queueOf(t, d, "1"); is != before {
			t.Errorf("the dry run wrote: %s, was %s", is, before)
		}
		got := words(b.journal(orchestrator.TicketLogFilter{Run: id, Changes: true}))
		want := `each/1/move 1 update queue Raw>Billing priority 3 normal>4 high intended
each/1/note 1 note routed 26 "to Billing, said the model" intended
each/2/move 2 update queue Raw>Billing priority 3 normal>4 high intended
each/2/note 2 note routed 26 "to Billing, said the model" intended
chat  call run test:Probe intended`
		if got != want {
			t.Errorf("intended:\n%s\nwant\n%s", got, want)
		}
		if len(b.callsOf("routing/chat")) != 0 || len(b.runs("child")) != 0 {
			t.Error("the dry run reached outside, or made a child due")
		}
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v := snap.Runners[0]; v.Last != nil || v.Runs != 0 || !v.LastOK.IsZero() || len(v.Strip) != 0 {
			t.Errorf("the dry run counts: %+v", v)
		}
		if _, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: id}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("undo of a dry run: %v", err)
		}
		again := b.fire("routing") // for real now
		pass(time.Second)
		if b.detail(again).Run.DryRun || queueOf(t, d, "1") != "Billing 4 high notes=1" || len(b.runs("child")) != 1 {
			t.Errorf("after a real run: %s, children %d", queueOf(t, d, "1"), len(b.runs("child")))
		}
	})
}

func TestARunnerHeldDryStaysDryOverRestartsAndReruns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runnerOf(routing())
		r.DryRun = true
		r.Policy.ExpectSuccessWithin, r.Policy.PauseAfterFailures = time.Minute, 1
		b, d, of := newOffice(t, r)
		f := &failOnce{System: d}
		of.sys = f
		b.start()
		id := b.fire("routing")
		pass(time.Second)
		if run := b.detail(id).Run; run.State != orchestrator.AwaitingRetry || !run.DryRun {
			t.Fatalf("run: %+v", run)
		}
		b.stop()
		b.start() // the retry goes on with what the journal kept of the first go
		pass(2 * time.Minute)
		detail := b.detail(id)
		if detail.Run.State != orchestrator.Completed || step(detail, "routing/look").Message != "2 tickets" {
			t.Errorf("after a restart: %+v, look %+v", detail.Run, step(detail, "routing/look"))
		}
		if err := b.e.Rerun(t.Context(), id, orchestrator.RerunRequest{All: true}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		if n := len(b.journal(orchestrator.TicketLogFilter{Run: id, Changes: true})); n != 5 {
			t.Errorf("after a rerun of all %d changes are intended, want 5", n)
		}
		if is := queueOf(t, d, "1"); is != "Raw 3 normal notes=0" {
			t.Errorf("ticket 1 is %s", is)
		}
		pass(10 * time.Minute)
		snap, err := b.e.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if v := snap.Runners[0]; !v.DryRun || v.Last == nil || v.OverdueFor != 0 || v.Runs != 0 {
			t.Errorf("runner: %+v", v)
		}
		b.stop()
	})
}

// failOnce fails the second search: that of the step look.
type failOnce struct {
	ticket.System
	n int
}

func (f *failOnce) Find(ctx context.Context, c ticket.Criteria) ([]ticket.Ticket, error) {
	if f.n++; f.n == 2 {
		return nil, fault.NewTransient(errors.New("gateway timeout"))
	}
	return f.System.Find(ctx, c)
}

func TestALostAnswerIsLookedUpAndOneEntrySaysWhatWasDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d, of := newOffice(t, runnerOf(routing()))
		of.sys = &flaky{System: d, lose: 1}
		b.start()
		defer b.stop()
		run := b.fire("routing")
		pass(time.Minute)
		if r := b.detail(run).Run; r.State != orchestrator.Completed {
			t.Fatalf("run: %+v", r)
		}
		var moves []orchestrator.TicketEntry
		for _, e := range b.journal(orchestrator.TicketLogFilter{Run: run, Changes: true}) {
			if e.Kind == orchestrator.TicketUpdate {
				moves = append(moves, e)
			}
		}
		want := "each/1/move 1 update queue Raw>Billing priority 3 normal>4 high done\neach/2/move 2 update queue Raw>Billing priority 3 normal>4 high done"
		if got := words(moves); got != want || moves[0].Error != "connection reset" {
			t.Errorf("moves:\n%s (%q)\nwant\n%s", got, moves[0].Error, want)
		}
	})
}

func TestARefusedWriteIsNoMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d, of := newOffice(t, runnerOf(routing()))
		of.sys = &flaky{System: d, refuse: true}
		b.start()
		defer b.stop()
		run := b.fire("routing")
		pass(time.Second)
		es := b.journal(orchestrator.TicketLogFilter{Run: run, Changes: true})
		if len(es) != 2 || es[0].Outcome != orchestrator.TicketFailed || es[0].Error != "no right to move there" {
			t.Errorf("journal:\n%s", words(es))
		}
		if _, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: run}); !errors.Is(err, orchestrator.ErrNotNow) {
			t.Errorf("undo of what was refused: %v", err)
		}
	})
}

func TestNothingIsSentThatTheJournalCannotBeToldOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, d, _ := newOffice(t, runnerOf(routing()))
		var steps atomic.Int64
		var full atomic.Bool
		plain := b.opts
		b.opts = func(o *Options) {
			plain(o)
			o.Fail = func(point string) error {
				if point == failStep && steps.Add(1) == 3 { // the first move is about to be called
					full.Store(true)
				}
				if point == "store.begin" && full.Load() {
					return syscall.ENOSPC
				}
				return nil
			}
		}
		b.start()
		defer b.stop()
		run := b.fire("routing")
		pass(5 * time.Second)
		if is := queueOf(t, d, "1"); is != "Raw 3 normal notes=0" {
			t.Errorf("with a full disk ticket 1 became %s", is)
		}
		full.Store(false)
		pass(5 * time.Minute)
		if r := b.detail(run).Run; r.State != orchestrator.Completed || queueOf(t, d, "1") != "Billing 4 high notes=1" {
			t.Errorf("there is room again: %+v, ticket %s", r, queueOf(t, d, "1"))
		}
	})
}

func TestADryRunAsksNobodyAndTellsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ask := pipe.Definition{ID: "ask", Use: "test:Ask"}
		r := runnerOf(group("p", ask, probe("work")))
		r.Handlers.OnSuccess = []pipe.Definition{probe("cheer")}
		b := newBench(t, r)
		rec := withReceivers(b)
		b.cfg.Notify = []config.Notification{ops("ops", "completed", "asked", "fired", "started")}
		deliver := b.opts
		b.opts = func(o *Options) {
			deliver(o)
			reg, err := pipe.NewRegistry(&pipe.Spec{Name: "test:Probe", New: func() pipe.Pipe { return pipe.Func(b.process) }},
				&pipe.Spec{Name: "test:Group", Composite: true}, &pipe.Spec{Name: "test:Ask", ReadOnly: true, New: func() pipe.Pipe {
					return pipe.Func(func(_ context.Context, c *pipe.Call) (pipe.Result, error) {
						if c.Answer == nil {
							return pipe.Result{}, &pipe.Wait{Question: "really?"}
						}
						out := pipe.Success("answered by "+c.Answer.By, nil)
						out.Decision = &pipe.Decision{Model: "m", Label: "Billing", Final: "Billing", Source: "operator", By: c.Answer.By}
						return out, nil
					})
				}})
			if err != nil {
				t.Fatal(err)
			}
			o.Pipes = reg
		}
		b.start()
		defer b.stop()
		id, err := b.e.RunOnce(t.Context(), "p", orchestrator.FireRequest{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		d := b.detail(id)
		if d.Run.State != orchestrator.Completed || step(d, "p/ask").Message != "answered by dry run" || d.Run.Handlers != handlersDone {
			t.Errorf("run: %+v, ask: %+v", d.Run, step(d, "p/ask"))
		}
		want := "p/ask  call ask: really? intended\np/work  call run test:Probe intended\non_success/cheer  call run test:Probe intended"
		if got := words(b.journal(orchestrator.TicketLogFilter{Run: id})); got != want {
			t.Errorf("left out:\n%s\nwant\n%s", got, want)
		}
		if len(b.callsOf("p/work"))+len(b.callsOf("on_success/cheer")) != 0 || len(rec.taken("ops")) != 0 {
			t.Errorf("it worked, or told: %+v", rec.taken("ops"))
		}
		if ds, err := b.e.store.Decisions(t.Context(), orchestrator.QualityFilter{}, 0, 10); err != nil || len(ds) != 0 {
			t.Errorf("what nobody was asked counts as a reviewed decision: %+v, %v", ds, err)
		}
		asked := b.fire("p")
		pass(time.Minute)
		if d := b.detail(asked); d.Run.State != orchestrator.Paused || len(rec.taken("ops")) == 0 {
			t.Errorf("a real run asks nobody, or tells nobody: %+v, %+v", d.Run, rec.taken("ops"))
		}
	})
}

func TestTheJournalHoldsNoSecretsAndNoTexts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		def := routing()
		def.Steps = def.Steps[:2]
		def.Steps[1].Steps[1].Params = map[string]any{"ticket_id": "{{ ticket.id }}", "updated_ticket": map[string]any{"subject": "key hunter22 leaked"}}
		def.Steps[1].Steps[2].Params = map[string]any{"ticket_id": "{{ ticket.id }}", "note": map[string]any{
			"subject": "about hunter22", "body": "the customer wrote hunter22 and more",
		}}
		b, d, _ := newOffice(t, runnerOf(def))
		plain := b.opts
		b.opts = func(o *Options) {
			plain(o)
			o.Secrets = []string{"hunter22"}
		}
		b.start()
		defer b.stop()
		for id, subject := range map[string]string{"1": "my key is hunter22", "2": strings.Repeat("long ", 80)} {
			if _, err := d.Update(t.Context(), id, ticket.Ticket{Subject: subject}); err != nil {
				t.Fatal(err)
			}
		}
		dry, err := b.e.RunOnce(t.Context(), "routing", orchestrator.FireRequest{DryRun: true})
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		run := b.fire("routing")
		pass(time.Second)
		got := words(b.journal(orchestrator.TicketLogFilter{}))
		if strings.Contains(got, "hunter22") || !strings.Contains(got, "key [redacted] leaked") {
			t.Errorf("journal:\n%s", got)
		}
		if !strings.Contains(words(b.journal(orchestrator.TicketLogFilter{Run: dry})), "the customer wrote [redacted]") {
			t.Error("a dry run does not say what it would write")
		}
		if strings.Contains(words(b.journal(orchestrator.TicketLogFilter{Run: run})), "customer wrote") {
			t.Error("the text of a written note is kept although nobody asked for it")
		}
		undo, err := b.e.UndoTickets(t.Context(), orchestrator.TicketUndoRequest{Run: run})
		if err != nil || len(undo.Steps) != 2 || !strings.Contains(undo.Steps[1].Conflict, "held a secret") ||
			!strings.Contains(undo.Steps[0].Conflict, "too long") {
			t.Errorf("it would write what was not kept: %+v, %v", undo, err)
		}
	})
}
