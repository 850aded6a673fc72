package hf_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/hf"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

func server(t *testing.T, answer string, sent *map[string]any) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hf-inference/models/org/name", func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(sent); err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, answer)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/hf-inference/models/{model}"
}

func TestShapes(t *testing.T) {
	for answer, zeroShot := range map[string]bool{
		`[{"label":"IT","score":0.8},{"label":"HR","score":0.2}]`:              false,
		`[[{"label":"HR","score":0.2},{"label":"IT","score":0.8}]]`:            false,
		`[{"label":"IT","score":0.8},{"label":"HR","score":0.2} ]`:             true,
		`{"sequence":"VPN","labels":["IT","HR"],"scores":[0.8,0.2]}`:           true,
		`{"sequence":"VPN","labels":["HR","IT"],"scores":[0.2,0.8],"extra":1}`: true,
	} {
		var sent map[string]any
		o := hf.Options{Options: remote.Options{URL: server(t, answer, &sent), Model: "org/name"}, TopK: 2}
		if zeroShot {
			o.Labels, o.MultiLabel, o.Hypothesis = []string{"HR", "IT"}, true, "This is about {}."
		}
		c, err := hf.New(o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := c.Classify(t.Context(), classify.Request{Text: "VPN"})
		if err != nil || r.Label != "IT" || r.Confidence != 0.8 || len(r.Scores) != 2 || r.Model != "org/name" {
			t.Errorf("%s: %+v, %v", answer, r, err)
		}
		params, _ := sent["parameters"].(map[string]any)
		switch {
		case sent["inputs"] != "VPN":
			t.Errorf("sent %v", sent)
		case zeroShot && (len(params["candidate_labels"].([]any)) != 2 || params["multi_label"] != true || params["hypothesis_template"] == nil || params["top_k"] != nil):
			t.Errorf("zero-shot sent %v", params)
		case !zeroShot && (params["top_k"] != 2.0 || len(params) != 1):
			t.Errorf("classification sent %v", params)
		}
	}
}

func TestRefusals(t *testing.T) {
	for answer, want := range map[string]string{
		`{"labels":["IT"],"scores":[]}`:                                    "not understood",
		`[{"label":"POSITIVE","score":1}]`:                                 "not asked for",
		`[[{"label":"IT","score":0.5}],[{"label":"HR","score":0.5}]]`:      "several texts",
		`{"labels":["IT","x"],"scores":[0.5,0.5]}`:                         "not asked for",
		`{"error":["Error in parameters"],"labels":null,"warnings":["w"]}`: "not understood",
	} {
		var sent map[string]any
		c, err := hf.New(hf.Options{Options: remote.Options{URL: server(t, answer, &sent)}, Labels: []string{"IT", "HR"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Classify(t.Context(), classify.Request{Text: "VPN", Model: "org/name"})
		if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", answer, err, want)
		}
		if _, err = c.Classify(t.Context(), classify.Request{Text: "VPN"}); fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "name a model") {
			t.Errorf("no model: %v", err)
		}
	}
	for _, o := range []hf.Options{{Labels: []string{"one"}}, {Labels: []string{"a", ""}}, {Hypothesis: "no mark"}, {TopK: -1}} {
		if _, err := hf.New(o); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
