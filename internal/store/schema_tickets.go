package store

// schemaTickets is the part of schema 3 for the journal of tickets and dry runs.
const schemaTickets = `
`
