package engine

import (
	"context"
	"errors"

	"github.com/openticketai/otai-tui/internal/orchestrator"
)

// What is here moves to its own file with the work on it.
var errNotYet = errors.New("not built yet")

func (e *Engine) Answer(context.Context, orchestrator.AnswerRequest) error { return errNotYet }

func (e *Engine) Approvals(context.Context) ([]orchestrator.Approval, error) { return nil, errNotYet }
