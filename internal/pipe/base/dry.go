package base

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// What the pipes that reach outside do in a dry run: they check their parameters, say what they would do, and do nothing, unless
// the configuration says that it is safe. Their results have the usual fields, so that the steps after them find them.

const dryMessage = "dry run: not done"

// said is what a log line says of a write: in a dry run it is none.
func said(c *pipe.Call, what string) string {
	if c.Would == nil {
		return what
	}
	return "dry run: would have " + what
}

// dryResult is the result of something that was left out.
func dryResult(data map[string]any) pipe.Result {
	out := maps.Clone(data)
	out["dry_run"] = true
	return pipe.Success(dryMessage, out)
}

func dryHTTP(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p httpParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	if p.Safe {
		return callHTTP(ctx, c)
	}
	if _, err := parseExpect(p.Expect); err != nil {
		return pipe.Result{}, err
	}
	req, err := p.request(ctx, c.Key)
	if err != nil {
		return pipe.Result{}, err
	}
	c.Would("call " + req.Method + " " + shown(req.URL))
	c.Log.Info("dry run: would call " + req.Method + " " + shown(req.URL))
	return dryResult(map[string]any{"status": 0, "headers": map[string]any{}, "body": "", "truncated": false, "json": nil}), nil
}

func dryCommand(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	params, err := splitCommand(c.Params)
	if err != nil {
		return pipe.Result{}, err
	}
	var p commandParams
	if err := params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	if p.Safe {
		return command(ctx, c)
	}
	if len(p.Command) == 0 || p.Command[0] == "" {
		return pipe.Result{}, fault.Permanentf("command is empty")
	}
	what := filepath.Base(p.Command[0])
	if p.Shell {
		what = "a line of the shell"
	}
	if n := len(p.Command) - 1 + len(p.Args); n > 0 && !p.Shell { // arguments may hold what people wrote
		what += fmt.Sprintf(" with %d arguments", n)
	}
	c.Would("run " + what)
	c.Log.Info("dry run: would run " + what)
	return dryResult(map[string]any{"stdout": "", "stdout_truncated": false, "exit_code": 0}), nil
}

// dryApproval goes on as after a yes: a dry run shows what a run would do, and nobody is asked for it.
func dryApproval(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	asked := *c
	asked.Answer = nil
	_, err := waitForApproval(ctx, &asked)
	if w := (*pipe.Wait)(nil); errors.As(err, &w) {
		c.Would("ask: " + w.Question)
		c.Log.Info("dry run: would ask a person, and goes on as after a yes")
		return dryResult(map[string]any{"approved": true, "expired": false, "by": "dry run", "note": "", "input": map[string]any{}}), nil
	}
	return pipe.Result{}, err
}
