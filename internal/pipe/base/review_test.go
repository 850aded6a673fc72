package base_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
)

// unsure is a classification's result.
func unsure(confidence float64) m {
	return m{
		"label": "billing", "confidence": confidence, "model": "m1", "decision": "r/classify", "more": "is ignored",
		"scores": []any{m{"label": "billing", "confidence": confidence}, m{"label": "{{ trap }}", "confidence": 0.1}, m{"label": "spam", "confidence": 0.3}},
	}
}

func TestReviewAsksBelowTheThreshold(t *testing.T) {
	w := newWorld(t)
	w.scope.PipeResults = map[string]render.Result{"classify": {Succeeded: true, Data: unsure(0.7999)}}
	params := m{"result": "classify", "ticket": m{"id": "7", "subject": "S", "body": "B"}, "deadline": "1h", "on_expire": "label second level", "note": "look twice"}
	_, err := w.run(t.Context(), "ReviewPipe", params)
	var wait *pipe.Wait
	if !errors.As(err, &wait) || wait.Review == nil {
		t.Fatalf("no question: %v", err)
	}
	r := wait.Review
	if wait.For != time.Hour || r.Of != "r/classify" || r.Ticket != "7" || r.Text != "S\nB" || r.Title != "S" || r.Scores[0].Label != "spam" ||
		r.Scores[1].Label != "{{ trap }}" || len(r.Labels) != 3 || wait.Subject["note"] != "look twice" {
		t.Errorf("question %+v about %+v", wait, r)
	}
	w.scope.PipeResults["classify"] = render.Result{Succeeded: true, Data: unsure(0.8)}
	got := w.must("ReviewPipe", params)
	if got.Data["label"] != "billing" || got.Data["source"] != "model" || got.Data["corrected"] != false || got.Decision.Final != "billing" {
		t.Errorf("at the threshold: %+v", got)
	}
}

func TestReviewAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		answer                   pipe.Answer
		params                   m
		label, source            string
		confidence               float64
		corrected, stopped, skip bool
		fails                    string
	}{
		"accepted":       {answer: pipe.Answer{Approved: true, By: "kim", Label: "billing"}, label: "billing", source: "operator", confidence: 1},
		"yes":            {answer: pipe.Answer{Approved: true, By: "kim"}, label: "billing", source: "operator", confidence: 1},
		"corrected":      {answer: pipe.Answer{Approved: true, By: "kim", Label: "spam"}, label: "spam", source: "operator", confidence: 1, corrected: true},
		"skipped":        {answer: pipe.Answer{Skipped: true, By: "kim"}, source: "operator", confidence: 1, stopped: true, skip: true},
		"no":             {answer: pipe.Answer{By: "kim"}, source: "operator", confidence: 1, stopped: true, skip: true},
		"skip goes on":   {answer: pipe.Answer{Skipped: true, By: "kim"}, params: m{"on_skip": "continue"}, source: "operator", confidence: 1, skip: true},
		"skip fails":     {answer: pipe.Answer{Skipped: true, By: "kim"}, params: m{"on_skip": "fail"}, fails: "billing (0.50) skipped by kim"},
		"expired":        {answer: pipe.Answer{Expired: true}, fails: "no answer before the deadline"},
		"expired, yes":   {answer: pipe.Answer{Expired: true}, params: m{"on_expire": "accept"}, label: "billing", source: "deadline", confidence: 0.5},
		"expired, label": {answer: pipe.Answer{Expired: true}, params: m{"on_expire": "label spam"}, label: "spam", source: "deadline", confidence: 1},
		"expired, skip":  {answer: pipe.Answer{Expired: true}, params: m{"on_expire": "skip"}, source: "deadline", confidence: 1, stopped: true, skip: true},
	} {
		w := newWorld(t)
		w.answer = &c.answer
		params := m{"result": unsure(0.5)}
		for k, v := range c.params {
			params[k] = v
		}
		r, err := w.run(t.Context(), "ReviewPipe", params)
		if c.fails != "" {
			if err == nil || !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%s: %v, want %q", name, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		d := r.Data
		if d["label"] != c.label || d["source"] != c.source || d["confidence"] != c.confidence || d["corrected"] != c.corrected || d["skipped"] != c.skip ||
			r.Succeeded == c.stopped || r.Decision.Text != "" {
			t.Errorf("%s: %+v, stopped %v", name, d, !r.Succeeded)
		}
	}
}

func TestReviewRefusesWhatCannotBe(t *testing.T) {
	w := newWorld(t)
	w.scope.PipeResults = map[string]render.Result{"skipped": {WasSkipped: true, Message: "its condition is false"}}
	for say, params := range map[string]m{
		`no step "x" before this one`:                   {"result": "x"},
		"classified nothing: its condition is false":    {"result": "skipped"},
		"parameter confidence: is required":             {"result": m{"label": "x"}},
		"expected the id of a classification step":      {"result": 7},
		"threshold 2 must be between 0 and 1":           {"result": unsure(1), "threshold": 2},
		"sample -1 must be between 0 and 1":             {"result": unsure(1), "sample": -1},
		`on_expire: expected accept, skip, fail or "la`: {"result": unsure(1), "on_expire": "label"},
		"on_skip: expected stop, continue or fail":      {"result": unsure(1), "on_skip": "retry"},
	} {
		if _, err := w.run(t.Context(), "ReviewPipe", params); err == nil || !strings.Contains(err.Error(), say) {
			t.Errorf("%v: %v, want %q", params, err, say)
		}
	}
}

// TestProcessTicketsAsksAnOperator where it is not sure, and moves the ticket to where the operator says.
func TestProcessTicketsAsksAnOperator(t *testing.T) {
	for _, c := range []struct {
		answer      pipe.Answer
		queue, note string
	}{
		{pipe.Answer{Approved: true, Label: "Sales", By: "kim"}, "Sales", "Open Ticket AI: routed"},
		{pipe.Answer{Skipped: true, By: "kim"}, "Incoming", "Open Ticket AI: left in Incoming"},
		{pipe.Answer{Expired: true}, "Incoming", "Open Ticket AI: left in Incoming"},
	} {
		w := newWorld(t)
		w.add(ticket.Ticket{Subject: "Hello there", Queue: ticket.Named("Incoming")})
		w.answer = &c.answer
		w.macro("ProcessTickets", m{"queue": "Incoming", "review": true, "priority_model": "", "review_labels": []any{"Sales"}})
		got := w.get("1")
		if got.Queue.Name != c.queue || len(got.Notes) != 2 && len(got.Notes) != 1 || got.Notes[len(got.Notes)-1].Subject != c.note {
			t.Errorf("%+v: in %s with %+v", c.answer, got.Queue.Name, got.Notes)
		}
	}
	spec, _ := registry(t).Lookup("ProcessTickets")
	_, err := spec.Expand(pipe.Definition{ID: "p", Use: spec.Name, Params: m{"queue": "Q", "review": "{{ x }}"}})
	if err == nil || !strings.Contains(err.Error(), "review: expected true or false") {
		t.Errorf("a template decides on steps: %v", err)
	}
}

// TestReviewAsksOncePerTicket: a run beside one that waits leaves the ticket alone.
func TestReviewAsksOncePerTicket(t *testing.T) {
	spec, _ := registry(t).Lookup("ReviewPipe")
	asked := func(_ context.Context, id string) (string, error) {
		return map[string]string{"7": "41"}[id], nil
	}
	for id, stops := range map[string]bool{"7": true, "8": false} {
		r, err := spec.New().Process(t.Context(), &pipe.Call{
			Params: pipe.Params{Raw: m{"result": unsure(0.5), "ticket": id}, Render: render.New().Render}, Asked: asked,
		})
		if stops && (err != nil || r.Succeeded || r.Message != "ticket 7 is asked about in run 41 already" || r.Decision.Source != "") {
			t.Errorf("ticket %s: %+v %v", id, r, err)
		}
		if !stops && err == nil {
			t.Errorf("ticket %s is not asked about: %+v", id, r)
		}
	}
}

// TestBatchClassification takes texts and tickets; ProcessTickets asks for all of them before the first.
func TestBatchClassification(t *testing.T) {
	w := newWorld(t)
	w.seed()
	got := w.must("BatchClassificationPipe", m{"texts": []any{"VPN down", m{"subject": "printer", "body": "problem"}, ""}})
	results, ok := got.Data["results"].([]any)
	if !ok || len(results) != 3 || results[0].(map[string]any)["label"] != "Network" || results[1].(map[string]any)["label"] != "Hardware" ||
		results[2].(map[string]any)["label"] != "" {
		t.Errorf("results %+v", got.Data)
	}
	if _, err := w.run(t.Context(), "BatchClassificationPipe", m{"texts": []any{7}}); err == nil || !strings.Contains(err.Error(), "texts[0]: expected a text or a ticket") {
		t.Errorf("a number: %v", err)
	}
	ran := w.macro("ProcessTickets", m{"queue": "Incoming", "batch": true})
	if want := "p/settings p/fetch p/any_tickets p/classify_queues p/classify_priorities p/tickets/1/classify_queue"; !strings.HasPrefix(strings.Join(ran, " "), want) {
		t.Errorf("ran %v", ran)
	}
}

// TestADryRunAsksNobody: it goes on as if the label were accepted, and says whom it would have asked what.
func TestADryRunAsksNobody(t *testing.T) {
	spec, _ := registry(t).Lookup("ReviewPipe")
	var would []string
	for confidence, asks := range map[float64]int{0.5: 1, 0.9: 0} {
		would = nil
		r, err := spec.Dry(t.Context(), &pipe.Call{
			Params: pipe.Params{Raw: m{"result": unsure(confidence), "ticket": "7"}, Render: render.New().Render},
			Log:    slog.New(slog.DiscardHandler), Would: func(what string) { would = append(would, what) },
		})
		if err != nil || r.Data["label"] != "billing" || len(would) != asks || (r.Decision == nil) != (asks == 1) {
			t.Errorf("at %v: %+v, %v, would %q", confidence, r, err, would)
		}
	}
}
