package store

// schemaReviews is the part of schema 3 for decisions that wait for a review, and the quality of classifiers.
const schemaReviews = `
`
