// Package tei asks Text Embeddings Inference, or any server with the same /predict protocol, to classify a text.
package tei

import (
	"context"

	"github.com/openticketai/otai-tui/internal/classify/remote"
	"github.com/openticketai/otai-tui/internal/fault"
)

// New makes the classifier. A TEI server holds one model: see remote.Options.URLs for several.
func New(o remote.Options) (*remote.Classifier, error) {
	if o.Name == "" {
		o.Name = "TEI"
	}
	o.OneModel = true
	return remote.New(o, protocol{})
}

type protocol struct{}

// question asks for one text, or for several as [["first"],["second"]]: a plain list is a pair to the server. Older servers do not
// cut by themselves, so truncate is always said.
type question struct {
	Inputs   any  `json:"inputs"`
	Truncate bool `json:"truncate"`
}

// Ask sends one text and reads the list of all labels; a list in a list, as for a batch of one, is taken too.
func (protocol) Ask(ctx context.Context, c *remote.Call, q remote.Query) (remote.Answer, error) {
	var rows remote.Rows
	if err := c.Post(ctx, "/predict", question{Inputs: q.Text, Truncate: true}, &rows); err != nil {
		return remote.Answer{}, err
	}
	scores, err := rows.One()
	if err != nil {
		return remote.Answer{}, fault.NewPermanent(err)
	}
	return remote.Answer{Scores: scores}, nil
}

// AskAll sends several texts.
func (protocol) AskAll(ctx context.Context, c *remote.Call, all []remote.Query) ([]remote.Answer, error) {
	inputs := make([][]string, len(all))
	for i, q := range all {
		inputs[i] = []string{q.Text}
	}
	var rows remote.Rows
	if err := c.Post(ctx, "/predict", question{Inputs: inputs, Truncate: true}, &rows); err != nil {
		return nil, err
	}
	out := make([]remote.Answer, len(rows))
	for i := range rows {
		out[i].Scores = rows[i]
	}
	return out, nil
}
