// Package vllm asks the /classify of vLLM, which serves sequence classification models, to classify a text.
package vllm

import (
	"context"
	"slices"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

// defaultMaxChars keeps texts within the 512 tokens that most models take.
const defaultMaxChars = 2000

// Options beyond those of every remote classifier.
type Options struct {
	remote.Options
	Labels []string // names of the model's classes in their order; none = the best label only, as the server names it
}

// New makes the classifier.
func New(o Options) (*remote.Classifier, error) {
	if slices.Contains(o.Labels, "") {
		return nil, fault.Permanentf("labels: none may be empty")
	}
	r := o.Options
	if r.Name == "" {
		r.Name = "vLLM"
	}
	if r.MaxChars == 0 {
		r.MaxChars = defaultMaxChars
	}
	return remote.New(r, protocol{labels: slices.Clone(o.Labels)})
}

type protocol struct{ labels []string }

type question struct {
	Model string   `json:"model,omitempty"`
	Input []string `json:"input"`
}

type reply struct {
	Model string  `json:"model"`
	Data  []class `json:"data"`
}

type class struct {
	Index *int      `json:"index"`
	Label *string   `json:"label"`
	Probs []float64 `json:"probs"`
}

// Ask sends one text. The server gives the name of the best class only, and the probabilities of all.
func (p protocol) Ask(ctx context.Context, c *remote.Call, q remote.Query) (remote.Answer, error) {
	var got reply
	if err := c.Post(ctx, "/classify", question{Model: q.Model, Input: []string{q.Text}}, &got); err != nil {
		return remote.Answer{}, err
	}
	if len(got.Data) != 1 || len(got.Data[0].Probs) == 0 {
		return remote.Answer{}, fault.Permanentf("the answer holds no probabilities; does the server serve a classification model?")
	}
	scores, err := p.scores(got.Data[0])
	return remote.Answer{Scores: scores, Model: got.Model}, err
}

func (p protocol) scores(c class) ([]classify.Score, error) {
	if len(p.labels) == 0 {
		if c.Label == nil || *c.Label == "" {
			return nil, fault.Permanentf("the server does not name its classes; give their names under labels")
		}
		return []classify.Score{{Label: *c.Label, Confidence: slices.Max(c.Probs)}}, nil
	}
	if len(p.labels) != len(c.Probs) {
		return nil, fault.Permanentf("labels holds %d names, the model has %d classes", len(p.labels), len(c.Probs))
	}
	out := make([]classify.Score, len(c.Probs))
	for i, v := range c.Probs {
		out[i] = classify.Score{Label: p.labels[i], Confidence: v}
	}
	return out, nil
}

// AskAll sends several texts. The server says of each class list which text it is about.
func (p protocol) AskAll(ctx context.Context, c *remote.Call, all []remote.Query) ([]remote.Answer, error) {
	ask := question{Model: all[0].Model}
	for _, q := range all {
		ask.Input = append(ask.Input, q.Text)
	}
	var got reply
	if err := c.Post(ctx, "/classify", ask, &got); err != nil {
		return nil, err
	}
	if len(got.Data) != len(all) {
		return nil, fault.Permanentf("%d texts were asked for, the answer holds %d", len(all), len(got.Data))
	}
	out := make([]remote.Answer, len(all))
	for i, d := range got.Data {
		if d.Index != nil {
			i = *d.Index
		}
		if i < 0 || i >= len(out) || out[i].Scores != nil || len(d.Probs) == 0 {
			return nil, fault.Permanentf("the answer does not hold one list of probabilities for each text")
		}
		scores, err := p.scores(d)
		if err != nil {
			return nil, err
		}
		out[i] = remote.Answer{Scores: scores, Model: got.Model}
	}
	return out, nil
}
