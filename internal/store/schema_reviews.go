package store

// schemaReviews is the part of schema 3 for decisions that wait for a review, and the quality of classifiers.
//
// approval.review is the JSON of orchestrator.Review, "" for questions of yes and no. A decision outlives its run: it is kept by a
// bound of its own (see decisions_keep.go). asked and decided are those of an operator's review.
const schemaReviews = `
ALTER TABLE approval ADD COLUMN review TEXT NOT NULL DEFAULT '';
CREATE TABLE decision(
	id INTEGER PRIMARY KEY, run INTEGER NOT NULL, path TEXT NOT NULL, runner TEXT NOT NULL, ticket TEXT NOT NULL, at INTEGER NOT NULL,
	model TEXT NOT NULL, label TEXT NOT NULL, confidence REAL NOT NULL, uncalibrated INTEGER NOT NULL, final TEXT NOT NULL,
	source TEXT NOT NULL, by TEXT NOT NULL, note TEXT NOT NULL, asked INTEGER, decided INTEGER, text TEXT NOT NULL,
	UNIQUE(run, path)
);
CREATE INDEX decision_at ON decision(at);
CREATE INDEX decision_waiting ON decision(ticket) WHERE source='waiting';
`
