// Package classify is the contract between pipes and text classifiers.
package classify

import "context"

// Request is one text to classify.
type Request struct {
	Text     string
	Model    string // name of the model; "" = the classifier's own default
	APIToken string // overrides the service's token for this request; never logged
}

// Score is one label with its probability, 0 to 1.
type Score struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
}

// Result is the best label, with all scores in descending order.
type Result struct {
	Label      string  `json:"label"`
	Confidence float64 `json:"confidence"`
	Scores     []Score `json:"scores,omitempty"`
	Model      string  `json:"model,omitempty"`
	// Uncalibrated says that the confidence is a language model's own statement, not a measured probability.
	Uncalibrated bool `json:"uncalibrated,omitempty"`
}

// Classifier is safe for concurrent use and returns errors classed by package fault.
type Classifier interface {
	Classify(ctx context.Context, r Request) (Result, error)
	// Describe says in a few words which classifier this is, for screens.
	Describe() string
}
