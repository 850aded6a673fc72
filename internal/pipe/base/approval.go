package base

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
)

type approvalParams struct {
	Question   string            `param:"question,required" doc:"what a person is asked"`
	Subject    map[string]any    `param:"subject" doc:"what it is about, shown beside the question and kept in history"`
	Input      map[string]string `param:"input" doc:"what may be answered besides yes and no: name to type (text, number, bool)"`
	Deadline   time.Duration     `param:"deadline" doc:"time for the answer; default none"`
	OnDeadline string            `param:"on_deadline" default:"fail" doc:"when the deadline passes: fail, reject or approve"`
	OnReject   string            `param:"on_reject" default:"stop" doc:"after a no: stop (quietly, the steps after it are not reached) or fail"`
}

func waitForApprovalSpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:WaitForApprovalPipe", Params: &approvalParams{},
		Doc: "Asks a person and waits, without a slot and over restarts, for the answer; the result has approved, expired, by, note and input.",
		New: func() pipe.Pipe { return pipe.Func(waitForApproval) }, Dry: dryApproval,
	}
}

func waitForApproval(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p approvalParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	switch {
	case p.Question == "":
		return pipe.Result{}, fault.Permanentf("question is empty")
	case p.Deadline < 0:
		return pipe.Result{}, fault.Permanentf("deadline: expected a time from now on, got %s", p.Deadline)
	case p.OnDeadline != "fail" && p.OnDeadline != "reject" && p.OnDeadline != "approve":
		return pipe.Result{}, fault.Permanentf("on_deadline: expected fail, reject or approve, got %q", p.OnDeadline)
	case p.OnReject != "stop" && p.OnReject != "fail":
		return pipe.Result{}, fault.Permanentf("on_reject: expected stop or fail, got %q", p.OnReject)
	case c.Answer == nil:
		return pipe.Result{}, &pipe.Wait{Question: p.Question, Subject: p.Subject, Input: p.Input, For: p.Deadline}
	}
	return p.answered(c.Answer)
}

// answered turns an answer into the step's result.
func (p approvalParams) answered(a *pipe.Answer) (pipe.Result, error) {
	approved := a.Approved || a.Expired && p.OnDeadline == "approve"
	input := a.Input
	if input == nil {
		input = map[string]any{}
	}
	data := map[string]any{"approved": approved, "expired": a.Expired, "by": a.By, "note": a.Note, "input": input}
	said := "rejected by " + a.By
	switch {
	case a.Expired:
		said = "no answer before the deadline"
	case approved:
		said = "approved by " + a.By
	}
	if a.Note != "" {
		said += ": " + a.Note
	}
	switch {
	case approved:
		return pipe.Success(said, data), nil
	case a.Expired && p.OnDeadline == "fail", p.OnReject == "fail":
		return pipe.Result{}, fault.NewPermanent(fmt.Errorf("%s", said))
	}
	return pipe.Result{Message: said, Data: data}, nil
}
