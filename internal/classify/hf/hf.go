// Package hf asks Hugging Face inference to classify a text: with a classification model, or zero-shot with labels that
// the model was not trained on.
package hf

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

// DefaultURL is the public service. The path of a model follows it.
const DefaultURL = "https://router.huggingface.co/hf-inference/models/{model}"

// defaultMaxChars keeps texts within the 512 tokens that most models take: the service does not promise to cut.
const defaultMaxChars = 2000

// Options beyond those of every remote classifier.
type Options struct {
	remote.Options
	Labels     []string // zero-shot: the labels to choose from; none = a classification model's own
	MultiLabel bool     // zero-shot: every label is judged alone, scores do not add up to 1
	Hypothesis string   // zero-shot: sentence with {} for the label; "" = the model's
	TopK       int      // classification: number of labels in the answer; 0 = the service's choice
}

// New makes the classifier. An empty URL is the public service.
func New(o Options) (*remote.Classifier, error) {
	if o.Hypothesis != "" && !strings.Contains(o.Hypothesis, "{}") {
		return nil, fault.Permanentf("hypothesis_template: write {} where the label goes")
	}
	if len(o.Labels) == 1 || slices.Contains(o.Labels, "") {
		return nil, fault.Permanentf("labels: give at least two, none of them empty")
	}
	if o.TopK < 0 {
		return nil, fault.Permanentf("top_k must not be negative")
	}
	r := o.Options
	if r.URL == "" {
		r.URL = DefaultURL
	}
	if r.Name == "" {
		r.Name = "Hugging Face"
	}
	if r.MaxChars == 0 {
		r.MaxChars = defaultMaxChars
	}
	p := params{TopK: o.TopK}
	if len(o.Labels) > 0 {
		p = params{Labels: slices.Clone(o.Labels), MultiLabel: o.MultiLabel, Hypothesis: o.Hypothesis}
	}
	return remote.New(r, protocol{params: p})
}

type protocol struct{ params params }

type params struct {
	TopK       int      `json:"top_k,omitempty"`
	Labels     []string `json:"candidate_labels,omitempty"`
	MultiLabel bool     `json:"multi_label,omitempty"`
	Hypothesis string   `json:"hypothesis_template,omitempty"`
}

type question struct {
	Inputs string  `json:"inputs"`
	Params *params `json:"parameters,omitempty"`
}

// Ask sends one text. With labels the answer may name no others.
func (p protocol) Ask(ctx context.Context, c *remote.Call, q remote.Query) (remote.Answer, error) {
	ask := question{Inputs: q.Text}
	if p.params.TopK > 0 || len(p.params.Labels) > 0 {
		ask.Params = &p.params
	}
	var got reply
	if err := c.Post(ctx, "", ask, &got); err != nil {
		return remote.Answer{}, err
	}
	scores, err := got.rows.One()
	if err != nil {
		return remote.Answer{}, fault.NewPermanent(err)
	}
	for _, s := range scores {
		if len(p.params.Labels) > 0 && !slices.Contains(p.params.Labels, s.Label) {
			return remote.Answer{}, fault.Permanentf("the answer holds the label %q, which was not asked for; "+
				"does the model do zero-shot classification?", s.Label)
		}
	}
	return remote.Answer{Scores: scores}, nil
}

// reply reads the lists of today and the {"sequence","labels","scores"} of the older zero-shot service.
type reply struct{ rows remote.Rows }

// UnmarshalJSON reads any of the shapes.
func (r *reply) UnmarshalJSON(data []byte) error {
	var old struct {
		Labels []string  `json:"labels"`
		Scores []float64 `json:"scores"`
	}
	if json.Unmarshal(data, &old) != nil {
		return r.rows.UnmarshalJSON(data)
	}
	if len(old.Labels) == 0 || len(old.Labels) != len(old.Scores) {
		return errors.New("labels and scores do not fit together")
	}
	list := make([]classify.Score, len(old.Labels))
	for i, label := range old.Labels {
		list[i] = classify.Score{Label: label, Confidence: old.Scores[i]}
	}
	r.rows = remote.Rows{list}
	return nil
}
