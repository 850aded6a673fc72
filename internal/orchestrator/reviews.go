package orchestrator

import (
	"context"
	"time"
)

// Reviews is the review gate: decisions that wait for an operator, and how good the classifiers' decisions are.
type Reviews interface {
	// Decide answers decisions that wait (Approvals with a Review). Each is answered by itself: the outcomes, in the order of the
	// items, say which were not. The error is about the request as a whole; then none was answered.
	Decide(ctx context.Context, r ReviewRequest) ([]ReviewOutcome, error)
	// Quality says what became of the classifiers' decisions.
	Quality(ctx context.Context, f QualityFilter) (Quality, error)
}

// Review is a classifier's decision that waits for an operator: what an Approval asks when it is no question of yes and no.
type Review struct {
	Of           string // path of the classifying step; "" = of the asking step itself
	Ticket       string // id; "" = it is about no ticket
	Title        string // of the ticket: its subject
	Text         string // what was classified, cut, with its line ends; gone once it is answered
	Model        string
	Label        string // that is proposed
	Confidence   float64
	Uncalibrated bool // the confidence is a language model's own estimate
	Threshold    float64
	Scores       []LabelScore // alternatives, the best first
	Labels       []string     // that may be chosen; nil = any
	Expire       string       // what the deadline does: "accept", "skip", "fail", "label X"
	Sample       bool         // it was sure enough, and is asked about to measure how good it is
	KeepText     bool         // the decision keeps the text, as training data
}

// LabelScore is one label with its confidence, 0 to 1.
type LabelScore struct {
	Label      string
	Confidence float64
}

// Allows says that a label may be chosen.
func (r *Review) Allows(label string) bool {
	if label == "" || label == r.Label {
		return label != ""
	}
	for _, l := range r.Labels {
		if l == label {
			return true
		}
	}
	return len(r.Labels) == 0
}

// Verdict is what an operator says about a decision.
type Verdict string

// The verdicts.
const (
	VerdictAccept Verdict = "accept" // the proposed label
	VerdictLabel  Verdict = "label"  // another one
	VerdictSkip   Verdict = "skip"   // none: what stands after the review is not reached, unless the pipe says otherwise
)

// ReviewItem names a decision that waits.
type ReviewItem struct {
	Run, Step string    // Step "" = the run's only open one
	Asked     time.Time // when it was asked, as the operator saw it: one that was asked again is refused. Zero = any
}

// ReviewRequest answers decisions. Any number of items is taken.
type ReviewRequest struct {
	Items   []ReviewItem
	Verdict Verdict
	Label   string // of VerdictLabel
	Note    string
	By      Actor
}

// ReviewOutcome is what became of one item.
type ReviewOutcome struct {
	Run, Step string
	Label     string // that counts; "" = skipped, or not done
	Error     string // why it was not done; "" = it was
}

// The sources of a decision's final label.
const (
	SourceModel      = "model"      // nobody was asked
	SourceOperator   = "operator"   // accepted, changed or skipped by a person
	SourceDeadline   = "deadline"   // nobody answered in time
	SourceWaiting    = "waiting"    // somebody is asked
	SourceUnanswered = "unanswered" // its run ended before there was an answer
)

// Decision is what a classifier decided, and what became of it.
type Decision struct {
	ID           int64
	Run, Step    string // of the classification
	Runner       string
	Ticket       string // "" = unknown
	At           time.Time
	Model, Label string
	Confidence   float64
	Uncalibrated bool
	Final        string // label that counted; "" = none: skipped, or not decided yet
	Source       string
	By, Note     string
	Asked        time.Time // when an operator was asked; zero = nobody was
	Decided      time.Time // when it was answered
	Text         string    // "" = not kept
}

// Corrected says that an operator chose another label than the model.
func (d *Decision) Corrected() bool {
	return d.Source == SourceOperator && d.Final != "" && d.Final != d.Label
}
