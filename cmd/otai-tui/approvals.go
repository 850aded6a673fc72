package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

func (a *app) approvalsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "approvals", Short: "List the steps that wait for a person's answer, oldest first", Args: cobra.NoArgs,
		Long: "approvals lists the steps that wait for a person's answer, oldest first.\n" +
			"They are answered with otai-tui answer, or in the console: key 6, then a.",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listApprovals(cmd.Context(), asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, with what the question is about")
	return cmd
}

func (a *app) listApprovals(ctx context.Context, asJSON bool) error {
	st, err := a.openHistory(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	open, err := st.OpenApprovals(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(a.out)
		for i := range open {
			if err := enc.Encode(approvalJSON(&open[i].Approval)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(open) == 0 {
		_, err := fmt.Fprintln(a.out, "nothing waits for an answer")
		return err
	}
	l := &list{headers: []string{"RUN", "RUNNER", "STEP", "ASKED", "UNTIL", "INPUT", "QUESTION"}, state: -1}
	for i := range open {
		o := &open[i]
		until := "-"
		if !o.Until.IsZero() {
			until = o.Until.Local().Format(time.DateTime)
		}
		input := make([]string, 0, len(o.Input))
		for _, name := range slices.Sorted(maps.Keys(o.Input)) {
			input = append(input, name+":"+o.Input[name])
		}
		l.add(o.Run, text.Line(o.Runner, 0), text.Line(o.Step, 0), o.At.Local().Format(time.DateTime), until,
			orDash(strings.Join(input, ",")), text.Line(o.Question, 0))
	}
	return a.print(l)
}

// jsonApproval is a question as scripts read it. Names are stable.
type jsonApproval struct {
	Run      string            `json:"run"`
	Step     string            `json:"step"`
	Runner   string            `json:"runner"`
	Question string            `json:"question"`
	Subject  map[string]any    `json:"subject,omitempty"`
	Input    map[string]string `json:"input,omitempty"`
	At       time.Time         `json:"at"`
	Until    time.Time         `json:"until,omitzero"`
}

func approvalJSON(o *orchestrator.Approval) jsonApproval {
	return jsonApproval{
		Run: o.Run, Step: o.Step, Runner: o.Runner, Question: o.Question, Subject: o.Subject, Input: o.Input, At: o.At, Until: o.Until,
	}
}
