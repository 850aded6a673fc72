package base

import (
	"context"
	"fmt"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

type batchParams struct {
	Texts    []any  `param:"texts,required" doc:"texts, or tickets, of which subject and body are taken"`
	Model    string `param:"model_name" alias:"model" doc:"the model; empty = the classifier's own"`
	APIToken string `param:"api_token,secret" alias:"token" doc:"overrides the service's token"`
}

func batchClassificationSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:BatchClassificationPipe", Params: &batchParams{}, Needs: []pipe.Need{needClassifier()}, ReadOnly: true,
		Doc: "Classifies several texts in few calls; the result has results, in the order of the texts, each like that of a " +
			"ClassificationPipe. A remote classifier keeps the answers: a ClassificationPipe with one of the texts needs no call then.",
		New: func() pipe.Pipe { return pipe.Func(classifyAll) },
	}
}

// classifyAll classifies several texts. What an empty one is is not known: its label is empty.
func classifyAll(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p batchParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	all := make([]classify.Request, len(p.Texts))
	for i, t := range p.Texts {
		text, ok := t.(string)
		if ticket, isTicket := t.(map[string]any); isTicket {
			text, ok = ticketText(ticket), true
		}
		if !ok {
			return pipe.Result{}, fault.Permanentf("texts[%d]: expected a text or a ticket, got %T", i, t)
		}
		all[i] = classify.Request{Text: text, Model: p.Model, APIToken: p.APIToken}
	}
	got, err := classify.All(ctx, c.Class, all)
	if err != nil {
		return pipe.Result{}, fmt.Errorf("classify %d texts with model %q: %w", len(all), p.Model, err)
	}
	results := make([]any, len(got))
	for i, r := range got {
		results[i] = resultMap(r, p.Model)
	}
	c.Log.Info(fmt.Sprintf("%d texts classified", len(got)), "model", p.Model)
	return pipe.Success(fmt.Sprintf("%d texts", len(got)), map[string]any{"results": results}), nil
}
