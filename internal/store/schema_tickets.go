package store

// schemaTickets is the part of schema 3 for the journal of tickets and dry runs. Entries of kind read go with their run; the
// others stay longer (see tickets_keep.go). data is what an entry says besides, as JSON. op is the place of a write among those
// of its step: a later attempt finds its entry by it.
const schemaTickets = `
ALTER TABLE run ADD COLUMN dry INTEGER NOT NULL DEFAULT 0;
CREATE TABLE ticket_log(
	id INTEGER PRIMARY KEY, at INTEGER NOT NULL, service TEXT NOT NULL, ticket TEXT NOT NULL, number TEXT NOT NULL,
	run INTEGER NOT NULL, runner TEXT NOT NULL, step TEXT NOT NULL, op INTEGER NOT NULL, attempt INTEGER NOT NULL,
	kind TEXT NOT NULL, dry INTEGER NOT NULL, outcome TEXT NOT NULL, error TEXT NOT NULL, ended INTEGER, count INTEGER NOT NULL,
	data TEXT NOT NULL, by TEXT NOT NULL, via TEXT NOT NULL, undoes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX ticket_log_run ON ticket_log(run, step, op);
CREATE INDEX ticket_log_ticket ON ticket_log(ticket, id);
CREATE INDEX ticket_log_number ON ticket_log(number, id) WHERE number<>'';
CREATE INDEX ticket_log_open ON ticket_log(outcome) WHERE outcome='open';
CREATE INDEX ticket_log_undoes ON ticket_log(undoes) WHERE undoes<>0;
CREATE TABLE ticket(
	service TEXT NOT NULL, ticket TEXT NOT NULL, number TEXT NOT NULL, subject TEXT NOT NULL, queue TEXT NOT NULL,
	priority TEXT NOT NULL, state TEXT NOT NULL, label TEXT NOT NULL, runner TEXT NOT NULL, run INTEGER NOT NULL,
	kind TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(service, ticket)
) WITHOUT ROWID;
CREATE INDEX ticket_at ON ticket(at);
CREATE INDEX ticket_number ON ticket(number);
`
