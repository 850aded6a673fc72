package base_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// walk runs a definition as the engine does, without retries and history: steps in order, if, for_each, quiet stops.
// It gives the paths of the steps that ran.
func (w *world) walk(d pipe.Definition, sc render.Scope, path string) (r pipe.Result, ran []string, err error) {
	rendered := func(text string, sc render.Scope) any {
		v, rerr := render.New().Render(w.t.Context(), text, sc)
		if rerr != nil {
			w.t.Fatalf("%s: render %s: %v", path, text, rerr)
		}
		return v.Native
	}
	if d.If != "" && !pipe.EvalBool(rendered(d.If, sc)) {
		return pipe.Skipped("if"), nil, nil
	}
	spec, ok := registry(w.t).Lookup(d.Use)
	if !ok {
		w.t.Fatalf("%s: unknown type %s", path, d.Use)
	}
	if len(d.Steps) == 0 {
		w.scope, w.key = sc, fmt.Sprintf("run%d:%s", w.runs, path)
		r, err := w.run(w.t.Context(), spec.Name, d.Params)
		return r, []string{path}, err
	}
	params, err := pipe.Params{Raw: d.Params, Scope: sc, Render: render.New().Render}.Evaluate(w.t.Context())
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	inner := sc
	inner.Vars = maps.Clone(sc.Vars)
	inner.Vars["params"], inner.Vars["config"], inner.ParentParams = params, params, params
	if d.ForEach == "" {
		return w.walkSteps(d, inner, path)
	}
	results := []pipe.Result{}
	for _, item := range rendered(d.ForEach, inner).([]any) {
		one := inner
		one.Vars = maps.Clone(inner.Vars)
		one.Vars[d.As], one.Vars["params"], one.Vars["config"], one.ParentParams = item, m{}, m{}, m{}
		res, paths, ierr := w.walkSteps(d, one, fmt.Sprintf("%s/%v", path, rendered(d.Key, one)))
		ran = append(ran, paths...)
		if ierr != nil {
			err = ierr
		}
		results = append(results, res)
	}
	return pipe.Union(results...), ran, err
}

func (w *world) walkSteps(d pipe.Definition, sc render.Scope, path string) (pipe.Result, []string, error) {
	var ran []string
	results := []pipe.Result{}
	for _, s := range d.Steps {
		r, paths, err := w.walk(s, sc, path+"/"+s.ID)
		ran = append(ran, paths...)
		if err != nil {
			return r, ran, err
		}
		results = append(results, r)
		sc.PipeResults = maps.Clone(sc.PipeResults)
		sc.PipeResults[s.ID] = render.Result{Succeeded: r.Succeeded, WasSkipped: r.WasSkipped, Message: r.Message, Data: r.Data}
		if r.HasFailed() {
			break
		}
	}
	return pipe.Union(results...), ran, nil
}

// macro expands and runs a macro; it gives the paths of the steps that ran.
func (w *world) macro(use string, params m) []string {
	w.t.Helper()
	spec, ok := registry(w.t).Lookup(use)
	if !ok {
		w.t.Fatalf("no macro %s", use)
	}
	before := fmt.Sprint(params)
	d, err := spec.Expand(pipe.Definition{ID: "p", Use: spec.Name, Params: params})
	if err != nil {
		w.t.Fatal(err)
	}
	if fmt.Sprint(params) != before {
		w.t.Error("expanding changed the parameters it was given")
	}
	w.runs++
	sc := render.Scope{Vars: m{"outer": "Incoming", "config": m{"limit": int64(2)}}, PipeResults: map[string]render.Result{}}
	_, ran, err := w.walk(d, sc, "p")
	if err != nil {
		w.t.Fatalf("%s: %v", use, err)
	}
	return ran
}

func (w *world) seed() {
	for _, text := range []string{"VPN down, urgent", "Hello there", "printer problem"} {
		w.add(ticket.Ticket{Subject: text, Queue: ticket.Named("Incoming")})
	}
	w.add(ticket.Ticket{Subject: "held VPN", Queue: ticket.Named("Incoming"), Locked: true})
	w.add(ticket.Ticket{Subject: "VPN elsewhere", Queue: ticket.Named("Other")})
}

func TestProcessTickets(t *testing.T) {
	w := newWorld(t)
	w.seed()
	ran := w.macro("ProcessTickets", m{"queue": "Incoming", "queues": m{"Hardware": "Field Service"}})
	want := []string{
		"p/settings", "p/fetch", "p/any_tickets",
		"p/tickets/1/classify_queue", "p/tickets/1/select_queue", "p/tickets/1/classify_priority", "p/tickets/1/select_priority", "p/tickets/1/update", "p/tickets/1/note",
		"p/tickets/2/classify_queue", "p/tickets/2/select_queue", "p/tickets/2/classify_priority", "p/tickets/2/select_priority", "p/tickets/2/note",
		"p/tickets/3/classify_queue", "p/tickets/3/select_queue", "p/tickets/3/classify_priority", "p/tickets/3/select_priority", "p/tickets/3/update", "p/tickets/3/note",
	}
	if !slices.Equal(ran, want) {
		t.Errorf("ran\n%s\nwant\n%s", strings.Join(ran, "\n"), strings.Join(want, "\n"))
	}
	for id, c := range map[string]struct{ queue, priority, subject, says string }{
		"1": {"Network", "4 high", "Open Ticket AI: routed", "Queue: Network (was Incoming). The model rules:queues says \"Network\" with confidence"},
		"2": {"Incoming", "3 normal", "Open Ticket AI: left in Incoming", "Queue stays Incoming."},
		"3": {"Field Service", "3 normal", "Open Ticket AI: routed", "Priority stays 3 normal."},
		"4": {"Incoming", "3 normal", "", ""}, "5": {"Other", "3 normal", "", ""},
	} {
		got := w.get(id)
		if got.Queue.Name != c.queue || got.Priority.Name != c.priority {
			t.Errorf("ticket %s is in %s with %s, want %s with %s", id, got.Queue.Name, got.Priority.Name, c.queue, c.priority)
		}
		if (c.subject == "") != (len(got.Notes) == 0) || (c.subject != "" && (got.Notes[0].Subject != c.subject || !strings.Contains(got.Notes[0].Body, c.says))) {
			t.Errorf("ticket %s has notes %+v, want %q with %q", id, got.Notes, c.subject, c.says)
		}
	}
	// A second run finds nothing: what was moved is gone, what was left is marked.
	if ran := w.macro("ProcessTickets", m{"queue": "Incoming"}); !slices.Equal(ran, []string{"p/settings", "p/fetch", "p/any_tickets"}) {
		t.Errorf("the second run did %v", ran)
	}
	// A ticket that was left in one queue is processed in another.
	if _, err := w.desk.Update(t.Context(), "2", ticket.Ticket{Queue: ticket.Named("Other"), Subject: "my laptop"}); err != nil {
		t.Fatal(err)
	}
	w.macro("ProcessTickets", m{"queue": m{"name": "Other"}, "priority_model": ""})
	if got := w.get("2"); got.Queue.Name != "Hardware" || len(got.Notes) != 2 {
		t.Errorf("in another queue: %+v", got)
	}
}

func TestProcessTicketsOptions(t *testing.T) {
	w := newWorld(t)
	w.seed()
	// Templates in parameters see what stands around the macro; queue in 0.x's spelling; no note but for what stays.
	ran := w.macro("base:ProcessTickets", m{
		"queue.name": "{{ outer }}", "limit": "{{ config.limit }}", "model": "queues", "priority_model": "", "note": false, "min_confidence": "0.999",
		"fallback_queue": "Manual {{ outer }}", "skip_locked": false,
	})
	if slices.ContainsFunc(ran, func(s string) bool { return strings.HasSuffix(s, "priority") || strings.HasSuffix(s, "/note") }) || len(ran) != 3+2*3 {
		t.Errorf("ran %v", ran)
	}
	if got := w.get("1"); got.Queue.Name != "Manual Incoming" || len(got.Notes) != 0 {
		t.Errorf("ticket 1: %+v", got)
	}
	if got := w.get("3"); got.Queue.Name != "Incoming" {
		t.Errorf("the limit does not hold: %+v", got)
	}
	w.macro("ProcessTickets", m{"queue": "Incoming", "note": false, "min_confidence": 1, "priority_model": nil})
	if got := w.get("3"); got.Queue.Name != "Incoming" || len(got.Notes) != 1 || got.Notes[0].Subject != "Open Ticket AI: left in Incoming" {
		t.Errorf("a ticket that stays has no mark: %+v", got)
	}
	spec, _ := registry(t).Lookup("ProcessTickets")
	if _, err := spec.Expand(pipe.Definition{ID: "p"}); err == nil {
		t.Error("expanded without a queue")
	}
}

// TestMacrosHandServicesDown: every step that needs a service gets the one of the macro, and no other.
func TestMacrosHandServicesDown(t *testing.T) {
	for _, use := range []string{"ProcessTickets", "CheckEscalations"} {
		spec, _ := registry(t).Lookup(use)
		retry := &pipe.Retry{Retries: 7}
		d, err := spec.Expand(pipe.Definition{
			ID: "p", Use: spec.Name, Params: m{"queue": "Q"}, Retry: retry, If: "{{ x }}", DependsOn: []string{"y"},
			Injects: map[string]string{"ticket_system": "ts", "classification_service": "cs"},
		})
		if err != nil || d.ID != "p" || d.Use != "base:CompositePipe" || d.Retry != retry || d.If != "{{ x }}" || len(d.DependsOn) != 1 {
			t.Errorf("%s: %+v, %v", use, d, err)
		}
		var check func(d pipe.Definition)
		check = func(d pipe.Definition) {
			spec, _ := registry(t).Lookup(d.Use)
			want := map[string]string{}
			for _, n := range spec.Needs {
				want[n.Name] = map[string]string{"ticket_system": "ts", "classification_service": "cs"}[n.Name]
			}
			if len(d.Steps) == 0 && !maps.Equal(d.Injects, want) {
				t.Errorf("%s: step %s gets %v, want %v", use, d.ID, d.Injects, want)
			}
			for _, s := range d.Steps {
				check(s)
			}
		}
		check(d)
	}
}

func TestCheckEscalations(t *testing.T) {
	w := newWorld(t)
	old := time.Now().Add(-25 * time.Hour)
	for _, in := range []ticket.Ticket{
		{Subject: "old", Queue: ticket.Named("A"), CreatedAt: old},
		{Subject: "old and low", Queue: ticket.Named("B"), CreatedAt: old, Priority: ticket.Named("2 low")},
		{Subject: "young", Queue: ticket.Named("A")},
		{Subject: "top", Queue: ticket.Named("A"), CreatedAt: old, Priority: ticket.Named("5 very high")},
		{Subject: "top of its scale", Queue: ticket.Named("A"), CreatedAt: old, Priority: ticket.Named("3 high")},
		{Subject: "unknown scale", Queue: ticket.Named("A"), CreatedAt: old, Priority: ticket.Named("P2")},
		{Subject: "closed", Queue: ticket.Named("A"), CreatedAt: old, State: ticket.Named("closed")},
	} {
		w.add(in)
	}
	check := func(what string, want ...string) {
		t.Helper()
		for i, priority := range want {
			if got := w.get(fmt.Sprint(i + 1)); got.Priority.Name != priority {
				t.Errorf("%s: ticket %d (%s) has %s, want %s", what, i+1, got.Subject, got.Priority.Name, priority)
			}
		}
	}
	w.macro("CheckEscalations", m{"queue": "A"})
	check("queue A", "4 high", "2 low", "3 normal", "5 very high", "3 high", "P2", "3 normal")
	if n := w.get("1").Notes; len(n) != 1 || n[0].Subject != "Open Ticket AI: escalated" || n[0].Body != "Priority: 4 high (was 3 normal). The ticket is older than 24 h." {
		t.Errorf("notes %+v", n)
	}
	// Once raised it stays with what people decide.
	if ran := w.macro("CheckEscalations", m{"queue": "A"}); len(ran) != 3 {
		t.Errorf("the second run did %v", ran)
	}
	w.macro("CheckEscalations", m{"older_than": "PT24H", "raise_to": "4 high", "note": "Ticket {{ ticket.id }} in {{ ticket.queue.name }} waits too long"})
	check("all, to high", "4 high", "4 high", "3 normal", "5 very high", "3 high", "P2", "3 normal")
	if n := w.get("2").Notes; len(n) != 1 || n[0].Body != "Ticket 2 in B waits too long" {
		t.Errorf("notes %+v", n)
	}
	if n := w.get("5").Notes; len(n) != 0 {
		t.Errorf("a ticket at the top has notes %+v", n)
	}
}
