package service_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/service"
)

func TestRemoteClassifiers(t *testing.T) {
	var auth string
	mux := http.NewServeMux()
	reply := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			auth = r.Header.Get("Authorization")
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("POST /predict", reply(`[{"label":"IT","score":0.9}]`))
	mux.HandleFunc("POST /models/m", reply(`[[{"label":"IT","score":0.9}]]`))
	mux.HandleFunc("POST /classify", reply(`{"data":[{"label":"IT","probs":[0.9,0.1]}]}`))
	mux.HandleFunc("POST /v1/chat/completions", reply(`{"choices":[{"message":{"content":"{\"label\":\"IT\",\"confidence\":0.9}"}}]}`))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	for use, params := range map[string]map[string]any{
		"hf-local:HFClassificationService":    {"predict_url": srv.URL + "/predict"},
		"tei:TEIClassificationService":        {"url": srv.URL, "cache_size": 0, "timeout": 5},
		"hf:HFInferenceClassificationService": {"url": srv.URL + "/models/{model}", "label_map": map[string]any{"IT": "IT"}},
		"openai:OpenAIClassificationService":  {"url": srv.URL + "/v1", "labels": []any{"IT", "HR"}},
		"vllm:VLLMClassificationService":      {"url": srv.URL, "labels": []any{"IT", "HR"}},
	} {
		t.Run(use, func(t *testing.T) {
			params["api_token"] = "{{ TOKEN }}"
			s := openSet(t, false, service.Config{ID: "c", Use: use, Params: params})
			if notices := strings.Join(s.Notices(), "\n"); strings.Contains(notices, "fail") {
				t.Errorf("notices %q", notices)
			}
			c, err := s.Classifier("")
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.Classify(t.Context(), classify.Request{Text: "VPN", Model: "m"})
			if err != nil || r.Label != "IT" || r.Confidence != 0.9 || auth != "Bearer from-TOKEN" {
				t.Errorf("%+v, %v, auth %q", r, err, auth)
			}
			if r.Uncalibrated != strings.HasPrefix(use, "openai:") {
				t.Errorf("uncalibrated is %v", r.Uncalibrated)
			}
		})
	}
}

func TestLocalModelNamesTheWaysOut(t *testing.T) {
	s := openSet(t, false, hf)
	_, err := s.Classifier("hf")
	if fault.ClassOf(err) != fault.Permanent {
		t.Errorf("error %v, want a permanent one", err)
	}
	notices := strings.Join(s.Notices(), "\n")
	for _, way := range []string{"predict_url", "hf:HFInferenceClassificationService", "rules:RulesClassificationService", "--desk"} {
		if !strings.Contains(err.Error(), way) || !strings.Contains(notices, way) {
			t.Errorf("%q is not among the ways out of %v and %q", way, err, notices)
		}
	}
}
