package orchestrator

// Reviews is the review gate: decisions that wait for an operator, and how good the classifiers' decisions are.
type Reviews interface{}
