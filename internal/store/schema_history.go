package store

// schemaHistory is the part of schema 3 for what is asked about many runs at once.
const schemaHistory = `
`
