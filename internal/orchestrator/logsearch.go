package orchestrator

// LogSearcher looks into logs that are too long to be read whole.
type LogSearcher interface{}
