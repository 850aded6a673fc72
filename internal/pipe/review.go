package pipe

import "github.com/openticketai/otai-tui/internal/classify"

// Decision is a classifier's label for something, and what became of it.
type Decision struct {
	Of           string // path of the classifying step; "" = the step that says so
	Ticket       string // id; "" = unknown, or what an earlier step said
	Model, Label string
	Confidence   float64
	Uncalibrated bool
	Final        string // label that counts; "" = none
	Source       string // "model", "operator" or "deadline"; "" = it counts for nothing: the same is asked about elsewhere
	By, Note     string
	Text         string // to be kept for training; "" = none
}

// Review is a classifier's decision that a person is to judge.
type Review struct {
	Of, Ticket   string // as in Decision
	Title, Text  string // of what was classified
	Model, Label string
	Confidence   float64
	Uncalibrated bool
	Threshold    float64
	Scores       []classify.Score // alternatives, the best first
	Labels       []string         // that may be chosen; nil = any
	Expire       string           // what the deadline does, for screens
	Sample       bool             // sure enough, asked about all the same
	KeepText     bool
}
