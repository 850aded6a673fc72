package base

import (
	"context"
	"fmt"
	"strings"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type selectParams struct {
	Label         string            `param:"label" doc:"the label a classifier gave"`
	Confidence    float64           `param:"confidence" doc:"its confidence, 0 to 1"`
	MinConfidence float64           `param:"min_confidence" default:"0.8" doc:"confidence needed to take the label"`
	Map           map[string]string `param:"map" doc:"what a label means: label to value; a label that is not in it means itself"`
	Fallback      string            `param:"fallback" doc:"value when the confidence is too low; empty = leave as it is"`
	Current       *ticket.Entity    `param:"current" doc:"the value so far"`
	What          string            `param:"what" default:"value" doc:"what is chosen, for the sentence in why: queue, priority"`
	Model         string            `param:"model" doc:"which model gave the label, for the sentence in why"`
}

func selectSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:SelectPipe", Params: &selectParams{}, ReadOnly: true,
		Doc: "Chooses by confidence between a label and a fallback; the result has value, change (empty when it is the current one), " +
			"current, sure and why.",
		New: func() pipe.Pipe { return pipe.Func(choose) },
	}
}

func choose(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p selectParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	if p.MinConfidence < 0 || p.MinConfidence > 1 {
		return pipe.Result{}, fault.Permanentf("min_confidence %v must be between 0 and 1", p.MinConfidence)
	}
	value, sure, why := p.decide()
	change := value
	if strings.EqualFold(value, p.Current.Label()) {
		change = ""
	}
	message := fmt.Sprintf("%s: %s", p.What, value)
	if change == "" {
		message = p.What + ": unchanged"
	}
	c.Log.Info(why)
	return pipe.Success(message, map[string]any{
		"value": value, "change": change, "sure": sure, "why": why, "current": p.Current.Label(),
	}), nil
}

// decide gives the value, whether it is the label's, and the sentence that says why.
func (p selectParams) decide() (value string, sure bool, why string) {
	model := "The classifier"
	if p.Model != "" {
		model = "The model " + p.Model
	}
	says := fmt.Sprintf("%s says %q with confidence %.2f", model, p.Label, p.Confidence)
	if p.Label == "" {
		says = model + " has no label for it"
	}
	current := p.Current.Label()
	what := capital(p.What)
	if p.Label != "" && p.Confidence >= p.MinConfidence {
		value = p.mapped()
		if strings.EqualFold(value, current) {
			return value, true, fmt.Sprintf("%s stays %s. %s (at least %.2f is needed).", what, current, says, p.MinConfidence)
		}
		return value, true, fmt.Sprintf("%s: %s%s. %s (at least %.2f is needed).", what, value, was(current), says, p.MinConfidence)
	}
	below := fmt.Sprintf("%s, below the %.2f that is needed", says, p.MinConfidence)
	if p.Label == "" {
		below = says
	}
	switch {
	case p.Fallback != "":
		return p.Fallback, false, fmt.Sprintf("%s: %s%s, the fallback. %s.", what, p.Fallback, was(current), below)
	case current != "":
		return current, false, fmt.Sprintf("%s stays %s. %s, and no fallback is set.", what, current, below)
	default:
		return "", false, fmt.Sprintf("%s is left as it is. %s, and no fallback is set.", what, below)
	}
}

func (p selectParams) mapped() string {
	if v, ok := p.Map[p.Label]; ok {
		return v
	}
	for label, v := range p.Map {
		if strings.EqualFold(label, p.Label) {
			return v
		}
	}
	return p.Label
}

func was(current string) string {
	if current == "" {
		return ""
	}
	return " (was " + current + ")"
}

func capital(s string) string {
	if s == "" {
		return s
	}
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}
