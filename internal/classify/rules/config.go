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
	// Labels holds a list of keywords, or a map with keywords, patterns and weight, per label.
	Labels       map[string]any         `param:"labels" doc:"per label a list of keywords, or a map with keywords, patterns (each a list, or a map to weights) and weight; for every model that is not under models; none = the built-in rules"`
	DefaultLabel string                 `param:"default_label" doc:"label when nothing matches, with a confidence of 0.1; empty = none"`
	Models       map[string]ModelConfig `param:"models" doc:"rules per model name, as pipes name it in model_name"`
}

// ModelConfig is one model of a Config.
type ModelConfig struct {
	Labels       map[string]any `param:"labels,required" doc:"its labels, as above"`
	DefaultLabel string         `param:"default_label" doc:"label when nothing matches, with a confidence of 0.1; empty = none"`
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

func model(name string, labels map[string]any, def string) (Model, error) {
	m := Model{Name: name, Default: def}
	for _, l := range slices.Sorted(maps.Keys(labels)) {
		built, err := labelOf(l, labels[l])
		if err != nil {
			return m, fmt.Errorf("labels.%s: %w", l, err)
		}
		m.Labels = append(m.Labels, built)
	}
	return m, nil
}

func labelOf(name string, v any) (Label, error) {
	out := Label{Name: name}
	parts, ok := v.(map[string]any)
	if !ok {
		parts = map[string]any{"keywords": v}
	}
	for _, key := range slices.Sorted(maps.Keys(parts)) {
		var err error
		switch key {
		case "keywords":
			out.Words, err = weights(parts[key])
		case "patterns":
			out.Patterns, err = weights(parts[key])
		case "weight":
			if out.Weight, ok = number(parts[key]); !ok || !positive(out.Weight) {
				err = fault.Permanentf("expected a positive number, got %v", parts[key])
			}
		default:
			return out, fault.Permanentf("there is no key %q; known are keywords, patterns and weight", key)
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w", key, err)
		}
	}
	if len(out.Words)+len(out.Patterns) == 0 {
		return out, fault.Permanentf("give it keywords or patterns")
	}
	return out, nil
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
