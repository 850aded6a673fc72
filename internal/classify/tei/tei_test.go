package tei_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/classify/tei"
	"github.com/openticketai/otai-tui/internal/fault"
)

// server answers as TEI's router does: 401 without a body, a sorted list for one text, 422 for unknown shapes.
func server(t *testing.T, answer string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /predict", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer key" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, err := io.ReadAll(r.Body)
		var q struct {
			Inputs   string
			Truncate *bool
		}
		if err != nil || json.Unmarshal(body, &q) != nil || q.Inputs == "" || q.Truncate == nil || !*q.Truncate {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		_, _ = io.WriteString(w, answer)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestClassify(t *testing.T) {
	for _, answer := range []string{
		`[{"score":0.97,"label":"IT"},{"score":0.03,"label":"HR"}]`, `[[{"score":0.97,"label":"IT"},{"score":0.03,"label":"HR"}]]`,
	} {
		url := server(t, answer)
		for _, address := range []string{url, url + "/", url + "/predict"} {
			c, err := tei.New(remote.Options{URL: address, Token: "key", Model: "m"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := c.Classify(t.Context(), classify.Request{Text: "VPN"})
			if err != nil || r.Label != "IT" || r.Confidence != 0.97 || len(r.Scores) != 2 || r.Model != "m" || r.Uncalibrated {
				t.Errorf("%s: %+v, %v", address, r, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	several, err := tei.New(remote.Options{URL: server(t, `[[{"score":1,"label":"a"}],[{"score":1,"label":"b"}]]`), Token: "key", Model: "m"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []classify.Request{{Text: "x"}, {Text: "x", APIToken: "wrong"}, {Text: "x", Model: "another"}} {
		if got, err := several.Classify(t.Context(), r); fault.ClassOf(err) != fault.Permanent {
			t.Errorf("%+v gives %+v, %v", r, got, err)
		}
	}
}
