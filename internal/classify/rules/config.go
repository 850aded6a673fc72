package rules

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/openticketai/otai-tui/internal/fault"
)

// Config is the configuration of a rules classifier: the parameters of rules:RulesClassificationService.
type Config struct {
	Labels       map[string]LabelConfig `param:"labels" doc:"labels for every model that is not under models; none = the built-in rules"`
	DefaultLabel string                 `param:"default_label" doc:"label when nothing matches, with a confidence of 0.1; empty = none"`
	Models       map[string]ModelConfig `param:"models" doc:"rules per model name, as pipes name it in model_name"`
}

// ModelConfig is one model of a Config.
type ModelConfig struct {
	Labels       map[string]LabelConfig `param:"labels,required" doc:"its labels"`
	DefaultLabel string                 `param:"default_label" doc:"label when nothing matches, with a confidence of 0.1; empty = none"`
}

// LabelConfig is one label. A plain list stands for its keywords.
type LabelConfig struct {
	Keywords any     `param:"keywords,short" doc:"words or phrases: a list, or a map from word to weight; vpn* also matches vpn-client's vpnclient, *wlan matches gastwlan"`
	Patterns any     `param:"patterns" doc:"regular expressions (RE2, without regard to case): a list, or a map from pattern to weight"`
	Weight   float64 `param:"weight" default:"1" doc:"factor on the whole label"`
}

// Classifier makes the classifier. Mistakes are permanent errors that name the label.
func (c Config) Classifier() (*Classifier, error) {
	var models []Model
	if len(c.Labels) > 0 {
		m, err := model("", c.Labels, c.DefaultLabel)
		if err != nil {
			return nil, err
		}
		models = append(models, m)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Models)) {
		m, err := model(name, c.Models[name].Labels, c.Models[name].DefaultLabel)
		if err != nil {
			return nil, fmt.Errorf("models.%s: %w", name, err)
		}
		models = append(models, m)
	}
	return New(models...)
}

func model(name string, labels map[string]LabelConfig, def string) (Model, error) {
	m := Model{Name: name, Default: def}
	for _, l := range slices.Sorted(maps.Keys(labels)) {
		words, err := weights(labels[l].Keywords)
		if err != nil {
			return m, fmt.Errorf("labels.%s.keywords: %w", l, err)
		}
		patterns, err := weights(labels[l].Patterns)
		if err != nil {
			return m, fmt.Errorf("labels.%s.patterns: %w", l, err)
		}
		if len(words)+len(patterns) == 0 {
			return m, fault.Permanentf("labels.%s: give it keywords or patterns", l)
		}
		m.Labels = append(m.Labels, Label{Name: l, Weight: labels[l].Weight, Words: words, Patterns: patterns})
	}
	return m, nil
}

// weights reads a list of texts, a map from text to weight, or one text.
func weights(v any) (map[string]float64, error) {
	out := map[string]float64{}
	switch x := v.(type) {
	case nil:
	case string:
		out[x] = 1
	case []any:
		for i, item := range x {
			switch item.(type) {
			case string, bool, int, int64, uint64, float64:
				out[fmt.Sprint(item)] = 1
			default:
				return nil, fault.Permanentf("[%d]: expected a text, got %T", i, item)
			}
		}
	case map[string]any:
		for _, text := range slices.Sorted(maps.Keys(x)) {
			w, ok := number(x[text])
			if !ok {
				return nil, fault.Permanentf("%q: expected a weight, got %v", text, x[text])
			}
			out[text] = w
		}
	default:
		return nil, fault.Permanentf("expected a list of texts or a map from text to weight, got %T", v)
	}
	return out, nil
}

func number(v any) (float64, bool) {
	switch rv := reflect.ValueOf(v); {
	case v == nil:
		return 0, false
	case rv.CanFloat():
		return rv.Float(), true
	case rv.CanInt():
		return float64(rv.Int()), true
	case rv.CanUint():
		return float64(rv.Uint()), true
	default:
		return 0, false
	}
}
