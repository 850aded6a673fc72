// Package tinymodel writes a very small ONNX text classifier: each word has a weight for each label, the weights of a text's
// words are added up, and softmax makes probabilities of the sums. It has the inputs, outputs and files of a BERT from Hugging
// Face, so that everything about serving one can be tested without downloading one.
package tinymodel

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Model says what the model knows.
type Model struct {
	Labels     []string
	Words      map[string]string // word (lower case) -> label it speaks for
	MaxTokens  int               // positions, as config.json says them
	MultiLabel bool              // each label is judged alone
}

// Help is a model for a help desk.
func Help() Model {
	return Model{
		Labels: []string{"billing", "network", "hardware"},
		Words: map[string]string{
			"invoice": "billing", "rechnung": "billing", "refund": "billing", "vpn": "network", "wifi": "network", "dns": "network",
			"printer": "hardware", "drucker": "hardware", "laptop": "hardware",
		},
		MaxTokens: 64,
	}
}

// weight is what a word adds to the score of its label.
const weight = 3

// Write writes config.json, tokenizer.json and model.onnx into dir, which it makes.
func (m Model) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("write tiny model: %w", err)
	}
	vocab := append([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]"}, slices.Sorted(maps.Keys(m.Words))...)
	ids := map[string]int{}
	table := make([]float32, len(vocab)*len(m.Labels))
	for i, word := range vocab {
		ids[word] = i
		if label := slices.Index(m.Labels, m.Words[word]); label >= 0 {
			table[i*len(m.Labels)+label] = weight
		}
	}
	files := map[string]any{"config.json": m.config(len(vocab)), "tokenizer.json": tokenizer(ids)}
	for name, v := range files {
		data, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return fmt.Errorf("write tiny model: %s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("write tiny model: %w", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "model.onnx"), onnx(table, len(vocab), len(m.Labels)), 0o600); err != nil {
		return fmt.Errorf("write tiny model: %w", err)
	}
	return nil
}

// Expect is what the model should say of a text with these numbers of words for each label, worked out by other means than
// the model's own.
func (m Model) Expect(words map[string]int) map[string]float64 {
	sum, out := 0.0, map[string]float64{}
	for _, l := range m.Labels {
		logit := float64(weight * words[l])
		if m.MultiLabel {
			out[l] = 1 / (1 + math.Exp(-logit))
			continue
		}
		out[l] = math.Exp(logit)
		sum += out[l]
	}
	if !m.MultiLabel {
		for l := range out {
			out[l] /= sum
		}
	}
	return out
}

func (m Model) config(vocab int) map[string]any {
	labels := map[string]string{}
	for i, l := range m.Labels {
		labels[strconv.Itoa(i)] = l
	}
	c := map[string]any{
		"model_type": "bert", "architectures": []string{"BertForSequenceClassification"}, "id2label": labels,
		"max_position_embeddings": m.MaxTokens, "vocab_size": vocab, "pad_token_id": 0, "problem_type": "single_label_classification",
	}
	if m.MultiLabel {
		c["problem_type"] = "multi_label_classification"
	}
	return c
}

// tokenizer is tokenizer.json of an uncased BERT with our few words.
func tokenizer(ids map[string]int) map[string]any {
	special := func(content string) map[string]any {
		return map[string]any{
			"id": ids[content], "content": content, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true,
		}
	}
	one := func(kind, id string) map[string]any {
		return map[string]any{kind: map[string]any{"id": id, "type_id": 0}}
	}
	token := func(id string) map[string]any {
		return map[string]any{"id": id, "ids": []int{ids[id]}, "tokens": []string{id}}
	}
	return map[string]any{
		"version": "1.0", "truncation": nil, "padding": nil,
		"added_tokens": []any{special("[PAD]"), special("[UNK]"), special("[CLS]"), special("[SEP]")},
		"normalizer": map[string]any{
			"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": nil, "lowercase": true,
		},
		"pre_tokenizer": map[string]any{"type": "BertPreTokenizer"},
		"post_processor": map[string]any{
			"type":   "TemplateProcessing",
			"single": []any{one("SpecialToken", "[CLS]"), one("Sequence", "A"), one("SpecialToken", "[SEP]")},
			"pair": []any{
				one("SpecialToken", "[CLS]"), one("Sequence", "A"), one("SpecialToken", "[SEP]"), one("Sequence", "B"), one("SpecialToken", "[SEP]"),
			},
			"special_tokens": map[string]any{"[CLS]": token("[CLS]"), "[SEP]": token("[SEP]")},
		},
		"decoder": map[string]any{"type": "WordPiece", "prefix": "##", "cleanup": true},
		"model": map[string]any{
			"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": ids,
		},
	}
}
