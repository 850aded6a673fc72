package store

// schemaRuns is the part of schema 3 for what a run's own screen asks: its events, and how long the engine was down in it.
const schemaRuns = `
CREATE INDEX event_run ON event(run, id) WHERE run<>0;
ALTER TABLE run ADD COLUMN stopped INTEGER;
ALTER TABLE run ADD COLUMN down INTEGER NOT NULL DEFAULT 0;
`
