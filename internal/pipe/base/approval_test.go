package base_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

func TestApprovalAsksFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.run(t.Context(), "WaitForApprovalPipe", m{
		"question": "move {{ 6 + 1 }}?", "subject": m{"ticket": "7"}, "input": m{"queue": "text"}, "deadline": "2h",
	})
	var wait *pipe.Wait
	if !errors.As(err, &wait) {
		t.Fatalf("got %v, want a question", err)
	}
	if wait.Question != "move 7?" || wait.Subject["ticket"] != "7" || wait.Input["queue"] != "text" || wait.For != 2*time.Hour {
		t.Errorf("asked %+v", wait)
	}
}

// TestApprovalTakesItsAnswer is the table of answers, deadlines and what is configured for them.
func TestApprovalTakesItsAnswer(t *testing.T) {
	t.Parallel()
	yes, no, late := pipe.Answer{Approved: true, By: "kim"}, pipe.Answer{By: "kim", Note: "not now"}, pipe.Answer{Expired: true, By: "the deadline"}
	for _, c := range []struct {
		name                   string
		params                 m
		a                      pipe.Answer
		want                   string // succeeded, stopped, failed
		says                   string
		approved, expiredInDoc bool
	}{
		{"yes", m{}, yes, "succeeded", "approved by kim", true, false},
		{"no stops", m{}, no, "stopped", "rejected by kim: not now", false, false},
		{"no fails", m{"on_reject": "fail"}, no, "failed", "rejected by kim: not now", false, false},
		{"late fails", m{}, late, "failed", "no answer before the deadline", false, true},
		{"late fails, whatever a no does", m{"on_reject": "stop"}, late, "failed", "no answer", false, true},
		{"late is a no", m{"on_deadline": "reject"}, late, "stopped", "no answer", false, true},
		{"late is a failing no", m{"on_deadline": "reject", "on_reject": "fail"}, late, "failed", "no answer", false, true},
		{"late is a yes", m{"on_deadline": "approve"}, late, "succeeded", "no answer before the deadline", true, true},
		{"no with a late yes", m{"on_deadline": "approve"}, no, "stopped", "rejected", false, false},
	} {
		w := newWorld(t)
		w.answer = &c.a
		c.params["question"] = "?"
		r, err := w.run(t.Context(), "WaitForApprovalPipe", c.params)
		got, said := "succeeded", r.Message
		switch {
		case err != nil:
			got, said = "failed", err.Error()
			if fault.ClassOf(err) != fault.Permanent {
				t.Errorf("%s: a retry would ask for the same answer: %v", c.name, err)
			}
		case r.HasFailed():
			got = "stopped"
		}
		if got != c.want || !strings.HasPrefix(said, c.says) {
			t.Errorf("%s: %s %q, want %s %q", c.name, got, said, c.want, c.says)
		}
		if err == nil && (r.Data["approved"] != c.approved || r.Data["expired"] != c.expiredInDoc || r.Data["by"] != c.a.By) {
			t.Errorf("%s: data %v", c.name, r.Data)
		}
	}
}

func TestApprovalRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for says, params := range map[string]m{
		"question is empty": {"question": ""}, "on_deadline: expected": {"question": "?", "on_deadline": "maybe"},
		"on_reject: expected": {"question": "?", "on_reject": "maybe"}, "deadline: expected": {"question": "?", "deadline": -5},
	} {
		if _, err := newWorld(t).run(t.Context(), "WaitForApprovalPipe", params); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
}
