package base

import (
	"context"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/render"
)

type expressionParams struct {
	Expression any `param:"expression,required,native" doc:"a value, usually a template; fail() in it means stop here, quietly"`
}

func expressionSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:ExpressionPipe", Aliases: []string{"JinjaExpressionPipe"}, Params: &expressionParams{}, ReadOnly: true,
		Doc: "Evaluates a template; the result is in value. With fail() the composite ends here with nothing to do.",
		New: func() pipe.Pipe { return pipe.Func(expression) },
	}
}

func expression(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	// Not Bind: an expression may well give none, which Bind takes for a missing parameter.
	values, err := c.Params.Evaluate(ctx)
	if err != nil {
		return pipe.Result{}, err
	}
	value, given := values["expression"]
	switch {
	case !given || len(values) > 1:
		return pipe.Result{}, fault.Permanentf("an expression pipe takes expression and nothing else")
	case value == render.Fail{}:
		return pipe.Stop("nothing to do"), nil
	default:
		return pipe.Success("", map[string]any{"value": value}), nil
	}
}
