package base_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/rules"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/pipe/base"
	"github.com/openticketai/otai-tui/internal/render"
	"github.com/openticketai/otai-tui/internal/ticket"
	"github.com/openticketai/otai-tui/internal/ticket/desk"
)

type m = map[string]any

// logLines is a log handler that keeps "LEVEL message".
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) Enabled(context.Context, slog.Level) bool { return true }
func (l *logLines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logLines) WithGroup(string) slog.Handler            { return l }
func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	text := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, text)
	return nil
}

func (l *logLines) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func registry(t *testing.T) *pipe.Registry {
	t.Helper()
	r, err := pipe.NewRegistry(base.Specs()...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// world is what the pipes of one test are given.
type world struct {
	t      *testing.T
	desk   ticket.System
	class  classify.Classifier
	log    *logLines
	scope  render.Scope
	key    string
	answer *pipe.Answer
	runs   int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	d, err := desk.Open(t.Context(), filepath.Join(t.TempDir(), desk.FileName), desk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return &world{t: t, desk: d, class: rules.Default(), log: &logLines{}, key: "run/step"}
}

func (w *world) run(ctx context.Context, use string, params m) (pipe.Result, error) {
	w.t.Helper()
	spec, ok := registry(w.t).Lookup(use)
	if !ok || spec.New == nil {
		w.t.Fatalf("no leaf pipe %s", use)
	}
	return spec.New().Process(ctx, &pipe.Call{
		Params: pipe.Params{Raw: params, Scope: w.scope, Render: render.New().Render}, Log: slog.New(w.log), Ticket: w.desk, Class: w.class,
		Runner: "runner", Run: "run", Step: "runner/step", Attempt: 1, Key: w.key, Answer: w.answer,
	})
}

func (w *world) must(use string, params m) pipe.Result {
	w.t.Helper()
	r, err := w.run(w.t.Context(), use, params)
	if err != nil {
		w.t.Fatalf("%s: %v", use, err)
	}
	return r
}

func (w *world) add(in ticket.Ticket) ticket.Ticket {
	w.t.Helper()
	made, err := w.desk.Create(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) get(id string) ticket.Ticket {
	w.t.Helper()
	got, err := w.desk.Get(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return got
}

func wantClass(t *testing.T, err error, class fault.Class, text string) {
	t.Helper()
	if err == nil || fault.ClassOf(err) != class || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v (%s), want %s with %q", err, fault.ClassOf(err), class, text)
	}
}

func TestSpecs(t *testing.T) {
	r := registry(t)
	for _, use := range []string{
		"base:FetchTicketsPipe", "open_ticket_ai.base:UpdateTicketsPipe", "open_ticket_ai.base:AddNoteTicketsPipe", "open_ticket_ai.base:CreateTicketPipe",
		"open_ticket_ai.hf_local:HFLocalTextClassificationPipe", "open_ticket_ai.otai_hf_local:HFLocalTextClassificationPipe",
		"otai_hf_local:HFLocalTextClassificationPipe", "HfLocalTextClassificationPipe", "open_ticket_ai.base:JinjaExpressionPipe", "otai_base:IntervalTrigger",
		"otai_base:SimpleSequentialOrchestrator", "base:SimpleSequentialRunner", "ProcessTickets", "CheckEscalations", "CommandPipe", "HTTPPipe", "CompositePipe",
	} {
		if _, ok := r.Lookup(use); !ok {
			t.Errorf("%s is not known", use)
		}
	}
	for _, s := range r.Specs() {
		if s.Doc == "" {
			t.Errorf("%s has no doc", s.Name)
		}
		for _, f := range pipe.Fields(s.Params) {
			if f.Doc == "" {
				t.Errorf("%s: parameter %s has no doc", s.Name, f.Name)
			}
		}
	}
}

func TestExpression(t *testing.T) {
	w := newWorld(t)
	for text, want := range map[any]any{"{{ 1 + 1 }}": int64(2), "{{ 'x' }}": "x", "plain": "plain", "0.8": 0.8, 7: 7, "{{ none }}": nil} {
		if r := w.must("ExpressionPipe", m{"expression": text}); !r.Succeeded || r.Data["value"] != want {
			t.Errorf("%v gives %#v, want %#v", text, r.Data["value"], want)
		}
	}
	if r := w.must("ExpressionPipe", m{"expression": "{{ fail() if true else 1 }}"}); !r.HasFailed() || r.Message != "nothing to do" {
		t.Errorf("fail() gives %+v", r)
	}
	if r := w.must("ExpressionPipe", m{"expression": []any{"{{ 1 }}", m{"a": "{{ 2 }}"}}}); r.Data["value"].([]any)[1].(m)["a"] != int64(2) {
		t.Errorf("a structure gives %+v", r)
	}
	_, err := w.run(t.Context(), "ExpressionPipe", m{})
	wantClass(t, err, fault.Permanent, "takes expression")
	_, err = w.run(t.Context(), "ExpressionPipe", m{"expression": "{{ get_pipe_result('nope') }}"})
	wantClass(t, err, fault.Permanent, "parameter expression")
}

type failing struct{ err error }

func (f failing) Classify(context.Context, classify.Request) (classify.Result, error) {
	return classify.Result{}, f.err
}
func (failing) Describe() string { return "failing" }

type recording struct{ got *classify.Request }

func (r recording) Classify(_ context.Context, q classify.Request) (classify.Result, error) {
	*r.got = q
	return classify.Result{Label: "A", Confidence: 0.5}, nil
}
func (recording) Describe() string { return "recording" }

func TestClassification(t *testing.T) {
	w := newWorld(t)
	r := w.must("ClassificationPipe", m{"text": "VPN is down", "model_name": "x"})
	if r.Data["label"] != "Network" || r.Data["confidence"].(float64) < 0.8 || r.Data["model"] != "rules:queues" || len(r.Data["scores"].([]any)) == 0 {
		t.Errorf("result %+v", r)
	}
	if log := strings.Join(w.log.all(), "\n"); strings.Contains(log, "VPN is down") {
		t.Errorf("the text is in the log: %s", log)
	}
	var got classify.Request
	w.class = recording{&got}
	r = w.must("otai_hf_local:HFLocalTextClassificationPipe", m{"prompt": "x y", "model": "mm", "token": "secret"})
	if got != (classify.Request{Text: "x y", Model: "mm", APIToken: "secret"}) || r.Data["model"] != "mm" {
		t.Errorf("request %+v, result %+v", got, r)
	}
	w.class = failing{fault.NewRateLimited(errors.New("slow down"), 3)}
	_, err := w.run(t.Context(), "ClassificationPipe", m{"text": "x"})
	wantClass(t, err, fault.RateLimited, "slow down")
	if fault.RetryAfterOf(err) != 3 {
		t.Error("retry-after is lost")
	}
	_, err = w.run(t.Context(), "ClassificationPipe", m{"model_name": "x"})
	wantClass(t, err, fault.Permanent, "parameter text: is required")
}

func TestTriggers(t *testing.T) {
	w := newWorld(t)
	for use, params := range map[string]m{"IntervalTrigger": {"interval": "PT1S"}, "CronTrigger": {"cron": "@daily"}} {
		if r := w.must(use, params); !r.Succeeded {
			t.Errorf("%s: %+v", use, r)
		}
	}
}

func TestSelect(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name                string
		params              m
		value, change, says string
		sure                bool
	}{
		{
			"sure",
			m{"label": "IT", "confidence": 0.93, "current": "Raw", "what": "queue", "model": "m1"},
			"IT", "IT",
			`Queue: IT (was Raw). The model m1 says "IT" with confidence 0.93 (at least 0.80 is needed).`, true,
		},
		{"mapped", m{"label": "it", "confidence": 0.8, "map": m{"IT": "IT Support"}, "current": m{"name": "Raw"}}, "IT Support", "IT Support", "Value: IT Support", true},
		{"stays", m{"label": "raw", "confidence": 1, "current": "Raw"}, "raw", "", "Value stays Raw. The classifier", true},
		{
			"fallback",
			m{"label": "IT", "confidence": 0.5, "fallback": "Manual", "current": "Raw"},
			"Manual", "Manual",
			`Manual (was Raw), the fallback. The classifier says "IT" with confidence 0.50, below the 0.80 that is needed.`, false,
		},
		{"fallback is current", m{"label": "IT", "confidence": 0.5, "fallback": "Raw", "current": "Raw"}, "Raw", "", "the fallback", false},
		{"left", m{"label": "IT", "confidence": 0.5, "min_confidence": 0.6, "current": "Raw"}, "Raw", "", "Value stays Raw", false},
		{"no label", m{"label": "", "confidence": 1, "current": nil}, "", "", "has no label for it, and no fallback is set", false},
	} {
		r := w.must("SelectPipe", c.params)
		if r.Data["value"] != c.value || r.Data["change"] != c.change || r.Data["sure"] != c.sure || !strings.Contains(r.Data["why"].(string), c.says) {
			t.Errorf("%s: %+v", c.name, r.Data)
		}
	}
	_, err := w.run(t.Context(), "SelectPipe", m{"min_confidence": 80})
	wantClass(t, err, fault.Permanent, "between 0 and 1")
}

func TestRaisePriority(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		params       m
		change, says string
	}{
		{m{"priority": "3 normal", "older_than": "24h"}, "4 high", "Priority: 4 high (was 3 normal). The ticket is older than 24 h."},
		{m{"priority": m{"name": "2 normal"}, "older_than": "P3D"}, "3 high", "older than 3 days"},
		{m{"priority": "5 very high"}, "", "Priority stays 5 very high: it is high enough."},
		{m{"priority": "2 low", "raise_to": "5 very high"}, "5 very high", "was 2 low"},
		{m{"priority": "4 high", "raise_to": "4 high"}, "", "stays 4 high"},
	} {
		r := w.must("RaisePriorityPipe", c.params)
		if r.Data["change"] != c.change || !strings.Contains(r.Data["why"].(string), c.says) {
			t.Errorf("%v: %+v", c.params, r.Data)
		}
	}
	_, err := w.run(t.Context(), "RaisePriorityPipe", m{"priority": "P2"})
	wantClass(t, err, fault.Permanent, "raise_to")
	_, err = w.run(t.Context(), "RaisePriorityPipe", m{"priority": "P2", "raise_to": "P1"})
	wantClass(t, err, fault.Permanent, "not a known priority")
}
