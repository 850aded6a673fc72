package orchestrator

// Tickets is what the engine knows of tickets: what they look like now, what was read, decided and written, and the way back.
type Tickets interface{}
