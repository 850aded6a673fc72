package store

// schemaLogs is the part of schema 3 for paging through long logs: log_at has the total order of the lines of several runs, which is
// time, run, number. It costs about 19 bytes a line.
const schemaLogs = `
CREATE INDEX log_at ON log(at);
`
