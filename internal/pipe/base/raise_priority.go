package base

import (
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/fault"
	"github.com/openticketai/otai-tui/internal/pipe"
	"github.com/openticketai/otai-tui/internal/ticket"
)

type raiseParams struct {
	Priority  *ticket.Entity `param:"priority" doc:"the priority so far"`
	RaiseTo   string         `param:"raise_to" doc:"the priority to raise to; empty = one step up"`
	OlderThan time.Duration  `param:"older_than" doc:"the age that was exceeded, for the sentence in why"`
}

func raisePrioritySpec() *pipe.Spec {
	return &pipe.Spec{
		Name: "base:RaisePriorityPipe", Params: &raiseParams{}, ReadOnly: true,
		Doc: "Finds the next higher priority; the result has change (empty when there is nothing to raise) and why.",
		New: func() pipe.Pipe { return pipe.Func(raisePriority) },
	}
}

func raisePriority(ctx context.Context, c *pipe.Call) (pipe.Result, error) {
	var p raiseParams
	if err := c.Params.Bind(ctx, &p); err != nil {
		return pipe.Result{}, err
	}
	change, err := p.next()
	if err != nil {
		return pipe.Result{}, err
	}
	current := p.Priority.Label()
	why := fmt.Sprintf("Priority stays %s: it is high enough.", current)
	if change != "" {
		why = fmt.Sprintf("Priority: %s%s.", change, was(current))
		if p.OlderThan > 0 {
			why += fmt.Sprintf(" The ticket is older than %s.", age(p.OlderThan))
		}
	}
	return pipe.Success(why, map[string]any{"change": change, "value": orElse(change, current), "why": why}), nil
}

func (p raiseParams) next() (string, error) {
	current := p.Priority.Label()
	if p.RaiseTo == "" {
		next, known := ticket.RaisePriority(current)
		if !known {
			return "", fault.Permanentf("priority %q belongs to no known scale; say with raise_to what to raise it to", current)
		}
		return next, nil
	}
	to := ticket.PriorityRank(p.RaiseTo)
	if to == ticket.RankUnknown {
		return "", fault.Permanentf("raise_to %q is not a known priority, such as 4 high", p.RaiseTo)
	}
	if ticket.PriorityRank(current) >= to {
		return "", nil
	}
	return p.RaiseTo, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// age says a duration as people do: "24 h", "3 days", "90 min".
func age(d time.Duration) string {
	day := 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return fmt.Sprintf("%d days", d/day)
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	default:
		return d.String()
	}
}
