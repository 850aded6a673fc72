package store

// migrations bring a file from version i to i+1. Released ones never change.
//
// Times are unix nanoseconds UTC. A run's number is its id on every screen. run_tick is promise 2: no two rows for one
// (runner, trigger, nominal time). Rows that stand for several ticks carry the newest nominal time; the older ones can
// not come back because the cursor only moves forward.
// run.bytes is about what an ended run takes on the disk with its steps and log, NULL = not measured yet (see retention.go).
func migrations() []string { return []string{schema1, schema2, schema3} }

const schema1 = `
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE runner(
	id TEXT PRIMARY KEY, paused_at INTEGER, paused_by TEXT NOT NULL DEFAULT '', paused_reason TEXT NOT NULL DEFAULT '',
	paused_until INTEGER
) WITHOUT ROWID;
CREATE TABLE cursor(
	runner TEXT NOT NULL, trigger TEXT NOT NULL, spec TEXT NOT NULL, anchor INTEGER NOT NULL, nominal INTEGER NOT NULL,
	PRIMARY KEY(runner, trigger)
) WITHOUT ROWID;
CREATE TABLE run(
	seq INTEGER PRIMARY KEY, runner TEXT NOT NULL, trigger TEXT NOT NULL, nominal INTEGER, key TEXT,
	state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, due INTEGER NOT NULL,
	started INTEGER, ended INTEGER, next INTEGER, attempt INTEGER NOT NULL DEFAULT 1, attempts INTEGER NOT NULL DEFAULT 0,
	max_attempts INTEGER NOT NULL DEFAULT 0, failed_step TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '',
	error_class TEXT NOT NULL DEFAULT '', warnings INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 1,
	first_at INTEGER NOT NULL, idle INTEGER NOT NULL DEFAULT 0, by TEXT NOT NULL DEFAULT '',
	params TEXT NOT NULL DEFAULT '', epoch INTEGER NOT NULL
);
CREATE UNIQUE INDEX run_tick ON run(runner, trigger, nominal) WHERE nominal IS NOT NULL;
CREATE UNIQUE INDEX run_key ON run(runner, key) WHERE key IS NOT NULL;
CREATE INDEX run_runner ON run(runner, seq);
CREATE INDEX run_live ON run(state) WHERE ended IS NULL;
CREATE TABLE step(
	run INTEGER NOT NULL, path TEXT NOT NULL, ord INTEGER NOT NULL, depth INTEGER NOT NULL, id TEXT NOT NULL,
	use TEXT NOT NULL, composite INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL,
	attempt INTEGER NOT NULL, base INTEGER NOT NULL, max_attempts INTEGER NOT NULL, started INTEGER, ended INTEGER,
	next INTEGER, error TEXT NOT NULL, error_class TEXT NOT NULL, result TEXT,
	PRIMARY KEY(run, path)
) WITHOUT ROWID;
CREATE TABLE attempt(
	run INTEGER NOT NULL, path TEXT NOT NULL, n INTEGER NOT NULL, state TEXT NOT NULL, started INTEGER, ended INTEGER,
	error TEXT NOT NULL, class TEXT NOT NULL, exit_code INTEGER NOT NULL,
	PRIMARY KEY(run, path, n)
) WITHOUT ROWID;
CREATE TABLE log(
	run INTEGER NOT NULL, seq INTEGER NOT NULL, runner TEXT NOT NULL, step TEXT NOT NULL, attempt INTEGER NOT NULL,
	at INTEGER NOT NULL, level INTEGER NOT NULL, msg TEXT NOT NULL, gap INTEGER NOT NULL,
	PRIMARY KEY(run, seq)
) WITHOUT ROWID;
CREATE TABLE event(
	id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, runner TEXT NOT NULL, run INTEGER NOT NULL,
	state TEXT NOT NULL, text TEXT NOT NULL, by TEXT NOT NULL
);
`

const schema2 = `
ALTER TABLE run ADD COLUMN parent INTEGER;
ALTER TABLE run ADD COLUMN backfill INTEGER;
ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 3;
ALTER TABLE run ADD COLUMN overlap TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN definition TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN handlers TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN bytes INTEGER;
CREATE INDEX run_handlers ON run(seq) WHERE handlers='pending';
ALTER TABLE step ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE cursor ADD COLUMN runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE event ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN before TEXT NOT NULL DEFAULT '';
ALTER TABLE event ADD COLUMN after TEXT NOT NULL DEFAULT '';
CREATE TABLE hold(
	kind TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, until INTEGER,
	drain INTEGER NOT NULL, PRIMARY KEY(kind, name)
) WITHOUT ROWID;
CREATE TABLE resource(
	name TEXT PRIMARY KEY, failures INTEGER NOT NULL, open_until INTEGER, wait_until INTEGER, error TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE outbox(
	id INTEGER PRIMARY KEY, kind TEXT NOT NULL, target TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL,
	created INTEGER NOT NULL, next INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
	UNIQUE(kind, target, key)
);
CREATE INDEX outbox_next ON outbox(next);
CREATE INDEX outbox_order ON outbox(kind, target, id);
CREATE TABLE approval(
	run INTEGER NOT NULL, path TEXT NOT NULL, runner TEXT NOT NULL, question TEXT NOT NULL, subject TEXT NOT NULL,
	input TEXT NOT NULL, asked INTEGER NOT NULL, until INTEGER, answer TEXT, answered INTEGER, PRIMARY KEY(run, path)
) WITHOUT ROWID;
CREATE INDEX approval_open ON approval(asked) WHERE answer IS NULL;
CREATE TABLE backfill(
	id INTEGER PRIMARY KEY, runner TEXT NOT NULL, trigger TEXT NOT NULL, spec TEXT NOT NULL, first INTEGER NOT NULL,
	last INTEGER NOT NULL, cursor INTEGER NOT NULL, total INTEGER NOT NULL, claimed INTEGER NOT NULL DEFAULT 0,
	parallel INTEGER NOT NULL, state TEXT NOT NULL, by TEXT NOT NULL, at INTEGER NOT NULL, ended INTEGER
);
CREATE TABLE watchdog(runner TEXT PRIMARY KEY, since INTEGER NOT NULL, overdue INTEGER) WITHOUT ROWID;
CREATE TABLE file_seen(
	runner TEXT NOT NULL, trigger TEXT NOT NULL, path TEXT NOT NULL, identity TEXT NOT NULL, PRIMARY KEY(runner, trigger, path)
) WITHOUT ROWID;
`

// schema3 has its parts beside what uses them.
const schema3 = schemaRuns + schemaHistory + schemaLogs + schemaTickets + schemaReviews
