package remote_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/classify/tei"
	"github.com/openticketai/otai-tui/internal/classify/vllm"
	"github.com/openticketai/otai-tui/internal/fault"
)

// batches is a server of /predict and /classify that notes how many texts each call has; a text is its own label. It takes at most
// four, refuses the text "bad", and counts one list too few for the text "short".
type batches struct {
	mu    sync.Mutex
	sizes []int
}

func (b *batches) serve(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Inputs [][]string
		Input  []string
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	texts := q.Input
	for _, in := range q.Inputs {
		texts = append(texts, in...)
	}
	b.mu.Lock()
	b.sizes = append(b.sizes, len(texts))
	b.mu.Unlock()
	if len(texts) > 4 || slices.Contains(texts, "bad") {
		slices.Reverse(texts)
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = fmt.Fprintf(w, `{"error":"not taken: %s","error_type":"Validation"}`, strings.Join(texts, " "))
		return
	}
	if slices.Contains(texts, "short") {
		texts = texts[:len(texts)-1]
	}
	var rows, data []any
	for i, text := range texts {
		rows = append(rows, []any{map[string]any{"label": text, "score": 0.9}, map[string]any{"label": "other", "score": 0.1}})
		data = append([]any{map[string]any{"index": i, "label": text, "probs": []float64{0.1, 0.9}}}, data...) // not in order
	}
	if r.URL.Path == "/classify" {
		_ = json.NewEncoder(w).Encode(map[string]any{"model": "m", "data": data})
		return
	}
	_ = json.NewEncoder(w).Encode(rows)
}

func (b *batches) start(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(s.Close)
	return s.URL
}

func requests(texts ...string) []classify.Request {
	out := make([]classify.Request, len(texts))
	for i, text := range texts {
		out[i] = classify.Request{Text: text}
	}
	return out
}

// TestBatchesAreFew: equal texts are asked for once, kept answers not at all, empty texts never, and the answers come in order.
func TestBatchesAreFew(t *testing.T) {
	for name, make := range map[string]func(o remote.Options) (*remote.Classifier, error){
		"tei": tei.New, "vllm": func(o remote.Options) (*remote.Classifier, error) { return vllm.New(vllm.Options{Options: o}) },
	} {
		b := &batches{}
		c, err := make(remote.Options{URL: b.start(t), Model: "m", Batch: 4, LabelMap: map[string]string{"c": "C"}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := classify.All(t.Context(), c, requests("a", "b", "a", "", "c", "d", "e", " b "))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var labels []string
		for _, r := range got {
			labels = append(labels, r.Label)
		}
		if strings.Join(labels, ",") != "a,b,a,,C,d,e,b" || !slices.Equal(b.sizes, []int{4, 1}) {
			t.Errorf("%s: labels %v, calls %v", name, labels, b.sizes)
		}
		one, err := c.Classify(t.Context(), classify.Request{Text: "e"})
		if err != nil || one.Label != "e" || len(b.sizes) != 2 {
			t.Errorf("%s: a text of the batch is asked for again: %+v, %v, calls %v", name, one, err, b.sizes)
		}
		if _, err := classify.All(t.Context(), c, requests("a", "f")); err != nil || !slices.Equal(b.sizes, []int{4, 1, 1}) {
			t.Errorf("%s: calls %v, %v", name, b.sizes, err)
		}
	}
}

// TestABatchThatFails says why, without any text; what was answered before stays.
func TestABatchThatFails(t *testing.T) {
	b := &batches{}
	c, err := tei.New(remote.Options{URL: b.start(t), Model: "m", Batch: 2})
	if err != nil {
		t.Fatal(err)
	}
	_, err = classify.All(t.Context(), c, requests("a", "b", "secret words", "bad"))
	if fault.ClassOf(err) != fault.Permanent || !strings.Contains(err.Error(), "not taken") || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "bad") {
		t.Errorf("error %v", err)
	}
	if _, err := c.Classify(t.Context(), classify.Request{Text: "b"}); err != nil || len(b.sizes) != 2 {
		t.Errorf("the first batch is lost: %v, calls %v", err, b.sizes)
	}
	if _, err := classify.All(t.Context(), c, requests("x", "short")); err == nil || !strings.Contains(err.Error(), "2 texts were asked for, the answer holds 1") {
		t.Errorf("a list too few: %v", err)
	}
	if _, err := tei.New(remote.Options{URL: "http://h", Batch: -1}); err == nil {
		t.Error("a negative batch is taken")
	}
}
