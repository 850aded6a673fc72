package openai_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/openai"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

type m = map[string]any

// model is a server whose model writes content.
func model(t *testing.T, content, finish string, sent *m) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", func(w http.ResponseWriter, r *http.Request) {
		if sent != nil {
			if err := json.NewDecoder(r.Body).Decode(sent); err != nil {
				t.Error(err)
			}
		}
		reply := m{"model": "llama:8b", "choices": []any{m{"finish_reason": finish, "message": m{"role": "assistant", "content": content}}}}
		if err := json.NewEncoder(w).Encode(reply); err != nil {
			t.Error(err)
		}
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/v1"
}

func classifier(t *testing.T, url string) *remote.Classifier {
	t.Helper()
	c, err := openai.New(openai.Options{
		Options: remote.Options{URL: url, Model: "llama"}, Labels: []string{"IT", "HR {x}"}, Descriptions: map[string]string{"IT": "computers"}, Instructions: "Be strict.",
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		content, finish, label string
		confidence             float64
	}{
		"schema":          {`{"label":"IT","confidence":0.8}`, "stop", "IT", 0.8},
		"fence":           {"```json\n{\"label\": \"IT\", \"confidence\": 1}\n```", "stop", "IT", 1},
		"thinking":        {`<think>maybe {"label":"HR {x}","confidence":1}?</think>{"label":"IT","confidence":0.6}`, "stop", "IT", 0.6},
		"words around":    {`Sure {really}! First {"a":1} and then {"label":"hr {X}","confidence":0.5} it is.`, "stop", "HR {x}", 0.5},
		"no confidence":   {`{"label":"IT"}`, "stop", "IT", 0},
		"cut after it":    {`{"label":"IT","confidence":0.7} because`, "length", "IT", 0.7},
		"very many words": {strings.Repeat("{ ", 100_000) + `{"label":"IT","confidence":0.7}`, "stop", "IT", 0.7},
	} {
		r, err := classifier(t, model(t, c.content, c.finish, nil)).Classify(t.Context(), classify.Request{Text: "VPN"})
		if err != nil || r.Label != c.label || r.Confidence != c.confidence || !r.Uncalibrated || r.Model != "llama:8b" {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		content, finish string
		class           fault.Class
		says            string
	}{
		"cut off":       {`{"label":"I`, "length", fault.Permanent, "max_tokens"},
		"thought only":  {`<think>hmm`, "length", fault.Permanent, "max_tokens"},
		"prose":         {`It is about IT.`, "stop", fault.Transient, "no JSON"},
		"unknown label": {`{"label":"Sales","confidence":1}`, "stop", fault.Transient, "not on the list"},
		"percent":       {`{"label":"IT","confidence":80}`, "stop", fault.Transient, "outside of 0 to 1"},
		"filtered":      {``, "content_filter", fault.Permanent, "refuses"},
		"nothing":       {``, "stop", fault.Transient, "no JSON"},
	} {
		_, err := classifier(t, model(t, c.content, c.finish, nil)).Classify(t.Context(), classify.Request{Text: "VPN"})
		if fault.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (%s), want %s with %q", name, err, fault.ClassOf(err), c.class, c.says)
		}
	}
}

func TestQuestion(t *testing.T) {
	var sent m
	if _, err := classifier(t, model(t, `{"label":"IT","confidence":0.8}`, "stop", &sent)).Classify(t.Context(), classify.Request{Text: "VPN"}); err != nil {
		t.Fatal(err)
	}
	temperature, given := sent["temperature"]
	if sent["model"] != "llama" || !given || temperature != 0.0 || sent["stream"] != false {
		t.Errorf("sent %v", sent)
	}
	schema := sent["response_format"].(m)["json_schema"].(m)["schema"].(m)
	if labels := schema["properties"].(m)["label"].(m)["enum"].([]any); len(labels) != 2 || labels[1] != "HR {x}" {
		t.Errorf("schema %v", schema)
	}
	messages := sent["messages"].([]any)
	system, user := messages[0].(m)["content"].(string), messages[1].(m)["content"]
	if user != "VPN" || !strings.Contains(system, "- IT: computers\n- HR {x}\n") || !strings.HasSuffix(system, "Be strict.") {
		t.Errorf("messages %v", messages)
	}
}

func TestNewRefuses(t *testing.T) {
	ok := remote.Options{URL: "http://localhost:11434/v1"}
	for _, o := range []openai.Options{
		{Options: ok},
		{Options: ok, Labels: []string{"one"}},
		{Options: ok, Labels: []string{"a", ""}},
		{Labels: []string{"a", "b"}},
		{Options: ok, Labels: []string{"a", "b"}, MaxTokens: -1},
		{Options: ok, Labels: []string{"a", "b"}, Descriptions: map[string]string{"c": "x"}},
	} {
		if _, err := openai.New(o); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v: %v", o, err)
		}
	}
	c, err := openai.New(openai.Options{Options: ok, Labels: []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Classify(t.Context(), classify.Request{Text: "x"}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "name a model") {
		t.Errorf("no model: %v", err)
	}
}
