package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/pipe"
)

// Bounds of what history keeps of a decision, in bytes.
const (
	maxReviewText = 8 << 10
	maxLabels     = 200
	// fullTexts is of how many decisions that wait a viewer is given the whole text; of later ones it is given the beginning. The
	// oldest come first, and later ones move up as those are answered.
	fullTexts = 100
	textStart = 400
)

func shortText(s string) string {
	if len(s) <= textStart {
		return s
	}
	return cutText(s, textStart) + "…"
}

// decision is what a completed step says that a classifier decided, as history keeps it; nil = nothing. What a dry run or a handler
// decides counts as any other: it tells as much about the model.
func (x *execution) decision(path string, d *pipe.Decision, now time.Time) *orchestrator.Decision {
	if d == nil {
		return nil
	}
	out := &orchestrator.Decision{
		Run: x.id, Step: cmp.Or(d.Of, path), Runner: x.name, Ticket: x.line(d.Ticket), At: now, Model: x.line(d.Model),
		Label: x.line(d.Label), Confidence: d.Confidence, Uncalibrated: d.Uncalibrated, Final: x.line(d.Final), Source: d.Source,
		By: x.line(d.By), Note: x.line(d.Note), Text: x.reviewText(d.Text),
	}
	if a := x.answerOf(path); a != nil {
		out.Decided = a.At
	}
	return out
}

// reviewText is a text as history keeps it: cut, and not with a secret in it.
func (x *execution) reviewText(s string) string {
	if x.e.secrets.holds(s) {
		return ""
	}
	return cutText(s, maxReviewText)
}

// cutText gives at most so many bytes of a text, whole characters.
func cutText(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return s[:most]
}

// keepReview is a decision to be judged as history keeps it until it is; nil = the question is about none.
func (x *execution) keepReview(r *pipe.Review) *orchestrator.Review {
	if r == nil {
		return nil
	}
	out := &orchestrator.Review{
		Of: r.Of, Ticket: x.line(r.Ticket), Title: x.line(r.Title), Text: x.reviewText(r.Text), Model: x.line(r.Model),
		Label: x.line(r.Label), Confidence: r.Confidence, Uncalibrated: r.Uncalibrated, Threshold: r.Threshold, Expire: x.line(r.Expire),
		Sample: r.Sample, KeepText: r.KeepText,
	}
	for _, s := range r.Scores[:min(len(r.Scores), maxLabels)] {
		out.Scores = append(out.Scores, orchestrator.LabelScore{Label: x.line(s.Label), Confidence: s.Confidence})
	}
	for _, l := range r.Labels[:min(len(r.Labels), maxLabels)] {
		out.Labels = append(out.Labels, x.line(l))
	}
	return out
}

// asked is the decision that somebody is asked about now; nil = the question is about none.
func (x *execution) asked(a *orchestrator.Approval) *orchestrator.Decision {
	r := a.Review
	if r == nil {
		return nil
	}
	return &orchestrator.Decision{
		Run: x.id, Step: cmp.Or(r.Of, a.Step), Runner: x.name, Ticket: r.Ticket, At: a.At, Model: r.Model, Label: r.Label,
		Confidence: r.Confidence, Uncalibrated: r.Uncalibrated, Source: orchestrator.SourceWaiting, Asked: a.At,
	}
}

// askedElsewhere gives another run of the runner in which somebody is asked about a ticket; "" = there is none.
func (x *execution) askedElsewhere(ctx context.Context, ticket string) (string, error) {
	run, err := x.e.store.AskedAbout(ctx, x.name, ticket, x.id)
	if err != nil {
		return "", fmt.Errorf("look for a question about ticket %s: %w", ticket, err)
	}
	return run, nil
}
