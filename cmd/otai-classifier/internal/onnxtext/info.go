package onnxtext

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Info is what a model's config.json says that counts here.
type Info struct {
	Type      string         // "bert", "distilbert", "xlm-roberta", …; "" = not said
	Labels    map[int]string // by the model's output
	MaxTokens int            // that the model takes of one text, special ones among them
	Sigmoid   bool           // each label is judged alone: one label, or several at a time
}

// defaultMaxTokens is what BERT and its relatives take, for a config.json that does not say.
const defaultMaxTokens = 512

// ReadInfo reads config.json in a model's directory.
func ReadInfo(dir string) (Info, error) {
	data, err := os.ReadFile(filepath.Join(dir, "config.json")) //nolint:gosec // the operator names the directory
	if err != nil {
		return Info{}, fmt.Errorf("read model %s: %w", dir, err)
	}
	var c struct {
		ModelType   string            `json:"model_type"`
		ProblemType string            `json:"problem_type"`
		Labels      map[string]string `json:"id2label"`
		Positions   int               `json:"max_position_embeddings"`
		Padding     *int              `json:"pad_token_id"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return Info{}, fmt.Errorf("read model %s: config.json: %w", dir, err)
	}
	if len(c.Labels) == 0 {
		return Info{}, fmt.Errorf("read model %s: config.json has no id2label: it is no classification model", dir)
	}
	info := Info{Type: c.ModelType, Labels: map[int]string{}, MaxTokens: c.Positions}
	for k, label := range c.Labels {
		i, err := strconv.Atoi(k)
		if err != nil || i < 0 || i >= len(c.Labels) {
			return Info{}, fmt.Errorf("read model %s: config.json: id2label has the key %q, expected 0 to %d", dir, k, len(c.Labels)-1)
		}
		info.Labels[i] = label
	}
	if info.MaxTokens <= 0 {
		info.MaxTokens = defaultMaxTokens
	}
	// RoBERTa's positions begin behind that of the padding token: two fewer tokens fit than there are positions.
	if strings.Contains(c.ModelType, "roberta") || c.ModelType == "camembert" {
		pad := 1
		if c.Padding != nil {
			pad = *c.Padding
		}
		info.MaxTokens = max(info.MaxTokens-pad-1, 1)
	}
	info.Sigmoid = c.ProblemType == "multi_label_classification" || len(c.Labels) == 1
	return info, nil
}

// Find gives the models below a directory by name: the path of each directory with a config.json and a tokenizer.json,
// with slashes ("org/model"). A directory that is a model itself has its own name. It looks two levels deep.
func Find(root string) (map[string]string, error) {
	found := map[string]string{}
	if isModel(root) {
		abs, err := filepath.Abs(root)
		if err != nil {
			return nil, fmt.Errorf("look for models: %w", err)
		}
		found[filepath.Base(abs)] = root
		return found, nil
	}
	for _, pattern := range []string{"*", "*/*"} {
		dirs, err := fs.Glob(os.DirFS(root), pattern)
		if err != nil {
			return nil, fmt.Errorf("look for models in %s: %w", root, err)
		}
		for _, name := range dirs {
			if dir := filepath.Join(root, filepath.FromSlash(name)); isModel(dir) {
				found[name] = dir
			}
		}
	}
	if _, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("look for models: %w", err)
	}
	return found, nil
}

func isModel(dir string) bool {
	for _, name := range []string{"config.json", "tokenizer.json"} {
		if st, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) || err != nil || st.IsDir() {
			return false
		}
	}
	return true
}
