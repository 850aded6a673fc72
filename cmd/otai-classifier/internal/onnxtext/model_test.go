package onnxtext_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/onnxtext"
	"github.com/openticketai/otai-tui/cmd/otai-classifier/internal/tinymodel"
)

func tiny(t testing.TB, m tinymodel.Model, maxTokens int) *onnxtext.Model {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tiny")
	if err := m.Write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := onnxtext.Open(t.Context(), dir, maxTokens)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = got.Close() })
	return got
}

func check(t *testing.T, want map[string]float64, got onnxtext.Prediction) {
	t.Helper()
	if len(got.Scores) != len(want) {
		t.Fatalf("%d scores, want %d: %v", len(got.Scores), len(want), got.Scores)
	}
	for i, s := range got.Scores {
		if math.Abs(s.Score-want[s.Label]) > 1e-5 {
			t.Errorf("%s: %v, want %v", s.Label, s.Score, want[s.Label])
		}
		if i > 0 && s.Score > got.Scores[i-1].Score {
			t.Errorf("not the best first: %v", got.Scores)
		}
	}
}

// TestPredict compares the model's answers with sums of our own, over texts of every length class and script.
func TestPredict(t *testing.T) {
	for _, multi := range []bool{false, true} {
		help := tinymodel.Help()
		help.MultiLabel = multi
		m := tiny(t, help, 0)
		for _, c := range []struct {
			text string
			want map[string]int
		}{
			{"My VPN is down", map[string]int{"network": 1}},
			{"Rechnung und Rechnung, VPN", map[string]int{"billing": 2, "network": 1}},
			{"ünïcödé 😀 Drucker\u0301 日本語", map[string]int{"hardware": 1}}, // an uncased BERT takes accents away
			{"Druckerei druck", nil},
			{"日本語 drucker", map[string]int{"hardware": 1}},
			{"nothing of ours", nil},
			{strings.Repeat("vpn ", 40), map[string]int{"network": 40}}, // another padding
			{strings.Repeat("x ", 20) + "vpn " + strings.Repeat("y ", 500), map[string]int{"network": 1}}, // cut behind it
			{strings.Repeat("x ", 500) + "vpn", nil},                                                      // cut before it
		} {
			got, err := m.Predict(t.Context(), c.text, true)
			if err != nil {
				t.Fatalf("%.40q: %v", c.text, err)
			}
			check(t, help.Expect(c.want), got)
			if got.Tokens > help.MaxTokens {
				t.Errorf("%.40q: %d tokens for the model", c.text, got.Tokens)
			}
		}
	}
}

func TestTooLong(t *testing.T) {
	m := tiny(t, tinymodel.Help(), 16)
	if m.Info.MaxTokens != 16 {
		t.Fatalf("max tokens %d", m.Info.MaxTokens)
	}
	if _, err := m.Predict(t.Context(), strings.Repeat("vpn ", 15), false); !errors.Is(err, onnxtext.ErrTooLong) {
		t.Errorf("15 words and 2 special tokens in 16: %v", err)
	}
	if p, err := m.Predict(t.Context(), strings.Repeat("vpn ", 14), false); err != nil || p.Cut || p.Tokens != 16 {
		t.Errorf("14 words: %+v, %v", p, err)
	}
}

// TestParallel asks from many goroutines and closes in the middle: each answer is right or says that the model is unloaded.
func TestParallel(t *testing.T) {
	help := tinymodel.Help()
	m := tiny(t, help, 0)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 20 {
				n := (g*20+i)%30 + 1
				p, err := m.Predict(t.Context(), strings.Repeat("wifi ", n), true)
				if err != nil {
					if !strings.Contains(err.Error(), "unloaded") {
						t.Error(err)
					}
					return
				}
				check(t, help.Expect(map[string]int{"network": n}), p)
			}
		})
	}
	wg.Go(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Predict(ctx, "vpn", true); !errors.Is(err, context.Canceled) {
		t.Errorf("a request that has gone: %v", err)
	}
}

// TestBrokenModels names what is wrong with a directory.
func TestBrokenModels(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"no config":    {func(d string) error { return os.Remove(filepath.Join(d, "config.json")) }, "config.json"},
		"no tokenizer": {func(d string) error { return os.Remove(filepath.Join(d, "tokenizer.json")) }, "tokenizer"},
		"no model":     {func(d string) error { return os.Remove(filepath.Join(d, "model.onnx")) }, ".onnx"},
		"two models": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "second.onnx"), nil, 0o600)
		}, "multiple .onnx"},
		"garbage":   {func(d string) error { return os.WriteFile(filepath.Join(d, "model.onnx"), []byte("garbage"), 0o600) }, "load model"},
		"no labels": {func(d string) error { return os.WriteFile(filepath.Join(d, "config.json"), []byte("{}"), 0o600) }, "id2label"},
		"wrong label": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "config.json"), []byte(`{"id2label":{"0":"a","7":"b"}}`), 0o600)
		}, `"7"`},
		"fewer labels": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "config.json"), []byte(`{"id2label":{"0":"a","1":"b"}}`), 0o600)
		}, "id2label"},
	} {
		dir := filepath.Join(t.TempDir(), "m")
		if err := tinymodel.Help().Write(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.damage(dir); err != nil {
			t.Fatal(err)
		}
		m, err := onnxtext.Open(t.Context(), dir, 0)
		if err == nil {
			_ = m.Close()
			t.Errorf("%s: no error", name)
		} else if !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q does not hold %q", name, err, c.want)
		}
	}
}

func TestReadInfo(t *testing.T) {
	for config, want := range map[string]onnxtext.Info{
		`{"id2label":{"0":"a","1":"b"},"model_type":"xlm-roberta","max_position_embeddings":514,"pad_token_id":1}`: {MaxTokens: 512, Type: "xlm-roberta"},
		`{"id2label":{"0":"a"}}`: {MaxTokens: 512, Sigmoid: true},
		`{"id2label":{"0":"a","1":"b"},"problem_type":"multi_label_classification","max_position_embeddings":128}`: {MaxTokens: 128, Sigmoid: true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := onnxtext.ReadInfo(dir)
		if got.Labels = nil; err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v, want %+v", config, got, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"one", "org/two", "org/deep/three"} {
		if err := tinymodel.Help().Write(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := onnxtext.Find(root)
	if names := slices.Sorted(maps.Keys(got)); err != nil || !slices.Equal(names, []string{"one", "org/two"}) {
		t.Errorf("%v, %v", names, err)
	}
	if got, err = onnxtext.Find(filepath.Join(root, "one")); err != nil || len(got) != 1 || got["one"] == "" {
		t.Errorf("a model's own directory: %v, %v", got, err)
	}
	if _, err = onnxtext.Find(filepath.Join(root, "nowhere")); err == nil {
		t.Error("no error for a directory that is not there")
	}
}

// TestCut: what is cut is the longest beginning that fits, checked against trying every end.
func TestCut(t *testing.T) {
	count := func(s string) int { return 2 + len(strings.Fields(s)) + strings.Count(s, "é") }
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's dice
	for range 2000 {
		words := make([]string, r.IntN(12))
		for i := range words {
			words[i] = strings.Repeat([]string{"a", "é", "😀"}[r.IntN(3)], 1+r.IntN(3))
		}
		text, limit := strings.Join(words, []string{" ", "\n\n"}[r.IntN(2)]), 3+r.IntN(8)
		got, n := onnxtext.Cut(text, limit, count)
		if !strings.HasPrefix(text, got) || n != count(got) || n > limit {
			t.Fatalf("%q in %d: %q with %d tokens", text, limit, got, n)
		}
		best := 0
		for i := range len(words) + 1 {
			if whole := strings.Join(words[:i], " "); count(whole) <= limit {
				best = i
			}
		}
		if k := len(strings.Fields(got)); k < best {
			t.Fatalf("%q in %d: %q has %d words, %d fit", text, limit, got, k, best)
		}
	}
}

func FuzzCut(f *testing.F) {
	f.Add("hello wörld 😀", 4)
	f.Add(strings.Repeat("x", 5000), 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 2 + max(limit, -limit)%64
		if limit < 2 {
			limit = 2
		}
		got, n := onnxtext.Cut(text, limit, func(s string) int { return 2 + len([]rune(s)) })
		if !strings.HasPrefix(text, got) || n > limit {
			t.Fatalf("%q: %q with %d tokens of %d", text, got, n, limit)
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	m := tiny(b, tinymodel.Help(), 0)
	text := strings.Repeat("the vpn is down again ", 10)
	for b.Loop() {
		if _, err := m.Predict(b.Context(), text, true); err != nil {
			b.Fatal(err)
		}
	}
}
