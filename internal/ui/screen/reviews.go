package screen

import (
	"slices"
	"strings"

	"github.com/openticketai/otai-tui/internal/orchestrator"
	"github.com/openticketai/otai-tui/internal/text"
)

// maxReviewLines bounds what is drawn of a text.
const maxReviewLines = 400

// safeReview makes a review's foreign text safe to draw; line ends of its text stay. nil stays nil.
func safeReview(r *orchestrator.Review) *orchestrator.Review {
	if r == nil {
		return nil
	}
	out := *r
	out.Ticket, out.Title, out.Model = text.Line(r.Ticket, 128), text.Line(r.Title, maxText), text.Line(r.Model, 256)
	out.Expire = text.Line(r.Expire, 256)
	lines := strings.Split(strings.ReplaceAll(r.Text, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = text.Line(lines[i], maxText)
	}
	out.Text = strings.Join(lines[:min(len(lines), maxReviewLines)], "\n")
	return &out // labels are answers: they stay as they are, and are made safe where they are drawn
}

// NewReviews makes the list of approvals with its cursor on a classifier's decision.
func NewReviews() *Approvals { return &Approvals{review: true} }

// ReviewKey identifies an approval: its run and step.
func ReviewKey(a *orchestrator.Approval) string { return approvalKey(a) }

// HoldBack leaves an approval out of the list: it is answered here, and the answer is not sent yet.
func (d *Data) HoldBack(key string) {
	if d.held == nil {
		d.held = map[string]bool{}
	}
	d.held[key] = true
	d.withoutHeld()
}

// PutBack shows an approval again that was held back. With gone it is answered: it comes back only if it is asked again.
func (d *Data) PutBack(key string, gone bool) {
	delete(d.held, key)
	if gone {
		d.known = slices.DeleteFunc(slices.Clone(d.known), func(a orchestrator.Approval) bool { return approvalKey(&a) == key })
	}
	d.withoutHeld()
}

func (d *Data) withoutHeld() {
	d.Approvals = d.Approvals[:0:0]
	for _, a := range d.known {
		if !d.held[approvalKey(&a)] {
			d.Approvals = append(d.Approvals, a)
		}
	}
}

// HeldBack counts the answers that are not sent yet.
func (d *Data) HeldBack() int { return len(d.held) }

// LabelChoices are the labels that may be chosen in place of the proposed one: by score, then in the order of the list.
func LabelChoices(r *orchestrator.Review) []orchestrator.LabelScore {
	var out []orchestrator.LabelScore
	has := func(label string) bool {
		return label == r.Label || slices.ContainsFunc(out, func(s orchestrator.LabelScore) bool { return s.Label == label })
	}
	for _, s := range r.Scores {
		if !has(s.Label) && r.Allows(s.Label) {
			out = append(out, s)
		}
	}
	for _, l := range r.Labels {
		if !has(l) {
			out = append(out, orchestrator.LabelScore{Label: l, Confidence: -1})
		}
	}
	return out
}

// Review is the decision under the cursor; nil = there is none, or it is a question of yes and no.
func (s *Approvals) Review(d *Data) *orchestrator.Approval {
	if a := s.Approval(d); a != nil && a.Review != nil {
		return a
	}
	return nil
}

// Select puts the cursor on an approval.
func (s *Approvals) Select(env Env, a *orchestrator.Approval) {
	s.cursor = approvalKey(a)
	s.fit(env)
}

// ToggleReading gives the text the room of the list, or takes it back.
func (s *Approvals) ToggleReading(env Env) {
	s.reading, s.scroll = !s.reading, 0
	s.fit(env)
}

// Reading says that the text has the room.
func (s *Approvals) Reading() bool { return s.reading }
