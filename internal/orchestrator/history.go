package orchestrator

// History is what a console asks about many runs at once: trends, groups of equal errors, what ran when.
type History interface{}
