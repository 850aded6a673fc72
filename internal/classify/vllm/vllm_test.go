package vllm_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/classify/vllm"
	"github.com/openticketai/otai-tui/internal/fault"
)

func ask(t *testing.T, answer string, labels ...string) (classify.Result, error) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /classify", func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Model string
			Input []string
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Input) != 1 || q.Input[0] != "VPN" || q.Model != "m" {
			t.Errorf("question %+v, %v", q, err)
		}
		_, _ = io.WriteString(w, answer)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	c, err := vllm.New(vllm.Options{Options: remote.Options{URL: s.URL, Model: "m"}, Labels: labels})
	if err != nil {
		t.Fatal(err)
	}
	return c.Classify(t.Context(), classify.Request{Text: "VPN"})
}

func TestClassify(t *testing.T) {
	const answer = `{"id":"classify-1","object":"list","model":"served","data":[{"index":0,"label":"IT","probs":[0.25,0.75],"num_classes":2}],"usage":{"prompt_tokens":3}}`
	r, err := ask(t, answer)
	if err != nil || r.Label != "IT" || r.Confidence != 0.75 || len(r.Scores) != 1 || r.Model != "served" {
		t.Errorf("without labels: %+v, %v", r, err)
	}
	r, err = ask(t, answer, "Human resources", "Technology")
	if err != nil || r.Label != "Technology" || r.Confidence != 0.75 || len(r.Scores) != 2 || r.Scores[1].Label != "Human resources" {
		t.Errorf("with labels: %+v, %v", r, err)
	}
}

func TestRefusals(t *testing.T) {
	for answer, want := range map[string]string{
		`{"data":[]}`: "no probabilities", `{"data":[{"label":null,"probs":[1]}]}`: "under labels", `{"data":[{"label":"x"}]}`: "no probabilities",
	} {
		if _, err := ask(t, answer); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", answer, err)
		}
	}
	if _, err := ask(t, `{"data":[{"label":"x","probs":[0.5,0.5]}]}`, "a", "b", "c"); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "2 classes") {
		t.Errorf("too many labels: %v", err)
	}
}
