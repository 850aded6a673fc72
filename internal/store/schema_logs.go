package store

// schemaLogs is the part of schema 3 for searching long logs.
const schemaLogs = `
`
