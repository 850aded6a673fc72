package base

import (
	"cmp"
	"context"
	"fmt"

	"github.com/openticketai/otai-tui/internal/classify"
	"github.com/openticketai/otai-tui/internal/pipe"
)

type classificationParams struct {
	Text     string `param:"text,required" alias:"prompt" doc:"the text to classify"`
	Model    string `param:"model_name" alias:"model" doc:"the model; empty = the classifier's own"`
	Ticket   string `param:"ticket" doc:"id of the ticket it is about, for the quality figures"`
	APIToken string `param:"api_token,secret" alias:"token" doc:"overrides the service's token"`
}

func classificationSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:ClassificationPipe", Params: &classificationParams{}, Needs: []pipe.Need{needClassifier()}, ReadOnly: true,
		Aliases: []string{
			"HFLocalTextClassificationPipe", "HfLocalTextClassificationPipe", "HFLocalAIInferencePipe", "HFClassificationPipe",
			"TextClassificationPipe",
		},
		Doc: "Classifies a text; the result has label, confidence (0 to 1), scores and model; " +
			"uncalibrated says that the confidence is a language model's own estimate.",
		New: func() pipe.Pipe { return pipe.Func(classification) },
	}
}

func classification(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p classificationParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	r, err := c.Class.Classify(ctx, classify.Request{Text: p.Text, Model: p.Model, APIToken: p.APIToken})
	if err != nil {
		return pipe.Result{}, fmt.Errorf("classify with model %q: %w", p.Model, err)
	}
	value := resultMap(r, p.Model)
	model, _ := value["model"].(string)
	c.Log.Info(fmt.Sprintf("label %q, confidence %.2f", r.Label, r.Confidence), "model", model, "text_length", len(p.Text))
	value["decision"] = c.Step
	message := fmt.Sprintf("%s (%.2f)", r.Label, r.Confidence)
	if r.Uncalibrated {
		message = fmt.Sprintf("%s (%.2f by its own estimate)", r.Label, r.Confidence)
	}
	out := pipe.Success(message, value)
	out.Decision = &pipe.Decision{
		Ticket: p.Ticket, Model: model, Label: r.Label, Confidence: r.Confidence, Uncalibrated: r.Uncalibrated, Final: r.Label, Source: "model",
	}
	return out, nil
}

// resultMap is a classification as templates see it.
func resultMap(r classify.Result, asked string) map[string]any {
	scores := make([]any, len(r.Scores))
	for i, s := range r.Scores {
		scores[i] = map[string]any{"label": s.Label, "confidence": s.Confidence}
	}
	out := map[string]any{"label": r.Label, "confidence": r.Confidence, "scores": scores, "model": cmp.Or(r.Model, asked)}
	if r.Uncalibrated {
		out["uncalibrated"] = true
	}
	return out
}

// ticketText is what of a ticket is classified.
func ticketText(t map[string]any) string {
	subject, _ := t["subject"].(string)
	body, _ := t["body"].(string)
	return subject + "\n" + body
}
