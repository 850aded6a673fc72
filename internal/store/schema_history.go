package store

// schemaHistory is the part of schema 3 for what is asked about many runs at once: what ended in a window, with all that trends
// need of it, and what failed.
const schemaHistory = `
CREATE INDEX run_ended ON run(ended, runner, state, idle, started, due) WHERE ended IS NOT NULL;
CREATE INDEX run_failed ON run(ended) WHERE state IN ('failed', 'crashed');
CREATE INDEX run_odd ON run(seq) WHERE ended IS NOT NULL AND state<>'completed';
CREATE INDEX run_folded ON run(due) WHERE count>1;
`
