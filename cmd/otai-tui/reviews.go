package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/openticketai/otai-tui/internal/door"
	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/store"
	"github.com/openticketai/otai-tui/internal/text"
)

// reviewFilter says which decisions that wait are meant. The zero value is all of them.
type reviewFilter struct {
	runner, label, model string
	least                float64
}

func (f *reviewFilter) add(cmd *cobra.Command, label string) {
	fl := cmd.Flags()
	fl.StringVar(&f.runner, "runner", "", "only decisions of this runner")
	fl.StringVar(&f.model, "model", "", "only decisions of this model")
	fl.StringVar(&f.label, label, "", "only decisions that propose this label")
	fl.Float64Var(&f.least, "min-confidence", 0, "only decisions with at least this confidence, 0 to 1")
}

func (f *reviewFilter) empty() bool { return *f == reviewFilter{} }

func (f *reviewFilter) passes(o *store.ApprovalRow) bool {
	r := o.Review
	return r != nil && (f.runner == "" || o.Runner == f.runner) && (f.model == "" || r.Model == f.model) &&
		(f.label == "" || r.Label == f.label) && r.Confidence >= f.least
}

// waitingReviews gives the decisions that wait, oldest first, as the history tells.
func (a *app) waitingReviews(ctx context.Context, f *reviewFilter) ([]store.ApprovalRow, error) {
	st, err := a.openHistory(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = st.Close() }()
	open, err := st.OpenApprovals(ctx)
	if err != nil {
		return nil, err
	}
	var out []store.ApprovalRow
	for i := range open {
		if f.passes(&open[i]) {
			out = append(out, open[i])
		}
	}
	return out, nil
}

func (a *app) reviewsCommand() *cobra.Command {
	var f reviewFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use: "reviews", Short: "List the classifiers' decisions that wait for an operator, oldest first", Args: cobra.NoArgs,
		Long: "reviews lists the decisions that a ReviewPipe asks about, oldest first.\n" +
			"They are answered with otai-tui review, or in the console: key 7.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			open, err := a.waitingReviews(cmd.Context(), &f)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printReviewsJSON(open)
			}
			return a.printReviews(open)
		},
	}
	f.add(cmd, "label")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line, with the text and all scores")
	return cmd
}

// reviewID is what a decision is named by: its run, with the step where a run has several.
func reviewID(run, step string, several bool) string {
	if !several {
		return run
	}
	return run + ":" + step
}

// several says of which runs more than one decision waits.
func several(open []store.ApprovalRow) map[string]bool {
	n, out := map[string]int{}, map[string]bool{}
	for i := range open {
		n[open[i].Run]++
		out[open[i].Run] = n[open[i].Run] > 1
	}
	return out
}

func (a *app) printReviews(open []store.ApprovalRow) error {
	if len(open) == 0 {
		_, err := fmt.Fprintln(a.out, "no decision waits")
		return err
	}
	many := several(open)
	l := &list{headers: []string{"ID", "RUNNER", "TICKET", "LABEL", "CONFIDENCE", "OTHERS", "ASKED", "UNTIL", "SUBJECT"}, state: -1}
	for i := range open {
		o, r := &open[i], open[i].Review
		until := "-"
		if !o.Until.IsZero() {
			until = o.Until.Local().Format(time.DateTime)
		}
		confidence := fmt.Sprintf("%.2f", r.Confidence)
		if r.Uncalibrated {
			confidence += " (own estimate)"
		}
		var others []string
		for _, s := range r.Scores[:min(len(r.Scores), 3)] {
			others = append(others, fmt.Sprintf("%s %.2f", text.Line(s.Label, 0), s.Confidence))
		}
		l.add(text.Line(reviewID(o.Run, o.Step, many[o.Run]), 0), text.Line(o.Runner, 0), orDash(r.Ticket), text.Line(r.Label, 0), confidence,
			orDash(strings.Join(others, ", ")), o.At.Local().Format(time.DateTime), until, orDash(text.Truncate(text.Line(r.Title, 0), 60, "…")))
	}
	return a.print(l)
}

// jsonReview is a decision that waits as scripts read it. Names are stable.
type jsonReview struct {
	ID           string      `json:"id"`
	Run          string      `json:"run"`
	Step         string      `json:"step"`
	Runner       string      `json:"runner"`
	Ticket       string      `json:"ticket,omitempty"`
	Subject      string      `json:"subject,omitempty"`
	Text         string      `json:"text,omitempty"`
	Model        string      `json:"model,omitempty"`
	Label        string      `json:"label"`
	Confidence   float64     `json:"confidence"`
	Uncalibrated bool        `json:"uncalibrated,omitempty"`
	Threshold    float64     `json:"threshold"`
	Scores       []jsonScore `json:"scores,omitempty"`
	Labels       []string    `json:"labels,omitempty"`
	At           time.Time   `json:"at"`
	Until        time.Time   `json:"until,omitzero"`
	OnExpire     string      `json:"on_expire,omitempty"`
	Sample       bool        `json:"sample,omitempty"`
}

type jsonScore struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

func (a *app) printReviewsJSON(open []store.ApprovalRow) error {
	many, enc := several(open), json.NewEncoder(a.out)
	for i := range open {
		o, r := &open[i], open[i].Review
		out := jsonReview{
			ID: reviewID(o.Run, o.Step, many[o.Run]), Run: o.Run, Step: o.Step, Runner: o.Runner, Ticket: r.Ticket, Subject: r.Title, Text: r.Text,
			Model: r.Model, Label: r.Label, Confidence: r.Confidence, Uncalibrated: r.Uncalibrated, Threshold: r.Threshold, Labels: r.Labels,
			At: o.At, Until: o.Until, OnExpire: r.Expire, Sample: r.Sample,
		}
		for _, s := range r.Scores {
			out.Scores = append(out.Scores, jsonScore(s))
		}
		if err := enc.Encode(out); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) reviewCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "review", Short: "Answer classifiers' decisions that wait", Args: cobra.NoArgs,
		Long: "Name decisions by their ID of otai-tui reviews, or choose them by what they propose; then --yes is needed.",
		Example: "  otai-tui review accept 42 43\n  otai-tui review label 44 --label Billing --note \"it is about an invoice\"\n" +
			"  otai-tui review accept --label Billing --min-confidence 0.7 --yes",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.verdictCommand(orchestrator.VerdictAccept, "Take the proposed label"),
		a.verdictCommand(orchestrator.VerdictLabel, "Take another label"), a.verdictCommand(orchestrator.VerdictSkip, "Take no label"))
	return cmd
}

func (a *app) verdictCommand(v orchestrator.Verdict, short string) *cobra.Command {
	req := orchestrator.ReviewRequest{Verdict: v}
	var f reviewFilter
	var yes bool
	cmd := &cobra.Command{
		Use: string(v) + " [ID...]", Short: short,
		RunE: func(cmd *cobra.Command, ids []string) error {
			switch {
			case v == orchestrator.VerdictLabel && req.Label == "":
				return refusal{errors.New("name the label with --label")}
			case len(ids) > 0 && !f.empty():
				return refusal{errors.New("name decisions, or choose them by flags, not both")}
			case len(ids) == 0 && f.empty():
				return refusal{errors.New("name decisions by their ID (see otai-tui reviews), or choose them by flags")}
			}
			for _, id := range ids {
				run, step, _ := strings.Cut(id, ":")
				req.Items = append(req.Items, orchestrator.ReviewItem{Run: run, Step: step})
			}
			if len(ids) == 0 {
				if err := a.chosenReviews(cmd.Context(), &f, &req, yes); err != nil || len(req.Items) == 0 {
					return err
				}
			}
			return a.review(cmd.Context(), req)
		},
	}
	fl := cmd.Flags()
	if v == orchestrator.VerdictLabel {
		f.add(cmd, "proposed")
		fl.StringVar(&req.Label, "label", "", "the label to take")
	} else {
		f.add(cmd, "label")
	}
	fl.StringVar(&req.Note, "note", "", "a word on it, kept in history")
	fl.BoolVar(&yes, "yes", false, "answer all that the flags choose; without it they are only listed")
	return cmd
}

// chosenReviews adds the decisions that a filter chooses, as they are now: one that is asked anew meanwhile is refused. Without yes
// they are listed only.
func (a *app) chosenReviews(ctx context.Context, f *reviewFilter, req *orchestrator.ReviewRequest, yes bool) error {
	open, err := a.waitingReviews(ctx, f)
	if err != nil {
		return err
	}
	if !yes || len(open) == 0 {
		if err := a.printReviews(open); err != nil || len(open) == 0 {
			return err
		}
		return refusal{fmt.Errorf("%d decisions would be answered: say --yes to do it", len(open))}
	}
	for i := range open {
		req.Items = append(req.Items, orchestrator.ReviewItem{Run: open[i].Run, Step: open[i].Step, Asked: open[i].At})
	}
	return nil
}

// review answers decisions of the engine that runs, and says what became of each.
func (a *app) review(ctx context.Context, req orchestrator.ReviewRequest) error {
	failed := 0
	err := a.steer(ctx, func(ctx context.Context, c *door.Client, by orchestrator.Actor) error {
		req.By = by
		out, err := c.Decide(ctx, req)
		for _, o := range out {
			id := reviewID(o.Run, o.Step, o.Step != "")
			switch {
			case o.Error != "":
				failed++
				a.errorf("%s: not answered: %s\n", id, o.Error)
			case o.Label == "":
				a.errorf("%s: skipped\n", id)
			default:
				a.errorf("%s: %s\n", id, text.Line(o.Label, 0))
			}
		}
		return err
	})
	if err == nil && failed > 0 {
		return quietError{exitFailed}
	}
	return err
}
